/* The ring: read from `head` on, around the end of the block; its capacity is a power of two, so a mask wraps. */
#include "bio.h"

#include <stdint.h>
#include <string.h>

#include "mbedtls/platform_util.h"
#include "memory.h"
#include "status.h"

#define SMALLEST 512 /* below this growing costs more than the bytes */
#define KEPT 0x8000  /* a block for the largest record stays while bytes flow */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void xtls_bio_init(xtls_bio *bio, size_t limit)
{
    memset(bio, 0, sizeof(*bio));
    bio->limit = limit;
}

void xtls_bio_clear(xtls_bio *bio)
{
    xtls_free(bio->block);
    xtls_bio_init(bio, bio->limit);
}

size_t xtls_bio_room(const xtls_bio *bio)
{
    return bio->limit - bio->length;
}

/* The oldest `length` bytes into `output`, around the end of the block if need be. */
static void copy_out(const xtls_bio *bio, unsigned char *output, size_t length)
{
    size_t first = smaller(length, bio->capacity - bio->head);

    if (length > 0) {
        memcpy(output, bio->block + bio->head, first);
        memcpy(output + first, bio->block, length - first);
    }
}

/* Takes them off, and zeroes them where they were. */
static void drop(xtls_bio *bio, size_t length)
{
    size_t first = smaller(length, bio->capacity - bio->head);

    mbedtls_platform_zeroize(bio->block + bio->head, first);
    mbedtls_platform_zeroize(bio->block, length - first);
    bio->head = (bio->head + length) & (bio->capacity - 1);
    bio->length -= length;
}

/* An empty ring begins at the front again, where the next bytes lie in one piece. */
static void rest(xtls_bio *bio)
{
    if (bio->capacity > KEPT) {
        xtls_bio_clear(bio);
    }
    bio->head = 0;
}

static int grow(xtls_bio *bio, size_t needed)
{
    size_t capacity = SMALLEST;
    unsigned char *block;

    while (capacity < needed) {
        if (capacity > SIZE_MAX / 2) {
            return XTLS_ERR_MEMORY;
        }
        capacity *= 2;
    }
    block = xtls_alloc(capacity);
    if (block == NULL) {
        return XTLS_ERR_MEMORY;
    }
    copy_out(bio, block, bio->length);
    xtls_free(bio->block);
    bio->block = block;
    bio->capacity = capacity;
    bio->head = 0;
    return XTLS_OK;
}

int xtls_bio_reserve(xtls_bio *bio, size_t length)
{
    if (length > xtls_bio_room(bio)) {
        return XTLS_ERR_LIMIT;
    }
    if (length <= bio->capacity - bio->length) {
        return XTLS_OK;
    }
    return grow(bio, bio->length + length);
}

int xtls_bio_put(xtls_bio *bio, const unsigned char *bytes, size_t length)
{
    int status = xtls_bio_reserve(bio, length);

    while (status == XTLS_OK && length > 0) {
        size_t free_length;
        unsigned char *tail = xtls_bio_tail(bio, &free_length);
        size_t part = smaller(length, free_length);

        memcpy(tail, bytes, part);
        xtls_bio_commit(bio, part);
        bytes += part;
        length -= part;
    }
    return status;
}

size_t xtls_bio_take(xtls_bio *bio, unsigned char *output, size_t max)
{
    size_t length = smaller(max, bio->length);

    if (length > 0) {
        copy_out(bio, output, length);
        drop(bio, length);
        if (bio->length == 0) {
            rest(bio);
        }
    } else if (bio->length == 0 && bio->block != NULL) {
        xtls_bio_clear(bio);
    }
    return length;
}

unsigned char *xtls_bio_tail(xtls_bio *bio, size_t *length)
{
    size_t tail = (bio->head + bio->length) & (bio->capacity - 1);

    *length = smaller(bio->capacity - bio->length, bio->capacity - tail);
    return bio->block + tail;
}

void xtls_bio_commit(xtls_bio *bio, size_t length)
{
    bio->length += length;
}
