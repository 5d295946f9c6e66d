#include "p256_point.h"

#include "mask.h"
#include "mbedtls/platform_util.h"
#include "p256_comb.h"
#include "p256_scalar.h"

#define WINDOW  4                      /* bits a look-up in multiples of a point */
#define ODD     (1 << (WINDOW - 1))    /* entries: P, 3 P, … 15 P */
#define WINDOWS (256 / WINDOW)
#define COLUMNS XTLS_P256_COMB_COLUMNS
#define TEETH   XTLS_P256_COMB_TEETH
#define ENTRIES (1 << (TEETH - 1))

typedef xtls_p256_fe fe;
typedef xtls_p256_affine affine;
typedef xtls_p256_point point;

#define multiply xtls_p256_fe_multiply
#define square   xtls_p256_fe_square
#define add      xtls_p256_fe_add
#define subtract xtls_p256_fe_subtract
#define scale    xtls_p256_fe_scale

/* The curve is y^2 = x^3 - 3 x + b; this is b. */
static const fe B = {
    { -124273669, -52469206, 25462469, 24324129, -38970912, 180318739, -100216560, -143516383, 8782020 },
};

/*
 * --- addition and doubling ---
 *
 * In comments, weights (p256_field.h) and values: "(3, 5 p)" has limbs below 3 * 2^28 and lies
 * between -5 p and 5 p. A product of values a p and b p lies between -a b p / 32 and (1 + a b / 32) p.
 * Every point has x (1.1, p), y (3, 5 p) and z (2, 3 p) at most.
 */

/* Bernstein and Lange's dbl-2001-b with z = 2 y z. Infinity stays there. */
static void double_point(point *out, const point *a)
{
    fe m, s, t, u;

    square(&t, &a->z);             /* (1, 1.3 p) */
    add(&m, &a->x, &t);
    subtract(&u, &a->x, &t);       /* (2.1, 2.3 p) */
    multiply(&m, &m, &u);
    scale(&m, &m, 3);              /* (3, 3.6 p): 3 (x + z^2)(x - z^2) */
    multiply(&s, &a->y, &a->z);
    scale(&out->z, &s, 2);         /* (2, 3 p) */
    square(&t, &a->y);
    scale(&t, &t, 2);              /* (2, 3.6 p): 2 y^2 */
    multiply(&s, &a->x, &t);
    scale(&s, &s, 2);              /* (2, 2.3 p): 4 x y^2 */
    square(&u, &t);                /* (1, 1.5 p): 4 y^4 */
    square(&out->x, &m);
    subtract(&out->x, &out->x, &s);
    subtract(&out->x, &out->x, &s); /* (5, 6.1 p) */
    xtls_p256_fe_reduce(&out->x);
    subtract(&s, &s, &out->x);     /* (3.1, 3.3 p) */
    multiply(&m, &m, &s);
    subtract(&out->y, &m, &u);
    subtract(&out->y, &out->y, &u); /* (3, 4.4 p) */
}

/* What both additions end with: z3, and x3 and y3 of u1 + h = u2, s1 + r = s2. */
static void finish(point *out, const fe *u1, const fe *s1, const fe *h, const fe *r)
{
    fe h2, h3, v;

    square(&h2, h);
    multiply(&h3, &h2, h);
    multiply(&v, u1, &h2);
    multiply(&h2, s1, &h3);
    square(&out->x, r);
    subtract(&out->x, &out->x, &h3);
    subtract(&out->x, &out->x, &v);
    subtract(&out->x, &out->x, &v); /* (4, 6 p) */
    xtls_p256_fe_reduce(&out->x);
    subtract(&v, &v, &out->x);      /* (2.1, 2.5 p) */
    multiply(&v, &v, r);
    subtract(&out->y, &v, &h2);     /* (2, 3 p) */
}

/* Wrong where a = b, or where one is at infinity; then, and if the sum is at infinity, z is 0. */
static void add_points(point *out, const point *a, const point *b)
{
    fe u1, s1, h, r, z;

    square(&z, &b->z);
    multiply(&u1, &a->x, &z);
    multiply(&z, &z, &b->z);
    multiply(&s1, &a->y, &z);
    square(&z, &a->z);
    multiply(&h, &b->x, &z);
    multiply(&z, &z, &a->z);
    multiply(&r, &b->y, &z);
    subtract(&h, &h, &u1);          /* (2, 2.4 p) */
    subtract(&r, &r, &s1);          /* (2, 2.6 p) */
    multiply(&z, &a->z, &b->z);
    multiply(&out->z, &z, &h);
    finish(out, &u1, &s1, &h, &r);
}

