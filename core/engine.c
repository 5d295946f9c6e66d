/*
 * The engine's ports and its states; nothing else changes them. Each port moves
 * bytes and then goes on as far as it can: go_on below is the whole of the motion.
 */
#include "engine_inside.h"

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

static int is_alive(const xtls_engine *engine)
{
    return engine->state == XTLS_STATE_HANDSHAKING || is_reading(engine);
}

/* --- changes of state ------------------------------------------------------------ */

/* Nothing is encrypted or decrypted any more: no key stays, and what came last can still be read. */
static void forget_keys(xtls_engine *engine)
{
    xtls_bio_clear(&engine->ciphertext_in);
    xtls_resumption_forget(engine);
    xtls_peek_forget_everything(&engine->ssl);
    xtls_scrub_stack();
}

/* For good: the peer is told, the rest of its bytes is forgotten, and its ticket (RFC 8446 6.2); the first reason stays. */
static int fail(xtls_engine *engine, int error)
{
    if (is_failed(engine)) {
        return engine->error;
    }
    xtls_alerts_report(engine, error);
    engine->state = XTLS_STATE_FAILED;
    engine->error = error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? XTLS_ERR_CANCELED : xtls_status(error);
    forget_keys(engine);
    xtls_resumption_drop(engine);
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

    if (error != 0 && error != XTLS_ERR_LIMIT) { /* no room: the peer has stopped listening anyway */
        return error;
    }
    engine->alerts[XTLS_RECEIVED] = xtls_peek_received_alert(&engine->ssl);
    engine->state = XTLS_STATE_CLOSED;
    forget_keys(engine);
    return 0;
}

/* --- motion ------------------------------------------------------------------------- */

static int go_on(xtls_engine *engine)
{
    int error = 0;

    if (engine->state == XTLS_STATE_HANDSHAKING) {
        error = xtls_alerts_name(engine, xtls_handshake_continue(engine));
        if (error == 0) {
            engine->state = XTLS_STATE_OPEN;
            xtls_handshake_forget(engine);
        }
    }
    if (error == 0 && is_reading(engine)) {
        error = xtls_records_read(engine);
        error = error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? close_in_turn(engine) : error;
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
    engine->state = XTLS_STATE_HANDSHAKING;
    status = mbedtls_ssl_setup(&engine->ssl, &engine->config);
    if (status == 0) {
        mbedtls_ssl_set_user_data_p(&engine->ssl, engine);
        mbedtls_ssl_set_bio(&engine->ssl, engine, xtls_records_send, xtls_records_receive, NULL);
        status = mbedtls_ssl_set_hostname(&engine->ssl, NULL); /* on purpose: a JID is no host, the caller judges it */
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
    status = xtls_records_reserve(engine, length);
    if (status != XTLS_OK) {
        return status;
    }
    status = xtls_records_write(engine, bytes, length);
    return status == XTLS_OK ? XTLS_OK : fail(engine, status);
}

int xtls_engine_read(xtls_engine *engine, unsigned char *output, size_t max)
{
    size_t length;

    if (engine == NULL || (output == NULL && max > 0)) {
        return XTLS_ERR_ARGUMENT;
    }
    length = xtls_records_take(engine, output, max);
    if (length > 0 && is_reading(engine) && (xtls_records_wait(engine) || engine->has_ended)) {
        (void) go_on(engine); /* there is room again; what goes wrong is told by the next call */
    }
    return (int) length;
}

/* --- ends ----------------------------------------------------------------------------------- */

static int cancel_handshake(xtls_engine *engine)
{
    if (engine->state == XTLS_STATE_HANDSHAKING) { /* before, nobody has heard of us */
        xtls_alerts_cancel(engine);
    }
    engine->has_alerted = 1;
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
        return cancel_handshake(engine);
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
    if (engine->state == XTLS_STATE_HANDSHAKING && description == MBEDTLS_SSL_ALERT_MSG_USER_CANCELED) {
        return cancel_handshake(engine);
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
    xtls_resumption_forget(engine);
    xtls_resumption_drop(engine);
    xtls_free(engine->alpn_names);
    xtls_tickets_free(engine->tickets);
    xtls_authorities_free(engine->authorities);
    xtls_identity_free(engine->identity);
    xtls_free(engine);
    xtls_scrub_stack();
}
