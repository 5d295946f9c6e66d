/*
 * Arithmetic modulo a group's N, over Mbed TLS's fixed-size layer (bignum_core.h). Other than
 * mbedtls_mpi, that one strips no leading zeros and has neither branch nor address that depends
 * on a value. Numbers are limbs, least significant first, in [0, N).
 */
#ifndef XTLS_SRP_FIELD_H
#define XTLS_SRP_FIELD_H

#include "bignum_core.h"
#include "srp_group.h"

#define XTLS_SRP_LIMBS          (XTLS_SRP_ELEMENT_MAX / sizeof(mbedtls_mpi_uint))
#define XTLS_SRP_SCALAR_LIMBS   (XTLS_SRP_SCALAR / sizeof(mbedtls_mpi_uint))
#define XTLS_SRP_EXPONENT_LIMBS (2 * XTLS_SRP_SCALAR_LIMBS) /* a + u * x < 2^512 */

typedef mbedtls_mpi_uint xtls_srp_number[XTLS_SRP_LIMBS];

/* What it takes to compute modulo N; public, but for `work`, which is zeroed when freed. */
typedef struct xtls_srp_field {
    const xtls_srp_group *group;
    size_t limbs;
    mbedtls_mpi modulus;
    mbedtls_mpi square; /* R^2 mod N */
    mbedtls_mpi_uint mm;
    mbedtls_mpi_uint *work;
} xtls_srp_field;

/* To be closed whatever it returns. XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_srp_field_open(xtls_srp_field *field, const xtls_srp_group *group);
void xtls_srp_field_close(xtls_srp_field *field);

/* Big-endian bytes, no longer than `limbs`. */
void xtls_srp_field_read(mbedtls_mpi_uint *output, size_t limbs, const unsigned char *bytes, size_t length);

/* As many bytes as N has. */
void xtls_srp_field_write(const xtls_srp_field *field, unsigned char *output, const xtls_srp_number element);

/* base^exponent; `output` may be `base`. At most XTLS_SRP_EXPONENT_LIMBS. */
void xtls_srp_field_power(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number base,
                          const mbedtls_mpi_uint *exponent, size_t limbs);

/* a * b, a + b, a - b; `output` may be any of the two. */
void xtls_srp_field_multiply(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number a,
                             const xtls_srp_number b);
void xtls_srp_field_add(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number a,
                        const xtls_srp_number b);
void xtls_srp_field_subtract(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number a,
                             const xtls_srp_number b);

#endif
