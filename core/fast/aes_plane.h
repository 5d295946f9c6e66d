/*
 * A plane of AES's bit-sliced state: plane b has bit b of every byte of several blocks.
 * The byte in row r, column c has a lane of a vector there, number 4 r + c, with a bit
 * for each of eight blocks. What moves lanes is here; what does not is & and ^.
 */
#ifndef XTLS_FAST_AES_PLANE_H
#define XTLS_FAST_AES_PLANE_H

#include "fast/aes.h"

#include "mbedtls/platform_util.h"

/* inc32: SP 800-38D 6.2. */
static inline void add_to_counter(unsigned char counter[16], uint32_t n)
{
    uint32_t value;

    memcpy(&value, counter + 12, 4);
    value = __builtin_bswap32(__builtin_bswap32(value) + n);
    memcpy(counter + 12, &value, 4);
}

typedef xtls_longs xtls_plane;

/* From FIPS 197's order of bytes, 4 c + r, into lanes, and back. */
static const xtls_bytes TURNED = { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 };
static const xtls_bytes COUNTER_TURNED = { 0, 4, 8, 15, 1, 5, 9, 14, 2, 6, 10, 13, 3, 7, 11, 12 }; /* with its bytes swapped */
static const xtls_bytes ROW_SHIFT = { 0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14 };

/* ShiftRows. */
static inline xtls_plane rows_shifted(xtls_plane x)
{
    return (xtls_plane) xtls_swizzle((xtls_bytes) x, ROW_SHIFT);
}

/* Each row gets the next one, or the one after that. */
static inline xtls_plane row_up(xtls_plane x)
{
    return (xtls_plane) __builtin_shufflevector((xtls_words) x, (xtls_words) x, 1, 2, 3, 0);
}

static inline xtls_plane two_rows_up(xtls_plane x)
{
    return __builtin_shufflevector(x, x, 1, 0);
}

/* The same block in every place. */
static inline void slice(xtls_plane x[8], const unsigned char block[16])
{
    xtls_bytes turned = xtls_swizzle(xtls_load(block), TURNED);
    int b;

    for (b = 0; b < 8; b++) {
        x[b] = (xtls_plane) ((turned & (uint8_t) (1 << b)) != 0);
    }
}

/* Back from there. */
static inline void unslice(const xtls_plane x[8], unsigned char block[16])
{
    xtls_bytes turned = { 0 };
    int b;

    for (b = 0; b < 8; b++) {
        turned |= (xtls_bytes) x[b] & (uint8_t) (1 << b);
    }
    xtls_store(block, xtls_swizzle(turned, TURNED));
}

/* The block and those that count on from it, whole words still: bit i of a lane is in word i, at the lane's place. */
static inline void load_counters(xtls_plane x[8], const unsigned char counter[16])
{
    xtls_words words = (xtls_words) xtls_load(counter);
    uint32_t i;

    words[3] = __builtin_bswap32(words[3]);
    for (i = 0; i < XTLS_AES_BLOCKS; i++) {
        x[i] = (xtls_plane) xtls_swizzle((xtls_bytes) (words + (xtls_words) { 0, 0, 0, i }), COUNTER_TURNED);
    }
}

/* output = input ^ blocks that are in whole words again. */
static inline void xor_blocks(const xtls_plane x[8], const unsigned char *input, unsigned char *output)
{
    int i;

    for (i = 0; i < XTLS_AES_BATCH; i += 16) {
        xtls_store(output + i, xtls_load(input + i) ^ xtls_swizzle((xtls_bytes) x[i / 16], TURNED));
    }
}

#endif
