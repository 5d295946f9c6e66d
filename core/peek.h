/*
 * Peeking: the few things that Mbed TLS 3.6.7 knows and does not say through its
 * public interface. All reading of its private fields is in peek.c, so that
 * another release needs one file looked through.
 */
#ifndef XTLS_PEEK_H
#define XTLS_PEEK_H

#include "mbedtls/ssl.h"

/* The handshake is over and no ticket is on its way in or out; mbedtls_ssl_is_handshake_over does not count tickets. */
int xtls_peek_is_at_rest(const mbedtls_ssl_context *ssl);

/* IANA number of the key exchange group, 0 when it is not known yet (or any more). During a handshake. */
unsigned xtls_peek_group(const mbedtls_ssl_context *ssl);

/* The key exchange under way uses a session instead of certificates. During a handshake. */
int xtls_peek_is_resuming(const mbedtls_ssl_context *ssl);

/*
 * The secrets of the handshake under way have the product of a key exchange in them: the peer's share is one of the
 * negotiated group, the mode is one that exchanges keys, and our private key was used up by it. During a handshake.
 */
int xtls_peek_has_exchanged_keys(const mbedtls_ssl_context *ssl);

/* Past the hellos: what comes and goes from here on is encrypted. */
int xtls_peek_is_past_hellos(const mbedtls_ssl_context *ssl);

/* Records are protected by the keys of the finished handshake, both ways. */
int xtls_peek_is_protected(const mbedtls_ssl_context *ssl);

/* A client's full handshake has come to the server's certificate, and the server asked for none. */
int xtls_peek_is_unrequested(const mbedtls_ssl_context *ssl);

/* The exporter secret, which Mbed TLS's key export leaves out, as long as the hash. During a handshake. */
const unsigned char *xtls_peek_exporter_secret(const mbedtls_ssl_context *ssl);

/* The chain that the peer has shown, NULL when there is none (yet). During a handshake. */
const mbedtls_x509_crt *xtls_peek_certificate(const mbedtls_ssl_context *ssl);

/* The alert that Mbed TLS itself decided to send for `error`, -1 if it did not. */
int xtls_peek_pended_alert(const mbedtls_ssl_context *ssl, int error);

/* level << 8 | description of the alert record just read. */
int xtls_peek_received_alert(const mbedtls_ssl_context *ssl);

/*
 * The record that could not be decrypted was an alert in the clear, its level << 8 | description, else -1.
 * OpenSSL's clients send such when they refuse our first flight.
 */
int xtls_peek_plain_alert(const mbedtls_ssl_context *ssl);

/* level << 8 | description of the alert just read that Mbed TLS passed over, -1 when it was none. */
int xtls_peek_skipped_alert(const mbedtls_ssl_context *ssl);

/* The record just read was an error alert dressed as a warning, which Mbed TLS skips against RFC 8446 6.2. */
int xtls_peek_skipped_error(const mbedtls_ssl_context *ssl);

/*
 * Alerts are protected by the sender's newest keys (RFC 8446 6): a client's from ServerHello on, a
 * server's application keys from its own Finished on. Mbed TLS takes both up later, so that
 * other peers could not read its alerts. Nothing but alerts is sent in between.
 */
void xtls_peek_protect_alerts(mbedtls_ssl_context *ssl);

/*
 * The handshake is over: its secrets, its key schedule and its record keys are zeroed and freed, which Mbed TLS
 * does over datagrams only. What is left of the structure is empty; a client needs it, to read tickets with.
 */
void xtls_peek_forget_handshake(mbedtls_ssl_context *ssl);

/* Bytes of the ticket that has just come. */
size_t xtls_peek_ticket_length(const mbedtls_ssl_context *ssl);

/*
 * The same for the keys by which a session could be resumed: the latest ticket's, and on a server the secret that tickets
 * are made of. A client keeps that secret, since tickets may come at any time.
 */
void xtls_peek_forget_resumption(mbedtls_ssl_context *ssl);

/* Nothing will be encrypted, decrypted or exported any more: the keys of records and all secrets go as well. */
void xtls_peek_forget_everything(mbedtls_ssl_context *ssl);

/* Sends what a handshake step has written and not sent: an alert must not stay behind it. 0 or Mbed TLS's error. */
int xtls_peek_flush(mbedtls_ssl_context *ssl);

#endif
