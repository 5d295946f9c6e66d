/*
 * An engine: one TLS endpoint over memory BIOs. It knows no XML, no socket
 * and no clock but the host's. Four ports:
 *
 *     ciphertext in -> feed  ->  +--------+  -> read  -> plaintext out
 *                                | engine |
 *     ciphertext out <- drain <- +--------+  <- write <- plaintext in
 *
 * TLS 1.3 (RFC 8446) and nothing older. Both ends always authenticate with a certificate.
 * Nothing here calls back into user code, nothing blocks: "would block" is a
 * state. An error sticks; the alert it caused is still drained.
 */
#ifndef XTLS_ENGINE_H
#define XTLS_ENGINE_H

#include <stddef.h>

#include "authorities.h"
#include "identity.h"
#include "tickets.h"

typedef struct xtls_engine xtls_engine;

#define XTLS_INITIATOR 0 /* the TLS client */
#define XTLS_RESPONDER 1 /* the TLS server */

#define XTLS_STATE_NEW         0 /* options may still be set */
#define XTLS_STATE_HANDSHAKING 1
#define XTLS_STATE_OPEN        2
#define XTLS_STATE_CLOSING     3 /* our close_notify is out, the peer's is awaited */
#define XTLS_STATE_CLOSED      4 /* the peer's close_notify came, ours is out */
#define XTLS_STATE_FAILED      5

#define XTLS_SENT     0
#define XTLS_RECEIVED 1

/* --- birth: options first, then start ------------------------------------ */

/* `identity` is retained. `limit` bounds each of the three rings, in bytes (0: 1 MiB). XTLS_OK, XTLS_ERR_ARGUMENT, XTLS_ERR_MEMORY. */
int xtls_engine_create(int role, xtls_identity *identity, size_t limit, xtls_engine **output);

/* IANA numbers in order of preference; default: every suite of the configuration, ChaCha20-Poly1305 first. */
int xtls_engine_ciphersuites(xtls_engine *engine, const unsigned short *suites, size_t count);

/* IANA named groups in order of preference; default X25519, P-256, P-384. A client sends a key share for the first. */
int xtls_engine_groups(xtls_engine *engine, const unsigned short *groups, size_t count);

/* Protocol names as in the ALPN extension: u8 length, name, ... Default: none. */
int xtls_engine_alpn(xtls_engine *engine, const unsigned char *names, size_t length);

/* The peer's chain must lead to one of these (retained), or the handshake fails. Default: any certificate, judged by the caller afterwards. */
int xtls_engine_authorities(xtls_engine *engine, xtls_authorities *authorities);

/* Responder: issue and accept tickets from this table (retained). Default: none. */
int xtls_engine_tickets(xtls_engine *engine, xtls_tickets *tickets);

/* Initiator: resume what xtls_engine_session gave (borrowed), unless it was another identity's. XTLS_ERR_ARGUMENT when it is not such. */
int xtls_engine_resume(xtls_engine *engine, const unsigned char *session, size_t length);

/* Keep NSS key log lines for xtls_engine_key_log. Off by default: whoever has them reads everything. */
int xtls_engine_log_keys(xtls_engine *engine);

/* Ends the options. An initiator's ClientHello is ready to drain afterwards. */
int xtls_engine_start(xtls_engine *engine);

/* --- the four ports ------------------------------------------------------- */

/*
 * Takes all of the ciphertext (borrowed), or none and XTLS_ERR_LIMIT; then goes as far as it can: handshake, decryption.
 * XTLS_OK, or the error that made the engine fail. After close_notify input is ignored.
 */
int xtls_engine_feed(xtls_engine *engine, const unsigned char *bytes, size_t length);

/* Moves up to `max` bytes of ciphertext out; returns how many, 0 when there are none. Works in every state. */
int xtls_engine_drain(xtls_engine *engine, unsigned char *output, size_t max);

