/*
 * DER written backwards, as Mbed TLS does it: contents first, then what wraps
 * them. Only what mbedtls/asn1write.h lacks.
 */
#ifndef XTLS_DER_H
#define XTLS_DER_H

#include <stddef.h>

#include "mbedtls/asn1write.h"

#define XTLS_DER_SEQUENCE   (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)
#define XTLS_DER_EXPLICIT_0 (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED)

/* Puts tag and length before the `length` bytes at *at: how many bytes that took, or Mbed TLS's error. */
int xtls_der_wrap(unsigned char **at, const unsigned char *start, size_t length, unsigned char tag);

#endif
