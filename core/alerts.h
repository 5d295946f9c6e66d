/*
 * Alerts as they are written: what Mbed TLS asks before it sends one, and tells when it has
 * (core/patches/alerts.patch). So it is known which went out, and a fatal one is the last (RFC 8446 6.2).
 */
#ifndef XTLS_ALERTS_H
#define XTLS_ALERTS_H

struct mbedtls_ssl_context;

/* True when this would be a second fatal alert, or one to a peer that has ended it: it is not to be sent. */
int xtls_alerts_is_told(struct mbedtls_ssl_context *ssl, unsigned char level);

/* An alert was written. */
void xtls_alerts_observe(struct mbedtls_ssl_context *ssl, unsigned char level, unsigned char description);

#endif
