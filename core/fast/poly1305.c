/*
 * Poly1305 (RFC 8439 2.5) behind Mbed TLS's interface: blocks are collected,
 * absorbed as fast/poly1305.h does it, and the accumulator is reduced at the end.
 * Plain integers: four blocks in vectors were slower, and beside ChaCha20 the
 * vector units are taken. Constant time: the only branches are on lengths.
 */
#include "fast/poly1305.h"

#include "fast/mask.h"
#include "mbedtls/platform_util.h"

#define BLOCK XTLS_POLY1305_BLOCK

/* Whole blocks. */
static void absorb(mbedtls_poly1305_context *ctx, const unsigned char *input, size_t length, uint32_t top)
{
    xtls_poly1305_run run;

    xtls_poly1305_begin(&run, ctx);
    for (; length >= BLOCK; input += BLOCK, length -= BLOCK) {
        xtls_poly1305_block(&run, input, top);
    }
    xtls_poly1305_end(&run, ctx);
}

/* Leaves 32 bits in each limb and two in the last. */
static void carry(uint64_t h[5])
{
    int i, pass;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < 4; i++) {
            h[i + 1] += h[i] >> 32;
            h[i] = (uint32_t) h[i];
        }
        h[0] += (h[4] >> 2) * 5;
        h[4] &= 3;
    }
}

/* Takes 2^130 - 5 away once if h is not below it, as far as the lower 128 bits show. */
static void reduce(uint64_t h[5])
{
    uint32_t less[4], mask;
    uint64_t over = 5;
    int i;

    for (i = 0; i < 4; i++) {
        over += h[i];
        less[i] = (uint32_t) over;
        over >>= 32;
    }
    mask = xtls_mask((uint32_t) (over + h[4]) >> 2); /* h + 5 reached 2^130 */
    for (i = 0; i < 4; i++) {
        h[i] ^= (h[i] ^ less[i]) & mask;
    }
}

/* (h + s) modulo 2^128, in bytes. */
static void add_s(const uint64_t h[5], const uint32_t s[4], unsigned char mac[16])
{
    uint64_t sum = 0;
    int i;

    for (i = 0; i < 4; i++) {
        sum += h[i] + s[i];
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
        absorb(ctx, ctx->queue, BLOCK, 1);
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
    static const uint32_t clamp[4] = { 0x0FFFFFFF, 0x0FFFFFFC, 0x0FFFFFFC, 0x0FFFFFFC }; /* RFC 8439 2.5 */
    int i;

    memcpy(ctx->r, key, sizeof(ctx->r));
    memcpy(ctx->s, key + 16, sizeof(ctx->s));
    for (i = 0; i < 4; i++) {
        ctx->r[i] &= clamp[i];
    }
    memset(ctx->h, 0, sizeof(ctx->h));
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
    absorb(ctx, input + n, whole, 1);
    n += whole;
    if (ilen > n) {
        enqueue(ctx, input + n, ilen - n);
    }
    return 0;
}

void xtls_poly1305_pad(mbedtls_poly1305_context *ctx)
{
    static const unsigned char zeros[BLOCK] = { 0 };

    if (ctx->queued > 0) {
        enqueue(ctx, zeros, BLOCK - ctx->queued);
    }
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
