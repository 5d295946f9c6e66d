/*
 * The engine's birth: defaults and options. After xtls_engine_start nothing
 * here may be called; Mbed TLS's configuration then points into the engine.
 */
#include <string.h>

#include "engine_inside.h"
#include "memory.h"
#include "random.h"
#include "status.h"

#define DEFAULT_LIMIT (1024 * 1024)
#define KEY_LOG_LIMIT 4096 /* the lines of a handshake, twice over */

/* RFC 8446 B.4: ChaCha20 first, there is no AES hardware in wasm. */
static const int DEFAULT_SUITES[] = {
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
};

static const uint16_t DEFAULT_GROUPS[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int is_new(const xtls_engine *engine)
{
    return engine->state == XTLS_STATE_NEW;
}

/* What holds for every engine. Certificates are asked for, and judged in handshake.c. */
static int configure(xtls_engine *engine)
{
    mbedtls_ssl_config *config = &engine->config;
    int endpoint = engine->role == XTLS_INITIATOR ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER;
    int error = mbedtls_ssl_config_defaults(config, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

    if (error != 0) {
        return xtls_status(error);
    }
    mbedtls_ssl_conf_rng(config, xtls_random, NULL);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_tls13_key_exchange_modes(config, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL |
                                                          MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL);
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
    mbedtls_ssl_conf_new_session_tickets(config, 1);
    mbedtls_ssl_conf_ciphersuites(config, engine->suites);
    mbedtls_ssl_conf_groups(config, engine->groups);
    return xtls_identity_present(engine->identity, config);
}

static xtls_engine *new_engine(int role, size_t limit)
{
    xtls_engine *engine = xtls_alloc(sizeof(*engine));

    if (engine == NULL) {
        return NULL;
    }
    engine->role = role;
    engine->alerts[XTLS_SENT] = engine->alerts[XTLS_RECEIVED] = -1;
    xtls_bio_init(&engine->ciphertext_in, limit);
    xtls_bio_init(&engine->ciphertext_out, limit);
    xtls_bio_init(&engine->plaintext, limit);
    xtls_bio_init(&engine->key_log, KEY_LOG_LIMIT);
    mbedtls_ssl_config_init(&engine->config);
    mbedtls_ssl_init(&engine->ssl);
    memcpy(engine->suites, DEFAULT_SUITES, sizeof(DEFAULT_SUITES));
    memcpy(engine->groups, DEFAULT_GROUPS, sizeof(DEFAULT_GROUPS));
    return engine;
}

int xtls_engine_create(int role, xtls_identity *identity, size_t limit, xtls_engine **output)
{
    xtls_engine *engine;
    int status;

    if (identity == NULL || output == NULL || (role != XTLS_INITIATOR && role != XTLS_RESPONDER)) {
        return XTLS_ERR_ARGUMENT;
    }
    if ((status = xtls_random_ready()) != XTLS_OK) {
        return status;
    }
    engine = new_engine(role, limit == 0 ? DEFAULT_LIMIT : limit);
    if (engine == NULL) {
        return XTLS_ERR_MEMORY;
    }
    engine->identity = xtls_identity_retain(identity);
    status = configure(engine);
    if (status != XTLS_OK) {
        xtls_engine_free(engine);
        return status;
    }
    *output = engine;
    return XTLS_OK;
}

int xtls_engine_ciphersuites(xtls_engine *engine, const unsigned short *suites, size_t count)
{
    int chosen[XTLS_SUITES_MAX + 1] = { 0 };
    size_t i;

    if (engine == NULL || suites == NULL || count == 0 || count > XTLS_SUITES_MAX) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_new(engine)) {
        return XTLS_ERR_STATE;
    }
    for (i = 0; i < count; i++) {
        if (mbedtls_ssl_ciphersuite_from_id(suites[i]) == NULL) {
            return XTLS_ERR_ARGUMENT;
        }
        chosen[i] = suites[i];
    }
    memcpy(engine->suites, chosen, sizeof(chosen));
    return XTLS_OK;
}

static int has_group(const uint16_t *groups, size_t count, uint16_t group)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (groups[i] == group) {
            return 1;
        }
    }
    return 0;
}

int xtls_engine_groups(xtls_engine *engine, const unsigned short *groups, size_t count)
{
    uint16_t chosen[XTLS_GROUPS_MAX + 1] = { 0 };
    size_t i, wanted = 0;

    if (engine == NULL || groups == NULL || count == 0 || count > XTLS_GROUPS_MAX) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_new(engine)) {
        return XTLS_ERR_STATE;
    }
    for (i = 0; i < count; i++) {
        if (!has_group(DEFAULT_GROUPS, COUNT(DEFAULT_GROUPS), groups[i])) {
            return XTLS_ERR_ARGUMENT;
        }
        if (!has_group(chosen, wanted, groups[i])) { /* twice is once */
            chosen[wanted++] = groups[i];
        }
    }
    memcpy(engine->groups, chosen, sizeof(chosen));
    return XTLS_OK;
}

/* Points engine->alpn at the names, each of which gets its NUL in place of the next one's length. */
static int split_names(xtls_engine *engine, size_t length)
{
    size_t at = 0, count = 0;

    while (at < length) {
        size_t name = (unsigned char) engine->alpn_names[at];

        engine->alpn_names[at] = '\0';
        if (count == XTLS_ALPN_MAX || name == 0 || name > length - at - 1 ||
            memchr(engine->alpn_names + at + 1, '\0', name) != NULL) {
            return XTLS_ERR_ARGUMENT;
        }
        engine->alpn[count++] = engine->alpn_names + at + 1;
        at += 1 + name;
    }
    return count == 0 ? XTLS_ERR_ARGUMENT : XTLS_OK;
}

int xtls_engine_alpn(xtls_engine *engine, const unsigned char *names, size_t length)
{
    if (engine == NULL || names == NULL || length > 0xFFFF) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_new(engine) || engine->alpn_names != NULL) {
        return XTLS_ERR_STATE;
    }
    engine->alpn_names = xtls_alloc(length + 1);
    if (engine->alpn_names == NULL) {
        return XTLS_ERR_MEMORY;
    }
    memcpy(engine->alpn_names, names, length);
    if (split_names(engine, length) != XTLS_OK) {
        xtls_free(engine->alpn_names);
        engine->alpn_names = NULL;
        return XTLS_ERR_ARGUMENT;
    }
    return xtls_status(mbedtls_ssl_conf_alpn_protocols(&engine->config, engine->alpn));
}

int xtls_engine_authorities(xtls_engine *engine, xtls_authorities *authorities)
{
    if (engine == NULL || authorities == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_new(engine) || engine->authorities != NULL) {
        return XTLS_ERR_STATE;
    }
    engine->authorities = xtls_authorities_retain(authorities);
    return XTLS_OK;
}

int xtls_engine_tickets(xtls_engine *engine, xtls_tickets *tickets)
{
    if (engine == NULL || tickets == NULL || engine->role != XTLS_RESPONDER) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_new(engine) || engine->tickets != NULL) {
        return XTLS_ERR_STATE;
    }
    engine->tickets = xtls_tickets_retain(tickets);
    mbedtls_ssl_conf_session_tickets_cb(&engine->config, xtls_resumption_write, xtls_resumption_parse, engine);
    return XTLS_OK;
}

int xtls_engine_log_keys(xtls_engine *engine)
{
    if (engine == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    if (!is_new(engine)) {
        return XTLS_ERR_STATE;
    }
    mbedtls_ssl_set_export_keys_cb(&engine->ssl, xtls_key_log_export, engine);
    return XTLS_OK;
}
