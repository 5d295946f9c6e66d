/*
 * Inverses modulo an odd prime below 2^256, in constant time: the "safegcd" of
 * Bernstein and Yang, "Fast constant-time gcd computation and modular
 * inversion" (2019), in the form with half-integer delta, whose 590 steps
 * suffice for 256 bits. Knows no curve.
 */
#ifndef XTLS_ECC_INVERSE_H
#define XTLS_ECC_INVERSE_H

#include <stdint.h>

#define XTLS_INVERSE_LIMBS 9

/* A prime as limbs of 30 bits, and its inverse modulo 2^30. */
typedef struct xtls_modulus {
    int32_t limb[XTLS_INVERSE_LIMBS];
    uint32_t inverse;
} xtls_modulus;

/* Replaces a number below the modulus, as 32-bit words with the lowest first, by its inverse; zero stays zero. */
void xtls_inverse(uint32_t word[8], const xtls_modulus *modulus);

#endif
