/*
 * The context of core/fast/gcm.c, where Mbed TLS looks for it (MBEDTLS_GCM_ALT).
 */
#ifndef XTLS_GCM_ALT_H
#define XTLS_GCM_ALT_H

#include "fast/aes.h"
#include "fast/ghash.h"

typedef struct mbedtls_gcm_context {
    xtls_aes aes;
    xtls_ghash ghash;
    unsigned char counter[16];                 /* of the next batch of keystream */
    unsigned char keystream[XTLS_AES_BATCH];   /* of which the end is not used up yet: */
    size_t spare;                              /* so many bytes */
    unsigned char mask[16];                    /* over the tag: the block that J0 encrypts to */
    uint64_t additional, length;               /* bytes so far */
    int mode;                                  /* MBEDTLS_GCM_ENCRYPT or _DECRYPT */
} mbedtls_gcm_context;

#endif
