/*
 * The engine's ports and its states; nothing else changes them. Each port moves
 * bytes and then goes on as far as it can: go_on below is the whole of the motion.
 */
#include "engine_inside.h"

#include <string.h>

#include "memory.h"
#include "peek.h"
#include "status.h"

static int is_failed(const xtls_engine *engine)
{
    return engine->state == XTLS_STATE_FAILED;
}

static int is_reading(const xtls_engine *engine)
{
    return engine->state == XTLS_STATE_OPEN || engine->state == XTLS_STATE_CLOSING;
}

static int has_input(const xtls_engine *engine)
{
    return engine->ciphertext_in.length > 0 || engine->lent_length > 0;
}

static int is_alive(const xtls_engine *engine)
{
    return engine->state == XTLS_STATE_HANDSHAKING || is_reading(engine);
}

/* --- the two callbacks that join the rings to Mbed TLS ------------------------- */

static int send_record(void *context, const unsigned char *bytes, size_t length)
{
    xtls_engine *engine = context;
    int status = xtls_bio_put(&engine->ciphertext_out, bytes, length);

    if (status != XTLS_OK) {
        return status;
    }
    xtls_alerts_observe(engine, bytes, length);
    return (int) length;
}

/* What was lent is read where it lies. */
static size_t take_lent(xtls_engine *engine, unsigned char *output, size_t max)
{
    size_t length = engine->lent_length < max ? engine->lent_length : max;

    if (length > 0) {
        memcpy(output, engine->lent, length);
        engine->lent += length;
        engine->lent_length -= length;
    }
    return length;
}

static int receive_bytes(void *context, unsigned char *output, size_t max)
{
    xtls_engine *engine = context;
    size_t length;

    if (xtls_peek_skipped_error(&engine->ssl)) {
        return MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
    }
    length = xtls_bio_take(&engine->ciphertext_in, output, max);
    if (length == 0) {
        length = take_lent(engine, output, max);
    }
    return length > 0 ? (int) length : MBEDTLS_ERR_SSL_WANT_READ;
}

/* --- changes of state ------------------------------------------------------------ */

/* For good: the peer is told, the rest of its bytes is forgotten, the first reason stays. */
static int fail(xtls_engine *engine, int error)
{
    if (is_failed(engine)) {
        return engine->error;
    }
    xtls_alerts_report(engine, error);
    engine->state = XTLS_STATE_FAILED;
    engine->error = error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? XTLS_ERR_CANCELED : xtls_status(error);
    xtls_bio_clear(&engine->ciphertext_in);
    return engine->error;
}

static int say_close_notify(xtls_engine *engine)
{
    return xtls_alerts_send(engine, MBEDTLS_SSL_ALERT_LEVEL_WARNING, MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY);
}

/* The peer said close_notify: so do we, unless we did (RFC 8446 6.1). Later bytes do not count. */
static int close_in_turn(xtls_engine *engine)
{
    int error = engine->state == XTLS_STATE_OPEN ? say_close_notify(engine) : 0;

    if (error != 0) {
        return error;
    }
    engine->alerts[XTLS_RECEIVED] = xtls_peek_received_alert(&engine->ssl);
    engine->state = XTLS_STATE_CLOSED;
    xtls_bio_clear(&engine->ciphertext_in);
    return 0;
}

/* --- motion ------------------------------------------------------------------------- */

/* Moves a decrypted record on, as much of it as the ring has room for; the rest waits inside Mbed TLS. */
static int deliver(xtls_engine *engine, size_t available)
{
    size_t room = xtls_bio_room(&engine->plaintext);
    size_t left = available < room ? available : room;
    int error = xtls_bio_reserve(&engine->plaintext, left);

    while (error == XTLS_OK && left > 0) {
        size_t space;
        unsigned char *tail = xtls_bio_tail(&engine->plaintext, &space);
        int length = mbedtls_ssl_read(&engine->ssl, tail, left < space ? left : space);

        if (length <= 0) {
            return MBEDTLS_ERR_SSL_INTERNAL_ERROR; /* the bytes were said to be there */
        }
        xtls_bio_commit(&engine->plaintext, (size_t) length);
        left -= (size_t) length;
    }
    return error;
}

/* Decrypts the next record and leaves it inside Mbed TLS; WANT_READ when it is not there yet. */
static int next_record(xtls_engine *engine)
{
    unsigned char nothing;
    int error = mbedtls_ssl_read(&engine->ssl, &nothing, 0);

    if (error == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        return xtls_resumption_keep(engine);
    }
    if (error == MBEDTLS_ERR_SSL_WANT_READ && !xtls_peek_is_at_rest(&engine->ssl)) {
        return 0; /* a ticket has come and is looked at in the next round */
    }
    return error;
}