/* The same where b has z = 1. */
static void add_affine(point *out, const point *a, const affine *b)
{
    fe u1 = a->x, s1 = a->y, h, r, z;

    square(&z, &a->z);
    multiply(&h, &b->x, &z);
    multiply(&z, &z, &a->z);
    multiply(&r, &b->y, &z);
    subtract(&h, &h, &u1);          /* (2.1, 2.2 p) */
    subtract(&r, &r, &s1);          /* (4, 6.2 p) */
    xtls_p256_fe_carry(&r);
    multiply(&out->z, &a->z, &h);
    finish(out, &u1, &s1, &h, &r);
}

static void copy_if(point *a, const point *b, uint32_t mask)
{
    xtls_p256_fe_copy_if(&a->x, &b->x, mask);
    xtls_p256_fe_copy_if(&a->y, &b->y, mask);
    xtls_p256_fe_copy_if(&a->z, &b->z, mask);
}

/* A sum that is not at infinity, of points that are not either, but may be the same. */
static void add_or_double(point *out, const point *a, const point *b)
{
    point doubled;

    double_point(&doubled, a);
    add_points(out, a, b);
    copy_if(out, &doubled, xtls_p256_fe_zero_mask(&out->z));
    mbedtls_platform_zeroize(&doubled, sizeof(doubled));
}

static void lift(point *out, const affine *a)
{
    out->x = a->x;
    out->y = a->y;
    out->z = xtls_p256_one;
}

/*
 * --- secret scalars ---
 *
 * An odd number below 2^256 is a sum of +2^i or -2^i for every i below any D >= 256: the sign at i
 * is the bit at i + 1, at the top it is plus. So no digit is ever zero, no sum ever at infinity: a
 * digit's value and that of the digits above it differ in their lowest bit set. An even scalar is
 * replaced by n less it, and the product by its negative.
 *
 * Before the last addition, all values are below n in magnitude: no two points added can be the
 * same or opposite. In the last one they can be the same (they sum to the scalar, which is not 0).
 */
typedef struct product {
    point sum;
    xtls_p256_scalar scalar; /* odd */
    uint32_t is_negated;     /* mask */
    union {
        point point;
        affine affine;
    } chosen;
    point odd[ODD];
} product;

static void recode(product *p, const uint32_t scalar[8])
{
    int i;

    for (i = 0; i < 8; i++) {
        p->scalar.word[i] = scalar[i];
    }
    p->is_negated = xtls_mask(~scalar[0] & 1);
    xtls_p256_scalar_negate_if(&p->scalar, p->is_negated);
}

/* The sign at position i of `positions`: 1 for plus. */
static uint32_t sign_at(const xtls_p256_scalar *scalar, int i, int positions)
{
    if (i == positions - 1) {
        return 1;
    }
    return i + 1 > 255 ? 0 : scalar->word[(i + 1) / 32] >> (i + 1) % 32 & 1;
}

/* The signs at `count` positions from `i` on, `step` apart: an entry's index, and its sign's mask in `negative`. */
static uint32_t digit(const product *p, int i, int step, int count, int positions, uint32_t *negative)
{
    uint32_t bits = 0;
    int j;

    for (j = 0; j < count; j++) {
        bits |= sign_at(&p->scalar, i + step * j, positions) << j;
    }
    *negative = ~xtls_mask(bits >> (count - 1));
    return (bits ^ *negative) & ((1u << (count - 1)) - 1);
}

/* Takes one of the odd multiples, touching all of them. */
static void choose_odd(product *p, int window)
{
    uint32_t negative, index = digit(p, WINDOW * window, 1, WINDOW, 256, &negative);
    uint32_t i;

    for (i = 0; i < ODD; i++) {
        copy_if(&p->chosen.point, &p->odd[i], xtls_mask_if_equal(i, index));
    }
    xtls_p256_fe_negate_if(&p->chosen.point.y, negative);
}

