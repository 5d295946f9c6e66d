#include "x25519_field.h"

#include "ecc_inverse.h"
#include "mask.h"

#define LOW_26 0x3FFFFFF
#define LOW_25 0x1FFFFFF

/* 2^255 - 19 */
static const xtls_modulus MODULUS = {
    { 0x3FFFFFED, 0x3FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF, 0x7FFF },
    0x179435E5,
};

/* Ten sums of products, each below 2^63.5, become limbs: what leaves the top comes back times 19. */
static void reduce(xtls_fe25519 *out, uint64_t t[10])
{
    int i;

    for (i = 0; i < 10; i += 2) {
        t[i + 1] += t[i] >> 26;
        out->limb[i] = (uint32_t) t[i] & LOW_26;
        if (i < 8) {
            t[i + 2] += t[i + 1] >> 25;
        }
        out->limb[i + 1] = (uint32_t) t[i + 1] & LOW_25;
    }
    t[0] = out->limb[0] + 19 * (t[9] >> 25);
    out->limb[0] = (uint32_t) t[0] & LOW_26;
    out->limb[1] += (uint32_t) (t[0] >> 26);
}

/*
 * Limb i counts 2^ceil(25.5 i): two odd limbs make a product that counts twice, and what
 * lies beyond 2^255 counts 19 times.
 */
void xtls_fe25519_multiply(xtls_fe25519 *product, const xtls_fe25519 *a, const xtls_fe25519 *b)
{
    const uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    const uint64_t a5 = a->limb[5], a6 = a->limb[6], a7 = a->limb[7], a8 = a->limb[8], a9 = a->limb[9];
    const uint64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3], b4 = b->limb[4];
    const uint64_t b5 = b->limb[5], b6 = b->limb[6], b7 = b->limb[7], b8 = b->limb[8], b9 = b->limb[9];
    const uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4, c5 = 19 * b5;
    const uint64_t c6 = 19 * b6, c7 = 19 * b7, c8 = 19 * b8, c9 = 19 * b9;
    const uint64_t d1 = 2 * a1, d3 = 2 * a3, d5 = 2 * a5, d7 = 2 * a7, d9 = 2 * a9;
    uint64_t t[10];

    t[0] = a0 * b0 + d1 * c9 + a2 * c8 + d3 * c7 + a4 * c6 + d5 * c5 + a6 * c4 + d7 * c3 + a8 * c2 + d9 * c1;
    t[1] = a0 * b1 + a1 * b0 + a2 * c9 + a3 * c8 + a4 * c7 + a5 * c6 + a6 * c5 + a7 * c4 + a8 * c3 + a9 * c2;
    t[2] = a0 * b2 + d1 * b1 + a2 * b0 + d3 * c9 + a4 * c8 + d5 * c7 + a6 * c6 + d7 * c5 + a8 * c4 + d9 * c3;
    t[3] = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + a4 * c9 + a5 * c8 + a6 * c7 + a7 * c6 + a8 * c5 + a9 * c4;
    t[4] = a0 * b4 + d1 * b3 + a2 * b2 + d3 * b1 + a4 * b0 + d5 * c9 + a6 * c8 + d7 * c7 + a8 * c6 + d9 * c5;
    t[5] = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + a6 * c9 + a7 * c8 + a8 * c7 + a9 * c6;
    t[6] = a0 * b6 + d1 * b5 + a2 * b4 + d3 * b3 + a4 * b2 + d5 * b1 + a6 * b0 + d7 * c9 + a8 * c8 + d9 * c7;
    t[7] = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 + a8 * c9 + a9 * c8;
    t[8] = a0 * b8 + d1 * b7 + a2 * b6 + d3 * b5 + a4 * b4 + d5 * b3 + a6 * b2 + d7 * b1 + a8 * b0 + d9 * c9;
    t[9] = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0;
    reduce(product, t);
}

