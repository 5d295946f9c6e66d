/*
 * The key log: secrets as lines of NSS's format, for Wireshark and tests, kept
 * only when asked for.
 */
#include <string.h>

#include "engine_inside.h"
#include "mbedtls/platform_util.h"
#include "peek.h"

#define RANDOM_LENGTH 32
#define LABEL_MAX     32
#define KEY_LINE_MAX  (LABEL_MAX + 1 + 2 * RANDOM_LENGTH + 1 + 2 * MBEDTLS_MD_MAX_SIZE + 1)

static const char *label_of(mbedtls_ssl_key_export_type type)
{
    switch (type) {
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET:
        return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET:
        return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
        return "CLIENT_TRAFFIC_SECRET_0";
    case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
        return "SERVER_TRAFFIC_SECRET_0";
    default:
        return NULL;
    }
}

static size_t write_hex(char *output, const unsigned char *bytes, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        output[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        output[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return 2 * length;
}

static void write_line(xtls_engine *engine, const char *label, const unsigned char client_random[RANDOM_LENGTH],
                       const unsigned char *secret, size_t secret_length)
{
    char line[KEY_LINE_MAX];
    size_t length = strlen(label);

    memcpy(line, label, length);
    line[length++] = ' ';
    length += write_hex(line + length, client_random, RANDOM_LENGTH);
    line[length++] = ' ';
    length += write_hex(line + length, secret, secret_length);
    line[length++] = '\n';
    /* When the ring is full the line is lost, and nothing else. */
    (void) xtls_bio_put(&engine->key_log, (const unsigned char *) line, length);
    mbedtls_platform_zeroize(line, sizeof(line));
}

void xtls_key_log_export(void *context, mbedtls_ssl_key_export_type type, const unsigned char *secret,
                         size_t secret_length, const unsigned char client_random[32],
                         const unsigned char server_random[32], mbedtls_tls_prf_types prf)
{
    xtls_engine *engine = context;
    const char *label = label_of(type);

    (void) server_random;
    (void) prf;
    if (label == NULL || secret_length > MBEDTLS_MD_MAX_SIZE) {
        return;
    }
    write_line(engine, label, client_random, secret, secret_length);
    if (type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET) {
        write_line(engine, "EXPORTER_SECRET", client_random, xtls_peek_exporter_secret(&engine->ssl), secret_length);
    }
}
