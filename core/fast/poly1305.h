/*
 * The arithmetic of Poly1305 (RFC 8439 2.5), a block at a time, so that it can
 * run beside other work: four limbs of 32 bits and a fifth for what is above, and
 * products of 64 bits. Clamping leaves four bits free at the top of each limb of r
 * and two at the bottom: sums of products fit, and 5/4 r, by which a limb comes
 * back from above 2^130, is whole. Constant time: no branches.
 */
#ifndef XTLS_FAST_POLY1305_H
#define XTLS_FAST_POLY1305_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mbedtls/poly1305.h"

#define XTLS_POLY1305_BLOCK 16

/* What stays in registers from block to block. Between them h[0] < 3 * 2^32, the next three < 2^32, h[4] < 4. */
typedef struct xtls_poly1305_run {
    uint64_t h[5], r[4], back[4]; /* back[i] is 5/4 r[i]; there is no use for back[0] */
} xtls_poly1305_run;

static inline uint64_t xtls_poly1305_word(const unsigned char *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

static inline __attribute__((always_inline)) void xtls_poly1305_begin(xtls_poly1305_run *run, const mbedtls_poly1305_context *ctx)
{
    int i;

    memcpy(run->h, ctx->h, sizeof(run->h));
    for (i = 0; i < 4; i++) {
        run->r[i] = ctx->r[i];
        run->back[i] = run->r[i] + (run->r[i] >> 2);
    }
}

static inline void xtls_poly1305_end(const xtls_poly1305_run *run, mbedtls_poly1305_context *ctx)
{
    memcpy(ctx->h, run->h, sizeof(ctx->h));
}

/*
 * h = (h + block) r modulo 2^130 - 5, `top` being the bit above the block. Each sum is below
 * 2^60 (4 + 3 * 2 * 5/4) < 2^64: r[i] < 2^28, and with the block h[0] < 2^34, the next three < 2^33.
 */
static inline __attribute__((always_inline)) void xtls_poly1305_block(xtls_poly1305_run *run, const unsigned char block[XTLS_POLY1305_BLOCK], uint32_t top)
{
    const uint64_t *r = run->r, *back = run->back;
    uint64_t h0 = run->h[0] + xtls_poly1305_word(block), h1 = run->h[1] + xtls_poly1305_word(block + 4);
    uint64_t h2 = run->h[2] + xtls_poly1305_word(block + 8), h3 = run->h[3] + xtls_poly1305_word(block + 12);
    uint64_t h4 = run->h[4] + top;
    uint64_t d0 = h0 * r[0] + h1 * back[3] + h2 * back[2] + h3 * back[1];
    uint64_t d1 = h0 * r[1] + h1 * r[0] + h2 * back[3] + h3 * back[2] + h4 * back[1];
    uint64_t d2 = h0 * r[2] + h1 * r[1] + h2 * r[0] + h3 * back[3] + h4 * back[2];
    uint64_t d3 = h0 * r[3] + h1 * r[2] + h2 * r[1] + h3 * r[0] + h4 * back[3];
    uint64_t d4 = h4 * r[0];

    d1 += d0 >> 32;
    d2 += d1 >> 32;
    d3 += d2 >> 32;
    d4 += d3 >> 32;
    run->h[0] = (uint32_t) d0 + (d4 >> 2) * 5; /* 2^130 is 5 */
    run->h[1] = (uint32_t) d1;
    run->h[2] = (uint32_t) d2;
    run->h[3] = (uint32_t) d3;
    run->h[4] = d4 & 3;
}

/* Fills the block that is being collected up with zeros, if one is. */
void xtls_poly1305_pad(mbedtls_poly1305_context *ctx);

#endif
