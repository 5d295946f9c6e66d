/*
 * Faults: why something could not be read. Asked after it was refused, so that a person
 * can be told which of many things it was; nothing is decided by the answer. It is 0 when
 * this way nothing is wrong, XTLS_ERR_KEY, or Mbed TLS's own code; bindings/tls/faults.ts has them in words.
 */
#ifndef XTLS_FAULT_H
#define XTLS_FAULT_H

#include <stddef.h>

/* Of somebody's certificate, DER. */
int xtls_fault_certificate(const unsigned char *der, size_t length);

/* Of an authority's, DER. */
int xtls_fault_authority(const unsigned char *der, size_t length);

/* Of a revocation list, DER. */
int xtls_fault_list(const unsigned char *der, size_t length);

/* Of a private key, in PEM or PKCS#8, beside the certificate (DER) that it shall belong to. */
int xtls_fault_key(const unsigned char *key, size_t key_length, const unsigned char *der, size_t length);

#endif
