/*
 * SRP-6a (RFC 2945, RFC 5054): two ends that know one password come to one key, and whoever
 * sits between them learns nothing but whether a single guess was right. Group: 3072 bits;
 * hash: SHA-256. The key never leaves this file; what does is an HMAC under it, over what the
 * caller wants proved. Knows no messages, no tries, no normalisation or stretching of passwords.
 */
#ifndef XTLS_SRP_H
#define XTLS_SRP_H

#include <stddef.h>

#include "srp_group.h"

typedef struct xtls_srp xtls_srp;

#define XTLS_SRP_LENGTH 384 /* bytes of a public value and of a verifier */
#define XTLS_SRP_PROOF  32

/* The verifier v = g^x that a server may keep in the password's place: XTLS_SRP_LENGTH, XTLS_ERR_SPACE, XTLS_ERR_MEMORY. Secret. */
int xtls_srp_verifier(const unsigned char *user, size_t user_length, const unsigned char *password,
                      size_t password_length, const unsigned char *salt, size_t salt_length,
                      unsigned char *output, size_t max);

/* The end that knows the password. *output is owned by the caller. XTLS_OK, XTLS_ERR_MEMORY, XTLS_ERR_RANDOM. */
int xtls_srp_client(const unsigned char *user, size_t user_length, const unsigned char *password,
                    size_t password_length, const unsigned char *salt, size_t salt_length, xtls_srp **output);

/* The end that knows the verifier. XTLS_OK, XTLS_ERR_ARGUMENT for what is none, XTLS_ERR_MEMORY, XTLS_ERR_RANDOM. */
int xtls_srp_server(const unsigned char *verifier, size_t length, xtls_srp **output);

/* What to send: the client's A, the server's B. XTLS_SRP_LENGTH, or XTLS_ERR_SPACE. */
int xtls_srp_public(const xtls_srp *srp, unsigned char *output, size_t max);

/*
 * Takes what the peer sent, once, and computes the key.
 * XTLS_OK, XTLS_ERR_PUBLIC (not in the group, or u = 0: abort), XTLS_ERR_STATE (a second time), XTLS_ERR_MEMORY.
 */
int xtls_srp_agree(xtls_srp *srp, const unsigned char *peer, size_t length);

/* HMAC-SHA-256 of `message` under the agreed key. XTLS_SRP_PROOF, XTLS_ERR_STATE, XTLS_ERR_SPACE, XTLS_ERR_MEMORY. */
int xtls_srp_prove(const xtls_srp *srp, const unsigned char *message, size_t length, unsigned char *output, size_t max);

/* Zeroes and frees; NULL is allowed. */
void xtls_srp_free(xtls_srp *srp);

#endif
