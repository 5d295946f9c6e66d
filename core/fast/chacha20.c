/*
 * ChaCha20 (RFC 8439 2.3, 2.4) behind Mbed TLS's interface, four blocks at a
 * time: with vectors each holds one word of the state for all four blocks (Goll
 * and Gueron, "Vectorization of ChaCha Stream Cipher"); without, they are made
 * one by one. Keystream that a caller does not use yet is kept: so the block
 * that gives Poly1305 its key comes together with the first three of the data.
 * Constant time: additions, rotations and XOR, nothing else.
 */
#include "fast/vector.h"
#include "mbedtls/chacha20.h"
#include "mbedtls/platform_util.h"

#define BATCH XTLS_CHACHA20_BATCH
#define BLOCK 64
#define COUNTER 12 /* the place of the counter in the state */

#if XTLS_VECTOR

typedef xtls_words word;

/* Whole bytes move by a swizzle; a constant shuffle says the same, but engines make more of it. */
#define SWIZZLED(x, ...) ((word) xtls_swizzle((xtls_bytes) (x), (xtls_bytes) { __VA_ARGS__ }))
#define ROTATED_16(x) SWIZZLED(x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define ROTATED_8(x) SWIZZLED(x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)

#else

typedef uint32_t word;

#define ROTATED_16(x) ROTATED(x, 16)
#define ROTATED_8(x) ROTATED(x, 8)

#endif

#define ROTATED(x, n) (((x) << (n)) | ((x) >> (32 - (n))))

#define QUARTER_ROUND(a, b, c, d) \
    do { \
        a += b, d ^= a, d = ROTATED_16(d); \
        c += d, b ^= c, b = ROTATED(b, 12); \
        a += b, d ^= a, d = ROTATED_8(d); \
        c += d, b ^= c, b = ROTATED(b, 7); \
    } while (0)

/* The twenty rounds, on one block or on as many as a word has lanes. */
static inline void permute(word x[16])
{
    int i;

    for (i = 0; i < 10; i++) {
        QUARTER_ROUND(x[0], x[4], x[8], x[12]);
        QUARTER_ROUND(x[1], x[5], x[9], x[13]);
        QUARTER_ROUND(x[2], x[6], x[10], x[14]);
        QUARTER_ROUND(x[3], x[7], x[11], x[15]);
        QUARTER_ROUND(x[0], x[5], x[10], x[15]);
        QUARTER_ROUND(x[1], x[6], x[11], x[12]);
        QUARTER_ROUND(x[2], x[7], x[8], x[13]);
        QUARTER_ROUND(x[3], x[4], x[9], x[14]);
    }
}

#if XTLS_VECTOR

/* Four words of the state in all four blocks become four words of each block in turn. */
static inline void put_quarter(const word x[4], const unsigned char *input, unsigned char *output)
{
    word low01 = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5), high01 = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
    word low23 = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5), high23 = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
    word blocks[4] = {
        __builtin_shufflevector(low01, low23, 0, 1, 4, 5),
        __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
        __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
        __builtin_shufflevector(high01, high23, 2, 3, 6, 7),
    };
    int i;

    for (i = 0; i < 4; i++) {
        xtls_store(output + i * BLOCK, (xtls_bytes) blocks[i] ^ xtls_load(input + i * BLOCK));
    }
}

/* XORs 256 bytes with the next four blocks of keystream. */
static void xor_batch(uint32_t state[16], const unsigned char *input, unsigned char *output)
{
    word start[16], x[16];
    int i;

    for (i = 0; i < 16; i++) {
        start[i] = (word) { state[i], state[i], state[i], state[i] };
    }
    start[COUNTER] += (word) { 0, 1, 2, 3 };
    memcpy(x, start, sizeof(x));
    permute(x);
    for (i = 0; i < 16; i++) {
        x[i] += start[i];
    }
    for (i = 0; i < 4; i++) {
        put_quarter(x + 4 * i, input + 16 * i, output + 16 * i);
    }
    state[COUNTER] += BATCH / BLOCK;
}

#else

static void xor_batch(uint32_t state[16], const unsigned char *input, unsigned char *output)
{
    word x[16];
    int block, i;

    for (block = 0; block < BATCH / BLOCK; block++, input += BLOCK, output += BLOCK) {
        memcpy(x, state, sizeof(x));
        permute(x);
        for (i = 0; i < 16; i++) {
            x[i] += state[i];
        }
        xtls_xor(output, input, (const unsigned char *) x, BLOCK);
        state[COUNTER]++;
    }
}

#endif

/* XORs with what is left of the last batch; returns how many bytes that was good for. */
static size_t xor_spare(mbedtls_chacha20_context *ctx, size_t length, const unsigned char *input, unsigned char *output)
{
    size_t n = length < ctx->spare ? length : ctx->spare;

    xtls_xor(output, input, ctx->keystream + BATCH - ctx->spare, n);
    ctx->spare -= n;
    return n;
}

static void refill(mbedtls_chacha20_context *ctx)
{
    memset(ctx->keystream, 0, BATCH);
    xor_batch(ctx->state, ctx->keystream, ctx->keystream);
    ctx->spare = BATCH;
}

void mbedtls_chacha20_init(mbedtls_chacha20_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
}

void mbedtls_chacha20_free(mbedtls_chacha20_context *ctx)
{
    if (ctx != NULL) {
        mbedtls_platform_zeroize(ctx, sizeof(*ctx));
    }
}

int mbedtls_chacha20_setkey(mbedtls_chacha20_context *ctx, const unsigned char key[32])
{
    static const uint32_t sigma[4] = { 0x61707865, 0x3320646E, 0x79622D32, 0x6B206574 }; /* "expand 32-byte k" */

    memcpy(ctx->state, sigma, sizeof(sigma));
    memcpy(ctx->state + 4, key, 32);
    return 0;
}

int mbedtls_chacha20_starts(mbedtls_chacha20_context *ctx, const unsigned char nonce[12], uint32_t counter)
{
    ctx->state[COUNTER] = counter;
    memcpy(ctx->state + COUNTER + 1, nonce, 12);
    ctx->spare = 0;
    ctx->left = (((uint64_t) 1 << 32) - counter) * BLOCK;
    return 0;
}

/* Refuses, having done nothing, what would use a block of keystream twice. */
int mbedtls_chacha20_update(mbedtls_chacha20_context *ctx, size_t size, const unsigned char *input, unsigned char *output)
{
    size_t n;

    if (size > ctx->left) {
        return MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA;
    }
    ctx->left -= size;
    n = xor_spare(ctx, size, input, output);
    for (; size - n >= BATCH; n += BATCH) {
        xor_batch(ctx->state, input + n, output + n);
    }
    if (size > n) {
        refill(ctx);
        xor_spare(ctx, size - n, input + n, output + n);
    }
    return 0;
}