/* The last record stays inside Mbed TLS, from where xtls_engine_read takes it without a detour. */
static int read_records(xtls_engine *engine)
{
    int error = 0;

    while (error == 0) {
        size_t available = mbedtls_ssl_get_bytes_avail(&engine->ssl);

        if (available == 0) {
            error = next_record(engine);
        } else if (!has_input(engine) && !engine->has_ended) {
            return 0;
        } else if (xtls_bio_room(&engine->plaintext) > 0) {
            error = deliver(engine, available);
        } else {
            return 0; /* until the caller reads */
        }
    }
    return error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? close_in_turn(engine) : error;
}

static int go_on(xtls_engine *engine)
{
    int error = 0;

    engine->has_alerted = 0;
    if (engine->state == XTLS_STATE_HANDSHAKING) {
        error = xtls_alerts_name(engine, xtls_handshake_continue(engine));
        if (error == 0) {
            engine->state = XTLS_STATE_OPEN;
        }
    }
    if (error == 0 && is_reading(engine)) {
        error = read_records(engine);
    }
    if (error != 0 && error != MBEDTLS_ERR_SSL_WANT_READ) {
        return fail(engine, error);
    }
    /* The end of the transport counts once all that came before it was looked at. */
    if (engine->has_ended && is_alive(engine) && error == MBEDTLS_ERR_SSL_WANT_READ) {
        return fail(engine, XTLS_ERR_TRUNCATED);
    }
    return XTLS_OK;
}

