/*
 * The engine from within: its parts, and what its files owe each other.
 * engine.c has the ports and everything that changes the state, engine_options.c the
 * birth, engine_facts.c the reading, handshake.c the way to the open state, records.c
 * what passes then; resumption.c, alerts.c and key_log.c have what their names say.
 */
#ifndef XTLS_ENGINE_INSIDE_H
#define XTLS_ENGINE_INSIDE_H

#include <stdint.h>

#include "bio.h"
#include "chain.h"
#include "engine.h"
#include "mbedtls/ssl.h"

#define XTLS_SUITES_MAX 16
#define XTLS_GROUPS_MAX 8
#define XTLS_ALPN_MAX   16

struct xtls_engine {
    int role;
    int state;
    int error;               /* what failed it */
    int has_ended;           /* the transport is at its end */

    xtls_identity *identity; /* retained, as are the next two, NULL when not wanted */
    xtls_authorities *authorities;
    xtls_tickets *tickets;

    const unsigned char *lent; /* ciphertext that feed's caller lent; NULL outside of that call */
    size_t lent_length;
    xtls_bio ciphertext_in;  /* older than what is lent */
    xtls_bio ciphertext_out;
    xtls_bio plaintext;      /* older than the record that may wait inside Mbed TLS */


    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    int suites[XTLS_SUITES_MAX + 1]; /* config points to these three; zero or NULL ends them */
    uint16_t groups[XTLS_GROUPS_MAX + 1];
    const char *alpn[XTLS_ALPN_MAX + 1]; /* into alpn_names */
    char *alpn_names;        /* owned */

    mbedtls_ssl_session *offered; /* initiator: to be resumed at the start; owned */
    xtls_chain restored;     /* whom the ticket in question belongs to */
    unsigned char *claimed;  /* responder: the session taken from the table; a second ClientHello wants it again */
    size_t claimed_length;
    unsigned char claimed_ticket[XTLS_TICKET_LENGTH];
    unsigned tickets_tried;
    unsigned char *session;  /* initiator: the latest ticket not given out yet; owned */
    size_t session_length;

    xtls_chain peer;         /* the facts, complete when the handshake is */
    unsigned version;
    unsigned ciphersuite;
    unsigned group;
    unsigned problems;
    int is_resumed;
    int has_exchanged_keys;  /* a share of `group` from either end is in the secrets */

    int alerts[2];           /* XTLS_SENT, XTLS_RECEIVED: level << 8 | description, -1: none */
    int has_alerted;         /* a fatal alert was sent: there is no other */
    xtls_bio key_log;
};

/* --- records.c --- */

/* Mbed TLS's callbacks for ciphertext; `engine` is one. */
int xtls_records_send(void *engine, const unsigned char *bytes, size_t length);
int xtls_records_receive(void *engine, unsigned char *output, size_t max);

/*
 * Decrypts records into the plaintext ring: MBEDTLS_ERR_SSL_WANT_READ when no whole one is left, 0 when
 * the ring is full or the last one waits inside Mbed TLS, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY, or what is wrong.
 */
int xtls_records_read(xtls_engine *engine);

/* Moves up to `max` bytes of plaintext out, of the ring and of the record that waits; returns how many. */
size_t xtls_records_take(xtls_engine *engine, unsigned char *output, size_t max);

/* True when there is ciphertext that nobody has looked at. */
int xtls_records_wait(const xtls_engine *engine);

/* Makes room for all records that `length` bytes of plaintext need. XTLS_OK, XTLS_ERR_LIMIT, XTLS_ERR_MEMORY. */
int xtls_records_reserve(xtls_engine *engine, size_t length);

/* Encrypts all of it into the room made. XTLS_OK or Mbed TLS's error. */
int xtls_records_write(xtls_engine *engine, const unsigned char *bytes, size_t length);

/* --- handshake.c --- */

/* Goes on with the handshake: 0 when it is over, MBEDTLS_ERR_SSL_WANT_READ, or what is wrong. */
int xtls_handshake_continue(xtls_engine *engine);

/* Learns from Mbed TLS, or from the ticket, who the peer is. XTLS_OK, or why it must not go on. */
int xtls_handshake_meet_peer(xtls_engine *engine);

/* The handshake is over: nothing stays that only it needed, no key, no secret, no ticket. */
void xtls_handshake_forget(xtls_engine *engine);

/* --- resumption.c --- */

/* Mbed TLS's ticket callbacks for a responder; `engine` is one. */
int xtls_resumption_write(void *engine, const mbedtls_ssl_session *session, unsigned char *start,
                          const unsigned char *end, size_t *length, uint32_t *lifetime);
int xtls_resumption_parse(void *engine, mbedtls_ssl_session *session, unsigned char *ticket, size_t length);

/* Initiator: offers what xtls_engine_resume brought, if it still leads to the authorities. XTLS_OK or a status. */
int xtls_resumption_offer(xtls_engine *engine);

/* Initiator: keeps the ticket that just came. XTLS_OK or a status. */
int xtls_resumption_keep(xtls_engine *engine);

/* Initiator: the ticket that nobody has asked for yet is given to nobody. */
void xtls_resumption_drop(xtls_engine *engine);

/* Either role: what was offered or taken from the table is of no more use. */
void xtls_resumption_forget(xtls_engine *engine);

/* --- alerts.c --- */

/* During a handshake: what `error` really was, if an alert in the clear was taken for a bad record. */
int xtls_alerts_name(xtls_engine *engine, int error);

/* Notes the warning that Mbed TLS has just passed over, if it did. */
void xtls_alerts_receive(xtls_engine *engine);

/* Tells the peer about `error` unless it was told, or told us; then what it said is noted. */
void xtls_alerts_report(xtls_engine *engine, int error);

/* Sends an alert; a fatal one behind a fatal one is not sent. 0 or Mbed TLS's error. */
int xtls_alerts_send(xtls_engine *engine, unsigned char level, unsigned char description);

/* Tells the peer that the handshake is not wanted any more. */
void xtls_alerts_cancel(xtls_engine *engine);

/* Bytes of an alert's record at most: header, the alert and its type as they are padded, AEAD's tag. */
#define XTLS_ALERT_MAX (5 + MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY + 16)

/* Bytes of the outgoing ring that no plaintext takes: close_notify and a fatal alert can always be sent. */
#define XTLS_ALERTS_ROOM (2 * XTLS_ALERT_MAX)

/* --- key_log.c --- */

/* Mbed TLS's callback for secrets; `engine` is one. */
void xtls_key_log_export(void *engine, mbedtls_ssl_key_export_type type, const unsigned char *secret,
                         size_t secret_length, const unsigned char client_random[32],
                         const unsigned char server_random[32], mbedtls_tls_prf_types prf);

#endif
