/*
 * Digests for those above the core: SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), whole
 * messages at once. The bindings want them synchronously, which WebCrypto does not offer.
 */
#ifndef XTLS_DIGEST_H
#define XTLS_DIGEST_H

#include <stddef.h>

#define XTLS_DIGEST_LENGTH 32

/* SHA-256 of `length` bytes: XTLS_DIGEST_LENGTH, or XTLS_ERR_SPACE, XTLS_ERR_MEMORY. */
int xtls_digest_sha256(const unsigned char *bytes, size_t length, unsigned char *output, size_t max);

/* HMAC-SHA-256 under a key of any length: XTLS_DIGEST_LENGTH, or XTLS_ERR_SPACE, XTLS_ERR_MEMORY. */
int xtls_digest_hmac(const unsigned char *key, size_t key_length, const unsigned char *message, size_t length,
                     unsigned char *output, size_t max);

#endif
