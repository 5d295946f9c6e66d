/*
 * The field of p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (FIPS 186-4 D.1.2.3): nine
 * signed limbs of 29 bits, in Montgomery's form with R = 2^261. p is -1 modulo
 * 2^29 and has five bits in signed binary, so a reduction needs no product. All
 * that knows the limbs is here and in p256_field.c; four limbs of 64 bits would
 * need these names again, nothing else.
 *
 * Sums are not carried. An element has a weight: its limbs are below weight * 2^28
 * in magnitude (a little more for the top). A product gives weight 1, a sum adds up
 * the weights; operands of a product may have weights that multiply to 12 at most.
 * Values lie between -8 p and 8 p; where these bounds come from stands in p256_point.c.
 */
#ifndef XTLS_P256_FIELD_H
#define XTLS_P256_FIELD_H

#include <stdint.h>

#define XTLS_P256_LIMBS 9

typedef struct xtls_p256_fe {
    int32_t limb[XTLS_P256_LIMBS];
} xtls_p256_fe;

extern const xtls_p256_fe xtls_p256_one;

/* Outputs may be inputs everywhere. */
static inline void xtls_p256_fe_add(xtls_p256_fe *sum, const xtls_p256_fe *a, const xtls_p256_fe *b)
{
    int i;

    for (i = 0; i < XTLS_P256_LIMBS; i++) {
        sum->limb[i] = a->limb[i] + b->limb[i];
    }
}

static inline void xtls_p256_fe_subtract(xtls_p256_fe *difference, const xtls_p256_fe *a, const xtls_p256_fe *b)
{
    int i;

    for (i = 0; i < XTLS_P256_LIMBS; i++) {
        difference->limb[i] = a->limb[i] - b->limb[i];
    }
}

/* By a factor that the weight grows by. */
static inline void xtls_p256_fe_scale(xtls_p256_fe *product, const xtls_p256_fe *a, int factor)
{
    int i;

    for (i = 0; i < XTLS_P256_LIMBS; i++) {
        product->limb[i] = a->limb[i] * factor;
    }
}

static inline void xtls_p256_fe_negate_if(xtls_p256_fe *a, uint32_t mask)
{
    int i;

    for (i = 0; i < XTLS_P256_LIMBS; i++) {
        a->limb[i] = (a->limb[i] ^ (int32_t) mask) - (int32_t) mask;
    }
}

/* a = b where the mask is all ones. */
static inline void xtls_p256_fe_copy_if(xtls_p256_fe *a, const xtls_p256_fe *b, uint32_t mask)
{
    int i;

    for (i = 0; i < XTLS_P256_LIMBS; i++) {
        a->limb[i] ^= (a->limb[i] ^ b->limb[i]) & (int32_t) mask;
    }
}

void xtls_p256_fe_multiply(xtls_p256_fe *product, const xtls_p256_fe *a, const xtls_p256_fe *b);
void xtls_p256_fe_square(xtls_p256_fe *square, const xtls_p256_fe *a);

/* To weight 1, the value as it is. */
void xtls_p256_fe_carry(xtls_p256_fe *a);

/* To weight 1, and a value between -p and p. */
void xtls_p256_fe_reduce(xtls_p256_fe *a);

/* 1 / a, and 0 for 0. */
void xtls_p256_fe_invert(xtls_p256_fe *inverse, const xtls_p256_fe *a);

/* All ones if a is 0 modulo p. */
uint32_t xtls_p256_fe_zero_mask(const xtls_p256_fe *a);

/* 32 bytes, big end first. Reading gives 0, or -1 if the number is not below p; the written one is. */
int xtls_p256_fe_read(xtls_p256_fe *a, const unsigned char bytes[32]);
void xtls_p256_fe_write(unsigned char bytes[32], const xtls_p256_fe *a);

#endif
