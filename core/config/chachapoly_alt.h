/*
 * The context of core/fast/chachapoly.c, where Mbed TLS looks for it
 * (MBEDTLS_CHACHAPOLY_ALT).
 */
#ifndef XTLS_CHACHAPOLY_ALT_H
#define XTLS_CHACHAPOLY_ALT_H

#include "mbedtls/chacha20.h"
#include "mbedtls/poly1305.h"

typedef struct mbedtls_chachapoly_context {
    mbedtls_chacha20_context chacha20;
    mbedtls_poly1305_context poly1305;
    uint64_t additional, length; /* bytes so far */
    int stage;                   /* what may come next */
    mbedtls_chachapoly_mode_t mode;
} mbedtls_chachapoly_context;

#endif
