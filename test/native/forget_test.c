/* An open engine: what Mbed TLS keeps of a handshake is gone, whatever form its keys had. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <string.h>

#include "engine_inside.h"
#include "harness.h"
#include "memory.h"
#include "pair.h"
#include "ssl_misc.h"
#include "status.h"

static const unsigned short SUITES[] = { 0x1303, 0x1301, 0x1302 };

static int is_zero(const void *block, size_t length)
{
    const unsigned char *bytes = block;

    while (length > 0 && bytes[length - 1] == 0) {
        length--;
    }
    return length == 0;
}

/* Freed blocks are zeroed (memory_test.c): so nothing of the transforms and hashes that it pointed to is left either. */
static int has_no_handshake(const xtls_engine *engine)
{
    const mbedtls_ssl_handshake_params *handshake = engine->ssl.handshake;

    return (handshake == NULL || is_zero(handshake, sizeof(*handshake))) && engine->ssl.session_negotiate == NULL;
}

static int has_no_ticket(const xtls_engine *engine)
{
    const mbedtls_ssl_session *session = engine->ssl.session;

    return engine->offered == NULL && engine->claimed == NULL && session->ticket == NULL &&
           is_zero(engine->claimed_ticket, sizeof(engine->claimed_ticket)) &&
           is_zero(session->resumption_key, sizeof(session->resumption_key));
}

static void forgets_the_handshake(void)
{
    size_t i;

    for (i = 0; i < sizeof(SUITES) / sizeof(SUITES[0]); i++) {
        pair pair = pair_new();

        pair_choose(&pair, SUITES[i], 0);
        EXPECT(handshake(&pair));
        EXPECT(has_no_handshake(pair.initiator));
        EXPECT(has_no_handshake(pair.responder));
        EXPECT(transfer(pair.initiator, pair.responder, 100));
        EXPECT(transfer(pair.responder, pair.initiator, 100));
        pair_free(&pair);
    }
}

static void forgets_tickets(void)
{
    static unsigned char session[65536];
    xtls_tickets *tickets = NULL;
    int i, length = 0;

    EXPECT_EQUAL(xtls_tickets_create(4, 3600, &tickets), XTLS_OK);
    for (i = 0; i < 2; i++) { /* one in full, one resumed */
        pair pair = pair_new();

        EXPECT_EQUAL(xtls_engine_tickets(pair.responder, tickets), XTLS_OK);
        if (length > 0) {
            EXPECT_EQUAL(xtls_engine_resume(pair.initiator, session, (size_t) length), XTLS_OK);
        }
        EXPECT(handshake(&pair));
        EXPECT_EQUAL(xtls_engine_resumed(pair.responder), i);
        EXPECT(has_no_handshake(pair.initiator) && has_no_ticket(pair.initiator));
        EXPECT(has_no_handshake(pair.responder) && has_no_ticket(pair.responder));
        EXPECT(is_zero(pair.responder->ssl.session->app_secrets.resumption_master_secret, 48));
        length = xtls_engine_session(pair.initiator, session, sizeof(session));
        EXPECT(length > 0);
        pair_free(&pair);
    }
    xtls_tickets_free(tickets);
}

static int has_nothing(const xtls_engine *engine)
{
    const mbedtls_ssl_context *ssl = &engine->ssl;
    const mbedtls_ssl_session *session = ssl->session != NULL ? ssl->session : ssl->session_negotiate;

    return (ssl->handshake == NULL || is_zero(ssl->handshake, sizeof(*ssl->handshake))) && ssl->transform_in == NULL &&
           ssl->transform_out == NULL && ssl->transform_application == NULL && ssl->transform == NULL &&
           is_zero(&session->app_secrets, sizeof(session->app_secrets)) &&
           is_zero(session->resumption_key, sizeof(session->resumption_key));
}

static void forgets_a_failed_handshake(void)
{
    pair pair = pair_new();
    unsigned char bytes[4096];
    int length;

    xtls_engine_start(pair.responder);
    xtls_engine_start(pair.initiator);
    carry(pair.initiator, pair.responder, sizeof(bytes));
    length = xtls_engine_drain(pair.responder, bytes, sizeof(bytes));
    bytes[length - 1] ^= 1;
    EXPECT(xtls_engine_feed(pair.initiator, bytes, (size_t) length) < 0);
    EXPECT(has_nothing(pair.initiator));
    EXPECT(carry(pair.initiator, pair.responder, sizeof(bytes)) < 0);
    EXPECT(has_nothing(pair.responder));
    pair_free(&pair);
}

/* What was authentic stays readable. */
static void forgets_a_failed_tunnel(void)
{
    pair pair = pair_new();
    unsigned char bytes[64], junk[64] = { 23, 3, 3, 0, 32 };

    EXPECT(handshake(&pair));
    EXPECT_EQUAL(xtls_engine_write(pair.initiator, (const unsigned char *) "good night", 10), XTLS_OK);
    carry(pair.initiator, pair.responder, sizeof(bytes));
    EXPECT(xtls_engine_feed(pair.responder, junk, 37) < 0);
    EXPECT(has_nothing(pair.responder));
    EXPECT_EQUAL(xtls_engine_read(pair.responder, bytes, sizeof(bytes)), 10);
    EXPECT(memcmp(bytes, "good night", 10) == 0);
    EXPECT(carry(pair.responder, pair.initiator, sizeof(bytes)) < 0);
    EXPECT(has_nothing(pair.initiator));
    EXPECT_EQUAL(xtls_engine_state(pair.initiator), XTLS_STATE_FAILED);
    pair_free(&pair);
}

int main(void)
{
    run("an open engine has nothing of its handshake", forgets_the_handshake);
    run("an open engine has no key of a ticket, offered, taken, given or got", forgets_tickets);
    run("an engine that failed in its handshake has no key left", forgets_a_failed_handshake);
    run("an engine that failed later has no key left, and what was authentic to read", forgets_a_failed_tunnel);
    free_identities();
    return verdict();
}
