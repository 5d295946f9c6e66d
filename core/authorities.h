/*
 * Authorities: a set of CA certificates and of revocation lists, and the
 * verification of a chain against it: RFC 5280 as Mbed TLS implements it
 * (signatures, dates, CA flag, path length, keyUsage, strength), revocation lists
 * (revocation.h), extendedKeyUsage at every depth, and refusals of the rest. Names are not judged here: that is the trust policy's work.
 */
#ifndef XTLS_AUTHORITIES_H
#define XTLS_AUTHORITIES_H

#include <stddef.h>

typedef struct xtls_authorities xtls_authorities;

/* Problems beside MBEDTLS_X509_BADCERT_* and _BADCRL_*. */
#define XTLS_PROBLEM_NAME_CONSTRAINTS   0x1000000u /* an issuer's, which nobody here can check */
#define XTLS_PROBLEM_REVOCATION_UNKNOWN 0x2000000u /* there are lists, but none of this certificate's issuer */
#define XTLS_PROBLEM_TOO_LONG           0x4000000u /* more than eight certificates between the first and an authority */

/*
 * Certificates and revocation lists (borrowed): PEM with one or more of either, or the DER of one.
 * There must be a certificate. XTLS_OK, XTLS_ERR_CERTIFICATE, XTLS_ERR_KEY, XTLS_ERR_MEMORY.
 */
int xtls_authorities_parse(const unsigned char *bytes, size_t length, xtls_authorities **output);

/*
 * More of them, before the first engine uses them. After an error the set is fit for nothing but
 * xtls_authorities_free. XTLS_OK, XTLS_ERR_CERTIFICATE, XTLS_ERR_KEY, XTLS_ERR_MEMORY, XTLS_ERR_STATE.
 */
int xtls_authorities_add(xtls_authorities *authorities, const unsigned char *bytes, size_t length);

/*
 * Verifies a chain, own certificate first and the others in any order, given as DER certificates laid end to end.
 * XTLS_OK with bits of problems in *problems (0: trusted), XTLS_ERR_CERTIFICATE or XTLS_ERR_MEMORY. No signature is
 * verified when a key is none that is computed with: then that is the one problem (MBEDTLS_X509_BADCERT_BAD_KEY).
 * As soon as there is any revocation list, each certificate needs a valid one of its issuer.
 */
int xtls_authorities_verify(const xtls_authorities *authorities, const unsigned char *chain, size_t length,
                            unsigned *problems);

/* Drops the caller's reference. NULL is allowed. */
void xtls_authorities_free(xtls_authorities *authorities);

/* --- inside the core ---------------------------------------------------------- */

struct mbedtls_x509_crt;

/* Appends an authority's certificate to a list. 0 or Mbed TLS's error. */
int xtls_authorities_read(struct mbedtls_x509_crt *certificates, const unsigned char *der, size_t length);

/* One reference more, given back by xtls_authorities_free. */
xtls_authorities *xtls_authorities_retain(xtls_authorities *authorities);

#endif
