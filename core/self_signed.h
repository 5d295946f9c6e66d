/*
 * Self-signed certificates: the one shape of certificate that this product
 * makes (RFC 5280; xmppAddr of RFC 6120 13.7.1.4). The names in subject and
 * issuer are random: who the holder is stands in the subjectAltName alone.
 */
#ifndef XTLS_SELF_SIGNED_H
#define XTLS_SELF_SIGNED_H

#include <stddef.h>

#include "mbedtls/pk.h"

#define XTLS_SELF_SIGNED_MAX 4096 /* bytes that a certificate of the longest JID needs at most */

/*
 * Writes the DER certificate of `key` (borrowed, an EC key) to the END of `output`, as Mbed TLS does.
 * Valid from yesterday until `days` days from now. Its length, or a status.
 */
int xtls_self_signed(mbedtls_pk_context *key, const char *jid, size_t jid_length, unsigned days,
                     unsigned char *output, size_t max);

#endif
