/*
 * ChaCha20 (RFC 8439 2.3, 2.4) behind Mbed TLS's interface, four blocks at a
 * time: a vector holds one word of the state for all four blocks (Goll and
 * Gueron, "Vectorization of ChaCha Stream Cipher"). Long texts take two such batches at a time, since one alone leaves
 * wide processors waiting for its results; between their rounds goes Poly1305.
 * Keystream that a caller does not use yet is kept: so the block that gives
 * Poly1305 its key comes together with the first three of the data.
 * Constant time: additions, rotations and XOR, nothing else.
 */
#include "fast/chacha20.h"

#include "fast/poly1305.h"
#include "fast/vector.h"
#include "mbedtls/platform_util.h"

#define BATCH XTLS_CHACHA20_BATCH
#define BLOCK 64
#define ROUNDS 10 /* double ones */
#define PAIR (2 * XTLS_POLY1305_BLOCK)
#define COUNTER 12 /* the place of the counter in the state */

typedef xtls_words word;

/* Whole bytes move by a swizzle; a constant shuffle says the same, but engines make more of it. */
#define SWIZZLED(x, ...) ((word) xtls_swizzle((xtls_bytes) (x), (xtls_bytes) { __VA_ARGS__ }))
#define ROTATED_16(x) SWIZZLED(x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define ROTATED_8(x) SWIZZLED(x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)

#define ROTATED(x, n) (((x) << (n)) | ((x) >> (32 - (n))))

#define QUARTER_ROUND(a, b, c, d) \
    do { \
        a += b, d ^= a, d = ROTATED_16(d); \
        c += d, b ^= c, b = ROTATED(b, 12); \
        a += b, d ^= a, d = ROTATED_8(d); \
        c += d, b ^= c, b = ROTATED(b, 7); \
    } while (0)

/*
 * Two of the twenty rounds, on one block or on as many as a word has lanes. The third row of vectors goes through memory,
 * for the sake of order: an engine may move arithmetic as it likes, but no loads and stores. Left alone, V8 follows each
 * quarter round to its end before it begins another, and the processor waits for every result.
 */
static inline void double_round(word x[16])
{
    volatile word *third = x + 8;
    word c[4] = { third[0], third[1], third[2], third[3] };

    QUARTER_ROUND(x[0], x[4], c[0], x[12]);
    QUARTER_ROUND(x[1], x[5], c[1], x[13]);
    QUARTER_ROUND(x[2], x[6], c[2], x[14]);
    QUARTER_ROUND(x[3], x[7], c[3], x[15]);
    QUARTER_ROUND(x[0], x[5], c[2], x[15]);
    QUARTER_ROUND(x[1], x[6], c[3], x[12]);
    QUARTER_ROUND(x[2], x[7], c[0], x[13]);
    QUARTER_ROUND(x[3], x[4], c[1], x[14]);
    third[0] = c[0], third[1] = c[1], third[2] = c[2], third[3] = c[3];
}

/* In how many of the double rounds Poly1305 takes a pair of blocks for each batch: as many bytes as the batches have. */
static size_t turns(const xtls_meanwhile *meanwhile, size_t batches)
{
    size_t all = meanwhile->length / (batches * PAIR);

    return all < BATCH / PAIR ? all : BATCH / PAIR;
}

static void take_off(xtls_meanwhile *meanwhile, size_t length)
{
    meanwhile->text += length;
    meanwhile->length -= length;
}

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

/* The state in every lane, with the counters of four blocks. */
static inline void spread(word x[16], const uint32_t state[16])
{
    int i;

    for (i = 0; i < 16; i++) {
        x[i] = (word) { state[i], state[i], state[i], state[i] };
    }
    x[COUNTER] += (word) { 0, 1, 2, 3 };
}

/* What the rounds made of the state, added to the state, is keystream. */
static inline void put_batch(const word x[16], const uint32_t state[16], const unsigned char *input, unsigned char *output)
{
    word sum[16];
    int i;

    spread(sum, state);
    for (i = 0; i < 16; i++) {
        sum[i] += x[i];
    }
    for (i = 0; i < 4; i++) {
        put_quarter(sum + 4 * i, input + 16 * i, output + 16 * i);
    }
}

