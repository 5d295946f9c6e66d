/* Tickets: single use, bounded, with the peer's certificate, never with more trust than before. */
#include <string.h>

#include "engine.h"
#include "fixtures.h"
#include "harness.h"
#include "host_native.h"
#include "memory.h"
#include "pair.h"
#include "status.h"
#include "tickets.h"

#define BIG 70000
#define HOUR 3600

static unsigned char session[BIG], bytes[BIG];
static int session_length;

static xtls_tickets *table(unsigned capacity, unsigned lifetime)
{
    xtls_tickets *tickets = NULL;

    EXPECT_EQUAL(xtls_tickets_create(capacity, lifetime, &tickets), XTLS_OK);
    return tickets;
}

/* A full handshake that leaves its ticket in `session`. */
static void earn(xtls_tickets *tickets)
{
    pair pair = pair_new();

    EXPECT_EQUAL(xtls_engine_tickets(pair.responder, tickets), XTLS_OK);
    EXPECT(handshake(&pair));
    EXPECT_EQUAL(xtls_engine_session(pair.initiator, session, 10), XTLS_ERR_SPACE);
    session_length = xtls_engine_session(pair.initiator, session, BIG);
    EXPECT(session_length > 0);
    EXPECT_EQUAL(xtls_engine_session(pair.initiator, bytes, BIG), 0);
    EXPECT_EQUAL(xtls_engine_session(pair.responder, bytes, BIG), 0);
    pair_free(&pair);
}

/* A pair that is to resume with it. */
static pair again(xtls_tickets *tickets)
{
    pair pair = pair_new();

    if (tickets != NULL) {
        xtls_engine_tickets(pair.responder, tickets);
    }
    EXPECT_EQUAL(xtls_engine_resume(pair.initiator, session, (size_t) session_length), XTLS_OK);
    return pair;
}

/* Shakes hands and says whether a ticket was used, the same at both ends. */
static int resumes(pair *pair)
{
    EXPECT(handshake(pair));
    EXPECT_EQUAL(xtls_engine_resumed(pair->initiator), xtls_engine_resumed(pair->responder));
    EXPECT(transfer(pair->initiator, pair->responder, 100));
    EXPECT(transfer(pair->responder, pair->initiator, 100));
    return xtls_engine_resumed(pair->responder);
}

static int is_peer(const xtls_engine *engine, const xtls_identity *identity)
{
    int length = xtls_engine_peer(engine, 0, bytes, BIG / 2);

    return length > 0 && length == xtls_identity_certificate(identity, 0, bytes + BIG / 2, BIG / 2) &&
           memcmp(bytes, bytes + BIG / 2, (size_t) length) == 0;
}

static void knows_the_peer(void)
{
    xtls_tickets *tickets = table(4, HOUR);
    pair pair;
    int i;

    earn(tickets);
    for (i = 0; i < 3; i++) { /* a resumed handshake earns the next ticket */
        pair = again(tickets);
        EXPECT(resumes(&pair));
        EXPECT(is_peer(pair.initiator, juliet()));
        EXPECT(is_peer(pair.responder, romeo()));
        EXPECT(xtls_engine_group(pair.initiator) == 0x001D); /* psk_dhe_ke: fresh keys */
        session_length = xtls_engine_session(pair.initiator, session, BIG);
        pair_free(&pair);
    }
    xtls_tickets_free(tickets);
}

static void used_once(void)
{
    xtls_tickets *tickets = table(4, HOUR);
    pair pair;

    earn(tickets);
    pair = again(tickets);
    EXPECT(resumes(&pair));
    pair_free(&pair);
    pair = again(tickets);
    EXPECT(!resumes(&pair));
    EXPECT(is_peer(pair.responder, romeo()));
    pair_free(&pair);
    xtls_tickets_free(tickets);
}

