/*
 * The context of core/fast/poly1305.c, where Mbed TLS looks for it
 * (MBEDTLS_POLY1305_ALT).
 */
#ifndef XTLS_POLY1305_ALT_H
#define XTLS_POLY1305_ALT_H

typedef struct mbedtls_poly1305_context {
    uint64_t h[5];            /* the accumulator, 32 bits a limb; core/fast/poly1305.h says how far above */
    uint32_t r[4];            /* the clamped multiplier */
    uint32_t s[4];            /* added at the end */
    unsigned char queue[16];  /* the beginning of a block */
    size_t queued;            /* its bytes */
} mbedtls_poly1305_context;

#endif
