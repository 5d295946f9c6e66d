/*
 * A session: what resumes a TLS 1.3 connection, Mbed TLS's own record of it and
 * what that record lacks: the peer's chain, and which certificate of ours the peer
 * knows us by. Initiators hold it as opaque bytes, responders in their ticket table. It is a secret.
 */
#ifndef XTLS_SESSION_H
#define XTLS_SESSION_H

#include <stddef.h>

#include "chain.h"
#include "mbedtls/ssl.h"

#define XTLS_SESSION_OWN 32 /* bytes: SHA-256 of one's own certificate */

/* Makes *output, which the caller owns. XTLS_OK, XTLS_ERR_MEMORY or Mbed TLS's status. */
int xtls_session_pack(const mbedtls_ssl_session *session, const unsigned char own[XTLS_SESSION_OWN],
                      const xtls_chain *peer, unsigned char **output, size_t *length);

/* Reads it into an initialised session and chain, empty still on failure. XTLS_OK, XTLS_ERR_ARGUMENT, XTLS_ERR_MEMORY. */
int xtls_session_unpack(const unsigned char *bytes, size_t length, mbedtls_ssl_session *session, xtls_chain *peer);

/* Whether what could be unpacked is of this certificate of ours. */
int xtls_session_is_own(const unsigned char *bytes, const unsigned char own[XTLS_SESSION_OWN]);

#endif
