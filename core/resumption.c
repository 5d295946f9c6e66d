/*
 * Resumption (RFC 8446 2.2): sessions on their way between Mbed TLS, the
 * responder's ticket table and the initiator's caller. A session never comes
 * without its peer's chain, and never resumes more trust than it began with:
 * the chain is verified anew against the authorities of the present engine, and
 * a session of another certificate of ours is passed over: the peer would take us for that one still.
 */
#include <string.h>

#include "engine_inside.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"
#include "memory.h"
#include "peek.h"
#include "session.h"
#include "status.h"

/*
 * Tickets of one handshake that are looked up, and their chains judged: a table may be long, and a hello have hundreds, or
 * one a hundred times. Who has tickets offers one or two, and again after a HelloRetryRequest.
 */
#define TICKETS_TRIED_MAX 4

static int is_still_trusted(const xtls_engine *engine)
{
    unsigned problems = 0;

    return engine->authorities == NULL ||
           (xtls_authorities_verify(engine->authorities, engine->restored.der, engine->restored.length, &problems) ==
                XTLS_OK && problems == 0);
}

static int is_own(const xtls_engine *engine, const unsigned char *session)
{
    return xtls_session_is_own(session, xtls_identity_digest(engine->identity));
}

int xtls_resumption_write(void *context, const mbedtls_ssl_session *session, unsigned char *start,
                          const unsigned char *end, size_t *length, uint32_t *lifetime)
{
    xtls_engine *engine = context;
    unsigned char *bytes = NULL;
    size_t bytes_length = 0;
    int status = xtls_handshake_meet_peer(engine);

    if (status == XTLS_OK && end - start < XTLS_TICKET_LENGTH) {
        status = MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    }
    if (status == XTLS_OK) {
        status = xtls_session_pack(session, xtls_identity_digest(engine->identity), &engine->peer, &bytes, &bytes_length);
    }
    if (status == XTLS_OK) {
        status = xtls_tickets_put(engine->tickets, bytes, bytes_length, start);
    }
    if (status != XTLS_OK) {
        xtls_free(bytes);
        return status;
    }
    *length = XTLS_TICKET_LENGTH;
    *lifetime = xtls_tickets_lifetime(engine->tickets);
    return 0;
}

/* Takes the ticket's session out of the table, for good; the second ClientHello after a retry finds it here again. */
static int claim(xtls_engine *engine, const unsigned char *ticket, size_t length)
{
    unsigned char *session;
    size_t session_length;

    if (engine->claimed != NULL && length == XTLS_TICKET_LENGTH &&
        mbedtls_ct_memcmp(engine->claimed_ticket, ticket, length) == 0) {
        return 1;
    }
    session_length = xtls_tickets_take(engine->tickets, ticket, length, &session);
    if (session_length == 0) {
        return 0;
    }
    xtls_free(engine->claimed);
    engine->claimed = session;
    engine->claimed_length = session_length;
    memcpy(engine->claimed_ticket, ticket, XTLS_TICKET_LENGTH);
    return 1;
}

/* "Not authentic" is Mbed TLS's word for a ticket to be passed over; a full handshake follows. */
int xtls_resumption_parse(void *context, mbedtls_ssl_session *session, unsigned char *ticket, size_t length)
{
    xtls_engine *engine = context;

    xtls_chain_free(&engine->restored);
    if (engine->tickets_tried == TICKETS_TRIED_MAX) {
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    }
    engine->tickets_tried++;
    if (!claim(engine, ticket, length) ||
        xtls_session_unpack(engine->claimed, engine->claimed_length, session, &engine->restored) != XTLS_OK) {
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    }
    if (!is_own(engine, engine->claimed) || !is_still_trusted(engine)) {
        xtls_chain_free(&engine->restored);
        mbedtls_ssl_session_free(session);
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    }
    return 0;
}

int xtls_engine_resume(xtls_engine *engine, const unsigned char *session, size_t length)
{
    int status;

    if (engine == NULL || session == NULL || engine->role != XTLS_INITIATOR) {
        return XTLS_ERR_ARGUMENT;
    }
    if (engine->state != XTLS_STATE_NEW || engine->offered != NULL) {
        return XTLS_ERR_STATE;
    }
    engine->offered = xtls_alloc(sizeof(*engine->offered));
    if (engine->offered == NULL) {
        return XTLS_ERR_MEMORY;
    }
    mbedtls_ssl_session_init(engine->offered);
    status = xtls_session_unpack(session, length, engine->offered, &engine->restored);
    if (status != XTLS_OK || !is_own(engine, session)) {
        xtls_resumption_forget(engine);
        xtls_chain_free(&engine->restored);
    }
    return status;
}

/* Of a suite that is not on offer any more, no ticket may be offered (RFC 8446 4.2.11). */
static int is_on_offer(const xtls_engine *engine, int suite)
{
    const int *one;

    for (one = engine->suites; *one != 0; one++) {
        if (*one == suite) {
            return 1;
        }
    }
    return 0;
}

/* A session that no longer fits the options is no error: a full handshake follows. */
int xtls_resumption_offer(xtls_engine *engine)
{
    int error;

    if (engine->offered == NULL) {
        return XTLS_OK;
    }
    if (!is_on_offer(engine, mbedtls_ssl_session_get_ciphersuite_id(engine->offered)) || !is_still_trusted(engine)) {
        xtls_chain_free(&engine->restored);
        return XTLS_OK;
    }
    error = mbedtls_ssl_set_session(&engine->ssl, engine->offered);
    if (error == MBEDTLS_ERR_SSL_BAD_INPUT_DATA) {
        xtls_chain_free(&engine->restored);
        return XTLS_OK;
    }
    return xtls_status(error);
}

/*
 * The longest ticket that is kept. It goes into one message with the rest of a hello, a cookie of 4 KiB and the protocols'
 * names among it; those of others have up to a few KiB, with a chain of ours in them.
 */
#define TICKET_MAX 8192

int xtls_resumption_keep(xtls_engine *engine)
{
    mbedtls_ssl_session session;
    unsigned char *bytes = NULL;
    size_t length = 0;
    int status;

    if (xtls_peek_ticket_length(&engine->ssl) > TICKET_MAX) {
        xtls_peek_forget_resumption(&engine->ssl);
        return XTLS_OK;
    }
    mbedtls_ssl_session_init(&session);
    status = mbedtls_ssl_get_session(&engine->ssl, &session);
    if (status == 0) {
        status = xtls_session_pack(&session, xtls_identity_digest(engine->identity), &engine->peer, &bytes, &length);
    }
    mbedtls_ssl_session_free(&session);
    xtls_peek_forget_resumption(&engine->ssl);
    xtls_scrub_stack();
    if (status == XTLS_OK) {
        xtls_free(engine->session);
        engine->session = bytes;
        engine->session_length = length;
    }
    return status;
}

void xtls_resumption_drop(xtls_engine *engine)
{
    xtls_free(engine->session);
    engine->session = NULL;
    engine->session_length = 0;
}

void xtls_resumption_forget(xtls_engine *engine)
{
    if (engine->offered != NULL) {
        mbedtls_ssl_session_free(engine->offered);
        xtls_free(engine->offered);
        engine->offered = NULL;
    }
    xtls_free(engine->claimed);
    engine->claimed = NULL;
    engine->claimed_length = 0;
    mbedtls_platform_zeroize(engine->claimed_ticket, sizeof(engine->claimed_ticket));
}