void xtls_fe25519_square(xtls_fe25519 *square, const xtls_fe25519 *a)
{
    const uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    const uint64_t a5 = a->limb[5], a6 = a->limb[6], a7 = a->limb[7], a8 = a->limb[8], a9 = a->limb[9];
    const uint64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, d3 = 2 * a3, d4 = 2 * a4;
    const uint64_t d5 = 2 * a5, d6 = 2 * a6, d7 = 2 * a7;
    const uint64_t c5 = 19 * a5, c6 = 19 * a6, c7 = 19 * a7, c8 = 19 * a8, c9 = 19 * a9;
    const uint64_t e5 = 2 * c5, e7 = 2 * c7, e9 = 2 * c9;
    uint64_t t[10];

    t[0] = a0 * a0 + d1 * e9 + d2 * c8 + d3 * e7 + d4 * c6 + a5 * e5;
    t[1] = d0 * a1 + d2 * c9 + d3 * c8 + d4 * c7 + d5 * c6;
    t[2] = d0 * a2 + d1 * a1 + d3 * e9 + d4 * c8 + d5 * e7 + a6 * c6;
    t[3] = d0 * a3 + d1 * a2 + d4 * c9 + d5 * c8 + d6 * c7;
    t[4] = d0 * a4 + d1 * d3 + a2 * a2 + d5 * e9 + d6 * c8 + a7 * e7;
    t[5] = d0 * a5 + d1 * a4 + d2 * a3 + d6 * c9 + d7 * c8;
    t[6] = d0 * a6 + d1 * d5 + d2 * a4 + d3 * a3 + d7 * e9 + a8 * c8;
    t[7] = d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + 2 * a8 * c9;
    t[8] = d0 * a8 + d1 * d7 + d2 * a6 + d3 * d5 + a4 * a4 + a9 * e9;
    t[9] = d0 * a9 + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5;
    reduce(square, t);
}

void xtls_fe25519_scale(xtls_fe25519 *product, const xtls_fe25519 *a, uint32_t factor)
{
    uint64_t t[10];
    int i;

    for (i = 0; i < 10; i++) {
        t[i] = (uint64_t) a->limb[i] * factor;
    }
    reduce(product, t);
}

/* Where limb i begins. */
static int begin(int i)
{
    return (51 * i + 1) / 2;
}

static void from_words(xtls_fe25519 *a, const uint32_t word[8])
{
    int i;

    for (i = 0; i < 10; i++) {
        int at = begin(i) / 32;
        uint64_t two = word[at] | (uint64_t) word[at < 7 ? at + 1 : 7] << 32;

        a->limb[i] = (uint32_t) (two >> begin(i) % 32) & (i & 1 ? LOW_25 : LOW_26);
    }
}

/* Adds a small number and carries through; returns what leaves at 2^255. */
static uint32_t carry(xtls_fe25519 *a, uint32_t add)
{
    int i;

    for (i = 0; i < 10; i++) {
        add += a->limb[i];
        a->limb[i] = add & (i & 1 ? LOW_25 : LOW_26);
        add >>= i & 1 ? 25 : 26;
    }
    return add;
}

/* To the one number below 2^255 - 19: it is not, if adding 19 reaches 2^255. */
static void freeze(xtls_fe25519 *a)
{
    xtls_fe25519 above;
    uint32_t excess = carry(a, 0);

    excess = carry(a, 19 * excess);
    carry(a, 19 * excess);
    above = *a;
    excess = carry(&above, 19);
    carry(a, 19 * excess);
}

static void to_words(uint32_t word[8], const xtls_fe25519 *a)
{
    xtls_fe25519 f = *a;
    uint64_t bits = 0;
    int i, at = 0;

    freeze(&f);
    for (i = 0; i < 10; i++) {
        bits |= (uint64_t) f.limb[i] << (begin(i) - 32 * at);
        if (i == 9 || begin(i + 1) >= 32 * (at + 1)) {
            word[at++] = (uint32_t) bits;
            bits >>= 32;
        }
    }
}

void xtls_fe25519_invert(xtls_fe25519 *inverse, const xtls_fe25519 *a)
{
    uint32_t word[8];

    to_words(word, a);
    xtls_inverse(word, &MODULUS);
    from_words(inverse, word);
}

void xtls_fe25519_read(xtls_fe25519 *a, const unsigned char bytes[32])
{
    uint32_t word[8];
    int i;

    for (i = 0; i < 8; i++) {
        word[i] = xtls_word_le(bytes + 4 * i);
    }
    from_words(a, word);
}

void xtls_fe25519_write(unsigned char bytes[32], const xtls_fe25519 *a)
{
    uint32_t word[8];
    int i;

    to_words(word, a);
    for (i = 0; i < 8; i++) {
        xtls_word_write_le(bytes + 4 * i, word[i]);
    }
}
