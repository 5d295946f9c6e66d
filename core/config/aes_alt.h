/*
 * The context of core/fast/aes.c, where Mbed TLS looks for it (MBEDTLS_AES_ALT).
 */
#ifndef XTLS_AES_ALT_H
#define XTLS_AES_ALT_H

#include "fast/aes.h"

typedef xtls_aes mbedtls_aes_context;

#endif
