#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* PSA's count of keys */

#include "engines.h"

#include "certificate.h"
#include "fixtures.h"
#include "input.h"
#include "memory.h"
#include "psa/crypto.h"
#include "status.h"

static xtls_identity *identities[2];
static xtls_authorities *authorities;

/* engine_new has no other chain than this to show where authorities are asked for. */
static void parse(const char *pem, xtls_identity **output)
{
    HOLDS(xtls_identity_parse(pem, strlen(pem), output) == XTLS_OK);
}

void engines_ready(void)
{
    if (authorities != NULL) {
        return;
    }
    begin_anew();
    parse(ISSUED, &identities[XTLS_INITIATOR]);
    parse(ISSUED_SEC1, &identities[XTLS_RESPONDER]);
    HOLDS(xtls_authorities_parse((const unsigned char *) AUTHORITY, strlen(AUTHORITY), &authorities) == XTLS_OK);
}

static void choose(xtls_engine *engine, unsigned options)
{
    static const unsigned short suites[] = { 0x1301, 0x1302, 0x1303 };
    static const unsigned short groups[] = { 23, 24, 29 };
    static const unsigned char names[] = "\6xtls/1\2h2";

    if (options & OTHER_SUITE) {
        HOLDS(xtls_engine_ciphersuites(engine, suites, 3) == XTLS_OK);
    }
    if (options & OTHER_GROUP) {
        HOLDS(xtls_engine_groups(engine, groups, 3) == XTLS_OK);
    }
    if (options & NAMES) {
        HOLDS(xtls_engine_alpn(engine, names, sizeof(names) - 1) == XTLS_OK);
    }
    if (options & AUTHORITIES) {
        HOLDS(xtls_engine_authorities(engine, authorities) == XTLS_OK);
    }
}

xtls_engine *engine_new(int role, unsigned options, xtls_tickets *tickets)
{
    xtls_engine *engine;

    HOLDS(xtls_engine_create(role, identities[role], 65536, &engine) == XTLS_OK);
    choose(engine, options);
    if (tickets != NULL) {
        HOLDS(xtls_engine_tickets(engine, tickets) == XTLS_OK);
    }
    return engine;
}

size_t drain_all(xtls_engine *engine, unsigned char **output)
{
    int pending = xtls_engine_pending(engine);

    HOLDS(pending >= 0);
    *output = block((size_t) pending);
    HOLDS(xtls_engine_drain(engine, *output, (size_t) pending) == pending);
    return (size_t) pending;
}

size_t heap_at_rest(void)
{
    mbedtls_psa_stats_t keys;

    mbedtls_psa_get_stats(&keys);
    HOLDS(keys.volatile_slots == 0 && keys.locked_slots == 0);
    mbedtls_psa_crypto_free();
    return xtls_heap_used();
}

static void question_peer(xtls_engine *engine)
{
    static unsigned char der[70000], fields[70000];
    unsigned i;
    int length;

    for (i = 0; (length = xtls_engine_peer(engine, i, der, sizeof(der))) > 0; i++) {
        HOLDS(xtls_certificate_read(der, (size_t) length, fields, sizeof(fields)) != XTLS_ERR_SPACE);
    }
    HOLDS(length == 0);
}

void question(xtls_engine *engine)
{
    unsigned char bytes[4096], *drained;
    int state = xtls_engine_state(engine), is_open = state == XTLS_STATE_OPEN || state == XTLS_STATE_CLOSED;

    HOLDS((state == XTLS_STATE_FAILED) == (xtls_engine_error(engine) < 0));
    question_peer(engine);
    if (is_open) {
        HOLDS(xtls_engine_peer(engine, 0, bytes, 0) == XTLS_ERR_SPACE);
        HOLDS(xtls_engine_export(engine, (const unsigned char *) "label", 5, NULL, 0, bytes, 32) == XTLS_OK);
    }
    (void) xtls_engine_alert(engine, XTLS_SENT);
    (void) xtls_engine_alert(engine, XTLS_RECEIVED);
    (void) xtls_engine_session(engine, bytes, sizeof(bytes));
    (void) xtls_engine_alpn_chosen(engine, bytes, sizeof(bytes));
    while (xtls_engine_read(engine, bytes, sizeof(bytes)) > 0) {
    }
    (void) xtls_engine_close(engine);
    (void) xtls_engine_end(engine);
    drain_all(engine, &drained);
    free(drained);
    xtls_engine_free(engine);
}
