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
#define LANES_WORTH 24                     /* blocks from which on the form in lanes is faster */

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

/* The parts of a product that are multiplied apart: Karatsuba over halves, the mirrored ones from MIRRORED on. */
enum { HIGHS, LOWS, MIDDLES, MIRRORED };

static xtls_ghash_factor factor_of(xtls_ghash_element e)
{
    uint64_t high = mirrored(e.high), low = mirrored(e.low);

    return (xtls_ghash_factor) { { e.high, e.low, e.high ^ e.low, high, low, high ^ low } };
}

/* The lower 64 bits of the sum of products of polynomials over GF(2), of one part of each factor. */
static uint64_t low_products(const xtls_ghash_factor *as, const xtls_ghash_factor *bs, size_t count, int part)
{
    uint64_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        uint64_t a = as[i].parts[part], a0 = a & HOLES, a1 = a & HOLES << 1, a2 = a & HOLES << 2, a3 = a & HOLES << 3;
        uint64_t b = bs[i].parts[part], b0 = b & HOLES, b1 = b & HOLES << 1, b2 = b & HOLES << 2, b3 = b & HOLES << 3;

        sum0 ^= (a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1);
        sum1 ^= (a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2);
        sum2 ^= (a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3);
        sum3 ^= (a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0);
    }
    return (sum0 & HOLES) | (sum1 & HOLES << 1) | (sum2 & HOLES << 2) | (sum3 & HOLES << 3);
}

typedef struct wide {
    uint64_t high, low;
} wide;

/* All 127 bits. */
static wide whole_products(const xtls_ghash_factor *as, const xtls_ghash_factor *bs, size_t count, int part)
{
    return (wide) { mirrored(low_products(as, bs, count, MIRRORED + part)) >> 1, low_products(as, bs, count, part) };
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

/* The sum of a[i] b[i]. A shift by one since mirrored products come out so; one reduction. */
static xtls_ghash_element sum_of_products(const xtls_ghash_factor *as, const xtls_ghash_factor *bs, size_t count)
{
    wide high = whole_products(as, bs, count, HIGHS), low = whole_products(as, bs, count, LOWS);
    wide middle = whole_products(as, bs, count, MIDDLES);
    uint64_t v0 = low.low, v1 = low.high ^ middle.low ^ low.low ^ high.low;
    uint64_t v2 = high.low ^ middle.high ^ low.high ^ high.high, v3 = high.high;

    v3 = v3 << 1 | v2 >> 63, v2 = v2 << 1 | v1 >> 63, v1 = v1 << 1 | v0 >> 63, v0 <<= 1;
    v2 ^= folded(v0), v1 ^= folded_over(v0);
    v3 ^= folded(v1), v2 ^= folded_over(v1);
    return (xtls_ghash_element) { v3, v2 };
}

static xtls_ghash_element product(xtls_ghash_element a, xtls_ghash_element b)
{
    xtls_ghash_factor factors[2] = { factor_of(a), factor_of(b) };
    xtls_ghash_element result = sum_of_products(&factors[0], &factors[1], 1);

    mbedtls_platform_zeroize(factors, sizeof(factors));
    return result;
}

static xtls_ghash_element element_of(const unsigned char bytes[16])
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

/* Returns the highest one. */
static xtls_ghash_element set_powers(xtls_ghash *ghash, xtls_ghash_element h)
{
    xtls_ghash_element power = h;
    int i = XTLS_GHASH_POWERS - 1;

    ghash->powers[i] = factor_of(h);
    for (i--; i >= 0; i--) {
        power = product(power, h);
        ghash->powers[i] = factor_of(power);
    }
    return power;
}

/* No more blocks at once than there are powers: sum H^n + block H^(n - 1) + ... + block. */
static void absorb_few(xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
    xtls_ghash_factor factors[XTLS_GHASH_POWERS];
    size_t i;

    factors[0] = factor_of(element_of(ghash->sum));
    for (i = 1; i < count; i++, blocks += 16) {
        factors[i] = factor_of(element_of(blocks));
    }
    xtls_ghash_bytes_of(sum_of_products(factors, ghash->powers + XTLS_GHASH_POWERS - count, count), ghash->sum);
    xtls_xor(ghash->sum, ghash->sum, blocks, 16);
    mbedtls_platform_zeroize(factors, sizeof(factors[0]));
}

void xtls_ghash_absorb(xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
    size_t n;

    for (; count > 0; count -= n, blocks += 16 * n) {
        n = count < XTLS_GHASH_POWERS ? count : XTLS_GHASH_POWERS;
        absorb_few(ghash, blocks, n);
    }
}

/* Any number of blocks, in the form that suits their number. */
static void absorb_run(xtls_ghash *ghash, const unsigned char *blocks, size_t count)
{
    if (count >= LANES_WORTH) {
        xtls_ghash_absorb_lanes(ghash, blocks, count);
    } else {
        xtls_ghash_absorb(ghash, blocks, count);
    }
}

void xtls_ghash_set_key(xtls_ghash *ghash, const unsigned char h[16])
{
    xtls_ghash_element highest = set_powers(ghash, element_of(h));

    xtls_ghash_set_multiples(ghash, product(highest, highest));
    xtls_ghash_begin(ghash);
}

void xtls_ghash_begin(xtls_ghash *ghash)
{
    memset(ghash->sum, 0, 16);
    ghash->filled = 0;
}

/* Adds to a block that has begun; returns the bytes taken. */
static size_t fill(xtls_ghash *ghash, const unsigned char *input, size_t length)
{
    size_t room = 16 - ghash->filled, n = length < room ? length : room;

    xtls_xor(ghash->sum + ghash->filled, ghash->sum + ghash->filled, input, n);
    ghash->filled += n;
    return n;
}

void xtls_ghash_update(xtls_ghash *ghash, const unsigned char *input, size_t length)
{
    static const unsigned char zeros[16];
    size_t n = ghash->filled == 16 ? 0 : fill(ghash, input, length), whole = (length - n) / 16;

    absorb_run(ghash, input + n, whole);
    n += 16 * whole;
    if (n < length) {
        xtls_ghash_absorb(ghash, zeros, 1);
        ghash->filled = 0;
        fill(ghash, input + n, length - n);
    }
}

void xtls_ghash_pad(xtls_ghash *ghash)
{
    if (ghash->filled > 0) {
        ghash->filled = 16;
    }
}

void xtls_ghash_finish(xtls_ghash *ghash, uint64_t first, uint64_t second, unsigned char output[16])
{
    unsigned char last[32] = { 0 }; /* the lengths, and a block that adds nothing but is multiplied for */

    xtls_ghash_bytes_of((xtls_ghash_element) { 8 * first, 8 * second }, last);
    xtls_ghash_update(ghash, last, sizeof(last));
    memcpy(output, ghash->sum, 16);
}
