/*
 * Engines as the fuzzers need them: always the same two people, options taken
 * from a byte, and everything gone again when an input is done.
 */
#ifndef XTLS_FUZZ_ENGINES_H
#define XTLS_FUZZ_ENGINES_H

#include "engine.h"

/* Bits of an engine's options. */
#define OTHER_SUITE   0x01 /* AES-GCM first */
#define OTHER_GROUP   0x02 /* P-256 first */
#define NAMES         0x04 /* application protocols */
#define AUTHORITIES   0x08 /* the peer's chain must lead to one */
#define TICKETS       0x10 /* a responder gives some */

/* The host's randomness from its beginning. */
void begin_anew(void);

/* Makes the identities, once. */
void engines_ready(void);

/* A started engine: Romeo's for the initiator, Juliet's for the responder. */
xtls_engine *engine_new(int role, unsigned options, xtls_tickets *tickets);

/* Drains everything: the number of bytes. The caller frees *output. */
size_t drain_all(xtls_engine *engine, unsigned char **output);

/* Bytes that live on the heap, once no engine does: PSA's own room for keys, of which none may be left, is given back. */
size_t heap_at_rest(void);

/* Asks the engine everything it can be asked, reads all of its plaintext, and frees it. */
void question(xtls_engine *engine);

#endif
