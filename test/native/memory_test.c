/* The heap: what happens when it is exhausted, and what is left on it. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "certificate.h"
#include "fixtures.h"
#include "harness.h"
#include "host_native.h"
#include "mbedtls/chachapoly.h"
#include "pair.h"
#include "status.h"

#define BIG 70000
#define MORE_THAN_IT_TAKES 20000
#define STRIDE 53 /* of the handshakes' many allocations every so-manieth fails: all would take minutes */
#define CIPHERS 8 /* two ends, keys for the handshake and for what follows, two ways */

static unsigned char bytes[BIG];

static void zeroes(void)
{
    static const unsigned char zero[100];
    size_t before = xtls_heap_used();
    unsigned char *block = xtls_alloc(100);

    EXPECT(memcmp(block, zero, 100) == 0);
    EXPECT_EQUAL(xtls_heap_used() - before, xtls_native_length(block));
    xtls_free(block);
    xtls_free(NULL);
    EXPECT_EQUAL(xtls_heap_used(), before);
    EXPECT(xtls_calloc((size_t) -1, 2) == NULL);
    block = xtls_alloc(0);
    EXPECT(block != NULL);
    xtls_free(block);
}

/* A status of the table, and one that says what happened. */
static void expect_memory(int status)
{
    if (status != XTLS_OK) {
        EXPECT_EQUAL(status, XTLS_ERR_MEMORY);
    }
}

static void make_identity(void)
{
    xtls_identity *identity = NULL;

    expect_memory(xtls_identity_create("a@b", 3, 10, &identity));
    xtls_identity_free(identity);
}

static void parse_identity(void)
{
    xtls_identity *identity = NULL;
    int length = 1;

    expect_memory(xtls_identity_parse(RSA, strlen(RSA), &identity));
    if (identity != NULL) {
        length = xtls_identity_pem(identity, bytes, BIG);
    }
    EXPECT(length > 0 || length == XTLS_ERR_MEMORY);
    xtls_identity_free(identity);
}

static void join_identity(void)
{
    static unsigned char key[4096];
    xtls_identity *identity = NULL;
    int length = XTLS_ERR_MEMORY;

    expect_memory(xtls_identity_parse(ISSUED, strlen(ISSUED), &identity));
    if (identity != NULL) {
        length = xtls_identity_key(identity, key, sizeof(key));
        expect_memory(length < 0 ? length : XTLS_OK);
        xtls_identity_free(identity);
        identity = NULL;
    }
    if (length > 0) {
        expect_memory(xtls_identity_join(key, (size_t) length, ISSUED, strlen(ISSUED), &identity));
    }
    xtls_identity_free(identity);
}

static void read_certificate(void)
{
    static unsigned char der[4096];
    int length = xtls_identity_certificate(romeo(), 0, der, sizeof(der));
    int status = xtls_certificate_read(der, (size_t) length, bytes, BIG);

    EXPECT(status > 0 || status == XTLS_ERR_MEMORY);
}

static void verify_chain(void)
{
    static unsigned char der[4096];
    xtls_authorities *authorities = NULL;
    unsigned problems;
    int length = xtls_identity_certificate(romeo(), 0, der, sizeof(der));

    expect_memory(xtls_authorities_parse((const unsigned char *) AUTHORITY, strlen(AUTHORITY), &authorities));
    if (authorities != NULL) {
        expect_memory(xtls_authorities_add(authorities, (const unsigned char *) LIST, strlen(LIST)));
        expect_memory(xtls_authorities_verify(authorities, der, (size_t) length, &problems));
    }
    xtls_authorities_free(authorities);
}

