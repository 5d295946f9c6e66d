/*
 * Revocation lists (RFC 5280 5): read once, however many certificates are looked up
 * in them. A list's signature is verified once for each key that is to have made it,
 * and its serial numbers are sorted: what a stranger shows costs the same whatever is
 * revoked. Knows nothing of chains: whether an issuer is one is decided before.
 */
#ifndef XTLS_REVOCATION_H
#define XTLS_REVOCATION_H

#include "mbedtls/x509_crt.h"

/* One list of a chain of them; NULL is the empty chain. */
typedef struct xtls_revocation xtls_revocation;

/* Reads one list in DER (borrowed) and puts it in front of the others. 0 or Mbed TLS's error. */
int xtls_revocation_add(xtls_revocation **lists, const unsigned char *der, size_t length);

/*
 * Looks a certificate up in all lists of its issuer's name: bits of MBEDTLS_X509_BADCERT_REVOKED and
 * _BADCRL_*, and in *found how many lists there were. That `issuer` signed none of them, or must not, is a problem.
 */
uint32_t xtls_revocation_judge(xtls_revocation *lists, const mbedtls_x509_crt *crt, const mbedtls_x509_crt *issuer,
                               unsigned *found);

/* Frees all of them. */
void xtls_revocation_free(xtls_revocation *lists);

#endif
