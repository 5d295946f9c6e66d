/*
 * Which public keys are computed with: RSA of 2048 to 4096 bits whose exponent is odd and has
 * at most 32 bits, and keys on P-256 and P-384. Time grows with the length of either number, and
 * others choose both: a certificate with an exponent as long as its modulus keeps a thread for
 * seconds. So keys are looked at where they enter; rsa.patch asks once more before it computes.
 */
#ifndef XTLS_KEY_H
#define XTLS_KEY_H

#include "mbedtls/rsa.h"
#include "mbedtls/x509_crt.h"

int xtls_key_is_fit_rsa(const mbedtls_rsa_context *key);

int xtls_key_is_fit(const mbedtls_pk_context *key);

/* The keys of all certificates of a list. */
int xtls_key_are_fit(const mbedtls_x509_crt *first);

#endif
