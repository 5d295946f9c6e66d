/*
 * Certificates that no honest tool makes: any names, dates, keys and sizes, signed or with
 * a signature of any bytes. For those who play strangers. Writes DER, and knows no engine.
 */
#ifndef XTLS_FORGE_H
#define XTLS_FORGE_H

#include <stddef.h>

#include "mbedtls/pk.h"

typedef struct forgery {
    const char *subject, *issuer;     /* common names */
    const unsigned char *key;         /* SubjectPublicKeyInfo */
    size_t key_length;
    int from, to;                     /* days from now */
    mbedtls_pk_context *signer;       /* EC; NULL: the signature is `signature_length` bytes of nothing, by RSA */
    size_t signature_length;
    size_t names;                     /* so many dNSNames of one letter */
} forgery;

/* A key on P-256 or P-384, to be freed by mbedtls_pk_free. */
void forge_key(mbedtls_pk_context *key, mbedtls_ecp_group_id curve);

/* SubjectPublicKeyInfo of a key; its length. */
size_t forge_info(mbedtls_pk_context *key, unsigned char *output, size_t max);

/* The same of an RSA key that nobody has, the modulus and the exponent of so many bits, both odd. */
size_t forge_rsa_info(unsigned bits, unsigned exponent_bits, unsigned char *output, size_t max);

/* The DER of a certificate with the CA flag, version 3; its length. */
size_t forge(const forgery *what, unsigned char *output, size_t max);

#endif