int xtls_engine_start(xtls_engine *engine)
{
    int status;

    if (engine == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    if (engine->state != XTLS_STATE_NEW) {
        return XTLS_ERR_STATE;
    }
    xtls_options_complete(engine);
    engine->state = XTLS_STATE_HANDSHAKING;
    status = mbedtls_ssl_setup(&engine->ssl, &engine->config);
    if (status == 0) {
        mbedtls_ssl_set_bio(&engine->ssl, engine, send_record, receive_bytes, NULL);
        status = mbedtls_ssl_set_hostname(&engine->ssl, NULL); /* on purpose: an address is a JID, the caller judges it */
    }
    if (status == 0) {
        status = xtls_resumption_offer(engine);
    }
    return status == 0 ? go_on(engine) : fail(engine, status);
}

/* What the plaintext that nobody reads holds up waits in the ring. */
static int keep_lent(xtls_engine *engine)
{
    int status = is_alive(engine) ? xtls_bio_put(&engine->ciphertext_in, engine->lent, engine->lent_length) : XTLS_OK;

    engine->lent = NULL;
    engine->lent_length = 0;
    return status == XTLS_OK ? XTLS_OK : fail(engine, status);
}

/* --- the four ports --------------------------------------------------------------------- */

int xtls_engine_feed(xtls_engine *engine, const unsigned char *bytes, size_t length)
{
    int status, kept;

    if (engine == NULL || (bytes == NULL && length > 0)) {
        return XTLS_ERR_ARGUMENT;
    }
    if (is_failed(engine)) {
        return engine->error;
    }
    if (engine->state == XTLS_STATE_CLOSED) {
        return XTLS_OK;
    }
    if (engine->state == XTLS_STATE_NEW) {
        return XTLS_ERR_STATE;
    }
    if (length > xtls_bio_room(&engine->ciphertext_in)) {
        return XTLS_ERR_LIMIT;
    }
    engine->lent = bytes;
    engine->lent_length = length;
    status = go_on(engine);
    kept = keep_lent(engine);
    return status == XTLS_OK ? kept : status;
}

int xtls_engine_drain(xtls_engine *engine, unsigned char *output, size_t max)
{
    if (engine == NULL || (output == NULL && max > 0)) {
        return XTLS_ERR_ARGUMENT;
    }
    return (int) xtls_bio_take(&engine->ciphertext_out, output, max);
}

/* Room for all records that the plaintext needs, so that none of them can fail half-way. */
static int reserve_records(xtls_engine *engine, size_t length)
{
    int payload = mbedtls_ssl_get_max_out_record_payload(&engine->ssl);
    int expansion = mbedtls_ssl_get_record_expansion(&engine->ssl);
    size_t records;

    if (payload <= 0 || expansion < 0) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    if (length > xtls_bio_room(&engine->ciphertext_out)) {
        return XTLS_ERR_LIMIT;
    }
    records = length / (size_t) payload + 1;
    return xtls_bio_reserve(&engine->ciphertext_out, length + records * (size_t) expansion);
}

int xtls_engine_write(xtls_engine *engine, const unsigned char *bytes, size_t length)
{
    int status;

    if (engine == NULL || (bytes == NULL && length > 0)) {
        return XTLS_ERR_ARGUMENT;
    }
    if (engine->state != XTLS_STATE_OPEN) {
        return is_failed(engine) ? engine->error : XTLS_ERR_STATE;
    }
    if (length == 0) {
        return XTLS_OK;
    }
    status = reserve_records(engine, length);
    if (status != XTLS_OK) {
        return status;
    }
    /* A TLS 1.3 record holds 2^14 - 1 bytes besides the inner type: one call may take less than all. */
    while (length > 0) {
        int written = mbedtls_ssl_write(&engine->ssl, bytes, length);

        if (written <= 0) {
            engine->has_alerted = 0;
            return fail(engine, written < 0 ? written : MBEDTLS_ERR_SSL_INTERNAL_ERROR);
        }
        bytes += written;
        length -= (size_t) written;
    }
    return XTLS_OK;
}

/* Out of the record that waits inside Mbed TLS. */
static size_t read_waiting(xtls_engine *engine, unsigned char *output, size_t max)
{
    size_t available = mbedtls_ssl_get_bytes_avail(&engine->ssl);
    int length = available > 0 ? mbedtls_ssl_read(&engine->ssl, output, max) : 0;

    return length > 0 ? (size_t) length : 0;
}

int xtls_engine_read(xtls_engine *engine, unsigned char *output, size_t max)
{
    size_t length;

    if (engine == NULL || (output == NULL && max > 0)) {
        return XTLS_ERR_ARGUMENT;
    }
    length = xtls_bio_take(&engine->plaintext, output, max);
    if (length < max) {
        length += read_waiting(engine, output + length, max - length);
    }
    if (length > 0 && is_reading(engine) && (has_input(engine) || engine->has_ended)) {
        (void) go_on(engine); /* there is room again; what goes wrong is told by the next call */
    }
    return (int) length;
}

/* --- ends ----------------------------------------------------------------------------------- */

static int cancel(xtls_engine *engine)
{
    if (engine->state == XTLS_STATE_NEW) { /* nobody has heard of us yet */
        engine->has_alerted = 1;
    }
    (void) fail(engine, XTLS_ERR_CANCELED);
    return XTLS_OK;
}

int xtls_engine_close(xtls_engine *engine)
{
    int error;

    if (engine == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    switch (engine->state) {
    case XTLS_STATE_NEW:
    case XTLS_STATE_HANDSHAKING:
        return cancel(engine);
    case XTLS_STATE_FAILED:
        return engine->error;
    case XTLS_STATE_OPEN:
        break;
    default:
        return XTLS_OK;
    }
    error = say_close_notify(engine);
    if (error == XTLS_ERR_LIMIT || error == XTLS_ERR_MEMORY) {
        return error;
    }
    if (error != 0) {
        return fail(engine, error);
    }
    engine->state = XTLS_STATE_CLOSING;
    return XTLS_OK;
}

int xtls_engine_abort(xtls_engine *engine, unsigned description)
{
    if (engine == NULL || description > 0xFF) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_alive(engine)) {
        return XTLS_ERR_STATE;
    }
    (void) xtls_alerts_send(engine, MBEDTLS_SSL_ALERT_LEVEL_FATAL, (unsigned char) description);
    engine->has_alerted = 1;
    (void) fail(engine, XTLS_ERR_CANCELED);
    return XTLS_OK;
}

int xtls_engine_end(xtls_engine *engine)
{
    if (engine == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_alive(engine)) {
        return engine->error;
    }
    engine->has_ended = 1;
    return go_on(engine);
}

static void free_offered(xtls_engine *engine)
{
    if (engine->offered != NULL) {
        mbedtls_ssl_session_free(engine->offered);
        xtls_free(engine->offered);
    }
}

void xtls_engine_free(xtls_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    mbedtls_ssl_free(&engine->ssl);
    mbedtls_ssl_config_free(&engine->config);
    xtls_bio_clear(&engine->ciphertext_in);
    xtls_bio_clear(&engine->ciphertext_out);
    xtls_bio_clear(&engine->plaintext);
    xtls_bio_clear(&engine->key_log);
    xtls_chain_free(&engine->peer);
    xtls_chain_free(&engine->restored);
    free_offered(engine);
    xtls_free(engine->claimed);
    xtls_free(engine->session);
    xtls_free(engine->alpn_names);
    xtls_tickets_free(engine->tickets);
    xtls_authorities_free(engine->authorities);
    xtls_identity_free(engine->identity);
    xtls_free(engine);
    xtls_scrub_stack();
}
