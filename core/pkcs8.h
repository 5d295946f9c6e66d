/*
 * Writing keys: PKCS#8 (RFC 5958) as PEM (RFC 7468). Mbed TLS reads PKCS#8 but writes
 * only the older SEC1 and PKCS#1 forms; PKCS#8 wraps either of them.
 */
#ifndef XTLS_PKCS8_H
#define XTLS_PKCS8_H

#include <stddef.h>

#include "mbedtls/pk.h"

/* PrivateKeyInfo as DER: its length, XTLS_ERR_SPACE, XTLS_ERR_MEMORY. Secret. */
int xtls_pkcs8_write(const mbedtls_pk_context *key, unsigned char *output, size_t max);

/* "-----BEGIN PRIVATE KEY-----" ...: the text's length (no NUL), XTLS_ERR_SPACE, XTLS_ERR_MEMORY. Secret. */
int xtls_pkcs8_write_pem(const mbedtls_pk_context *key, unsigned char *output, size_t max);

/* DER as PEM under the given label: the text's length (no NUL), XTLS_ERR_SPACE, XTLS_ERR_MEMORY. */
int xtls_pem_write(const char *label, const unsigned char *der, size_t length, unsigned char *output, size_t max);

#endif
