#include "p256_scalar.h"

#include "ecc_inverse.h"
#include "mask.h"
#include "mbedtls/platform_util.h"

#define LIMBS 9
#define BITS  29
#define LOW   0x1FFFFFFFu

static const uint32_t N[8] = {
    0xFC632551, 0xF3B9CAC2, 0xA7179E84, 0xBCE6FAAD, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0xFFFFFFFF,
};
static const uint32_t N_LIMBS[LIMBS] = {
    0x1C632551, 0x1DCE5617, 0x05E7A13C, 0x0DF55B4E, 0x1FFFFBCE, 0x1FFFFFFF, 0x0003FFFF, 0x1FE00000, 0x00FFFFFF,
};
static const uint32_t MINUS_N_INVERSE = 0x0E00BC4F; /* modulo 2^29 */

/* 2^522 modulo n: into and out of Montgomery's form with R = 2^261. */
static const xtls_p256_scalar R_SQUARED = {
    { 0xB48D9EF5, 0x45E9CFEE, 0xB2D31A99, 0x1F11FC5B, 0xAFB16586, 0x16C8E4AD, 0x65587F06, 0x84B6556A },
};

static const xtls_modulus MODULUS = {
    { 0x3C632551, 0x0EE72B0B, 0x3179E84F, 0x39BEAB69, 0x3FFFFFBC, 0x3FFFFFFF, 0x0FFF, 0x3FFFC000, 0xFFFF },
    0x11FF43B1,
};

/* Subtracts n, given the bit above the words. Returns all ones, and leaves them, if they are less. */
static uint32_t subtract_once(uint32_t word[8], uint32_t high)
{
    uint32_t less[8], mask;
    uint64_t borrow = 0;
    int i;

    for (i = 0; i < 8; i++) {
        borrow = (uint64_t) word[i] - N[i] - borrow;
        less[i] = (uint32_t) borrow;
        borrow >>= 63;
    }
    mask = xtls_mask((uint32_t) borrow & (high ^ 1));
    for (i = 0; i < 8; i++) {
        word[i] = (word[i] & mask) | (less[i] & ~mask);
    }
    mbedtls_platform_zeroize(less, sizeof(less));
    return mask;
}

static void split(uint32_t limb[LIMBS], const xtls_p256_scalar *a)
{
    int i;

    for (i = 0; i < LIMBS; i++) {
        int at = BITS * i / 32;
        uint64_t two = a->word[at] | (uint64_t) (at < 7 ? a->word[at + 1] : 0) << 32;

        limb[i] = (uint32_t) (two >> BITS * i % 32) & LOW;
    }
}

/* From carried limbs of a number below 2 n. */
static void join(xtls_p256_scalar *a, const uint64_t limb[LIMBS])
{
    uint64_t bits = 0;
    int i, at = 0;

    for (i = 0; i < LIMBS; i++) {
        bits |= limb[i] << (BITS * i - 32 * at);
        if (BITS * (i + 1) >= 32 * (at + 1)) {
            a->word[at++] = (uint32_t) bits;
            bits >>= 32;
        }
    }
    subtract_once(a->word, (uint32_t) bits);
}

/* a b / R modulo n. Each sum has at most 18 products below 2^58, so none overflows. */
static void montgomery(xtls_p256_scalar *product, const xtls_p256_scalar *a, const xtls_p256_scalar *b)
{
    uint32_t x[LIMBS], y[LIMBS];
    uint64_t t[2 * LIMBS] = { 0 };
    int i, j;

    split(x, a);
    split(y, b);
    for (i = 0; i < LIMBS; i++) {
        for (j = 0; j < LIMBS; j++) {
            t[i + j] += (uint64_t) x[i] * y[j];
        }
    }
    for (i = 0; i < LIMBS; i++) {
        uint32_t m = (uint32_t) t[i] * MINUS_N_INVERSE & LOW;

        for (j = 0; j < LIMBS; j++) {
            t[i + j] += (uint64_t) m * N_LIMBS[j];
        }
        t[i + 1] += t[i] >> BITS;
    }
    for (i = LIMBS; i < 2 * LIMBS - 1; i++) {
        t[i + 1] += t[i] >> BITS;
        t[i] &= LOW;
    }
    join(product, t + LIMBS);
    mbedtls_platform_zeroize(x, sizeof(x));
    mbedtls_platform_zeroize(y, sizeof(y));
    mbedtls_platform_zeroize(t, sizeof(t));
}

uint32_t xtls_p256_scalar_read(xtls_p256_scalar *a, const unsigned char bytes[32])
{
    uint32_t is_below;
    int i;

    for (i = 0; i < 8; i++) {
        a->word[i] = xtls_word_be(bytes + 28 - 4 * i);
    }
    is_below = subtract_once(a->word, 0);
    return is_below & ~xtls_p256_scalar_zero_mask(a);
}

void xtls_p256_scalar_write(unsigned char bytes[32], const xtls_p256_scalar *a)
{
    int i;

    for (i = 0; i < 8; i++) {
        xtls_word_write_be(bytes + 28 - 4 * i, a->word[i]);
    }
}

void xtls_p256_scalar_add(xtls_p256_scalar *sum, const xtls_p256_scalar *a, const xtls_p256_scalar *b)
{
    uint64_t carry = 0;
    int i;

    for (i = 0; i < 8; i++) {
        carry += (uint64_t) a->word[i] + b->word[i];
        sum->word[i] = (uint32_t) carry;
        carry >>= 32;
    }
    subtract_once(sum->word, (uint32_t) carry);
}

void xtls_p256_scalar_multiply(xtls_p256_scalar *product, const xtls_p256_scalar *a, const xtls_p256_scalar *b)
{
    montgomery(product, a, b);
    montgomery(product, product, &R_SQUARED);
}

void xtls_p256_scalar_invert(xtls_p256_scalar *a)
{
    xtls_inverse(a->word, &MODULUS);
}

void xtls_p256_scalar_negate_if(xtls_p256_scalar *a, uint32_t mask)
{
    uint64_t borrow = 0;
    int i;

    for (i = 0; i < 8; i++) {
        borrow = (uint64_t) N[i] - a->word[i] - borrow;
        a->word[i] = ((uint32_t) borrow & mask) | (a->word[i] & ~mask);
        borrow >>= 63;
    }
}

uint32_t xtls_p256_scalar_zero_mask(const xtls_p256_scalar *a)
{
    uint32_t any = 0;
    int i;

    for (i = 0; i < 8; i++) {
        any |= a->word[i];
    }
    return xtls_mask_if_zero(any);
}
