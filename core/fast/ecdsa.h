/*
 * ECDSA over P-256 (FIPS 186-5 6.4), on strings as in p256.h: a signature is r and s, 32 bytes
 * each, big end first. Nonces come from RFC 6979 (ecdsa_nonce.h). Signing takes the same time
 * for every key and digest; verifying need not. Knows no container.
 */
#ifndef XTLS_ECDSA_H
#define XTLS_ECDSA_H

#include <stddef.h>

#include "ecdsa_nonce.h"

/* 0; -1 if the private key is not from 1 to n - 1, or Mbed TLS's error from the nonces' hash. */
int xtls_ecdsa_sign(unsigned char signature[64], const unsigned char private_key[32],
                    const unsigned char *digest, size_t length, xtls_ecdsa_nonce *nonce);

/* 0 if the signature is the public key's, else -1. */
int xtls_ecdsa_verify(const unsigned char public_key[64], const unsigned char *digest, size_t length,
                      const unsigned char signature[64]);

#endif
