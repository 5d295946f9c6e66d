#include "ecc_inverse.h"

#include "mask.h"
#include "mbedtls/platform_util.h"

#define LIMBS   XTLS_INVERSE_LIMBS
#define BATCH   30 /* division steps that fit into one matrix of 32-bit entries */
#define BATCHES 20 /* 600 steps, 590 are needed */
#define MASK    ((int32_t) 0x3FFFFFFF)

/* A signed number: limbs of 30 bits, of which the highest has the sign. */
typedef struct number {
    int32_t limb[LIMBS];
} number;

/* What thirty division steps do to f and g: (f, g) becomes (u f + v g, q f + r g) / 2^30. */
typedef struct transition {
    int32_t u, v, q, r;
} transition;

/* All that is secret, in one place to be wiped. */
typedef struct state {
    number f, g; /* what the greatest common divisor is sought of */
    number d, e; /* f = d x and g = e x modulo the modulus, for x to be inverted */
    transition step;
} state;

/*
 * Thirty division steps on the lowest bits. `zeta` is -(delta + 1/2). Each swaps if delta > 0
 * and g is odd, adds f to an odd g, and halves g; the matrix is doubled instead of halved.
 */
static int32_t divide(int32_t zeta, uint32_t f, uint32_t g, transition *step)
{
    uint32_t u = 1, v = 0, q = 0, r = 1;
    int i;

    for (i = 0; i < BATCH; i++) {
        uint32_t negate = xtls_opaque((uint32_t) (zeta >> 31));
        uint32_t odd = xtls_mask(g & 1);
        uint32_t swap = negate & odd;

        g += ((f ^ negate) - negate) & odd;
        q += ((u ^ negate) - negate) & odd;
        r += ((v ^ negate) - negate) & odd;
        zeta = (int32_t) ((uint32_t) zeta ^ swap) - 1;
        f += g & swap;
        u += q & swap;
        v += r & swap;
        g >>= 1;
        u <<= 1;
        v <<= 1;
    }
    *step = (transition) { (int32_t) u, (int32_t) v, (int32_t) q, (int32_t) r };
    return zeta;
}

/* Applies the matrix to f and g, whose lowest thirty bits it makes zero. */
static void advance(number *f, number *g, const transition *t)
{
    int64_t cf = (int64_t) t->u * f->limb[0] + (int64_t) t->v * g->limb[0];
    int64_t cg = (int64_t) t->q * f->limb[0] + (int64_t) t->r * g->limb[0];
    int i;

    for (i = 1; i < LIMBS; i++) {
        cf = (cf >> 30) + (int64_t) t->u * f->limb[i] + (int64_t) t->v * g->limb[i];
        cg = (cg >> 30) + (int64_t) t->q * f->limb[i] + (int64_t) t->r * g->limb[i];
        f->limb[i - 1] = (int32_t) cf & MASK;
        g->limb[i - 1] = (int32_t) cg & MASK;
    }
    f->limb[LIMBS - 1] = (int32_t) (cf >> 30);
    g->limb[LIMBS - 1] = (int32_t) (cg >> 30);
}

/* The multiple of the modulus that makes the lowest thirty bits of `sum` zero, near to `multiple`. */
static int32_t cancel(int32_t multiple, int64_t sum, const xtls_modulus *modulus)
{
    uint32_t excess = modulus->inverse * (uint32_t) sum + (uint32_t) multiple;

    return multiple - (int32_t) (excess & (uint32_t) MASK);
}

/* Applies the matrix to d and e modulo the modulus; both stay in (-2 modulus, modulus). */
static void follow(number *d, number *e, const transition *t, const xtls_modulus *modulus)
{
    int32_t d_sign = d->limb[LIMBS - 1] >> 31, e_sign = e->limb[LIMBS - 1] >> 31;
    int64_t cd = (int64_t) t->u * d->limb[0] + (int64_t) t->v * e->limb[0];
    int64_t ce = (int64_t) t->q * d->limb[0] + (int64_t) t->r * e->limb[0];
    int32_t md = cancel((t->u & d_sign) + (t->v & e_sign), cd, modulus);
    int32_t me = cancel((t->q & d_sign) + (t->r & e_sign), ce, modulus);
    int i;

    cd += (int64_t) modulus->limb[0] * md;
    ce += (int64_t) modulus->limb[0] * me;
    for (i = 1; i < LIMBS; i++) {
        cd = (cd >> 30) + (int64_t) t->u * d->limb[i] + (int64_t) t->v * e->limb[i] + (int64_t) modulus->limb[i] * md;
        ce = (ce >> 30) + (int64_t) t->q * d->limb[i] + (int64_t) t->r * e->limb[i] + (int64_t) modulus->limb[i] * me;
        d->limb[i - 1] = (int32_t) cd & MASK;
        e->limb[i - 1] = (int32_t) ce & MASK;
    }
    d->limb[LIMBS - 1] = (int32_t) (cd >> 30);
    e->limb[LIMBS - 1] = (int32_t) (ce >> 30);
}

static void carry(number *x)
{
    int i;

    for (i = 0; i < LIMBS - 1; i++) {
        x->limb[i + 1] += x->limb[i] >> 30;
        x->limb[i] &= MASK;
    }
}

static void add_if(number *x, const xtls_modulus *modulus, uint32_t mask)
{
    int i;

    for (i = 0; i < LIMBS; i++) {
        x->limb[i] += modulus->limb[i] & (int32_t) mask;
    }
}

static uint32_t is_negative(int32_t value)
{
    return xtls_opaque((uint32_t) (value >> 31));
}

/* From (-2 modulus, modulus) to [0, modulus), negated if `sign` is negative. */
static void normalize(number *x, int32_t sign, const xtls_modulus *modulus)
{
    int32_t negate;
    int i;

    add_if(x, modulus, is_negative(x->limb[LIMBS - 1]));
    negate = (int32_t) is_negative(sign);
    for (i = 0; i < LIMBS; i++) {
        x->limb[i] = (x->limb[i] ^ negate) - negate;
    }
    carry(x);
    add_if(x, modulus, is_negative(x->limb[LIMBS - 1]));
    carry(x);
}

static void from_words(number *x, const uint32_t word[8])
{
    int i;

    x->limb[0] = (int32_t) word[0] & MASK;
    for (i = 1; i < 8; i++) {
        uint64_t two = word[i - 1] | (uint64_t) word[i] << 32;

        x->limb[i] = (int32_t) (two >> (32 - 2 * i)) & MASK;
    }
    x->limb[8] = (int32_t) (word[7] >> 16);
}

static void to_words(uint32_t word[8], const number *x)
{
    int i;

    for (i = 0; i < 8; i++) {
        word[i] = (uint32_t) x->limb[i] >> (2 * i) | (uint32_t) x->limb[i + 1] << (30 - 2 * i);
    }
}

void xtls_inverse(uint32_t word[8], const xtls_modulus *modulus)
{
    state s = { .e = { .limb = { 1 } } };
    int32_t zeta = -1;
    int i;

    for (i = 0; i < LIMBS; i++) {
        s.f.limb[i] = modulus->limb[i];
    }
    from_words(&s.g, word);
    for (i = 0; i < BATCHES; i++) {
        zeta = divide(zeta, (uint32_t) s.f.limb[0], (uint32_t) s.g.limb[0], &s.step);
        follow(&s.d, &s.e, &s.step, modulus);
        advance(&s.f, &s.g, &s.step);
    }
    normalize(&s.d, s.f.limb[LIMBS - 1], modulus);
    to_words(word, &s.d);
    mbedtls_platform_zeroize(&s, sizeof(s));
}
