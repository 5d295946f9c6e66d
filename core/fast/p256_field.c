#include "p256_field.h"

#include "ecc_inverse.h"
#include "mask.h"

#define LIMBS XTLS_P256_LIMBS
#define BITS  29
#define LOW   0x1FFFFFFF
#define HALF  0x10000000

static const uint32_t P[8] = { 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 1, 0xFFFFFFFF };

static const xtls_modulus MODULUS = {
    { 0x3FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF, 0x3F, 0, 0, 0x1000, 0x3FFFC000, 0xFFFF },
    0x3FFFFFFF,
};

/* R and R^2 modulo p. */
const xtls_p256_fe xtls_p256_one = { { 32, 0, 0, -16384, 0, 0, -8388608, 67108864, 0 } };
static const xtls_p256_fe R_SQUARED = { { 3072, 0, -65536, -2097152, -4194304, 0, 0, -1, 20 } };

/* Divides by 2^29, to the nearest, and keeps the rest between -2^28 and 2^28. */
static int32_t split(int64_t *next, int64_t limb)
{
    int64_t quotient = (limb + HALF) >> BITS;

    *next += quotient;
    return (int32_t) (limb - quotient * (1 << BITS));
}

/*
 * Montgomery's reduction of 17 sums of products: for each low limb m, m p is added, which
 * makes it zero. The sums are below 2^63 / 1.01 in magnitude, what is added below 2^54.
 * Inside its two callers the sums stay in registers, which makes products a third faster.
 */
static inline __attribute__((always_inline)) void reduce(xtls_p256_fe *out, int64_t t[18])
{
    int i;

    t[17] = 0;
    for (i = 0; i < LIMBS; i++) {
        int64_t m = t[i] & LOW;

        t[i + 1] += t[i] >> BITS;
        t[i + 3] += m << 9;  /* 96 = 3 * 29 + 9 */
        t[i + 6] += m << 18; /* 192 = 6 * 29 + 18 */
        t[i + 7] -= m << 21; /* 224 = 7 * 29 + 21 */
        t[i + 8] += m << 24; /* 256 = 8 * 29 + 24 */
    }
    for (i = 0; i < LIMBS - 1; i++) {
        out->limb[i] = split(&t[LIMBS + i + 1], t[LIMBS + i]);
    }
    out->limb[LIMBS - 1] = (int32_t) t[17];
}

void xtls_p256_fe_multiply(xtls_p256_fe *product, const xtls_p256_fe *a, const xtls_p256_fe *b)
{
    const int64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    const int64_t a5 = a->limb[5], a6 = a->limb[6], a7 = a->limb[7], a8 = a->limb[8];
    const int64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3], b4 = b->limb[4];
    const int64_t b5 = b->limb[5], b6 = b->limb[6], b7 = b->limb[7], b8 = b->limb[8];
    int64_t t[18];

    t[0] = a0 * b0;
    t[1] = a0 * b1 + a1 * b0;
    t[2] = a0 * b2 + a1 * b1 + a2 * b0;
    t[3] = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
    t[4] = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
    t[5] = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
    t[6] = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
    t[7] = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0;
    t[8] = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
    t[9] = a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1;
    t[10] = a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2;
    t[11] = a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3;
    t[12] = a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4;
    t[13] = a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5;
    t[14] = a6 * b8 + a7 * b7 + a8 * b6;
    t[15] = a7 * b8 + a8 * b7;
    t[16] = a8 * b8;
    reduce(product, t);
}

void xtls_p256_fe_square(xtls_p256_fe *square, const xtls_p256_fe *a)
{
    const int64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    const int64_t a5 = a->limb[5], a6 = a->limb[6], a7 = a->limb[7], a8 = a->limb[8];
    const int64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, d3 = 2 * a3, d4 = 2 * a4, d5 = 2 * a5, d6 = 2 * a6, d7 = 2 * a7;
    int64_t t[18];

    t[0] = a0 * a0;
    t[1] = d0 * a1;
    t[2] = d0 * a2 + a1 * a1;
    t[3] = d0 * a3 + d1 * a2;
    t[4] = d0 * a4 + d1 * a3 + a2 * a2;
    t[5] = d0 * a5 + d1 * a4 + d2 * a3;
    t[6] = d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3;
    t[7] = d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4;
    t[8] = d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4;
    t[9] = d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5;
    t[10] = d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5;
    t[11] = d3 * a8 + d4 * a7 + d5 * a6;
    t[12] = d4 * a8 + d5 * a7 + a6 * a6;
    t[13] = d5 * a8 + d6 * a7;
    t[14] = d6 * a8 + a7 * a7;
    t[15] = d7 * a8;
    t[16] = a8 * a8;
    reduce(square, t);
}

