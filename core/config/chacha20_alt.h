/*
 * The context of core/fast/chacha20.c, where Mbed TLS looks for it
 * (MBEDTLS_CHACHA20_ALT).
 */
#ifndef XTLS_CHACHA20_ALT_H
#define XTLS_CHACHA20_ALT_H

#define XTLS_CHACHA20_BATCH 256 /* bytes: four blocks, made together */

typedef struct mbedtls_chacha20_context {
    uint32_t state[16];                           /* RFC 8439 2.3; the counter is that of the next batch */
    unsigned char keystream[XTLS_CHACHA20_BATCH]; /* of which the end is not used up yet: */
    size_t spare;                                 /* so many bytes */
    uint64_t left;                                /* bytes until the counter would wrap around */
} mbedtls_chacha20_context;

#endif
