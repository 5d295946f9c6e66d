/*
 * Signatures by ECDSA as they are written: in DER, which leaves one way for each pair of numbers
 * (RFC 3279 2.2.3, X.690 10 and 11.) Mbed TLS reads BER: signature.patch asks here first.
 */
#ifndef XTLS_SIGNATURE_H
#define XTLS_SIGNATURE_H

#include <stddef.h>

/* A SEQUENCE of two positive INTEGERs, no longer than P-384 needs, and nothing else. */
int xtls_signature_is_der(const unsigned char *signature, size_t length);

#endif
