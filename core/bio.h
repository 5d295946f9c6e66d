/*
 * A memory BIO: one bounded ring of bytes in one direction. It grows by powers
 * of two up to its limit. Bytes that leave it are zeroed at once. A small block
 * stays for the next bytes, since allocating costs more than a record's other
 * ways, and goes when the ring is asked in vain: then its owner is idle.
 * It knows nothing of TLS; engine.c joins two of them to Mbed TLS's callbacks.
 */
#ifndef XTLS_BIO_H
#define XTLS_BIO_H

#include <stddef.h>

typedef struct xtls_bio {
    unsigned char *block; /* owned; may be NULL while empty. What is free of it is zero. */
    size_t capacity;      /* of block, a power of two or 0 */
    size_t head;          /* index of the oldest byte */
    size_t length;        /* bytes held */
    size_t limit;         /* bytes it may hold at most */
} xtls_bio;

void xtls_bio_init(xtls_bio *bio, size_t limit);

/* Zeroes and frees what it holds; it may be used again. */
void xtls_bio_clear(xtls_bio *bio);

/* Bytes it would still take. */
size_t xtls_bio_room(const xtls_bio *bio);

/* Grows so that the next `length` bytes cannot fail for want of memory. XTLS_OK, XTLS_ERR_LIMIT, XTLS_ERR_MEMORY. */
int xtls_bio_reserve(xtls_bio *bio, size_t length);

/* Takes all `length` bytes (borrowed) or none. XTLS_OK, XTLS_ERR_LIMIT, XTLS_ERR_MEMORY. */
int xtls_bio_put(xtls_bio *bio, const unsigned char *bytes, size_t length);

/* Moves up to `max` bytes out, oldest first; returns how many. When there are none the block goes. */
size_t xtls_bio_take(xtls_bio *bio, unsigned char *output, size_t max);

/*
 * Writing in place, to spare a copy: the free bytes behind the newest one, after xtls_bio_reserve.
 * They may be fewer than reserved where the ring wraps: call again after xtls_bio_commit.
 */
unsigned char *xtls_bio_tail(xtls_bio *bio, size_t *length);

/* Counts `length` bytes written at the tail in. */
void xtls_bio_commit(xtls_bio *bio, size_t length);

#endif
