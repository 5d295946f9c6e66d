/*
 * What became of an engine: reading only, except where the header says that
 * something is given once.
 */
#include <string.h>

#include "engine_inside.h"
#include "memory.h"
#include "status.h"

#define LABEL_MAX  249  /* RFC 8446 7.1: "tls13 " and the label fill 255 bytes */
#define EXPORT_MAX 8160 /* 255 hashes of 32 bytes */

int xtls_engine_state(const xtls_engine *engine)
{
    return engine->state;
}

int xtls_engine_error(const xtls_engine *engine)
{
    return engine->error;
}

unsigned xtls_engine_version(const xtls_engine *engine)
{
    return engine->version;
}

unsigned xtls_engine_ciphersuite(const xtls_engine *engine)
{
    return engine->ciphersuite;
}

unsigned xtls_engine_group(const xtls_engine *engine)
{
    return engine->version != 0 ? engine->group : 0;
}

int xtls_engine_resumed(const xtls_engine *engine)
{
    return engine->version != 0 && engine->is_resumed;
}

int xtls_engine_alert(const xtls_engine *engine, int direction)
{
    return direction == XTLS_SENT || direction == XTLS_RECEIVED ? engine->alerts[direction] : XTLS_ERR_ARGUMENT;
}

unsigned xtls_engine_problems(const xtls_engine *engine)
{
    return engine->problems;
}

int xtls_engine_pending(const xtls_engine *engine)
{
    return (int) engine->ciphertext_out.length;
}

static int give(unsigned char *output, size_t max, const void *bytes, size_t length)
{
    if (length > max) {
        return XTLS_ERR_SPACE;
    }
    if (length > 0) {
        memcpy(output, bytes, length);
    }
    return (int) length;
}

int xtls_engine_alpn_chosen(const xtls_engine *engine, unsigned char *output, size_t max)
{
    const char *name = engine->version != 0 ? mbedtls_ssl_get_alpn_protocol(&engine->ssl) : NULL;

    return name == NULL ? 0 : give(output, max, name, strlen(name));
}

int xtls_engine_peer(const xtls_engine *engine, unsigned index, unsigned char *output, size_t max)
{
    return engine->version == 0 ? 0 : xtls_chain_certificate(&engine->peer, index, output, max);
}

int xtls_engine_session(xtls_engine *engine, unsigned char *output, size_t max)
{
    int length = give(output, max, engine->session, engine->session_length);

    if (length > 0) {
        xtls_resumption_drop(engine);
    }
    return length;
}

int xtls_engine_key_log(xtls_engine *engine, unsigned char *output, size_t max)
{
    return (int) xtls_bio_take(&engine->key_log, output, max);
}

int xtls_engine_export(xtls_engine *engine, const unsigned char *label, size_t label_length,
                       const unsigned char *context, size_t context_length, unsigned char *output, size_t length)
{
    if (engine == NULL || label == NULL || label_length > LABEL_MAX || output == NULL || length > EXPORT_MAX) {
        return XTLS_ERR_ARGUMENT;
    }
    if (engine->version == 0 || engine->state == XTLS_STATE_FAILED || engine->state == XTLS_STATE_CLOSED) {
        return XTLS_ERR_STATE;
    }
    return xtls_status(mbedtls_ssl_export_keying_material(&engine->ssl, output, length, (const char *) label,
                                                          label_length, context, context_length, context != NULL));
}
