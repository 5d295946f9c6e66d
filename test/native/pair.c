#include "pair.h"

#include <stdlib.h>
#include <string.h>

#include "status.h"

#define WHOLE 65536

static xtls_identity *identities[2];

static xtls_identity *identity(int index, const char *jid)
{
    if (identities[index] == NULL && xtls_identity_create(jid, strlen(jid), 365, &identities[index]) != XTLS_OK) {
        abort();
    }
    return identities[index];
}

xtls_identity *romeo(void)
{
    return identity(0, "romeo@montague.example");
}

xtls_identity *juliet(void)
{
    return identity(1, "juliet@capulet.example");
}

void free_identities(void)
{
    xtls_identity_free(identities[0]);
    xtls_identity_free(identities[1]);
    identities[0] = identities[1] = NULL;
}

static void create(pair *pair)
{
    if (xtls_engine_create(XTLS_INITIATOR, pair->romeo, 0, &pair->initiator) != XTLS_OK ||
        xtls_engine_create(XTLS_RESPONDER, pair->juliet, 0, &pair->responder) != XTLS_OK) {
        abort();
    }
}

pair pair_new(void)
{
    pair pair = { romeo(), juliet(), NULL, NULL };

    create(&pair);
    return pair;
}

void pair_renew(pair *pair)
{
    pair_free(pair);
    create(pair);
}

void pair_free(pair *pair)
{
    xtls_engine_free(pair->initiator);
    xtls_engine_free(pair->responder);
    pair->initiator = pair->responder = NULL;
}

static void choose(xtls_engine *engine, unsigned short suite, unsigned short group)
{
    if ((suite != 0 && xtls_engine_ciphersuites(engine, &suite, 1) != XTLS_OK) ||
        (group != 0 && xtls_engine_groups(engine, &group, 1) != XTLS_OK)) {
        abort();
    }
}

void pair_choose(pair *pair, unsigned short suite, unsigned short group)
{
    choose(pair->initiator, suite, group);
    choose(pair->responder, suite, group);
}

int handshake(pair *pair)
{
    xtls_engine_start(pair->responder);
    xtls_engine_start(pair->initiator);
    settle(pair);
    return xtls_engine_state(pair->initiator) == XTLS_STATE_OPEN && xtls_engine_state(pair->responder) == XTLS_STATE_OPEN;
}

int carry(xtls_engine *from, xtls_engine *to, size_t chunk)
{
    unsigned char *bytes = malloc(WHOLE);
    int status = XTLS_OK;
    int length;

    while (status == XTLS_OK && (length = xtls_engine_drain(from, bytes, chunk < WHOLE ? chunk : WHOLE)) > 0) {
        status = xtls_engine_feed(to, bytes, (size_t) length);
    }
    free(bytes);
    return status;
}

void settle(pair *pair)
{
    int rounds = 0;

    do {
        carry(pair->initiator, pair->responder, WHOLE);
        carry(pair->responder, pair->initiator, WHOLE);
    } while (xtls_engine_pending(pair->initiator) > 0 && ++rounds < 20);
}

static int read_all(xtls_engine *engine, unsigned char *output, size_t length)
{
    size_t at = 0;
    int got;

    while (at < length && (got = xtls_engine_read(engine, output + at, length - at)) > 0) {
        at += (size_t) got;
    }
    return at == length;
}

int transfer(xtls_engine *from, xtls_engine *to, size_t length)
{
    unsigned char *sent = malloc(length + 1), *received = malloc(length + 1);
    size_t i;
    int is_same;

    for (i = 0; i < length; i++) {
        sent[i] = (unsigned char) (i * 7 + (i >> 8));
    }
    is_same = xtls_engine_write(from, sent, length) == XTLS_OK && carry(from, to, WHOLE) == XTLS_OK &&
              read_all(to, received, length) && xtls_engine_read(to, received + length, 1) == 0 &&
              memcmp(sent, received, length) == 0;
    free(sent);
    free(received);
    return is_same;
}
