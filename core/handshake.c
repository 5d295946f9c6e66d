/*
 * The handshake, step by step: Mbed TLS does it; here is what this product
 * demands beyond. Keys are exchanged, resumed or not; both ends have a
 * certificate, and ask for the other's; with authorities set it leads there. A demand that is not met stops the next step.
 */
#include "engine_inside.h"
#include "key.h"
#include "memory.h"
#include "peek.h"
#include "status.h"

#define UNKNOWN 0xFFFFFFFF /* Mbed TLS: there is no result yet */

/*
 * Whether the chain leads to an authority, by the same rules as when a ticket or a caller brings it. Mbed TLS has looked at
 * what the certificate is meant for, by the role of its end, which is not to count, and at nothing else.
 */
static int judge_chain(xtls_engine *engine)
{
    int status = xtls_authorities_verify(engine->authorities, engine->peer.der, engine->peer.length, &engine->problems);

    return status == XTLS_OK && engine->problems != 0 ? MBEDTLS_ERR_X509_CERT_VERIFY_FAILED : status;
}

/* Once, when the peer has shown its chain: before anything is computed with a key in it. */
static int judge_certificate(xtls_engine *engine)
{
    const mbedtls_x509_crt *certificate = xtls_peek_certificate(&engine->ssl);
    int status;

    if (engine->peer.length > 0 || mbedtls_ssl_get_verify_result(&engine->ssl) == UNKNOWN) {
        return XTLS_OK;
    }
    engine->problems = mbedtls_ssl_get_verify_result(&engine->ssl);
    if (certificate == NULL) {
        return engine->problems & MBEDTLS_X509_BADCERT_MISSING ? MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE : XTLS_OK;
    }
    status = xtls_chain_collect(&engine->peer, certificate);
    if (status == XTLS_OK && !xtls_key_are_fit(certificate)) {
        status = XTLS_ERR_KEY;
    }
    return status == XTLS_OK && engine->authorities != NULL ? judge_chain(engine) : status;
}

/*
 * Nothing beyond the hellos rests on secrets without a key exchange in them. Mbed TLS has checks of its own, and once went
 * around them (CVE-2026-115490).
 */
static int judge_keys(const xtls_engine *engine)
{
    return engine->has_exchanged_keys || !xtls_peek_is_past_hellos(&engine->ssl) ? XTLS_OK
                                                                                  : MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
}

/* A server that does not ask would not know who we are: the tunnel would be authenticated one way. */
static int judge_request(const xtls_engine *engine)
{
    return xtls_peek_is_unrequested(&engine->ssl) ? XTLS_ERR_UNREQUESTED : XTLS_OK;
}

static int judge(xtls_engine *engine)
{
    int error = judge_keys(engine);

    if (error == XTLS_OK) {
        error = judge_request(engine);
    }
    return error == XTLS_OK ? judge_certificate(engine) : error;
}

static void observe(xtls_engine *engine)
{
    unsigned group = xtls_peek_group(&engine->ssl);

    if (group != 0) {
        engine->group = group;
    }
    if (!xtls_peek_is_at_rest(&engine->ssl)) { /* the ClientHello that counts is the last: a second one may do without the ticket */
        engine->is_resumed = xtls_peek_is_resuming(&engine->ssl);
    }
    engine->has_exchanged_keys |= xtls_peek_has_exchanged_keys(&engine->ssl);
    xtls_peek_protect_alerts(&engine->ssl);
}

int xtls_handshake_meet_peer(xtls_engine *engine)
{
    if (!engine->is_resumed) {
        xtls_chain_free(&engine->restored);
        return engine->peer.length > 0 ? XTLS_OK : MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE;
    }
    if (engine->peer.length > 0) {
        return XTLS_OK;
    }
    if (engine->restored.length == 0) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    engine->peer = engine->restored;
    engine->restored = (xtls_chain) { NULL, 0 };
    return XTLS_OK;
}

static int complete(xtls_engine *engine)
{
    if (!engine->has_exchanged_keys || !xtls_peek_is_protected(&engine->ssl)) {
        return MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER;
    }
    engine->version = (unsigned) mbedtls_ssl_get_version_number(&engine->ssl);
    engine->ciphersuite = (unsigned) mbedtls_ssl_get_ciphersuite_id_from_ssl(&engine->ssl);
    return xtls_handshake_meet_peer(engine);
}

void xtls_handshake_forget(xtls_engine *engine)
{
    xtls_resumption_forget(engine);
    xtls_peek_forget_resumption(&engine->ssl);
    xtls_peek_forget_handshake(&engine->ssl);
    xtls_scrub_stack();
}

int xtls_handshake_continue(xtls_engine *engine)
{
    while (!xtls_peek_is_at_rest(&engine->ssl)) {
        int error = mbedtls_ssl_handshake_step(&engine->ssl);

        observe(engine);
        if (error == 0) {
            error = judge(engine);
        }
        if (error != 0) {
            return error;
        }
    }
    return complete(engine);
}
