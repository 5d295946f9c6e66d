/*
 * Authorities: a set of CA certificates and the verification of a chain
 * against it (RFC 5280 as Mbed TLS implements it: signatures, dates, CA flag,
 * keyUsage). Names are not judged here: that is the trust policy's work.
 */
#ifndef XTLS_AUTHORITIES_H
#define XTLS_AUTHORITIES_H

#include <stddef.h>

typedef struct xtls_authorities xtls_authorities;

/* One or more PEM certificates (borrowed). XTLS_OK, XTLS_ERR_CERTIFICATE, XTLS_ERR_MEMORY. */
int xtls_authorities_parse(const char *pem, size_t length, xtls_authorities **output);

/*
 * Verifies a chain, own certificate first, given as DER certificates laid end to end.
 * XTLS_OK with MBEDTLS_X509_BADCERT_* bits in *problems (0: trusted),
 * XTLS_ERR_CERTIFICATE or XTLS_ERR_MEMORY.
 */
int xtls_authorities_verify(const xtls_authorities *authorities, const unsigned char *chain, size_t length,
                            unsigned *problems);

/* Drops the caller's reference. NULL is allowed. */
void xtls_authorities_free(xtls_authorities *authorities);

/* --- inside the core ---------------------------------------------------------- */

struct mbedtls_ssl_config;

/* One reference more, given back by xtls_authorities_free. */
xtls_authorities *xtls_authorities_retain(xtls_authorities *authorities);

/* Chains of peers under `config` are verified against these, which must outlive it. */
void xtls_authorities_demand(xtls_authorities *authorities, struct mbedtls_ssl_config *config);

#endif
