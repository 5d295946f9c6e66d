/*
 * Poly1305 (RFC 8439 2.5) behind Mbed TLS's interface: five limbs of 26 bits,
 * products of 64 bits, carries put off until they must be taken (Bernstein and
 * Schwabe, "NEON crypto"). Plain integers: four blocks in vectors were slower.
 * Constant time: the only branches are on lengths.
 */
#include "fast/ecc_mask.h"
#include "fast/vector.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/poly1305.h"

#define LIMB 0x03FFFFFF
#define BLOCK 16
#define FULL ((uint32_t) 1 << 24) /* 2^128, the bit above a full block, in the last limb */

static inline uint32_t word_at(const unsigned char *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* One block in limbs, with the bit above it. */
static inline void split(uint32_t limbs[5], const unsigned char block[BLOCK], uint32_t top)
{
    limbs[0] = word_at(block) & LIMB;
    limbs[1] = (word_at(block + 3) >> 2) & LIMB;
    limbs[2] = (word_at(block + 6) >> 4) & LIMB;
    limbs[3] = (word_at(block + 9) >> 6) & LIMB;
    limbs[4] = (word_at(block + 12) >> 8) | top;
}

static inline uint64_t product(uint32_t a, uint32_t b)
{
    return (uint64_t) a * b;
}

/* h = (h + block) * r modulo 2^130 - 5, for each block; 2^130 is 5, so what leaves at the top returns times 5. */
static void absorb(mbedtls_poly1305_context *ctx, const unsigned char *input, size_t length, uint32_t top)
{
    const uint32_t r0 = ctx->r[0], r1 = ctx->r[1], r2 = ctx->r[2], r3 = ctx->r[3], r4 = ctx->r[4];
    const uint32_t s1 = 5 * r1, s2 = 5 * r2, s3 = 5 * r3, s4 = 5 * r4;
    uint32_t h0 = ctx->h[0], h1 = ctx->h[1], h2 = ctx->h[2], h3 = ctx->h[3], h4 = ctx->h[4];
    uint32_t block[5];
    uint64_t d0, d1, d2, d3, d4;

    for (; length >= BLOCK; input += BLOCK, length -= BLOCK) {
        split(block, input, top);
        h0 += block[0], h1 += block[1], h2 += block[2], h3 += block[3], h4 += block[4];

        d0 = product(h0, r0) + product(h1, s4) + product(h2, s3) + product(h3, s2) + product(h4, s1);
        d1 = product(h0, r1) + product(h1, r0) + product(h2, s4) + product(h3, s3) + product(h4, s2);
        d2 = product(h0, r2) + product(h1, r1) + product(h2, r0) + product(h3, s4) + product(h4, s3);
        d3 = product(h0, r3) + product(h1, r2) + product(h2, r1) + product(h3, r0) + product(h4, s4);
        d4 = product(h0, r4) + product(h1, r3) + product(h2, r2) + product(h3, r1) + product(h4, r0);

        d1 += d0 >> 26, h0 = d0 & LIMB;
        d2 += d1 >> 26, h1 = d1 & LIMB;
        d3 += d2 >> 26, h2 = d2 & LIMB;
        d4 += d3 >> 26, h3 = d3 & LIMB;
        h0 += (uint32_t) (d4 >> 26) * 5, h4 = d4 & LIMB;
        h1 += h0 >> 26, h0 &= LIMB;
    }
    ctx->h[0] = h0, ctx->h[1] = h1, ctx->h[2] = h2, ctx->h[3] = h3, ctx->h[4] = h4;
}

static void carry(uint32_t h[5])
{
    int i, pass;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < 4; i++) {
            h[i + 1] += h[i] >> 26;
            h[i] &= LIMB;
        }
        h[0] += (h[4] >> 26) * 5;
        h[4] &= LIMB;
    }
}

/* Takes 2^130 - 5 away once if h is not below it. */
static void reduce(uint32_t h[5])
{
    uint32_t less[5], over = 5, mask;
    int i;

    for (i = 0; i < 5; i++) {
        over += h[i];
        less[i] = over & LIMB;
        over >>= 26;
    }
    mask = xtls_mask(over); /* h + 5 reached 2^130 */
    for (i = 0; i < 5; i++) {
        h[i] ^= (h[i] ^ less[i]) & mask;
    }
}

/* (h + s) modulo 2^128, in bytes. */
static void add_s(const uint32_t h[5], const uint32_t s[4], unsigned char mac[16])
{
    const uint32_t words[4] = {
        h[0] | h[1] << 26, h[1] >> 6 | h[2] << 20, h[2] >> 12 | h[3] << 14, h[3] >> 18 | h[4] << 8,
    };
    uint64_t sum = 0;
    int i;

    for (i = 0; i < 4; i++) {
        sum += (uint64_t) words[i] + s[i];
        memcpy(mac + 4 * i, &(uint32_t) { (uint32_t) sum }, 4);
        sum >>= 32;
    }
}

/* Adds to the block that is being collected, and absorbs it when it is full; returns the bytes taken. */
static size_t enqueue(mbedtls_poly1305_context *ctx, const unsigned char *input, size_t length)
{
    size_t room = BLOCK - ctx->queued, n = length < room ? length : room;

    memcpy(ctx->queue + ctx->queued, input, n);
    ctx->queued += n;
    if (ctx->queued == BLOCK) {
        absorb(ctx, ctx->queue, BLOCK, FULL);
        ctx->queued = 0;
    }
    return n;
}

void mbedtls_poly1305_init(mbedtls_poly1305_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
}

void mbedtls_poly1305_free(mbedtls_poly1305_context *ctx)
{
    if (ctx != NULL) {
        mbedtls_platform_zeroize(ctx, sizeof(*ctx));
    }
}

int mbedtls_poly1305_starts(mbedtls_poly1305_context *ctx, const unsigned char key[32])
{
    static const uint32_t clamp[5] = { 0x03FFFFFF, 0x03FFFF03, 0x03FFC0FF, 0x03F03FFF, 0x000FFFFF }; /* RFC 8439 2.5 */
    int i;

    split(ctx->r, key, 0);
    for (i = 0; i < 5; i++) {
        ctx->r[i] &= clamp[i];
        ctx->h[i] = 0;
    }
    memcpy(ctx->s, key + 16, sizeof(ctx->s));
    ctx->queued = 0;
    return 0;
}

int mbedtls_poly1305_update(mbedtls_poly1305_context *ctx, const unsigned char *input, size_t ilen)
{
    size_t n = 0, whole;

    if (ilen == 0) {
        return 0;
    }
    if (ctx->queued > 0) {
        n = enqueue(ctx, input, ilen);
    }
    whole = (ilen - n) / BLOCK * BLOCK;
    absorb(ctx, input + n, whole, FULL);
    n += whole;
    if (ilen > n) {
        enqueue(ctx, input + n, ilen - n);
    }
    return 0;
}

int mbedtls_poly1305_finish(mbedtls_poly1305_context *ctx, unsigned char mac[16])
{
    if (ctx->queued > 0) {
        ctx->queue[ctx->queued] = 1;
        memset(ctx->queue + ctx->queued + 1, 0, BLOCK - ctx->queued - 1);
        absorb(ctx, ctx->queue, BLOCK, 0);
    }
    carry(ctx->h);
    reduce(ctx->h);
    add_s(ctx->h, ctx->s, mac);
    return 0;
}
