/*
 * AES-GCM (NIST SP 800-38D) behind Mbed TLS's interface: the counter mode, the
 * padding and the tag; AES and GHASH are elsewhere. The batch of keystream that
 * J0 begins masks the tag with its first block and the data with the others.
 * Nothing is released that fails to authenticate.
 */
#include "mbedtls/gcm.h"

#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"

#define BATCH XTLS_AES_BATCH
#define LENGTH_LIMIT ((UINT64_C(1) << 36) - 32)     /* bytes: SP 800-38D 5.2.1.1 */
#define ADDITIONAL_LIMIT ((UINT64_C(1) << 61) - 1)  /* bytes: likewise */

/* The next batch of keystream. */
static void make_keystream(mbedtls_gcm_context *ctx)
{
    memset(ctx->keystream, 0, BATCH);
    xtls_aes_counter_mode(&ctx->aes, ctx->counter, 1, ctx->keystream, ctx->keystream);
    ctx->spare = BATCH;
}

/* XORs with what is left of the last batch; returns how many bytes that was good for. */
static size_t xor_spare(mbedtls_gcm_context *ctx, size_t length, const unsigned char *input, unsigned char *output)
{
    size_t n = length < ctx->spare ? length : ctx->spare;

    xtls_xor(output, input, ctx->keystream + BATCH - ctx->spare, n);
    ctx->spare -= n;
    return n;
}

/* GCTR: SP 800-38D 6.5. */
static void crypt(mbedtls_gcm_context *ctx, size_t length, const unsigned char *input, unsigned char *output)
{
    size_t n = xor_spare(ctx, length, input, output), batches = (length - n) / BATCH;

    xtls_aes_counter_mode(&ctx->aes, ctx->counter, batches, input + n, output + n);
    n += batches * BATCH;
    if (n < length) {
        make_keystream(ctx);
        xor_spare(ctx, length - n, input + n, output + n);
    }
}

/* J0: SP 800-38D 7.1, step 2. */
static void set_first_counter(mbedtls_gcm_context *ctx, const unsigned char *iv, size_t iv_len)
{
    if (iv_len == 12) {
        memcpy(ctx->counter, iv, 12);
        memcpy(ctx->counter + 12, "\0\0\0\1", 4);
        return;
    }
    xtls_ghash_begin(&ctx->ghash);
    xtls_ghash_update(&ctx->ghash, iv, iv_len);
    xtls_ghash_pad(&ctx->ghash);
    xtls_ghash_finish(&ctx->ghash, 0, iv_len, ctx->counter);
}

void mbedtls_gcm_init(mbedtls_gcm_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
}

void mbedtls_gcm_free(mbedtls_gcm_context *ctx)
{
    if (ctx != NULL) {
        mbedtls_platform_zeroize(ctx, sizeof(*ctx));
    }
}

int mbedtls_gcm_setkey(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher, const unsigned char *key, unsigned int keybits)
{
    unsigned char h[16] = { 0 };

    if (cipher != MBEDTLS_CIPHER_ID_AES || xtls_aes_set_key(&ctx->aes, key, keybits) != 0) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    xtls_aes_encrypt(&ctx->aes, h, h);
    xtls_ghash_set_key(&ctx->ghash, h);
    mbedtls_platform_zeroize(h, sizeof(h));
    return 0;
}

int mbedtls_gcm_starts(mbedtls_gcm_context *ctx, int mode, const unsigned char *iv, size_t iv_len)
{
    if (iv_len == 0 || (uint64_t) iv_len > ADDITIONAL_LIMIT) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    set_first_counter(ctx, iv, iv_len);
    make_keystream(ctx);
    memcpy(ctx->mask, ctx->keystream, 16);
    ctx->spare -= 16;
    ctx->additional = ctx->length = 0;
    ctx->mode = mode;
    xtls_ghash_begin(&ctx->ghash);
    return 0;
}

int mbedtls_gcm_update_ad(mbedtls_gcm_context *ctx, const unsigned char *add, size_t add_len)
{
    if (add_len > ADDITIONAL_LIMIT - ctx->additional) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    ctx->additional += add_len;
    xtls_ghash_update(&ctx->ghash, add, add_len);
    return 0;
}

int mbedtls_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *input, size_t input_length,
                       unsigned char *output, size_t output_size, size_t *output_length)
{
    if (output_size < input_length) {
        return MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL;
    }
    *output_length = input_length;
    if (input_length == 0) {
        return 0;
    }
    if (input_length > LENGTH_LIMIT - ctx->length ||
        ((uintptr_t) output > (uintptr_t) input && (uintptr_t) output - (uintptr_t) input < input_length)) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    if (ctx->length == 0) {
        xtls_ghash_pad(&ctx->ghash);
    }
    ctx->length += input_length;
    if (ctx->mode == MBEDTLS_GCM_DECRYPT) {
        xtls_ghash_update(&ctx->ghash, input, input_length);
    }
    crypt(ctx, input_length, input, output);
    if (ctx->mode == MBEDTLS_GCM_ENCRYPT) {
        xtls_ghash_update(&ctx->ghash, output, input_length);
    }
    return 0;
}

int mbedtls_gcm_finish(mbedtls_gcm_context *ctx, unsigned char *output, size_t output_size, size_t *output_length,
                       unsigned char *tag, size_t tag_len)
{
    unsigned char whole[16];

    (void) output; /* every update gave all of its output */
    (void) output_size;
    *output_length = 0;
    if (tag_len < 4 || tag_len > 16) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    xtls_ghash_pad(&ctx->ghash);
    xtls_ghash_finish(&ctx->ghash, ctx->additional, ctx->length, whole);
    xtls_xor(tag, whole, ctx->mask, tag_len);
    mbedtls_platform_zeroize(whole, sizeof(whole));
    return 0;
}

int mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t length, const unsigned char *iv, size_t iv_len,
                              const unsigned char *add, size_t add_len, const unsigned char *input,
                              unsigned char *output, size_t tag_len, unsigned char *tag)
{
    size_t n;
    int result = mbedtls_gcm_starts(ctx, mode, iv, iv_len);

    if (result == 0) {
        result = mbedtls_gcm_update_ad(ctx, add, add_len);
    }
    if (result == 0) {
        result = mbedtls_gcm_update(ctx, input, length, output, length, &n);
    }
    return result != 0 ? result : mbedtls_gcm_finish(ctx, NULL, 0, &n, tag, tag_len);
}

int mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t length, const unsigned char *iv, size_t iv_len,
                             const unsigned char *add, size_t add_len, const unsigned char *tag, size_t tag_len,
                             const unsigned char *input, unsigned char *output)
{
    unsigned char expected[16];
    int result = mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_DECRYPT, length, iv, iv_len, add, add_len, input, output,
                                           tag_len, expected);

    if (result == 0 && mbedtls_ct_memcmp(tag, expected, tag_len) != 0) {
        result = MBEDTLS_ERR_GCM_AUTH_FAILED;
    }
    if (result != 0) {
        mbedtls_platform_zeroize(output, length);
    }
    mbedtls_platform_zeroize(expected, sizeof(expected));
    return result;
}