static void list_odd(point odd[ODD], const affine *base)
{
    point twice;
    int i;

    lift(&odd[0], base);
    double_point(&twice, &odd[0]);
    for (i = 1; i < ODD; i++) {
        add_points(&odd[i], &odd[i - 1], &twice);
    }
}

static void conclude(point *out, product *p)
{
    *out = p->sum;
    xtls_p256_fe_negate_if(&out->y, p->is_negated);
    mbedtls_platform_zeroize(p, sizeof(*p));
}

void xtls_p256_multiply(point *out, const uint32_t scalar[8], const affine *base)
{
    product p = { .is_negated = 0 };
    int i, j;

    recode(&p, scalar);
    list_odd(p.odd, base);
    choose_odd(&p, WINDOWS - 1);
    p.sum = p.chosen.point;
    for (i = WINDOWS - 2; i > 0; i--) {
        for (j = 0; j < WINDOW; j++) {
            double_point(&p.sum, &p.sum);
        }
        choose_odd(&p, i);
        add_points(&p.sum, &p.sum, &p.chosen.point);
    }
    for (j = 0; j < WINDOW; j++) {
        double_point(&p.sum, &p.sum);
    }
    choose_odd(&p, 0);
    add_or_double(&p.sum, &p.sum, &p.chosen.point);
    conclude(out, &p);
}

/* Takes one of the base's multiples, touching all of them. */
static void choose_comb(product *p, int column)
{
    uint32_t negative, index = digit(p, column, COLUMNS, TEETH, COLUMNS * TEETH, &negative);
    uint32_t i;

    for (i = 0; i < ENTRIES; i++) {
        uint32_t mask = xtls_mask_if_equal(i, index);

        xtls_p256_fe_copy_if(&p->chosen.affine.x, &xtls_p256_comb[i].x, mask);
        xtls_p256_fe_copy_if(&p->chosen.affine.y, &xtls_p256_comb[i].y, mask);
    }
    xtls_p256_fe_negate_if(&p->chosen.affine.y, negative);
}

/* Lim and Lee's comb: column by column from the highest, one entry for all teeth, a doubling in between. */
void xtls_p256_multiply_base(point *out, const uint32_t scalar[8])
{
    product p = { .is_negated = 0 };
    point last;
    int i;

    recode(&p, scalar);
    choose_comb(&p, COLUMNS - 1);
    lift(&p.sum, &p.chosen.affine);
    for (i = COLUMNS - 2; i > 0; i--) {
        double_point(&p.sum, &p.sum);
        choose_comb(&p, i);
        add_affine(&p.sum, &p.sum, &p.chosen.affine);
    }
    double_point(&p.sum, &p.sum);
    choose_comb(&p, 0);
    lift(&last, &p.chosen.affine);
    add_or_double(&p.sum, &p.sum, &last);
    mbedtls_platform_zeroize(&last, sizeof(last));
    conclude(out, &p);
}

/*
 * --- public scalars, where time may tell ---
 *
 * Here the sum may be at infinity at any time, with z all zeros, and points added may be the same.
 */
#define NAF_WIDTH  5 /* digits are odd, below 16 in magnitude and five positions apart at least: odd[] serves */
#define NAF_LENGTH 257

static int is_infinite(const point *a)
{
    return xtls_p256_fe_zero_mask(&a->z) != 0;
}

/* The sum of two points with the same x: the double of one, or infinity. */
static void add_equals(point *sum, const point *a, const point *b)
{
    point difference = { .z = xtls_p256_one };
    fe z;

    square(&z, &b->z);
    multiply(&z, &z, &b->z);
    multiply(&difference.y, &a->y, &z);
    square(&z, &a->z);
    multiply(&z, &z, &a->z);
    multiply(&z, &z, &b->y);
    subtract(&difference.y, &difference.y, &z);
    if (xtls_p256_fe_zero_mask(&difference.y)) {
        double_point(sum, a);
    } else {
        *sum = (point) { .x = a->x };
    }
}

static void accumulate(point *sum, const point *b)
{
    point a = *sum;

    if (is_infinite(&a)) {
        *sum = *b;
        return;
    }
    add_points(sum, &a, b);
    if (is_infinite(sum)) {
        add_equals(sum, &a, b);
    }
}

