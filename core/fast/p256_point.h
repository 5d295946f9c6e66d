/*
 * Points of P-256 (FIPS 186-4 D.1.2.3) and their multiples. Points are in Jacobian
 * coordinates, x / z^2 and y / z^3, with z = 0 at infinity. Knows scalars as words,
 * not where they come from.
 */
#ifndef XTLS_P256_POINT_H
#define XTLS_P256_POINT_H

#include "p256_field.h"

typedef struct xtls_p256_affine {
    xtls_p256_fe x, y;
} xtls_p256_affine;

typedef struct xtls_p256_point {
    xtls_p256_fe x, y, z;
} xtls_p256_point;

/* Multiples by a scalar from 1 to n - 1, eight words with the lowest first; in constant time. */
void xtls_p256_multiply_base(xtls_p256_point *product, const uint32_t scalar[8]);
void xtls_p256_multiply(xtls_p256_point *product, const uint32_t scalar[8], const xtls_p256_affine *point);

/* base_scalar G + scalar point, for what is public; any scalars below n. */
void xtls_p256_multiply_both(xtls_p256_point *sum, const uint32_t base_scalar[8], const uint32_t scalar[8],
                             const xtls_p256_affine *point);

/* The point, which must not be at infinity, with z = 1. */
void xtls_p256_to_affine(xtls_p256_affine *affine, const xtls_p256_point *point);

/* x and y, big end first, 32 bytes each. Reading gives 0, or -1 for what is no point of the curve. */
int xtls_p256_point_read(xtls_p256_affine *point, const unsigned char bytes[64]);
void xtls_p256_point_write(unsigned char bytes[64], const xtls_p256_affine *point);

#endif
