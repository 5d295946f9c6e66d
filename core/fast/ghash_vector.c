/*
 * GHASH of long runs with vectors, in sixteen lanes: block n goes to lane n mod 16,
 * every lane is multiplied by the same H^16, and vector p holds byte p of all
 * sixteen. So one swizzle gives sixteen products of half a byte with one byte
 * position of H^16: 32 swizzles a block. At the end lane l still lacks H^(16 - l),
 * which is what hashing the lanes' contents one after the other gives.
 * Constant time: a swizzle takes the same time for every index.
 */
#include "fast/ghash.h"

#include "fast/ecc_mask.h"
#include "mbedtls/platform_util.h"

#if XTLS_VECTOR

#define LANES XTLS_GHASH_LANES
#define RUN (16 * LANES) /* bytes: one block for each lane */
#define TILE 4

enum { HIGH, LOW }; /* halves of a byte; the high one holds the lower powers of x */

/* x^128 = 1 + x + x^2 + x^7: half a byte beyond the end, as it comes back 16 bytes before and 15 bytes before. */
static const xtls_bytes BACK_16[2] = {
    { 0x00, 0x1C, 0x38, 0x24, 0x70, 0x6C, 0x48, 0x54, 0xE1, 0xFD, 0xD9, 0xC5, 0x91, 0x8D, 0xA9, 0xB5 },
    { 0x00, 0x01, 0x03, 0x02, 0x07, 0x06, 0x04, 0x05, 0x0E, 0x0F, 0x0D, 0x0C, 0x09, 0x08, 0x0A, 0x0B },
};
static const xtls_bytes BACK_15[2] = {
    { 0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0xE0, 0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0xE0 },
    { 0x00, 0xC2, 0x84, 0x46, 0x08, 0xCA, 0x8C, 0x4E, 0x10, 0xD2, 0x94, 0x56, 0x18, 0xDA, 0x9C, 0x5E },
};

static xtls_ghash_element times_x(xtls_ghash_element e)
{
    uint64_t carry = xtls_mask(e.low & 1) & 0xE1;

    return (xtls_ghash_element) { e.high >> 1 ^ carry << 56, e.low >> 1 | e.high << 63 };
}

/* multiples[half][p][n] is byte p of H^16 times the half byte n. */
static void set_half(xtls_ghash *ghash, int half, unsigned char powers[4][16])
{
    static const xtls_bytes numbers = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    xtls_bytes multiples;
    int p, bit;

    for (p = 0; p < 16; p++) {
        multiples = (xtls_bytes) { 0 };
        for (bit = 0; bit < 4; bit++) {
            multiples ^= (xtls_bytes) ((numbers & (uint8_t) (8 >> bit)) != 0) & powers[bit][p];
        }
        xtls_store(ghash->multiples[half][p], multiples);
    }
}

void xtls_ghash_set_multiples(xtls_ghash *ghash)
{
    xtls_ghash_element power = ghash->h;
    unsigned char powers[2][4][16]; /* H^16 times x^0 to x^7 */
    int i;

    for (i = 1; i < LANES; i *= 2) {
        power = xtls_ghash_product(power, power);
    }
    for (i = 0; i < 8; i++) {
        xtls_ghash_bytes_of(power, powers[i / 4][i % 4]);
        power = times_x(power);
    }
    set_half(ghash, HIGH, powers[HIGH]);
    set_half(ghash, LOW, powers[LOW]);
    mbedtls_platform_zeroize(powers, sizeof(powers));
}

#define INTERLEAVED_LOW(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVED_HIGH(a, b) \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/* Rows and columns of 16 by 16 bytes change places: four perfect shuffles of the whole. */
static void transpose(xtls_bytes rows[16])
{
    xtls_bytes shuffled[16];
    int pass, i;

    for (pass = 0; pass < 4; pass++) {
        for (i = 0; i < 8; i++) {
            shuffled[2 * i] = INTERLEAVED_LOW(rows[i], rows[i + 8]);
            shuffled[2 * i + 1] = INTERLEAVED_HIGH(rows[i], rows[i + 8]);
        }
        memcpy(rows, shuffled, sizeof(shuffled));
    }
}

static void split(const xtls_bytes lanes[16], xtls_bytes halves[2][16])
{
    int p;

    for (p = 0; p < 16; p++) {
        halves[HIGH][p] = xtls_high_nibbles(lanes[p]);
        halves[LOW][p] = xtls_low_nibbles(lanes[p]);
    }
}

/* Four byte positions of the lanes times four of H^16. */
static inline void multiply_tile(xtls_bytes product[], const xtls_ghash *ghash, xtls_bytes halves[2][16], int p, int q)
{
    xtls_bytes sum[2 * TILE - 1], high, low;
    int i, j;

    memcpy(sum, product + p + q, sizeof(sum));
    for (j = 0; j < TILE; j++) {
        high = xtls_load(ghash->multiples[HIGH][q + j]);
        low = xtls_load(ghash->multiples[LOW][q + j]);
        for (i = 0; i < TILE; i++) {
            sum[i + j] ^= xtls_swizzle(high, halves[HIGH][p + i]) ^ xtls_swizzle(low, halves[LOW][p + i]);
        }
    }
    memcpy(product + p + q, sum, sizeof(sum));
}

/* Bytes 16 to 30 of the product come back below; from the end, for they may come back among themselves. */
static void reduce(xtls_bytes product[32])
{
    xtls_bytes high, low;
    int p;

    for (p = 30; p >= 16; p--) {
        high = xtls_high_nibbles(product[p]);
        low = xtls_low_nibbles(product[p]);
        product[p - 16] ^= xtls_swizzle(BACK_16[HIGH], high) ^ xtls_swizzle(BACK_16[LOW], low);
        product[p - 15] ^= xtls_swizzle(BACK_15[HIGH], high) ^ xtls_swizzle(BACK_15[LOW], low);
    }
}

/* All lanes times H^16. */
static void multiply(const xtls_ghash *ghash, xtls_bytes lanes[16])
{
    xtls_bytes halves[2][16], product[32] = { { 0 } };
    int p, q;

    split(lanes, halves);
    for (p = 0; p < 16; p += TILE) {
        for (q = 0; q < 16; q += TILE) {
            multiply_tile(product, ghash, halves, p, q);
        }
    }
    reduce(product);
    memcpy(lanes, product, 16 * sizeof(lanes[0]));
}

static void add_run(xtls_bytes lanes[16], const unsigned char *blocks, xtls_bytes y)
{
    xtls_bytes rows[16];
    int i;

    for (i = 0; i < LANES; i++) {
        rows[i] = xtls_load(blocks + 16 * i);
    }
    rows[0] ^= y;
    transpose(rows);
    for (i = 0; i < 16; i++) {
        lanes[i] ^= rows[i];
    }
}

void xtls_ghash_absorb_lanes(xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
    xtls_bytes lanes[16] = { { 0 } }, y = { 0 };

    if (count == 0) {
        return;
    }
    xtls_ghash_bytes_of(ghash->y, (unsigned char *) &y);
    add_run(lanes, blocks, y);
    for (count -= LANES, blocks += RUN; count > 0; count -= LANES, blocks += RUN) {
        multiply(ghash, lanes);
        add_run(lanes, blocks, (xtls_bytes) { 0 });
    }
    transpose(lanes);
    ghash->y = (xtls_ghash_element) { 0, 0 };
    xtls_ghash_absorb(ghash, (const unsigned char *) lanes, LANES);
    mbedtls_platform_zeroize(lanes, sizeof(lanes));
}

#endif
