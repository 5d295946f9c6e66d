/*
 * An engine of either role that is fed anything at all, in pieces. Begins from
 * true flights: as the host's randomness repeats itself, they fit its keys.
 * The input: u8 options, u8 role (bit 0) and length of the pieces, bytes.
 */
#include "engines.h"
#include "input.h"
#include "memory.h"
#include "status.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void) count, (void) arguments;
    engines_ready();
    return 0;
}

static void feed(xtls_engine *engine, const unsigned char *bytes, size_t length)
{
    int state = xtls_engine_state(engine), error = xtls_engine_error(engine);
    int status = xtls_engine_feed(engine, bytes, length);

    HOLDS(state != XTLS_STATE_FAILED || (status == error && xtls_engine_state(engine) == state));
    HOLDS((status == XTLS_OK) == (xtls_engine_state(engine) != XTLS_STATE_FAILED) || status == XTLS_ERR_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    size_t before = heap_at_rest(), piece;
    unsigned options = take_byte(&in), shape = take_byte(&in);
    xtls_tickets *tickets = NULL;
    xtls_engine *engine;

    begin_anew();
    if ((options & TICKETS) && (shape & 1) == XTLS_RESPONDER) {
        HOLDS(xtls_tickets_create(4, 3600, &tickets) == XTLS_OK);
    }
    engine = engine_new(shape & 1, options, tickets);
    HOLDS(xtls_engine_start(engine) == XTLS_OK);
    for (piece = shape < 2 ? in.left : shape; in.left > 0; in.left -= piece, in.at += piece) {
        piece = piece < in.left ? piece : in.left;
        feed(engine, in.at, piece);
    }
    question(engine);
    xtls_tickets_free(tickets);
    HOLDS(heap_at_rest() == before);
    return 0;
}
