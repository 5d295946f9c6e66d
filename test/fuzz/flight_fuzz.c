/*
 * A conversation of two engines, one of which lies: its bytes are altered on the
 * wire, or its handshake messages before they are hashed and encrypted, so that
 * signatures, Finished and records are right for what the messages then say.
 * Whatever happens, nobody reads what was not written.
 * The input: u8 options, u8 who lies (bit 0), then edits: u8 what, u16 where, u8 value.
 * Links with: -Wl,--wrap=mbedtls_ssl_add_hs_msg_to_checksum,--wrap=mbedtls_ssl_finish_handshake_msg
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "engines.h"
#include "input.h"
#include "memory.h"
#include "ssl_misc.h"
#include "status.h"

#define EDITS 16
#define REACH 2048 /* bytes of a flight that an edit can name */

#define ON_WIRE 0 /* kinds, modulo 4: else inside a message */
#define CUT     1 /* on the wire: one byte less */

typedef struct edit {
    unsigned kind, value;
    size_t at;
} edit;

typedef struct liar {
    int role;
    size_t wire, inside; /* bytes so far */
    size_t count;
    edit edits[EDITS];
} liar;

static liar lies;

static const unsigned char SENT[] = "Neither, fair maid, if either thee dislike.";

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void) count, (void) arguments;
    engines_ready();
    return 0;
}

static int is_on_wire(const edit *edit)
{
    return edit->kind % 4 <= CUT;
}

static void apply(unsigned char *bytes, size_t length, size_t begin, int wants_wire)
{
    size_t i;

    for (i = 0; i < lies.count; i++) {
        edit *edit = &lies.edits[i];

        if (is_on_wire(edit) == wants_wire && edit->at >= begin && edit->at - begin < length) {
            bytes[edit->at - begin] = (unsigned char) (edit->kind & 4 ? edit->value : bytes[edit->at - begin] ^ edit->value);
        }
    }
}

/* --- inside messages ------------------------------------------------------------------ */

static void lie_inside(mbedtls_ssl_context *ssl, unsigned char *message, size_t length)
{
    if (ssl->conf->endpoint == lies.role) {
        apply(message, length, lies.inside, 0);
        lies.inside += length;
    }
}

int __real_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, unsigned char const *message, size_t length);
int __real_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t space, size_t length);
int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, unsigned char const *message, size_t length);
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t space, size_t length);

/* Of what is hashed, that which is on its way out. */
int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, unsigned char const *message, size_t length)
{
    if (message == ssl->out_msg + 4) {
        lie_inside(ssl, ssl->out_msg + 4, length);
    }
    return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, type, message, length);
}

/* Tickets are not hashed. */
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t space, size_t length)
{
    if (ssl->out_msg[0] == MBEDTLS_SSL_HS_NEW_SESSION_TICKET && length > 4) {
        lie_inside(ssl, ssl->out_msg + 4, length - 4);
    }
    return __real_mbedtls_ssl_finish_handshake_msg(ssl, space, length);
}

/* --- on the wire ------------------------------------------------------------------------ */

static size_t cut(unsigned char *bytes, size_t length, size_t begin)
{
    size_t i, end = begin + length;

    for (i = 0; i < lies.count; i++) {
        size_t at = lies.edits[i].at;

        if (lies.edits[i].kind % 4 == CUT && (lies.edits[i].kind & 8) && at >= begin && at < end && length > at - begin) {
            memmove(bytes + (at - begin), bytes + (at - begin) + 1, length - (at - begin) - 1);
            length--;
        }
    }
    return length;
}

static size_t carry(xtls_engine *from, xtls_engine *to, int is_lying)
{
    unsigned char *bytes;
    size_t length = drain_all(from, &bytes), left = length;

    if (is_lying) {
        apply(bytes, length, lies.wire, 1);
        left = cut(bytes, length, lies.wire);
        lies.wire += length;
    }
    (void) xtls_engine_feed(to, bytes, left);
    free(bytes);
    return length;
}

static void converse(xtls_engine *engines[2])
{
    int rounds = 0;

    while (carry(engines[0], engines[1], lies.role == 0) + carry(engines[1], engines[0], lies.role == 1) > 0) {
        HOLDS(++rounds < 40);
    }
}

/* --- the conversation -------------------------------------------------------------------- */

/* What can be read is the beginning of what was written. */
static size_t read_truth(xtls_engine *engine)
{
    unsigned char bytes[256];
    int length = xtls_engine_read(engine, bytes, sizeof(bytes));

    HOLDS(length >= 0 && (size_t) length <= sizeof(SENT) && memcmp(bytes, SENT, (size_t) length) == 0);
    return (size_t) length;
}

static void talk(xtls_engine *engines[2])
{
    size_t heard;

    converse(engines);
    (void) xtls_engine_write(engines[0], SENT, sizeof(SENT));
    (void) xtls_engine_write(engines[1], SENT, sizeof(SENT));
    converse(engines);
    heard = read_truth(engines[0]) + read_truth(engines[1]);
    HOLDS(lies.count > 0 || heard == 2 * sizeof(SENT));
}

/* The initiator takes its ticket along. */
static void resume(xtls_engine *engines[2], xtls_engine *again)
{
    unsigned char session[8192];
    int length = xtls_engine_session(engines[0], session, sizeof(session));

    HOLDS(length >= 0);
    if (length > 0) {
        (void) xtls_engine_resume(again, session, (size_t) length);
    }
}

static void start(xtls_engine *engines[2])
{
    HOLDS(xtls_engine_start(engines[1]) == XTLS_OK);
    HOLDS(xtls_engine_start(engines[0]) == XTLS_OK);
}

static void meet(unsigned options, xtls_tickets *tickets)
{
    xtls_engine *engines[2] = { engine_new(XTLS_INITIATOR, options, NULL), engine_new(XTLS_RESPONDER, options, tickets) };
    xtls_engine *again[2];

    start(engines);
    talk(engines);
    HOLDS(lies.count > 0 || lies.inside > 0); /* the wrapped functions are still those that send */
    if (tickets != NULL) {
        again[0] = engine_new(XTLS_INITIATOR, options, NULL);
        again[1] = engine_new(XTLS_RESPONDER, options, tickets);
        resume(engines, again[0]);
        lies.wire = lies.inside = 0;
        start(again);
        talk(again);
        question(again[0]);
        question(again[1]);
    }
    question(engines[0]);
    question(engines[1]);
}

static void take_edits(input *in)
{
    for (lies.count = 0; lies.count < EDITS && in->left >= 4; lies.count++) {
        edit *edit = &lies.edits[lies.count];

        edit->kind = take_byte(in);
        edit->at = take_short(in) % REACH;
        edit->value = take_byte(in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    size_t before = heap_at_rest();
    unsigned options = take_byte(&in);
    xtls_tickets *tickets = NULL;

    begin_anew();
    lies = (liar) { .role = (int) (take_byte(&in) & 1) };
    take_edits(&in);
    if (options & TICKETS) {
        HOLDS(xtls_tickets_create(4, 3600, &tickets) == XTLS_OK);
    }
    meet(options, tickets);
    xtls_tickets_free(tickets);
    HOLDS(heap_at_rest() == before);
    return 0;
}