static void accumulate_affine(point *sum, const affine *b)
{
    point a = *sum, lifted;

    if (is_infinite(&a)) {
        lift(sum, b);
        return;
    }
    add_affine(sum, &a, b);
    if (is_infinite(sum)) {
        lift(&lifted, b);
        add_equals(sum, &a, &lifted);
    }
}

static uint32_t bit_at(const uint32_t scalar[8], int i)
{
    return i < 256 ? scalar[i / 32] >> i % 32 & 1 : 0;
}

/* The scalar's digits in non-adjacent form: most are zero. */
static void write_naf(signed char naf[NAF_LENGTH], const uint32_t scalar[8])
{
    uint32_t carry = 0;
    int i, j, digit;

    for (i = 0; i < NAF_LENGTH; i++) {
        naf[i] = 0;
    }
    for (i = 0; i < NAF_LENGTH; i += NAF_WIDTH) {
        while (i < NAF_LENGTH && bit_at(scalar, i) == carry) {
            i++;
        }
        digit = (int) carry;
        for (j = 0; j < NAF_WIDTH; j++) {
            digit += (int) bit_at(scalar, i + j) << j;
        }
        carry = (uint32_t) digit >> (NAF_WIDTH - 1);
        if (i < NAF_LENGTH) {
            naf[i] = (signed char) (digit - (int) (carry << NAF_WIDTH));
        }
    }
}

static void accumulate_odd(point *sum, const point odd[ODD], int digit)
{
    point chosen = odd[(digit < 0 ? -digit : digit) / 2];

    xtls_p256_fe_negate_if(&chosen.y, digit < 0 ? ~0u : 0);
    accumulate(sum, &chosen);
}

static void accumulate_comb(point *sum, const product *p, int column)
{
    uint32_t negative, index = digit(p, column, COLUMNS, TEETH, COLUMNS * TEETH, &negative);
    affine chosen = xtls_p256_comb[index];

    xtls_p256_fe_negate_if(&chosen.y, negative ^ p->is_negated);
    accumulate_affine(sum, &chosen);
}

/* Straus's way: one chain of doublings for both; the comb's columns come last in it. */
void xtls_p256_multiply_both(point *sum, const uint32_t base_scalar[8], const uint32_t scalar[8], const affine *other)
{
    signed char naf[NAF_LENGTH];
    product p = { .is_negated = 0 };
    int i;

    recode(&p, base_scalar);
    list_odd(p.odd, other);
    write_naf(naf, scalar);
    *sum = (point) { .x = xtls_p256_one };
    for (i = NAF_LENGTH - 1; i >= 0; i--) {
        double_point(sum, sum);
        if (naf[i] != 0) {
            accumulate_odd(sum, p.odd, naf[i]);
        }
        if (i < COLUMNS) {
            accumulate_comb(sum, &p, i);
        }
    }
}

/* --- strings --- */

void xtls_p256_to_affine(affine *out, const point *a)
{
    fe inverse, power;

    xtls_p256_fe_invert(&inverse, &a->z);
    square(&power, &inverse);
    multiply(&out->x, &a->x, &power);
    multiply(&power, &power, &inverse);
    multiply(&out->y, &a->y, &power);
    mbedtls_platform_zeroize(&inverse, sizeof(inverse));
    mbedtls_platform_zeroize(&power, sizeof(power));
}

static int is_on_curve(const affine *a)
{
    fe left, right;

    square(&right, &a->x);
    multiply(&right, &right, &a->x);
    for (int i = 0; i < 3; i++) {
        subtract(&right, &right, &a->x);
    }
    add(&right, &right, &B);
    square(&left, &a->y);
    subtract(&left, &left, &right);
    return xtls_p256_fe_zero_mask(&left) != 0;
}

int xtls_p256_point_read(affine *a, const unsigned char bytes[64])
{
    if (xtls_p256_fe_read(&a->x, bytes) != 0 || xtls_p256_fe_read(&a->y, bytes + 32) != 0) {
        return -1;
    }
    return is_on_curve(a) ? 0 : -1;
}

void xtls_p256_point_write(unsigned char bytes[64], const affine *a)
{
    xtls_p256_fe_write(bytes, &a->x);
    xtls_p256_fe_write(bytes + 32, &a->y);
}
