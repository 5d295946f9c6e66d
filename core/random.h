/*
 * Randomness as Mbed TLS wants it: straight from the host, no generator of our
 * own in between, for the old interface (f_rng) and for PSA alike.
 */
#ifndef XTLS_RANDOM_H
#define XTLS_RANDOM_H

#include <stddef.h>

/* f_rng's shape; `unused` may be NULL. 0 or MBEDTLS_ERR_ENTROPY_SOURCE_FAILED. */
int xtls_random(void *unused, unsigned char *output, size_t length);

/* Readies PSA (idempotent). XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_random_ready(void);

#endif
