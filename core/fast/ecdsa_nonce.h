/*
 * The nonces of ECDSA over P-256 (RFC 6979 3.2): secrets that the private key and the
 * digest determine, and nobody else can. Randomness of the host may be mixed in (3.6),
 * but nothing depends on it.
 */
#ifndef XTLS_ECDSA_NONCE_H
#define XTLS_ECDSA_NONCE_H

#include <stddef.h>

#include "mbedtls/md.h"

typedef struct xtls_ecdsa_nonce {
    mbedtls_md_context_t hmac; /* keyed with K */
    unsigned char v[MBEDTLS_MD_MAX_SIZE];
    size_t length;             /* of V, and of the hash */
} xtls_ecdsa_nonce;

/* `extra` may be NULL. 0 or Mbed TLS's error; either way xtls_ecdsa_nonce_free must follow. */
int xtls_ecdsa_nonce_begin(xtls_ecdsa_nonce *nonce, mbedtls_md_type_t hash, const unsigned char private_key[32],
                           const unsigned char *digest, size_t length,
                           const unsigned char *extra, size_t extra_length);

/* The next candidate, any number below 2^256. 0 or Mbed TLS's error. */
int xtls_ecdsa_nonce_next(xtls_ecdsa_nonce *nonce, unsigned char output[32]);

/* Makes ready for another candidate after an unfit one (step h.3). 0 or Mbed TLS's error. */
int xtls_ecdsa_nonce_skip(xtls_ecdsa_nonce *nonce);

void xtls_ecdsa_nonce_free(xtls_ecdsa_nonce *nonce);

/* The digest as a number below 2^256: its leftmost 32 bytes (2.3.2). */
void xtls_ecdsa_digest(unsigned char number[32], const unsigned char *digest, size_t length);

#endif
