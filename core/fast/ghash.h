/*
 * GHASH (NIST SP 800-38D 6.4) in constant time: by integer multiplication, and
 * for long runs of blocks by swizzles. A block is only
 * added when it comes, and multiplied when another one does.
 */
#ifndef XTLS_FAST_GHASH_H
#define XTLS_FAST_GHASH_H

#include <stddef.h>
#include <stdint.h>

#include "fast/vector.h"

/* An element of GF(2^128): the coefficient of x^0 is the highest bit of `high`. */
typedef struct xtls_ghash_element {
    uint64_t high, low;
} xtls_ghash_element;

/* An element and its halves' sum, straight and mirrored: see ghash.c. */
typedef struct xtls_ghash_factor {
    uint64_t parts[6];
} xtls_ghash_factor;

#define XTLS_GHASH_POWERS 8

typedef struct xtls_ghash {
    xtls_ghash_factor powers[XTLS_GHASH_POWERS]; /* of H: the eighth comes first, H last */
    unsigned char sum[16]; /* of what came before and the last block, which is not multiplied yet */
    size_t filled;         /* bytes of that block so far */
    unsigned char multiples[2][9][4][16]; /* of H^16: ghash_vector.c */
} xtls_ghash;

/* Takes H, and begins. */
void xtls_ghash_set_key(xtls_ghash *ghash, const unsigned char h[16]);

/* Begins anew under the same H. */
void xtls_ghash_begin(xtls_ghash *ghash);

void xtls_ghash_update(xtls_ghash *ghash, const unsigned char *input, size_t length);

/* Fills the block up with zeros. */
void xtls_ghash_pad(xtls_ghash *ghash);

/* Ends with a block of two lengths, given in bytes and hashed in bits. */
void xtls_ghash_finish(xtls_ghash *ghash, uint64_t first, uint64_t second, unsigned char output[16]);

/* --- between the two forms ----------------------------------------------------- */

void xtls_ghash_bytes_of(xtls_ghash_element element, unsigned char bytes[16]);

/* sum = sum H + block, for each block. */
void xtls_ghash_absorb(xtls_ghash *ghash, const unsigned char *blocks, size_t count);

/* Prepares the multiples of H^16, which is given. */
void xtls_ghash_set_multiples(xtls_ghash *ghash, xtls_ghash_element power);

/* The same as absorb, in lanes. */
void xtls_ghash_absorb_lanes(xtls_ghash *ghash, const unsigned char *blocks, size_t count);

#endif