/* A tunnel's whole life; which of its calls fail does not matter here. */
static void live(void)
{
    static unsigned char session[8192];
    static int session_length;
    pair pair = { romeo(), juliet(), NULL, NULL };
    xtls_tickets *tickets = NULL;
    int round;

    xtls_tickets_create(2, 60, &tickets);
    expect_memory(xtls_engine_create(XTLS_INITIATOR, pair.romeo, 0, &pair.initiator));
    expect_memory(xtls_engine_create(XTLS_RESPONDER, pair.juliet, 0, &pair.responder));
    if (tickets != NULL && pair.initiator != NULL && pair.responder != NULL) {
        expect_memory(xtls_engine_tickets(pair.responder, tickets));
        expect_memory(xtls_engine_alpn(pair.initiator, (const unsigned char *) "\2xy", 3));
        if (session_length > 0) {
            expect_memory(xtls_engine_resume(pair.initiator, session, (size_t) session_length));
        }
        (void) handshake(&pair);
        for (round = 0; round < 2; round++) {
            (void) xtls_engine_write(pair.initiator, bytes, 20000);
            (void) xtls_engine_write(pair.responder, bytes, 20);
            settle(&pair);
            (void) xtls_engine_read(pair.initiator, bytes, BIG);
            (void) xtls_engine_close(pair.responder);
        }
        if (xtls_native.allocations < 0) { /* the first time, when nothing fails */
            session_length = xtls_engine_session(pair.initiator, session, sizeof(session));
        }
    }
    pair_free(&pair);
    xtls_tickets_free(tickets);
}

/* Lets the n-th allocation and all after it fail, for every n, until nothing fails any more. */
static void exhaust(void (*body)(void), long step)
{
    size_t before;
    long n, left = 0;

    romeo();
    juliet();
    body();
    before = xtls_heap_used();
    for (n = 0; n < MORE_THAN_IT_TAKES && left == 0; n += step) {
        xtls_native.allocations = n;
        body();
        left = xtls_native.allocations;
        xtls_native.allocations = -1;
        if (!EXPECT_EQUAL(xtls_heap_used(), before)) {
            EXPECT_EQUAL(n, -1); /* says which */
            return;
        }
    }
    EXPECT(left > 0);
}

static void exhausts_identities(void)
{
    exhaust(make_identity, 1);
    exhaust(parse_identity, 1);
    exhaust(join_identity, 1);
}

static void exhausts_certificates(void)
{
    exhaust(read_certificate, 1);
    exhaust(verify_chain, 1);
}

static void exhausts_tunnels(void)
{
    exhaust(live, STRIDE);
}

/* CVE-2026-93843: the first cipher of a pair of keys was lost when there was no room for the second. */
static void lacks_one_cipher(void)
{
    size_t before = xtls_heap_used();
    int n;

    for (n = 0; n < CIPHERS; n++) {
        pair pair = pair_new();

        xtls_native.scarce = sizeof(mbedtls_chachapoly_context);
        xtls_native.scarce_left = n;
        EXPECT(!handshake(&pair));
        EXPECT_EQUAL(xtls_native.scarce_left, 0);
        xtls_native.scarce = 0;
        pair_free(&pair);
        EXPECT_EQUAL(xtls_heap_used(), before);
    }
}

static void loses_randomness(void)
{
    pair pair = pair_new();

    xtls_native.has_randomness = 0;
    EXPECT_EQUAL(xtls_engine_start(pair.initiator), XTLS_ERR_RANDOM);
    EXPECT_EQUAL(xtls_engine_state(pair.initiator), XTLS_STATE_FAILED);
    xtls_native.has_randomness = 1;
    pair_free(&pair);
}

static void does_not_grow(void)
{
    size_t before = 0;
    int i;

    for (i = 0; i < 30; i++) {
        live();
        before = i == 5 ? xtls_heap_used() : before;
    }
    EXPECT_EQUAL(xtls_heap_used(), before);
}

int main(void)
{
    run("gives zeroed blocks and counts them", zeroes);
    run("fails typed and leaks nothing when identities run out of memory", exhausts_identities);
    run("fails typed and leaks nothing when certificates run out of memory", exhausts_certificates);
    run("fails typed and leaks nothing when a tunnel runs out of memory", exhausts_tunnels);
    run("leaks nothing when one of a handshake's ciphers cannot be had", lacks_one_cipher);
    run("fails typed without randomness", loses_randomness);
    run("does not grow from tunnel to tunnel", does_not_grow);
    free_identities();
    return verdict();
}
