/*
 * GHASH by integer multiplication, which every machine does in fixed time: the
 * bits of an operand are spread over four integers so that carries fall into
 * holes and are masked away (Pornin, "Constant-Time Mul", BearSSL). A product of
 * 64 by 64 bits has only its lower half in an integer; the upper half is the
 * lower half of the mirrored operands' product, mirrored.
 */
#include "fast/ghash.h"

#include "mbedtls/platform_util.h"

#define HOLES UINT64_C(0x1111111111111111) /* every fourth bit */
#define LANES_WORTH 32                     /* blocks from which on the sixteen-lane form is faster */

/* The lower 64 bits of the product of polynomials over GF(2). */
static uint64_t low_product(uint64_t a, uint64_t b)
{
    uint64_t a0 = a & HOLES, a1 = a & HOLES << 1, a2 = a & HOLES << 2, a3 = a & HOLES << 3;
    uint64_t b0 = b & HOLES, b1 = b & HOLES << 1, b2 = b & HOLES << 2, b3 = b & HOLES << 3;

    return (((a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1)) & HOLES) |
           (((a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2)) & HOLES << 1) |
           (((a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3)) & HOLES << 2) |
           (((a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0)) & HOLES << 3);
}

static uint64_t swapped(uint64_t x, uint64_t mask, int distance)
{
    return (x & mask) << distance | (x >> distance & mask);
}

static uint64_t mirrored(uint64_t x)
{
    x = swapped(x, UINT64_C(0x5555555555555555), 1);
    x = swapped(x, UINT64_C(0x3333333333333333), 2);
    x = swapped(x, UINT64_C(0x0F0F0F0F0F0F0F0F), 4);
    return __builtin_bswap64(x);
}

typedef struct wide {
    uint64_t high, low;
} wide;

/* All 127 bits of a product, mirrored operands given. */
static wide whole_product(uint64_t a, uint64_t b, uint64_t a_mirrored, uint64_t b_mirrored)
{
    return (wide) { mirrored(low_product(a_mirrored, b_mirrored)) >> 1, low_product(a, b) };
}

/* What lies below x^128 in this mirrored notation comes back at 1 + x + x^2 + x^7. */
static uint64_t folded(uint64_t v)
{
    return v ^ v >> 1 ^ v >> 2 ^ v >> 7;
}

static uint64_t folded_over(uint64_t v)
{
    return v << 63 ^ v << 62 ^ v << 57;
}

/* Karatsuba over halves, a shift by one since mirrored products come out so, reduction. */
xtls_ghash_element xtls_ghash_product(xtls_ghash_element a, xtls_ghash_element b)
{
    uint64_t ah = mirrored(a.high), al = mirrored(a.low), bh = mirrored(b.high), bl = mirrored(b.low);
    wide high = whole_product(a.high, b.high, ah, bh), low = whole_product(a.low, b.low, al, bl);
    wide middle = whole_product(a.high ^ a.low, b.high ^ b.low, ah ^ al, bh ^ bl);
    uint64_t v0 = low.low, v1 = low.high ^ middle.low ^ low.low ^ high.low;
    uint64_t v2 = high.low ^ middle.high ^ low.high ^ high.high, v3 = high.high;

    v3 = v3 << 1 | v2 >> 63, v2 = v2 << 1 | v1 >> 63, v1 = v1 << 1 | v0 >> 63, v0 <<= 1;
    v2 ^= folded(v0), v1 ^= folded_over(v0);
    v3 ^= folded(v1), v2 ^= folded_over(v1);
    return (xtls_ghash_element) { v3, v2 };
}

xtls_ghash_element xtls_ghash_element_of(const unsigned char bytes[16])
{
    xtls_ghash_element e;

    memcpy(&e.high, bytes, 8);
    memcpy(&e.low, bytes + 8, 8);
    return (xtls_ghash_element) { __builtin_bswap64(e.high), __builtin_bswap64(e.low) };
}

void xtls_ghash_bytes_of(xtls_ghash_element element, unsigned char bytes[16])
{
    uint64_t high = __builtin_bswap64(element.high), low = __builtin_bswap64(element.low);

    memcpy(bytes, &high, 8);
    memcpy(bytes + 8, &low, 8);
}

void xtls_ghash_absorb(xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
    xtls_ghash_element y = ghash->y, block;

    for (; count > 0; count--, blocks += 16) {
        block = xtls_ghash_element_of(blocks);
        y.high ^= block.high, y.low ^= block.low;
        y = xtls_ghash_product(y, ghash->h);
    }
    ghash->y = y;
}

/* Any number of blocks, in the form that suits their number. */
static void absorb_run(xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
#if XTLS_VECTOR
    size_t in_lanes = count < LANES_WORTH ? 0 : count / XTLS_GHASH_LANES * XTLS_GHASH_LANES;

    xtls_ghash_absorb_lanes(ghash, blocks, in_lanes);
    blocks += 16 * in_lanes, count -= in_lanes;
#endif
    xtls_ghash_absorb(ghash, blocks, count);
}

void xtls_ghash_set_key(xtls_ghash *ghash, const unsigned char h[16])
{
    ghash->h = xtls_ghash_element_of(h);
#if XTLS_VECTOR
    xtls_ghash_set_multiples(ghash);
#endif
    xtls_ghash_begin(ghash);
}

void xtls_ghash_begin(xtls_ghash *ghash)
{
    ghash->y = (xtls_ghash_element) { 0, 0 };
    ghash->queued = 0;
}

/* Adds to the block that is being collected, and absorbs it when it is full; returns the bytes taken. */
static size_t enqueue(xtls_ghash *ghash, const unsigned char *input, size_t length)
{
    size_t room = 16 - ghash->queued, n = length < room ? length : room;

    memcpy(ghash->queue + ghash->queued, input, n);
    ghash->queued += n;
    if (ghash->queued == 16) {
        xtls_ghash_absorb(ghash, ghash->queue, 1);
        ghash->queued = 0;
    }
    return n;
}

void xtls_ghash_update(xtls_ghash *ghash, const unsigned char *input, size_t length)
{
    size_t n = 0, whole;

    if (length == 0) {
        return;
    }
    if (ghash->queued > 0) {
        n = enqueue(ghash, input, length);
    }
    whole = (length - n) / 16;
    absorb_run(ghash, input + n, whole);
    n += 16 * whole;
    if (length > n) {
        enqueue(ghash, input + n, length - n);
    }
}

void xtls_ghash_pad(xtls_ghash *ghash)
{
    static const unsigned char zeros[16];

    if (ghash->queued > 0) {
        enqueue(ghash, zeros, 16 - ghash->queued);
    }
}

void xtls_ghash_finish(xtls_ghash *ghash, uint64_t first, uint64_t second, unsigned char output[16])
{
    unsigned char lengths[16];

    xtls_ghash_bytes_of((xtls_ghash_element) { 8 * first, 8 * second }, lengths);
    xtls_ghash_absorb(ghash, lengths, 1);
    xtls_ghash_bytes_of(ghash->y, output);
}
