/*
 * GHASH of long runs with vectors, in sixteen lanes: block n goes to lane n mod 16,
 * every lane is multiplied by the same H^16, and vector p holds byte p of all
 * sixteen. So one swizzle gives sixteen products of half a byte with one byte of
 * H^16. Blocks and H^16 are polynomials of sixteen bytes, multiplied by Karatsuba's
 * method in two levels: nine products of four bytes by four. At the end lane l still
 * lacks H^(15 - l), which is what hashing the lanes' contents one after the other
 * gives. Constant time: a swizzle takes the same time for every index.
 */
#include "fast/ghash.h"

#include "fast/mask.h"
#include "mbedtls/platform_util.h"

#define LANES 16
#define RUN (16 * LANES) /* bytes: one block for each lane */

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

/* A polynomial of sixteen bytes in nine parts of four: low, high and their sum, each of low, high and their sum. */
typedef xtls_bytes parts[9][4];

#define PART(p) [(p) / 8 * 3 + (p) / 4 % 2][(p) % 4] /* of byte p */

/* The sums. */
static void complete(parts x)
{
    int i, k;

    for (k = 0; k < 4; k++) {
        x[6][k] = x[0][k] ^ x[3][k];
        x[7][k] = x[1][k] ^ x[4][k];
        for (i = 0; i < 9; i += 3) {
            x[i + 2][k] = x[i][k] ^ x[i + 1][k];
        }
    }
}

/* Entry n of the vector for byte p is that byte of a power times the half byte n; given is the power times x^0 to x^3. */
static void set_half(unsigned char multiples[9][4][16], unsigned char powers[4][16])
{
    static const xtls_bytes numbers = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    parts x = { { { 0 } } };
    int p, bit;

    for (p = 0; p < 16; p++) {
        for (bit = 0; bit < 4; bit++) {
            x PART(p) ^= (xtls_bytes) ((numbers & (uint8_t) (8 >> bit)) != 0) & powers[bit][p];
        }
    }
    complete(x);
    memcpy(multiples, x, sizeof(x));
    mbedtls_platform_zeroize(x, sizeof(x));
}

void xtls_ghash_set_multiples(xtls_ghash *ghash, xtls_ghash_element power)
{
    unsigned char powers[2][4][16]; /* H^16 times x^0 to x^7 */
    int i;

    for (i = 0; i < 8; i++) {
        xtls_ghash_bytes_of(power, powers[i / 4][i % 4]);
        power = times_x(power);
    }
    set_half(ghash->multiples[HIGH], powers[HIGH]);
    set_half(ghash->multiples[LOW], powers[LOW]);
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

static void split(const xtls_bytes lanes[16], parts high, parts low)
{
    int p;

    for (p = 0; p < 16; p++) {
        high PART(p) = xtls_high_nibbles(lanes[p]);
        low PART(p) = xtls_low_nibbles(lanes[p]);
    }
    complete(high);
    complete(low);
}

/* Four bytes of the lanes times four of the power. */
static void multiply_part(xtls_bytes product[7], const xtls_bytes high[4], const xtls_bytes low[4],
                          unsigned char high_multiples[4][16], unsigned char low_multiples[4][16])
{
    xtls_bytes sum[7] = { { 0 } }, of_high, of_low;
    int i, j;

    for (j = 0; j < 4; j++) {
        of_high = xtls_load(high_multiples[j]);
        of_low = xtls_load(low_multiples[j]);
        for (i = 0; i < 4; i++) {
            sum[i + j] ^= xtls_swizzle(of_high, high[i]) ^ xtls_swizzle(of_low, low[i]);
        }
    }
    memcpy(product, sum, sizeof(sum));
}

/* Of two operands of 2 n bytes: the products of their low halves, their high halves and the halves' sums make theirs. */
static inline void combine(xtls_bytes product[], xtls_bytes low[], xtls_bytes high[], xtls_bytes sums[], int n)
{
    int i;

    for (i = 0; i < 2 * n - 1; i++) {
        sums[i] ^= low[i] ^ high[i];
    }
    for (i = 0; i < n; i++) {
        product[i] = low[i];
        product[i + 3 * n - 1] = high[i + n - 1];
    }
    for (i = 0; i < n - 1; i++) {
        product[i + n] = low[i + n] ^ sums[i];
        product[i + 2 * n] = high[i] ^ sums[i + n];
    }
    product[2 * n - 1] = sums[n - 1];
}

/* Bytes 16 to 30 of the product come back below. */
static void reduce(xtls_bytes lanes[16], const xtls_bytes product[31])
{
    xtls_bytes high, low, from_before = { 0 };
    int p;

    for (p = 0; p < 15; p++) {
        high = xtls_high_nibbles(product[p + 16]);
        low = xtls_low_nibbles(product[p + 16]);
        lanes[p] = product[p] ^ from_before ^ xtls_swizzle(BACK_16[HIGH], high) ^ xtls_swizzle(BACK_16[LOW], low);
        from_before = xtls_swizzle(BACK_15[HIGH], high) ^ xtls_swizzle(BACK_15[LOW], low);
    }
    lanes[15] = product[15] ^ from_before;
}

/* All lanes times H^16. */
static void multiply(xtls_bytes lanes[16], unsigned char multiples[2][9][4][16])
{
    xtls_bytes quarter[9][7], half[3][15], product[31];
    parts high, low;
    int i;

    split(lanes, high, low);
    for (i = 0; i < 9; i++) {
        multiply_part(quarter[i], high[i], low[i], multiples[HIGH][i], multiples[LOW][i]);
    }
    for (i = 0; i < 3; i++) {
        combine(half[i], quarter[3 * i], quarter[3 * i + 1], quarter[3 * i + 2], 4);
    }
    combine(product, half[0], half[1], half[2], 8);
    reduce(lanes, product);
}

static void add_blocks(xtls_bytes lanes[16], const unsigned char *blocks)
{
    xtls_bytes rows[16];
    int i;

    memcpy(rows, blocks, RUN);
    transpose(rows);
    for (i = 0; i < 16; i++) {
        lanes[i] ^= rows[i];
    }
}

/* The sum and fewer blocks than there are lanes, behind so many zeros that the last one comes to the last lane. */
static void add_first(xtls_bytes lanes[16], const xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
    unsigned char rows[RUN] = { 0 }, *sum = rows + RUN - 16 * (count + 1);

    memcpy(sum, ghash->sum, 16);
    memcpy(sum + 16, blocks, 16 * count);
    add_blocks(lanes, rows);
    mbedtls_platform_zeroize(sum, 16);
}

/* So many blocks are better done one by one than beside empty lanes: then those that are left fill all. */
static size_t surplus(size_t count)
{
    return count % LANES < LANES / 2 ? count % LANES + 1 : 0;
}

void xtls_ghash_absorb_lanes(xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
    xtls_bytes lanes[16] = { { 0 } };
    size_t few = surplus(count), first = (count - few) % LANES;

    xtls_ghash_absorb(ghash, blocks, few);
    blocks += 16 * few, count -= few;
    add_first(lanes, ghash, blocks, first);
    for (blocks += 16 * first, count -= first; count > 0; blocks += RUN, count -= LANES) {
        multiply(lanes, ghash->multiples);
        add_blocks(lanes, blocks);
    }
    transpose(lanes);
    xtls_store(ghash->sum, lanes[0]);
    xtls_ghash_absorb(ghash, (const unsigned char *) &lanes[1], LANES - 1);
    mbedtls_platform_zeroize(lanes, sizeof(lanes));
}
