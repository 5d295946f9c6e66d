/*
 * Numbers modulo n, the order of P-256 (FIPS 186-4 D.1.2.3), in constant time:
 * eight words, the lowest first, always below n.
 */
#ifndef XTLS_P256_SCALAR_H
#define XTLS_P256_SCALAR_H

#include <stdint.h>

typedef struct xtls_p256_scalar {
    uint32_t word[8];
} xtls_p256_scalar;

/* 32 bytes, big end first, modulo n. Returns all ones if they were a number from 1 to n - 1, else zero. */
uint32_t xtls_p256_scalar_read(xtls_p256_scalar *a, const unsigned char bytes[32]);
void xtls_p256_scalar_write(unsigned char bytes[32], const xtls_p256_scalar *a);

/* Outputs may be inputs. */
void xtls_p256_scalar_add(xtls_p256_scalar *sum, const xtls_p256_scalar *a, const xtls_p256_scalar *b);
void xtls_p256_scalar_multiply(xtls_p256_scalar *product, const xtls_p256_scalar *a, const xtls_p256_scalar *b);

/* 1 / a, and 0 for 0. */
void xtls_p256_scalar_invert(xtls_p256_scalar *a);

/* n - a if the mask is all ones; a must not be 0 then, or the result is n. */
void xtls_p256_scalar_negate_if(xtls_p256_scalar *a, uint32_t mask);

/* All ones if a is 0. */
uint32_t xtls_p256_scalar_zero_mask(const xtls_p256_scalar *a);

#endif
