/*
 * Where Mbed TLS's elliptic curves end and core/fast begins: P-256 and X25519 are
 * computed here, every other curve by Mbed TLS. The patch core/patches/ecc.patch
 * makes these calls, each before Mbed TLS's own way is taken.
 */
#ifndef XTLS_ECC_H
#define XTLS_ECC_H

#include "mbedtls/ecp.h"
#include "mbedtls/md.h"
#include "psa/crypto.h"

/* What all of these return for another curve: then nothing has been done. */
#define XTLS_ECC_NOT_OURS     MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE
#define XTLS_ECC_PSA_NOT_OURS PSA_ERROR_NOT_SUPPORTED

/* --- ecc.c: contracts of the functions of mbedtls/ecp.h and mbedtls/ecdsa.h that they stand before --- */

int xtls_ecc_multiply(const mbedtls_ecp_group *group, mbedtls_ecp_point *product, const mbedtls_mpi *scalar,
                      const mbedtls_ecp_point *point);
int xtls_ecc_check_public(const mbedtls_ecp_group *group, const mbedtls_ecp_point *point);
int xtls_ecc_sign(const mbedtls_ecp_group *group, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *key,
                  const unsigned char *digest, size_t length, mbedtls_md_type_t hash);
int xtls_ecc_verify(const mbedtls_ecp_group *group, const unsigned char *digest, size_t length,
                    const mbedtls_ecp_point *key, const mbedtls_mpi *r, const mbedtls_mpi *s);

/* --- ecc_psa.c: contracts of a transparent PSA driver's entry points --- */

psa_status_t xtls_ecc_psa_generate(const psa_key_attributes_t *attributes,
                                   unsigned char *key, size_t size, size_t *length);
psa_status_t xtls_ecc_psa_export_public(const psa_key_attributes_t *attributes, const unsigned char *key, size_t length,
                                        unsigned char *output, size_t size, size_t *output_length);
psa_status_t xtls_ecc_psa_agree(const psa_key_attributes_t *attributes, const unsigned char *key, size_t length,
                                const unsigned char *peer, size_t peer_length,
                                unsigned char *secret, size_t size, size_t *secret_length);

#endif
