/* Behind the public interface of Mbed TLS 3.6.7: look through this file when the release changes. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "peek.h"

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

const unsigned char *xtls_peek_exporter_secret(const mbedtls_ssl_context *ssl)
{
    return ssl->session_negotiate->app_secrets.exporter_master_secret;
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

int xtls_peek_skipped_error(const mbedtls_ssl_context *ssl)
{
    return ssl->in_msgtype == MBEDTLS_SSL_MSG_ALERT && ssl->in_left == 0 &&
           ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3 && ssl->in_msg[1] != MBEDTLS_SSL_ALERT_MSG_USER_CANCELED;
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

int xtls_peek_flush(mbedtls_ssl_context *ssl)
{
    return mbedtls_ssl_flush_output(ssl);
}
