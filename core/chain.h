/*
 * A chain: DER certificates laid end to end, own certificate first, issuers
 * after it. This is the form in which chains cross the module's border, stay
 * in session tickets and outlive a handshake. Nothing here judges it.
 */
#ifndef XTLS_CHAIN_H
#define XTLS_CHAIN_H

#include <stddef.h>

#include "mbedtls/x509_crt.h"

#define XTLS_CHAIN_MAX 10 /* certificates: one's own, eight between, an authority's */

typedef struct xtls_chain {
    unsigned char *der; /* owned; NULL while empty */
    size_t length;
} xtls_chain;

/* Copies the DER (borrowed). XTLS_OK, XTLS_ERR_MEMORY. What it held is freed. */
int xtls_chain_copy(xtls_chain *chain, const unsigned char *der, size_t length);

/* Copies a parsed list (borrowed; NULL: none). XTLS_OK, XTLS_ERR_MEMORY, XTLS_ERR_CERTIFICATE when it is too long. What it held is freed. */
int xtls_chain_collect(xtls_chain *chain, const mbedtls_x509_crt *first);

/* The chain's certificate `index`: its length, 0 past the end, XTLS_ERR_SPACE. */
int xtls_chain_certificate(const xtls_chain *chain, unsigned index, unsigned char *output, size_t max);

/*
 * Appends the DER's (borrowed) certificates, at most XTLS_CHAIN_MAX, to an empty list, but for those after the first whose
 * algorithms are not known. XTLS_OK, or as xtls_chain_status.
 */
int xtls_chain_parse(const unsigned char *der, size_t length, mbedtls_x509_crt *output);

/* Whether Mbed TLS's code says that an algorithm is not known: such a certificate may stand behind one's own, and is passed over. */
int xtls_chain_is_foreign(int error);

/* Why a certificate cannot be read, from Mbed TLS's code: XTLS_ERR_CERTIFICATE, XTLS_ERR_KEY, XTLS_ERR_MEMORY. */
int xtls_chain_status(int error);

void xtls_chain_free(xtls_chain *chain);

#endif
