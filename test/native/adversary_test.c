/* A peer that has the keys and keeps no rules: made of an engine whose Mbed TLS is reached into. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <string.h>

#include "engine_inside.h"
#include "harness.h"
#include "pair.h"
#include "ssl_misc.h"
#include "status.h"

#define BIG 70000
#define FATAL(description) (0x0200 | (description))
#define FORCE_FLUSH 1

static unsigned char bytes[BIG];

/* Sends one record of any content under the present keys. */
static void send(xtls_engine *engine, int type, const void *content, size_t length)
{
    engine->ssl.out_msgtype = type;
    engine->ssl.out_msglen = length;
    memcpy(engine->ssl.out_msg, content, length);
    EXPECT_EQUAL(mbedtls_ssl_write_record(&engine->ssl, FORCE_FLUSH), 0);
}

static pair opened(void)
{
    pair pair = pair_new();

    EXPECT(handshake(&pair));
    return pair;
}

static void is_refused(int is_from_initiator, int type, const char *content, size_t length, int error, int alert)
{
    pair pair = opened();
    xtls_engine *from = is_from_initiator ? pair.initiator : pair.responder;
    xtls_engine *to = is_from_initiator ? pair.responder : pair.initiator;

    send(from, type, content, length);
    EXPECT_EQUAL(carry(from, to, BIG), error);
    EXPECT_EQUAL(xtls_engine_state(to), XTLS_STATE_FAILED);
    EXPECT_EQUAL(xtls_engine_alert(to, XTLS_SENT), alert);
    if (alert >= 0) {
        carry(to, from, BIG);
        EXPECT_EQUAL(xtls_engine_alert(from, XTLS_RECEIVED), alert);
    }
    pair_free(&pair);
}

/* Mbed TLS 3.6 has no KeyUpdate: it must fail closed, not go on with old keys. */
static void refuses_key_update(void)
{
    is_refused(1, 22, "\x18\0\0\x01\0", 5, MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, FATAL(10));
    is_refused(0, 22, "\x18\0\0\x01\x01", 5, MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, FATAL(10));
}

static void refuses_handshake_messages(void)
{
    is_refused(1, 22, "\x04\0\0\x01\0", 5, MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, FATAL(10)); /* a ticket from a client */
    is_refused(0, 22, "\x0D\0\0\x03\0\0\0", 7, MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, FATAL(10)); /* CertificateRequest */
}

static void refuses_malformed_tickets(void)
{
    is_refused(0, 22, "\x04\0\0\x05\0\0\0\1\0", 9, MBEDTLS_ERR_SSL_DECODE_ERROR, FATAL(50));
}

/* RFC 8446 6.2: an error alert is fatal whatever level it claims. */
static void takes_errors_for_errors(void)
{
    is_refused(1, 21, "\x01\x28", 2, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, -1);
    is_refused(0, 21, "\x02\x28", 2, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, -1);
}

static void ignores_user_canceled(void)
{
    pair pair = opened();

    send(pair.initiator, 21, "\x01\x5A", 2);
    EXPECT_EQUAL(carry(pair.initiator, pair.responder, 1), XTLS_OK);
    EXPECT_EQUAL(xtls_engine_state(pair.responder), XTLS_STATE_OPEN);
    EXPECT(transfer(pair.initiator, pair.responder, 300));
    pair_free(&pair);
}

static void ignores_empty_records(void)
{
    pair pair = opened();
    int i;

    for (i = 0; i < 3; i++) { /* Mbed TLS takes four in a row for an attack */
        send(pair.initiator, 23, "", 0);
    }
    EXPECT_EQUAL(carry(pair.initiator, pair.responder, BIG), XTLS_OK);
    EXPECT_EQUAL(xtls_engine_read(pair.responder, bytes, BIG), 0);
    EXPECT(transfer(pair.initiator, pair.responder, 300));
    pair_free(&pair);
}

/* In the clear, after the handshake: anybody on the way could have put it there. */
static void refuses_plain_alerts(void)
{
    pair pair = opened();

    EXPECT_EQUAL(xtls_engine_feed(pair.responder, (const unsigned char *) "\x15\x03\x03\0\x02\x01\0", 7),
                 MBEDTLS_ERR_SSL_INVALID_MAC);
    EXPECT_EQUAL(xtls_engine_alert(pair.responder, XTLS_RECEIVED), -1);
    pair_free(&pair);
}