static void across_a_retry(void)
{
    static const unsigned short BOTH[] = { 0x001D, 0x0017 }, ONE[] = { 0x0017 };
    xtls_tickets *tickets = table(4, HOUR);
    pair pair;

    earn(tickets);
    pair = again(tickets);
    xtls_engine_groups(pair.initiator, BOTH, 2);
    xtls_engine_groups(pair.responder, ONE, 1);
    EXPECT(resumes(&pair));
    EXPECT_EQUAL(xtls_engine_group(pair.responder), 0x0017);
    pair_free(&pair);
    xtls_tickets_free(tickets);
}

static void forgets(void)
{
    xtls_tickets *tickets = table(2, HOUR), *other = table(2, HOUR);
    pair pair;

    earn(tickets);
    pair = again(other);
    EXPECT(!resumes(&pair));
    pair_free(&pair);
    pair = again(NULL);
    EXPECT(!resumes(&pair));
    pair_free(&pair);
    xtls_tickets_free(other);

    xtls_native.clock_shift = HOUR * 1000.0 + 1;
    pair = again(tickets);
    EXPECT(!resumes(&pair));
    pair_free(&pair);
    xtls_native.clock_shift = 0;
    xtls_tickets_free(tickets);
}

static void makes_room(void)
{
    xtls_tickets *tickets = table(2, HOUR);
    static unsigned char oldest[BIG];
    int oldest_length;
    size_t full;
    pair pair;

    earn(tickets);
    memcpy(oldest, session, (size_t) session_length);
    oldest_length = session_length;
    earn(tickets);
    full = xtls_heap_used();
    earn(tickets);
    EXPECT_EQUAL(xtls_heap_used(), full);
    pair = again(tickets);
    EXPECT(resumes(&pair));
    pair_free(&pair);
    memcpy(session, oldest, (size_t) oldest_length);
    session_length = oldest_length;
    pair = again(tickets);
    EXPECT(!resumes(&pair));
    pair_free(&pair);
    xtls_tickets_free(tickets);
}

static void keeps_the_demand(void)
{
    xtls_tickets *tickets = table(4, HOUR);
    xtls_authorities *authorities = NULL;
    pair pair;

    earn(tickets); /* by certificates that lead to no authority */
    xtls_authorities_parse((const unsigned char *) AUTHORITY, strlen(AUTHORITY), &authorities);
    pair = again(tickets);
    xtls_engine_authorities(pair.responder, authorities);
    EXPECT(!handshake(&pair));
    EXPECT_EQUAL(xtls_engine_alert(pair.responder, XTLS_SENT), 0x0230);
    pair_free(&pair);
    earn(tickets);
    pair = again(tickets);
    xtls_engine_authorities(pair.initiator, authorities);
    EXPECT(!handshake(&pair));
    EXPECT_EQUAL(xtls_engine_alert(pair.initiator, XTLS_SENT), 0x0230);
    pair_free(&pair);
    xtls_authorities_free(authorities);
    xtls_tickets_free(tickets);
}

static void refuses_altered_sessions(void)
{
    xtls_tickets *tickets = table(300, HOUR);
    pair pair;
    int at;

    earn(tickets);
    for (at = 0; at < session_length; at++) {
        int status;

        pair = pair_new();
        xtls_engine_tickets(pair.responder, tickets);
        status = xtls_engine_resume(pair.initiator, session, (size_t) at);
        EXPECT(status == XTLS_ERR_ARGUMENT || status == XTLS_OK); /* cut inside the chain it may still be read */
        pair_free(&pair);
        if (at % 8 == 0) {
            pair = pair_new();
            xtls_engine_tickets(pair.responder, tickets);
            session[at] ^= 0x11;
            status = xtls_engine_resume(pair.initiator, session, (size_t) session_length);
            if (status == XTLS_OK) {
                (void) handshake(&pair);
            }
            session[at] ^= 0x11;
            pair_free(&pair);
        }
    }
    xtls_tickets_free(tickets);
}

