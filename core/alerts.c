/*
 * Alerts (RFC 8446 6): which error is told to the peer by which alert, and
 * which alerts went to and fro. Mbed TLS sends some itself; what it left unsaid
 * is said here, and never is there a second fatal one.
 */
#include "alerts.h"

#include "engine_inside.h"
#include "peek.h"
#include "status.h"

#define CERTIFICATE_REQUIRED 116 /* Mbed TLS has only SSL 3's no_certificate, 41 */

static const struct {
    int error;
    unsigned char description;
} ALERTS[] = {
    { MBEDTLS_ERR_SSL_INVALID_MAC, MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC },
    { MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE },
    { MBEDTLS_ERR_SSL_UNEXPECTED_RECORD, MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE },
    { MBEDTLS_ERR_SSL_INVALID_RECORD, MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR },
    { MBEDTLS_ERR_SSL_DECODE_ERROR, MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR },
    { MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER },
    { MBEDTLS_ERR_SSL_BAD_INPUT_DATA, MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER }, /* a protocol that was not on offer */
    { XTLS_ERR_OVERFLOW, MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW },
    { XTLS_ERR_MESSAGE, MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER }, /* as OpenSSL says it; RFC 8446 names none */
    { MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE },
    { MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION },
    { MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION, MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_EXT },
    { MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL },
    { MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME, MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME },
    { MBEDTLS_ERR_SSL_BAD_CERTIFICATE, MBEDTLS_SSL_ALERT_MSG_BAD_CERT },
    { XTLS_ERR_CERTIFICATE, MBEDTLS_SSL_ALERT_MSG_BAD_CERT },
    { XTLS_ERR_KEY, MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT },
    { XTLS_ERR_UNREQUESTED, MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE },
};

/* RFC 8446 6.2, the certificate alerts, most telling first. */
static const struct {
    unsigned problems;
    unsigned char description;
} CERTIFICATE_ALERTS[] = {
    { MBEDTLS_X509_BADCERT_REVOKED, MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED },
    { MBEDTLS_X509_BADCERT_NOT_TRUSTED, MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA },
    { MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE, MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED },
    { MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE | MBEDTLS_X509_BADCERT_BAD_MD |
      MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY, MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static unsigned char certificate_alert(unsigned problems)
{
    size_t i;

    for (i = 0; i < COUNT(CERTIFICATE_ALERTS); i++) {
        if (problems & CERTIFICATE_ALERTS[i].problems) {
            return CERTIFICATE_ALERTS[i].description;
        }
    }
    return MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN;
}

static unsigned char alert_of(const xtls_engine *engine, int error)
{
    size_t i;

    if (error == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        return certificate_alert(engine->problems);
    }
    if (error == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE) {
        return CERTIFICATE_REQUIRED;
    }
    for (i = 0; i < COUNT(ALERTS); i++) {
        if (ALERTS[i].error == error) {
            return ALERTS[i].description;
        }
    }
    return MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR;
}

static void note(xtls_engine *engine, int direction, unsigned char level, unsigned char description)
{
    engine->alerts[direction] = level << 8 | description;
}

/* The alerts that say that nothing went wrong (RFC 8446 6.1). */
static int is_end(int description)
{
    return description == MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY || description == MBEDTLS_SSL_ALERT_MSG_USER_CANCELED;
}

/*
 * During the handshake an alert in the clear only names the failure that the peer, or somebody
 * on the way, could have brought about by any bytes; afterwards it is what it looks like, a forgery.
 */
int xtls_alerts_name(xtls_engine *engine, int error)
{
    int alert = xtls_peek_plain_alert(&engine->ssl);

    if (error != MBEDTLS_ERR_SSL_INVALID_MAC || alert < 0) {
        return error;
    }
    engine->alerts[XTLS_RECEIVED] = alert;
    return is_end(alert & 0xFF) ? MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY : MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
}

/* Whoever sent an alert in the clear is done with us: that it could not be decrypted is nothing to tell. */
static int has_left(const xtls_engine *engine)
{
    return engine->state == XTLS_STATE_HANDSHAKING && xtls_peek_plain_alert(&engine->ssl) >= 0;
}

int xtls_alerts_is_told(mbedtls_ssl_context *ssl, unsigned char level)
{
    const xtls_engine *engine = mbedtls_ssl_get_user_data_p(ssl);

    return engine != NULL && level == MBEDTLS_SSL_ALERT_LEVEL_FATAL && (engine->has_alerted || has_left(engine));
}

void xtls_alerts_observe(mbedtls_ssl_context *ssl, unsigned char level, unsigned char description)
{
    xtls_engine *engine = mbedtls_ssl_get_user_data_p(ssl);

    if (engine != NULL) {
        note(engine, XTLS_SENT, level, description);
        engine->has_alerted |= level == MBEDTLS_SSL_ALERT_LEVEL_FATAL;
    }
}

void xtls_alerts_receive(xtls_engine *engine)
{
    int alert = xtls_peek_skipped_alert(&engine->ssl);

    if (alert >= 0) {
        engine->alerts[XTLS_RECEIVED] = alert;
    }
}

/* What ended it came from the peer: that is noted, and not answered. A warning that came before says more than close_notify. */
static int is_told_by_peer(int error)
{
    return error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE || error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
}

void xtls_alerts_report(xtls_engine *engine, int error)
{
    int pended = xtls_peek_pended_alert(&engine->ssl, error);

    if (engine->has_ended) { /* nobody is there */
        return;
    }
    if (is_told_by_peer(error)) {
        if (engine->alerts[XTLS_RECEIVED] < 0) {
            engine->alerts[XTLS_RECEIVED] = xtls_peek_received_alert(&engine->ssl);
        }
    } else {
        (void) xtls_alerts_send(engine, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                pended >= 0 ? (unsigned char) pended : alert_of(engine, error));
    }
}

int xtls_alerts_send(xtls_engine *engine, unsigned char level, unsigned char description)
{
    int error = xtls_peek_flush(&engine->ssl);

    if (error == 0) {
        error = xtls_bio_reserve(&engine->ciphertext_out, XTLS_ALERT_MAX); /* else Mbed TLS keeps it, to be sent twice */
    }
    return error == 0 ? mbedtls_ssl_send_alert_message(&engine->ssl, level, description) : error;
}

/* A warning, and close_notify behind it (RFC 8446 6.1): nothing went wrong. */
void xtls_alerts_cancel(xtls_engine *engine)
{
    if (xtls_alerts_send(engine, MBEDTLS_SSL_ALERT_LEVEL_WARNING, MBEDTLS_SSL_ALERT_MSG_USER_CANCELED) == 0) {
        int canceled = engine->alerts[XTLS_SENT];

        (void) xtls_alerts_send(engine, MBEDTLS_SSL_ALERT_LEVEL_WARNING, MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY);
        engine->alerts[XTLS_SENT] = canceled; /* which says more */
    }
}
