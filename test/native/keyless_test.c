/*
 * Handshakes whose secrets lack a key exchange, as a defect of Mbed TLS would let them pass: both ends are
 * reached into, and agree on everything else. Neither end may open (CVE-2026-115490; RFC 8446 2, 4.2.9).
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "engine_inside.h"
#include "harness.h"
#include "pair.h"
#include "ssl_misc.h"
#include "status.h"

#define BIG 70000
#define HOUR 3600

static unsigned char bytes[BIG];

static void is_refused(pair *pair)
{
    EXPECT(xtls_engine_state(pair->initiator) == XTLS_STATE_FAILED || xtls_engine_state(pair->responder) == XTLS_STATE_FAILED);
    EXPECT(xtls_engine_state(pair->initiator) != XTLS_STATE_OPEN);
    EXPECT(xtls_engine_state(pair->responder) != XTLS_STATE_OPEN);
    EXPECT_EQUAL(xtls_engine_version(pair->initiator), 0);
    EXPECT_EQUAL(xtls_engine_version(pair->responder), 0);
    pair_free(pair);
}

/* --- the hellos agree on nothing: what follows them is in the clear --------------------------- */

/* Takes the ClientHello, and steps over the answer to it. */
static void skip_at_responder(pair *pair)
{
    xtls_engine *engine = pair->responder;
    int length = xtls_engine_drain(pair->initiator, bytes, BIG);

    EXPECT_EQUAL(xtls_bio_put(&engine->ciphertext_in, bytes, (size_t) length), XTLS_OK);
    while (engine->ssl.state != MBEDTLS_SSL_SERVER_HELLO) {
        if (!EXPECT_EQUAL(mbedtls_ssl_handshake_step(&engine->ssl), 0)) {
            return;
        }
    }
    engine->ssl.state = MBEDTLS_SSL_CERTIFICATE_REQUEST;
}

/* What CVE-2026-115490 comes to: the state moves on, and nothing of a ServerHello was taken. */
static void skip_at_initiator(pair *pair)
{
    mbedtls_ssl_context *ssl = &pair->initiator->ssl;

    ssl->handshake->ciphersuite_info = mbedtls_ssl_ciphersuite_from_id(MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256);
    ssl->session_negotiate->ciphersuite = MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256;
    ssl->state = MBEDTLS_SSL_CERTIFICATE_REQUEST;
}

static void demands_one_beside_certificates(void)
{
    pair pair = pair_new();

    xtls_engine_start(pair.responder);
    xtls_engine_start(pair.initiator);
    skip_at_responder(&pair);
    skip_at_initiator(&pair);
    xtls_engine_feed(pair.responder, bytes, 0);
    settle(&pair);
    is_refused(&pair);
}

/* --- a session alone makes the secrets: psk_ke -------------------------------------------------- */

/* Mbed TLS's callback between a ClientHello and its answer. */
static int choose_psk_alone(mbedtls_ssl_context *ssl)
{
    ssl->handshake->key_exchange_mode = MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK;
    return 0;
}

static int earn(xtls_tickets *tickets)
{
    pair pair = pair_new();
    int length;

    xtls_engine_tickets(pair.responder, tickets);
    EXPECT(handshake(&pair));
    length = xtls_engine_session(pair.initiator, bytes, BIG);
    EXPECT(length > 0);
    pair_free(&pair);
    return length;
}

static void demands_one_beside_a_session(void)
{
    xtls_tickets *tickets = NULL;
    int length;
    pair pair;

    EXPECT_EQUAL(xtls_tickets_create(4, HOUR, &tickets), XTLS_OK);
    length = earn(tickets);
    pair = pair_new();
    xtls_engine_tickets(pair.responder, tickets);
    EXPECT_EQUAL(xtls_engine_resume(pair.initiator, bytes, (size_t) length), XTLS_OK);
    pair.initiator->config.tls13_kex_modes |= MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK;
    mbedtls_ssl_conf_cert_cb(&pair.responder->config, choose_psk_alone);
    EXPECT(!handshake(&pair));
    is_refused(&pair);
    xtls_tickets_free(tickets);
}

int main(void)
{
    run("demands a key exchange beside certificates", demands_one_beside_certificates);
    run("demands a key exchange beside a session", demands_one_beside_a_session);
    free_identities();
    return verdict();
}
