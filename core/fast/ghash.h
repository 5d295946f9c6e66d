/*
 * GHASH (NIST SP 800-38D 6.4) in constant time: by integer multiplication, and
 * for long runs of blocks by swizzles where there are vectors.
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

typedef struct xtls_ghash {
    xtls_ghash_element h, y;
    unsigned char queue[16]; /* the beginning of a block */
    size_t queued;           /* its bytes */
#if XTLS_VECTOR
    unsigned char multiples[2][16][16]; /* of H^16: ghash_vector.c */
#endif
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

/* y = (y + block) * h for each block. */
void xtls_ghash_absorb(xtls_ghash *ghash, const unsigned char *blocks, size_t count);

xtls_ghash_element xtls_ghash_product(xtls_ghash_element a, xtls_ghash_element b);
xtls_ghash_element xtls_ghash_element_of(const unsigned char bytes[16]);
void xtls_ghash_bytes_of(xtls_ghash_element element, unsigned char bytes[16]);

#if XTLS_VECTOR
#define XTLS_GHASH_LANES 16

/* Prepares the multiples of H^16. */
void xtls_ghash_set_multiples(xtls_ghash *ghash);

/* The same as absorb, for a multiple of sixteen blocks. */
void xtls_ghash_absorb_lanes(xtls_ghash *ghash, const unsigned char *blocks, size_t count);
#endif

#endif