static void names_plain_alerts(void)
{
    pair pair = pair_new();

    xtls_engine_start(pair.responder);
    xtls_engine_start(pair.initiator);
    carry(pair.initiator, pair.responder, BIG);
    EXPECT_EQUAL(xtls_engine_feed(pair.responder, (const unsigned char *) "\x15\x03\x03\0\x02\x02\x30", 7),
                 MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
    EXPECT_EQUAL(xtls_engine_alert(pair.responder, XTLS_RECEIVED), FATAL(48));
    pair_free(&pair);
}

static void demands_a_certificate(void)
{
    pair pair = pair_new();
    mbedtls_ssl_key_cert *kept = pair.initiator->config.key_cert;

    pair.initiator->config.key_cert = NULL;
    EXPECT(!handshake(&pair));
    EXPECT_EQUAL(xtls_engine_error(pair.responder), MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE);
    EXPECT_EQUAL(xtls_engine_alert(pair.responder, XTLS_SENT), FATAL(116));
    EXPECT_EQUAL(xtls_engine_alert(pair.initiator, XTLS_RECEIVED), FATAL(116));
    pair.initiator->config.key_cert = kept;
    pair_free(&pair);
}

/* It does not know, and does not want to know, who is there: neither from the first, nor by a session of such a kind. */
static void demands_to_be_asked(void)
{
    pair pair = pair_new();

    mbedtls_ssl_conf_authmode(&pair.responder->config, MBEDTLS_SSL_VERIFY_NONE);
    EXPECT(!handshake(&pair));
    EXPECT_EQUAL(xtls_engine_error(pair.initiator), XTLS_ERR_UNREQUESTED);
    EXPECT_EQUAL(xtls_engine_alert(pair.initiator, XTLS_SENT), FATAL(40));
    EXPECT_EQUAL(xtls_engine_alert(pair.responder, XTLS_RECEIVED), FATAL(40));
    EXPECT_EQUAL(xtls_engine_peer(pair.initiator, 0, bytes, BIG), 0);
    pair_free(&pair);
}

/* Random bytes and random records: a typed failure or patience, never anything else. */
static void survives_noise(void)
{
    unsigned seed = 1;
    int round;

    for (round = 0; round < 300; round++) {
        pair pair = pair_new();
        xtls_engine *victim = round % 2 ? pair.initiator : pair.responder;
        size_t i, length;

        xtls_engine_start(pair.responder);
        xtls_engine_start(pair.initiator);
        length = 5 + (seed >> 8) % 300;
        for (i = 0; i < length; i++) {
            seed = seed * 1103515245 + 12345;
            bytes[i] = (unsigned char) (seed >> 16);
        }
        if (round % 3 > 0) { /* as a record of the handshake */
            memcpy(bytes, "\x16\x03\x03", 3);
            bytes[3] = (unsigned char) ((length - 5) >> 8);
            bytes[4] = (unsigned char) (length - 5);
        }
        if (round % 3 > 1) { /* as a hello */
            bytes[5] = round % 2 ? 2 : 1;
            bytes[6] = 0;
            bytes[7] = (unsigned char) ((length - 9) >> 8);
            bytes[8] = (unsigned char) (length - 9);
        }
        EXPECT(xtls_engine_feed(victim, bytes, length) <= 0);
        EXPECT(xtls_engine_state(victim) != XTLS_STATE_OPEN);
        pair_free(&pair);
    }
}

int main(void)
{
    run("refuses KeyUpdate", refuses_key_update);
    run("refuses handshake messages out of their place", refuses_handshake_messages);
    run("refuses malformed tickets", refuses_malformed_tickets);
    run("takes an error alert for one, whatever its level", takes_errors_for_errors);
    run("ignores user_canceled as a warning", ignores_user_canceled);
    run("ignores a few empty records", ignores_empty_records);
    run("refuses alerts in the clear once it is open", refuses_plain_alerts);
    run("understands an alert in the clear during the handshake", names_plain_alerts);
    run("demands a certificate", demands_a_certificate);
    run("demands to be asked for a certificate", demands_to_be_asked);
    run("survives noise", survives_noise);
    free_identities();
    return verdict();
}
