/*
 * Two engines and the wire between them: the verbs that the tests speak in.
 */
#ifndef XTLS_PAIR_H
#define XTLS_PAIR_H

#include <stddef.h>

#include "engine.h"

typedef struct pair {
    xtls_identity *romeo;
    xtls_identity *juliet;
    xtls_engine *initiator; /* romeo's */
    xtls_engine *responder; /* juliet's */
} pair;

/* Identities and fresh engines, not started. */
pair pair_new(void);

/* Fresh engines for the same identities. */
void pair_renew(pair *pair);

void pair_free(pair *pair);

/* One suite and one group for both ends; 0: the default. */
void pair_choose(pair *pair, unsigned short suite, unsigned short group);

/* Starts both engines and carries bytes until nothing moves. 1 when both are open. */
int handshake(pair *pair);

/* Carries what `from` has to say to `to`, `chunk` bytes at a time: the last status of feed. */
int carry(xtls_engine *from, xtls_engine *to, size_t chunk);

/* Carries to and fro until nothing moves. */
void settle(pair *pair);

/* Writes `length` patterned bytes at one end, carries and reads them at the other: 1 when they are the same. */
int transfer(xtls_engine *from, xtls_engine *to, size_t length);

/* A shared pair of identities: making keys is slow. */
xtls_identity *romeo(void);
xtls_identity *juliet(void);
void free_identities(void);

#endif
