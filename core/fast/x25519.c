#include "x25519.h"

#include <string.h>

#include "mask.h"
#include "mbedtls/platform_util.h"
#include "x25519_field.h"

#define A24 121665 /* (486662 - 2) / 4 */

typedef xtls_fe25519 fe;

/* Two multiples of the base whose difference is the base, as x / z each; and what is needed on the way. */
typedef struct ladder {
    fe base;
    fe x2, z2, x3, z3;
    fe a, b, c, d;
    unsigned char scalar[32];
} ladder;

/* Doubles the first, and adds it to the second (RFC 7748 5). */
static void step(ladder *l)
{
    xtls_fe25519_add(&l->a, &l->x2, &l->z2);
    xtls_fe25519_subtract(&l->b, &l->x2, &l->z2);
    xtls_fe25519_add(&l->c, &l->x3, &l->z3);
    xtls_fe25519_subtract(&l->d, &l->x3, &l->z3);
    xtls_fe25519_multiply(&l->d, &l->d, &l->a);
    xtls_fe25519_multiply(&l->c, &l->c, &l->b);
    xtls_fe25519_square(&l->a, &l->a);
    xtls_fe25519_square(&l->b, &l->b);

    xtls_fe25519_add(&l->x3, &l->d, &l->c);
    xtls_fe25519_square(&l->x3, &l->x3);
    xtls_fe25519_subtract(&l->z3, &l->d, &l->c);
    xtls_fe25519_square(&l->z3, &l->z3);
    xtls_fe25519_multiply(&l->z3, &l->z3, &l->base);

    xtls_fe25519_multiply(&l->x2, &l->a, &l->b);
    xtls_fe25519_subtract(&l->c, &l->a, &l->b);
    xtls_fe25519_scale(&l->z2, &l->c, A24);
    xtls_fe25519_add(&l->z2, &l->z2, &l->a);
    xtls_fe25519_multiply(&l->z2, &l->z2, &l->c);
}

static void climb(ladder *l)
{
    uint32_t swap = 0;
    int i;

    for (i = 254; i >= 0; i--) {
        uint32_t bit = l->scalar[i / 8] >> i % 8 & 1u;

        xtls_fe25519_swap(&l->x2, &l->x3, xtls_mask(swap ^ bit));
        xtls_fe25519_swap(&l->z2, &l->z3, xtls_mask(swap ^ bit));
        swap = bit;
        step(l);
    }
    xtls_fe25519_swap(&l->x2, &l->x3, xtls_mask(swap));
    xtls_fe25519_swap(&l->z2, &l->z3, xtls_mask(swap));
}

/* A multiple of eight, so that points of small order vanish; of the same length always. */
void xtls_x25519_clamp(unsigned char scalar[32])
{
    scalar[0] &= 248;
    scalar[31] = (scalar[31] & 127) | 64;
}

static void multiply(unsigned char output[32], const unsigned char scalar[32], const unsigned char base[32])
{
    ladder l = { .x2 = { { 1 } }, .z3 = { { 1 } } };

    memcpy(l.scalar, scalar, sizeof(l.scalar));
    xtls_x25519_clamp(l.scalar);
    xtls_fe25519_read(&l.base, base);
    l.x3 = l.base;
    climb(&l);
    xtls_fe25519_invert(&l.z2, &l.z2);
    xtls_fe25519_multiply(&l.x2, &l.x2, &l.z2);
    xtls_fe25519_write(output, &l.x2);
    mbedtls_platform_zeroize(&l, sizeof(l));
}

void xtls_x25519_public(unsigned char public_key[32], const unsigned char private_key[32])
{
    static const unsigned char nine[32] = { 9 };

    multiply(public_key, private_key, nine);
}

int xtls_x25519_shared(unsigned char secret[32], const unsigned char private_key[32], const unsigned char public_key[32])
{
    uint32_t any = 0;
    int i;

    multiply(secret, private_key, public_key);
    for (i = 0; i < 32; i++) {
        any |= secret[i];
    }
    return xtls_reveal(~xtls_mask_if_zero(any)); /* the peer would learn it from the alert */
}