static void refuses_misuse(void)
{
    xtls_tickets *tickets = NULL;
    pair pair = pair_new();

    EXPECT_EQUAL(xtls_tickets_create(0, 1, &tickets), XTLS_ERR_ARGUMENT);
    EXPECT_EQUAL(xtls_tickets_create(65537, 1, &tickets), XTLS_ERR_ARGUMENT);
    EXPECT_EQUAL(xtls_tickets_create(1, 0, &tickets), XTLS_ERR_ARGUMENT);
    EXPECT_EQUAL(xtls_tickets_create(1, 604801, &tickets), XTLS_ERR_ARGUMENT);
    tickets = table(1, 1);
    EXPECT_EQUAL(xtls_engine_tickets(pair.initiator, tickets), XTLS_ERR_ARGUMENT);
    EXPECT_EQUAL(xtls_engine_resume(pair.responder, session, (size_t) session_length), XTLS_ERR_ARGUMENT);
    EXPECT_EQUAL(xtls_engine_resume(pair.initiator, session, 0), XTLS_ERR_ARGUMENT);
    EXPECT_EQUAL(xtls_engine_resume(pair.initiator, (const unsigned char *) "nonsense", 8), XTLS_ERR_ARGUMENT);
    pair_free(&pair);
    xtls_tickets_free(tickets);
}

/* A session of so many bytes, as a stranger's chain makes it. */
static void put(xtls_tickets *tickets, size_t length, unsigned char handle[XTLS_TICKET_LENGTH])
{
    EXPECT_EQUAL(xtls_tickets_put(tickets, xtls_alloc(length), length, handle), XTLS_OK);
}

static size_t take(xtls_tickets *tickets, const unsigned char handle[XTLS_TICKET_LENGTH])
{
    unsigned char *taken = NULL;
    size_t length = xtls_tickets_take(tickets, handle, XTLS_TICKET_LENGTH, &taken);

    xtls_free(taken);
    return length;
}

#define ROWS 64

/* Any mixture of lengths, taken in any order: never more than was said, the latest always there, and nothing lost but the oldest. */
static void is_bounded_in_bytes(void)
{
    static unsigned char handles[1000][XTLS_TICKET_LENGTH];
    xtls_tickets *tickets = table(ROWS, HOUR);
    size_t before = xtls_heap_used(), length;
    unsigned i, seed = 1, found;

    for (i = 0; i < 1000; i++) {
        seed = seed * 1103515245 + 12345;
        length = seed >> 16 & 1 ? 16000 : 400;
        put(tickets, length, handles[i]);
        EXPECT(xtls_heap_used() - before <= ROWS * 4096);
        if (seed >> 17 & 1) {
            EXPECT_EQUAL(take(tickets, handles[i]), length);
        }
        if (i > 5 && seed >> 18 & 1) {
            (void) take(tickets, handles[i - 5]);
        }
    }
    for (found = 0; i-- > 0;) {
        found += take(tickets, handles[i]) > 0;
    }
    EXPECT(found >= ROWS * 4096 / 16000 / 2);
    EXPECT_EQUAL(xtls_heap_used(), before);
    for (i = 0; i < 2 * ROWS; i++) {
        put(tickets, 400, handles[i]);
    }
    for (i = 0; i < 2 * ROWS; i++) {
        EXPECT_EQUAL(take(tickets, handles[i]), i < ROWS ? 0 : 400);
    }
    put(tickets, ROWS * 4096 + 1, handles[0]);
    EXPECT_EQUAL(take(tickets, handles[0]), ROWS * 4096 + 1);
    xtls_tickets_free(tickets);
}

int main(void)
{
    run("resumes, again and again, and knows its peer", knows_the_peer);
    run("takes a ticket only once", used_once);
    run("resumes across HelloRetryRequest", across_a_retry);
    run("shakes hands in full when the ticket is unknown or too old", forgets);
    run("lets the oldest ticket make room", makes_room);
    run("keeps no more bytes than rows of 4 KiB, however long strangers' chains are", is_bounded_in_bytes);
    run("resumes no more trust than its authorities give", keeps_the_demand);
    run("survives altered sessions", refuses_altered_sessions);
    run("refuses what is no table and no session", refuses_misuse);
    free_identities();
    return verdict();
}
