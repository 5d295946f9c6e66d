/* Behind the public interface of Mbed TLS 3.6.7: look through this file when the release changes. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "peek.h"

#include "mbedtls/platform.h"
#include "ssl_misc.h"

int xtls_peek_is_at_rest(const mbedtls_ssl_context *ssl)
{
    return ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER;
}

unsigned xtls_peek_group(const mbedtls_ssl_context *ssl)
{
    return ssl->handshake == NULL ? 0 : ssl->handshake->offered_group_id;
}

int xtls_peek_is_resuming(const mbedtls_ssl_context *ssl)
{
    return ssl->handshake != NULL &&
           (ssl->handshake->key_exchange_mode & MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL) != 0;
}

/* Bytes of a key share (RFC 8446 4.2.8.2, RFC 7748); 0: not a group of ours. */
static size_t share_length(unsigned group)
{
    switch (group) {
    case MBEDTLS_SSL_IANA_TLS_GROUP_X25519:
        return 32;
    case MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1:
        return 65;
    case MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1:
        return 97;
    default:
        return 0;
    }
}

int xtls_peek_has_exchanged_keys(const mbedtls_ssl_context *ssl)
{
    const mbedtls_ssl_handshake_params *handshake = ssl->handshake;

    return handshake != NULL && handshake->transform_handshake != NULL &&
           (handshake->key_exchange_mode & MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL) != 0 &&
           handshake->xxdh_psa_peerkey_len != 0 &&
           handshake->xxdh_psa_peerkey_len == share_length(handshake->offered_group_id) &&
           mbedtls_svc_key_id_is_null(handshake->xxdh_psa_privkey);
}

int xtls_peek_is_past_hellos(const mbedtls_ssl_context *ssl)
{
    switch (ssl->state) {
    case MBEDTLS_SSL_HELLO_REQUEST:
    case MBEDTLS_SSL_CLIENT_HELLO:
    case MBEDTLS_SSL_SERVER_HELLO:
    case MBEDTLS_SSL_HELLO_RETRY_REQUEST:
        return 0;
    default:
        return 1;
    }
}

int xtls_peek_is_protected(const mbedtls_ssl_context *ssl)
{
    return ssl->transform_application != NULL && ssl->transform_in == ssl->transform_application &&
           ssl->transform_out == ssl->transform_application;
}

int xtls_peek_is_unrequested(const mbedtls_ssl_context *ssl)
{
    return ssl->handshake != NULL && ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT &&
           ssl->state == MBEDTLS_SSL_SERVER_CERTIFICATE && !ssl->handshake->client_auth;
}

const unsigned char *xtls_peek_exporter_secret(const mbedtls_ssl_context *ssl)
{
    return ssl->session_negotiate->app_secrets.exporter_master_secret;
}

const mbedtls_x509_crt *xtls_peek_certificate(const mbedtls_ssl_context *ssl)
{
    return ssl->session_negotiate == NULL ? NULL : ssl->session_negotiate->peer_cert;
}

int xtls_peek_pended_alert(const mbedtls_ssl_context *ssl, int error)
{
    return ssl->alert_reason == error ? ssl->alert_type : -1;
}

int xtls_peek_received_alert(const mbedtls_ssl_context *ssl)
{
    return ssl->in_msg[0] << 8 | ssl->in_msg[1];
}

int xtls_peek_plain_alert(const mbedtls_ssl_context *ssl)
{
    const unsigned char *record = ssl->in_hdr; /* type, version, length, level, description */

    if (ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_3 || record[0] != MBEDTLS_SSL_MSG_ALERT ||
        MBEDTLS_GET_UINT16_BE(record, 3) != 2) {
        return -1;
    }
    return MBEDTLS_GET_UINT16_BE(record, 5);
}

int xtls_peek_skipped_alert(const mbedtls_ssl_context *ssl)
{
    return ssl->in_msgtype == MBEDTLS_SSL_MSG_ALERT && ssl->in_left == 0 ? xtls_peek_received_alert(ssl) : -1;
}

int xtls_peek_skipped_error(const mbedtls_ssl_context *ssl)
{
    return xtls_peek_skipped_alert(ssl) >= 0 && ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3 &&
           ssl->in_msg[1] != MBEDTLS_SSL_ALERT_MSG_USER_CANCELED;
}

void xtls_peek_protect_alerts(mbedtls_ssl_context *ssl)
{
    mbedtls_ssl_handshake_params *handshake = ssl->handshake;

    if (handshake == NULL || handshake->transform_handshake == NULL) { /* before ServerHello */
        return;
    }
    if (ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT && ssl->transform_out == NULL) {
        mbedtls_ssl_set_outbound_transform(ssl, handshake->transform_handshake);
    }
    if (ssl->conf->endpoint == MBEDTLS_SSL_IS_SERVER && ssl->transform_application != NULL &&
        ssl->transform_out == handshake->transform_handshake) {
        mbedtls_ssl_set_outbound_transform(ssl, ssl->transform_application);
    }
}

void xtls_peek_forget_handshake(mbedtls_ssl_context *ssl)
{
    if (ssl->handshake == NULL) {
        return;
    }
    mbedtls_ssl_handshake_free(ssl);
    if (ssl->conf->endpoint == MBEDTLS_SSL_IS_SERVER && ssl->session_negotiate == NULL) {
        mbedtls_free(ssl->handshake);
        ssl->handshake = NULL;
    }
}

static void forget_ticket(mbedtls_ssl_session *session)
{
    mbedtls_platform_zeroize(session->resumption_key, sizeof(session->resumption_key));
    session->resumption_key_len = 0;
    mbedtls_zeroize_and_free(session->ticket, session->ticket_len);
    session->ticket = NULL;
    session->ticket_len = 0;
}

size_t xtls_peek_ticket_length(const mbedtls_ssl_context *ssl)
{
    return ssl->session == NULL ? 0 : ssl->session->ticket_len;
}

void xtls_peek_forget_resumption(mbedtls_ssl_context *ssl)
{
    mbedtls_ssl_session *session = ssl->session;

    if (session == NULL) {
        return;
    }
    forget_ticket(session);
    if (ssl->conf->endpoint == MBEDTLS_SSL_IS_SERVER) {
        mbedtls_platform_zeroize(session->app_secrets.resumption_master_secret,
                                 sizeof(session->app_secrets.resumption_master_secret));
    }
}

static void forget_secrets(mbedtls_ssl_session *session)
{
    if (session != NULL) {
        forget_ticket(session);
        mbedtls_platform_zeroize(&session->app_secrets, sizeof(session->app_secrets));
    }
}

void xtls_peek_forget_everything(mbedtls_ssl_context *ssl)
{
    ssl->transform_in = ssl->transform_out = NULL; /* whichever they are */
    xtls_peek_forget_handshake(ssl);
    mbedtls_ssl_transform_free(ssl->transform_application);
    mbedtls_free(ssl->transform_application);
    ssl->transform_application = NULL;
    forget_secrets(ssl->session);
    forget_secrets(ssl->session_negotiate);
}

int xtls_peek_flush(mbedtls_ssl_context *ssl)
{
    return mbedtls_ssl_flush_output(ssl);
}