static inline __attribute__((always_inline)) void take_pair(xtls_poly1305_run *run, const unsigned char *text)
{
    xtls_poly1305_block(run, text, 1);
    xtls_poly1305_block(run, text + XTLS_POLY1305_BLOCK, 1);
}

/* XORs 256 bytes with the next four blocks of keystream. */
static void xor_batch(uint32_t state[16], const unsigned char *input, unsigned char *output, xtls_meanwhile *meanwhile)
{
    size_t i, n = turns(meanwhile, 1);
    const unsigned char *text = meanwhile->text;
    xtls_poly1305_run run;
    word x[16];

    xtls_poly1305_begin(&run, meanwhile->poly1305);
    spread(x, state);
    for (i = 0; i < n; i++, text += PAIR) {
        double_round(x);
        take_pair(&run, text);
    }
    for (; i < ROUNDS; i++) {
        double_round(x);
    }
    put_batch(x, state, input, output);
    state[COUNTER] += BATCH / BLOCK;
    xtls_poly1305_end(&run, meanwhile->poly1305);
    take_off(meanwhile, n * PAIR);
}

/* The same with 512 bytes and eight blocks. */
static void xor_batches(uint32_t state[16], const unsigned char *input, unsigned char *output, xtls_meanwhile *meanwhile)
{
    size_t i, n = turns(meanwhile, 2);
    const unsigned char *text = meanwhile->text;
    xtls_poly1305_run run;
    word x[16], y[16];

    xtls_poly1305_begin(&run, meanwhile->poly1305);
    spread(x, state);
    memcpy(y, x, sizeof(y));
    y[COUNTER] += BATCH / BLOCK;
    for (i = 0; i < n; i++, text += 2 * PAIR) {
        double_round(x);
        take_pair(&run, text);
        double_round(y);
        take_pair(&run, text + PAIR);
    }
    for (; i < ROUNDS; i++) {
        double_round(x);
        double_round(y);
    }
    put_batch(x, state, input, output);
    state[COUNTER] += BATCH / BLOCK;
    put_batch(y, state, input + BATCH, output + BATCH);
    state[COUNTER] += BATCH / BLOCK;
    xtls_poly1305_end(&run, meanwhile->poly1305);
    take_off(meanwhile, 2 * n * PAIR);
}

size_t xtls_chacha20_xor_next(mbedtls_chacha20_context *ctx, size_t length, const unsigned char *input,
                              unsigned char *output, xtls_meanwhile *meanwhile)
{
    if (length < 2 * BATCH) {
        xor_batch(ctx->state, input, output, meanwhile);
        return BATCH;
    }
    xor_batches(ctx->state, input, output, meanwhile);
    return 2 * BATCH;
}

size_t xtls_chacha20_xor_spare(mbedtls_chacha20_context *ctx, size_t length, const unsigned char *input, unsigned char *output)
{
    size_t n = length < ctx->spare ? length : ctx->spare;

    xtls_xor(output, input, ctx->keystream + BATCH - ctx->spare, n);
    ctx->spare -= n;
    return n;
}

void xtls_chacha20_refill(mbedtls_chacha20_context *ctx, xtls_meanwhile *meanwhile)
{
    memset(ctx->keystream, 0, BATCH);
    xor_batch(ctx->state, ctx->keystream, ctx->keystream, meanwhile);
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
    mbedtls_poly1305_context unused = { 0 };
    xtls_meanwhile idle = { &unused, input, 0 };
    size_t n;

    if (size > ctx->left) {
        return MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA;
    }
    ctx->left -= size;
    n = xtls_chacha20_xor_spare(ctx, size, input, output);
    while (size - n >= BATCH) {
        n += xtls_chacha20_xor_next(ctx, size - n, input + n, output + n, &idle);
    }
    if (size > n) {
        xtls_chacha20_refill(ctx, &idle);
        xtls_chacha20_xor_spare(ctx, size - n, input + n, output + n);
    }
    return 0;
}