/*
 * Encrypts all of the plaintext (borrowed) into as many records as it needs, or takes none:
 * XTLS_ERR_STATE when not open, XTLS_ERR_LIMIT when the ring has no room for all of it. Length 0 does nothing.
 */
int xtls_engine_write(xtls_engine *engine, const unsigned char *bytes, size_t length);

/* Moves up to `max` bytes of plaintext out; returns how many, 0 when there are none. What was authentic stays readable after an error. */
int xtls_engine_read(xtls_engine *engine, unsigned char *output, size_t max);

/* --- ends ------------------------------------------------------------------ */

/*
 * Sends close_notify once. XTLS_OK also when it was sent before, XTLS_ERR_LIMIT when there is no room for it yet, or
 * what failed the engine. Before the handshake is over it sends user_canceled and close_notify, and fails the engine with
 * XTLS_ERR_CANCELED.
 */
int xtls_engine_close(xtls_engine *engine);

/*
 * Sends a fatal alert (RFC 8446 6.2 description) and fails the engine with XTLS_ERR_CANCELED: the caller judged the
 * peer. In a handshake user_canceled is sent as by xtls_engine_close. XTLS_ERR_STATE when it is over already, or not begun.
 */
int xtls_engine_abort(xtls_engine *engine, unsigned description);

/* The transport is at its end. Without a close_notify before, the engine fails with XTLS_ERR_TRUNCATED. */
int xtls_engine_end(xtls_engine *engine);

/* Zeroes and frees everything of the engine; drops identity, authorities, tickets; scrubs the stack. NULL is allowed. */
void xtls_engine_free(xtls_engine *engine);

/* --- what became of it ------------------------------------------------------ */

int xtls_engine_state(const xtls_engine *engine);       /* XTLS_STATE_* */
int xtls_engine_error(const xtls_engine *engine);       /* the status that failed it, 0 if none */
unsigned xtls_engine_version(const xtls_engine *engine);     /* 0x0304; 0 before the handshake is over */
unsigned xtls_engine_ciphersuite(const xtls_engine *engine); /* IANA number, 0 likewise */
unsigned xtls_engine_group(const xtls_engine *engine);       /* IANA number of the key exchange group, 0 likewise */
int xtls_engine_resumed(const xtls_engine *engine);     /* 1 when a ticket was used */
int xtls_engine_alert(const xtls_engine *engine, int direction);  /* level << 8 | description of the latest, -1 if none */
unsigned xtls_engine_problems(const xtls_engine *engine); /* MBEDTLS_X509_BADCERT_* bits that chain verification found */
int xtls_engine_pending(const xtls_engine *engine);     /* bytes of ciphertext that drain would give */

/* Length of the protocol's name, 0 when none was agreed, XTLS_ERR_SPACE. */
int xtls_engine_alpn_chosen(const xtls_engine *engine, unsigned char *output, size_t max);

/* DER of the peer's chain, own certificate first (restored on resumption): its length, 0 past the end, XTLS_ERR_SPACE. */
int xtls_engine_peer(const xtls_engine *engine, unsigned index, unsigned char *output, size_t max);

/* Initiator: the latest session ticket with the peer's certificate, for xtls_engine_resume; each ticket once. Its length, 0 if none, XTLS_ERR_SPACE. Secret. */
int xtls_engine_session(xtls_engine *engine, unsigned char *output, size_t max);

/* Drains NSS key log text: bytes moved, 0 if none. Secret. */
int xtls_engine_key_log(xtls_engine *engine, unsigned char *output, size_t max);

/*
 * Exported keying material (RFC 8446 7.5, RFC 5705). `context` may be NULL: an empty one.
 * XTLS_OK, XTLS_ERR_STATE before the handshake is over and once the tunnel is, XTLS_ERR_ARGUMENT.
 */
int xtls_engine_export(xtls_engine *engine, const unsigned char *label, size_t label_length,
                       const unsigned char *context, size_t context_length, unsigned char *output, size_t length);

#endif