void xtls_p256_fe_carry(xtls_p256_fe *a)
{
    int i;

    for (i = 0; i < LIMBS - 1; i++) {
        int32_t quotient = (a->limb[i] + HALF) >> BITS;

        a->limb[i] -= quotient * (1 << BITS);
        a->limb[i + 1] += quotient;
    }
}

/* The top limb says how often p goes into it, near enough. */
void xtls_p256_fe_reduce(xtls_p256_fe *a)
{
    int32_t quotient;

    xtls_p256_fe_carry(a);
    quotient = (a->limb[8] + (1 << 23)) >> 24;
    a->limb[0] += quotient;
    a->limb[3] -= quotient * (1 << 9);
    a->limb[6] -= quotient * (1 << 18);
    a->limb[7] += quotient * (1 << 21);
    a->limb[8] -= quotient * (1 << 24);
}

/* Subtracts p if that leaves no borrow. */
static void subtract_once(uint32_t word[8])
{
    uint32_t less[8], mask;
    uint64_t borrow = 0;
    int i;

    for (i = 0; i < 8; i++) {
        borrow = (uint64_t) word[i] - P[i] - borrow;
        less[i] = (uint32_t) borrow;
        borrow = borrow >> 63;
    }
    mask = xtls_mask((uint32_t) borrow);
    for (i = 0; i < 8; i++) {
        word[i] = (word[i] & mask) | (less[i] & ~mask);
    }
}

/* Out of Montgomery's form: a product with 1 lies between 0 and p, both included. */
static void to_words(uint32_t word[8], const xtls_p256_fe *a)
{
    static const xtls_p256_fe unit = { { 1 } };
    xtls_p256_fe plain;
    uint64_t bits = 0;
    int32_t carry = 0;
    int i, at = 0;

    xtls_p256_fe_multiply(&plain, a, &unit);
    for (i = 0; i < LIMBS; i++) {
        carry += plain.limb[i];
        bits |= (uint64_t) (carry & LOW) << (BITS * i - 32 * at);
        carry >>= BITS;
        if (BITS * (i + 1) >= 32 * (at + 1)) {
            word[at++] = (uint32_t) bits;
            bits >>= 32;
        }
    }
    subtract_once(word);
}

static void from_words(xtls_p256_fe *a, const uint32_t word[8])
{
    int i;

    for (i = 0; i < LIMBS; i++) {
        int at = BITS * i / 32;
        uint64_t two = word[at] | (uint64_t) (at < 7 ? word[at + 1] : 0) << 32;

        a->limb[i] = (int32_t) (two >> BITS * i % 32) & LOW;
    }
    xtls_p256_fe_multiply(a, a, &R_SQUARED);
}

void xtls_p256_fe_invert(xtls_p256_fe *inverse, const xtls_p256_fe *a)
{
    uint32_t word[8];

    to_words(word, a);
    xtls_inverse(word, &MODULUS);
    from_words(inverse, word);
}

uint32_t xtls_p256_fe_zero_mask(const xtls_p256_fe *a)
{
    uint32_t word[8], any = 0;
    int i;

    to_words(word, a);
    for (i = 0; i < 8; i++) {
        any |= word[i];
    }
    return xtls_mask_if_zero(any);
}

/* Whether a is below p: public, as points are. */
static int is_below(const uint32_t word[8])
{
    int i;

    for (i = 7; i >= 0; i--) {
        if (word[i] != P[i]) {
            return word[i] < P[i];
        }
    }
    return 0;
}

int xtls_p256_fe_read(xtls_p256_fe *a, const unsigned char bytes[32])
{
    uint32_t word[8];
    int i;

    for (i = 0; i < 8; i++) {
        word[i] = xtls_word_be(bytes + 28 - 4 * i);
    }
    from_words(a, word);
    return is_below(word) ? 0 : -1;
}

void xtls_p256_fe_write(unsigned char bytes[32], const xtls_p256_fe *a)
{
    uint32_t word[8];
    int i;

    to_words(word, a);
    for (i = 0; i < 8; i++) {
        xtls_word_write_be(bytes + 28 - 4 * i, word[i]);
    }
}
