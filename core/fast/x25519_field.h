/*
 * The field of 2^255 - 19: ten limbs of 26 and 25 bits in turn (Bernstein,
 * "Curve25519: new Diffie-Hellman speed records", 2006), because products of
 * 32 bits are the widest that WebAssembly has. All that knows the limbs is here
 * and in x25519_field.c; four limbs of 64 bits would need these names again,
 * nothing else.
 *
 * A reduced element's limbs are below 2^26 and 2^25, give or take a little. Sums
 * and differences are not reduced; products take either, and give reduced ones.
 */
#ifndef XTLS_X25519_FIELD_H
#define XTLS_X25519_FIELD_H

#include <stdint.h>

typedef struct xtls_fe25519 {
    uint32_t limb[10];
} xtls_fe25519;

/* The operands of a sum or a difference must be reduced. Outputs may be inputs everywhere. */
static inline void xtls_fe25519_add(xtls_fe25519 *sum, const xtls_fe25519 *a, const xtls_fe25519 *b)
{
    int i;

    for (i = 0; i < 10; i++) {
        sum->limb[i] = a->limb[i] + b->limb[i];
    }
}

/* Twice the modulus is added, so that no limb falls below zero. */
static inline void xtls_fe25519_subtract(xtls_fe25519 *difference, const xtls_fe25519 *a, const xtls_fe25519 *b)
{
    int i;

    difference->limb[0] = a->limb[0] + 0x7FFFFDA - b->limb[0];
    for (i = 1; i < 10; i++) {
        difference->limb[i] = a->limb[i] + (i & 1 ? 0x3FFFFFE : 0x7FFFFFE) - b->limb[i];
    }
}

/* Exchanges a and b if the mask is all ones. */
static inline void xtls_fe25519_swap(xtls_fe25519 *a, xtls_fe25519 *b, uint32_t mask)
{
    int i;

    for (i = 0; i < 10; i++) {
        uint32_t change = (a->limb[i] ^ b->limb[i]) & mask;

        a->limb[i] ^= change;
        b->limb[i] ^= change;
    }
}

void xtls_fe25519_multiply(xtls_fe25519 *product, const xtls_fe25519 *a, const xtls_fe25519 *b);
void xtls_fe25519_square(xtls_fe25519 *square, const xtls_fe25519 *a);

/* By a number below 2^17. */
void xtls_fe25519_scale(xtls_fe25519 *product, const xtls_fe25519 *a, uint32_t factor);

/* 1 / a, and 0 for 0. */
void xtls_fe25519_invert(xtls_fe25519 *inverse, const xtls_fe25519 *a);

/* 32 bytes, little end first; the highest bit is ignored (RFC 7748 5). The written number is below 2^255 - 19. */
void xtls_fe25519_read(xtls_fe25519 *a, const unsigned char bytes[32]);
void xtls_fe25519_write(unsigned char bytes[32], const xtls_fe25519 *a);

#endif
