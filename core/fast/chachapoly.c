/*
 * ChaCha20-Poly1305 (RFC 8439 2.8) behind Mbed TLS's interface: what goes where
 * and in which order; the ciphers are elsewhere. Poly1305 runs in the shadow of
 * ChaCha20: of what was sealed before, or of what is about to be opened.
 * Nothing is released that fails to authenticate.
 */
#include "mbedtls/chachapoly.h"

#include "fast/chacha20.h"
#include "fast/poly1305.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"

#define BATCH XTLS_CHACHA20_BATCH

/* Stages: zero is a context that has no nonce yet. */
#define BEGUN 1      /* additional data may come */
#define CRYPTING 2   /* only text may come */
#define FINISHED 3

/* Poly1305 follows ChaCha20. */
static void seal(mbedtls_chachapoly_context *ctx, size_t length, const unsigned char *input, unsigned char *output)
{
    size_t n, done = xtls_chacha20_xor_spare(&ctx->chacha20, length, input, output);
    size_t odd = done % XTLS_POLY1305_BLOCK; /* completes the block begun, or is all */
    xtls_meanwhile behind = { &ctx->poly1305, output + odd, done - odd };

    mbedtls_poly1305_update(&ctx->poly1305, output, odd);
    for (; length - done >= BATCH; done += n) {
        n = xtls_chacha20_xor_next(&ctx->chacha20, length - done, input + done, output + done, &behind);
        behind.length += n;
    }
    if (length > done) {
        xtls_chacha20_refill(&ctx->chacha20, &behind);
        behind.length += xtls_chacha20_xor_spare(&ctx->chacha20, length - done, input + done, output + done);
    }
    mbedtls_poly1305_update(&ctx->poly1305, behind.text, behind.length);
}

/* Poly1305 goes ahead: the output may take the place of the input. */
static void open(mbedtls_chachapoly_context *ctx, size_t length, const unsigned char *input, unsigned char *output)
{
    size_t done = length < ctx->chacha20.spare ? length : ctx->chacha20.spare;
    xtls_meanwhile ahead = { &ctx->poly1305, input + done, length - done };

    mbedtls_poly1305_update(&ctx->poly1305, input, done);
    xtls_chacha20_xor_spare(&ctx->chacha20, done, input, output);
    while (length - done >= BATCH) {
        done += xtls_chacha20_xor_next(&ctx->chacha20, length - done, input + done, output + done, &ahead);
    }
    if (length > done) {
        xtls_chacha20_refill(&ctx->chacha20, &ahead);
    }
    mbedtls_poly1305_update(&ctx->poly1305, ahead.text, ahead.length);
    xtls_chacha20_xor_spare(&ctx->chacha20, length - done, input + done, output + done);
}

void mbedtls_chachapoly_init(mbedtls_chachapoly_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
}

void mbedtls_chachapoly_free(mbedtls_chachapoly_context *ctx)
{
    if (ctx != NULL) {
        mbedtls_platform_zeroize(ctx, sizeof(*ctx));
    }
}

int mbedtls_chachapoly_setkey(mbedtls_chachapoly_context *ctx, const unsigned char key[32])
{
    return mbedtls_chacha20_setkey(&ctx->chacha20, key);
}

/* Block 0 of the keystream begins with Poly1305's key, and its rest goes unused; the data begins with block 1. */
int mbedtls_chachapoly_starts(mbedtls_chachapoly_context *ctx, const unsigned char nonce[12], mbedtls_chachapoly_mode_t mode)
{
    xtls_meanwhile idle = { &ctx->poly1305, nonce, 0 };

    mbedtls_chacha20_starts(&ctx->chacha20, nonce, 0);
    xtls_chacha20_refill(&ctx->chacha20, &idle);
    mbedtls_poly1305_starts(&ctx->poly1305, ctx->chacha20.keystream);
    ctx->chacha20.spare -= 64;
    ctx->chacha20.left -= 64;
    ctx->additional = ctx->length = 0;
    ctx->stage = BEGUN;
    ctx->mode = mode;
    return 0;
}

int mbedtls_chachapoly_update_aad(mbedtls_chachapoly_context *ctx, const unsigned char *aad, size_t aad_len)
{
    if (ctx->stage != BEGUN) {
        return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
    }
    ctx->additional += aad_len;
    return mbedtls_poly1305_update(&ctx->poly1305, aad, aad_len);
}

int mbedtls_chachapoly_update(mbedtls_chachapoly_context *ctx, size_t len, const unsigned char *input, unsigned char *output)
{
    if (ctx->stage != BEGUN && ctx->stage != CRYPTING) {
        return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
    }
    if (len > ctx->chacha20.left) {
        return MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA;
    }
    if (ctx->stage == BEGUN) {
        xtls_poly1305_pad(&ctx->poly1305);
        ctx->stage = CRYPTING;
    }
    ctx->chacha20.left -= len;
    ctx->length += len;
    if (len == 0) {
        return 0; /* and there need be no buffers */
    }
    if (ctx->mode == MBEDTLS_CHACHAPOLY_ENCRYPT) {
        seal(ctx, len, input, output);
    } else {
        open(ctx, len, input, output);
    }
    return 0;
}

int mbedtls_chachapoly_finish(mbedtls_chachapoly_context *ctx, unsigned char mac[16])
{
    const uint64_t lengths[2] = { ctx->additional, ctx->length };

    if (ctx->stage == 0) {
        return MBEDTLS_ERR_CHACHAPOLY_BAD_STATE;
    }
    ctx->stage = FINISHED;
    xtls_poly1305_pad(&ctx->poly1305);
    mbedtls_poly1305_update(&ctx->poly1305, (const unsigned char *) lengths, sizeof(lengths));
    return mbedtls_poly1305_finish(&ctx->poly1305, mac);
}

static int crypt_and_tag(mbedtls_chachapoly_context *ctx, mbedtls_chachapoly_mode_t mode, size_t length,
                         const unsigned char nonce[12], const unsigned char *aad, size_t aad_len,
                         const unsigned char *input, unsigned char *output, unsigned char tag[16])
{
    int result;

    mbedtls_chachapoly_starts(ctx, nonce, mode);
    mbedtls_chachapoly_update_aad(ctx, aad, aad_len);
    result = mbedtls_chachapoly_update(ctx, length, input, output);
    return result != 0 ? result : mbedtls_chachapoly_finish(ctx, tag);
}

int mbedtls_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *ctx, size_t length, const unsigned char nonce[12],
                                       const unsigned char *aad, size_t aad_len, const unsigned char *input,
                                       unsigned char *output, unsigned char tag[16])
{
    return crypt_and_tag(ctx, MBEDTLS_CHACHAPOLY_ENCRYPT, length, nonce, aad, aad_len, input, output, tag);
}

int mbedtls_chachapoly_auth_decrypt(mbedtls_chachapoly_context *ctx, size_t length, const unsigned char nonce[12],
                                    const unsigned char *aad, size_t aad_len, const unsigned char tag[16],
                                    const unsigned char *input, unsigned char *output)
{
    unsigned char expected[16];
    int result = crypt_and_tag(ctx, MBEDTLS_CHACHAPOLY_DECRYPT, length, nonce, aad, aad_len, input, output, expected);

    if (result == 0 && mbedtls_ct_memcmp(tag, expected, sizeof(expected)) != 0) {
        mbedtls_platform_zeroize(output, length);
        result = MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
    }
    mbedtls_platform_zeroize(expected, sizeof(expected));
    return result;
}
