/*
 * SRP-6a's formulas (RFC 5054 2.5, 2.6) over one group with one hash. Group and hash are
 * parameters, so that the vectors of RFC 5054 can be computed by the very code of the product,
 * which has one group alone.
 *
 * Numbers are big-endian byte strings of fixed length: elements of the group as long as its
 * modulus (PAD of RFC 5054), everything else XTLS_SRP_SCALAR bytes, zeros in front. Time and
 * addresses depend on lengths only, never on what a number is.
 */
#ifndef XTLS_SRP_GROUP_H
#define XTLS_SRP_GROUP_H

#include <stddef.h>

#include "mbedtls/md.h"

#define XTLS_SRP_SCALAR      32  /* a, b, u, x: a hash's length, 256 bits of randomness */
#define XTLS_SRP_ELEMENT_MAX 384 /* 3072 bits */

typedef struct xtls_srp_group {
    const unsigned char *modulus; /* N, a safe prime, big-endian without zeros in front */
    size_t length;                /* of N: at most XTLS_SRP_ELEMENT_MAX, a multiple of 8 */
    unsigned char generator;      /* g */
    mbedtls_md_type_t hash;       /* H, of at most XTLS_SRP_SCALAR bytes */
} xtls_srp_group;

/* RFC 5054's 3072-bit group with SHA-256, the product's only one. */
extern const xtls_srp_group xtls_srp_group_3072;

/* A byte string that is hashed together with others. */
typedef struct xtls_srp_piece {
    const void *bytes;
    size_t length;
} xtls_srp_piece;

/* Whether 0 < element < N. Others are never sent and must not be accepted: the shared secret would be known. */
int xtls_srp_is_element(const xtls_srp_group *group, const unsigned char *element);

/* x = H(s | H(I | ":" | P)). XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_srp_x(const xtls_srp_group *group, xtls_srp_piece user, xtls_srp_piece password, xtls_srp_piece salt,
               unsigned char x[XTLS_SRP_SCALAR]);

/* k = H(N | PAD(g)). XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_srp_k(const xtls_srp_group *group, unsigned char k[XTLS_SRP_SCALAR]);

/* u = H(PAD(A) | PAD(B)). XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_srp_u(const xtls_srp_group *group, const unsigned char *client, const unsigned char *server,
               unsigned char u[XTLS_SRP_SCALAR]);

/* g^exponent: the client's A from a, the verifier v from x. XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_srp_power(const xtls_srp_group *group, const unsigned char exponent[XTLS_SRP_SCALAR], unsigned char *element);

/* The server's B = k * v + g^b. XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_srp_server_public(const xtls_srp_group *group, const unsigned char b[XTLS_SRP_SCALAR],
                           const unsigned char *verifier, unsigned char *element);

/* The client's S = (B - k * g^x) ^ (a + u * x). XTLS_OK, XTLS_ERR_PUBLIC for a bad B or u = 0, XTLS_ERR_MEMORY. */
int xtls_srp_client_secret(const xtls_srp_group *group, const unsigned char a[XTLS_SRP_SCALAR],
                           const unsigned char x[XTLS_SRP_SCALAR], const unsigned char u[XTLS_SRP_SCALAR],
                           const unsigned char *server, unsigned char *secret);

/* The server's S = (A * v^u) ^ b. XTLS_OK, XTLS_ERR_PUBLIC for a bad A or u = 0, XTLS_ERR_MEMORY. */
int xtls_srp_server_secret(const xtls_srp_group *group, const unsigned char b[XTLS_SRP_SCALAR],
                           const unsigned char *verifier, const unsigned char u[XTLS_SRP_SCALAR],
                           const unsigned char *client, unsigned char *secret);

#endif
