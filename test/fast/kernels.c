/*
 * The primitives of core/fast, exported one by one to tests that compare them
 * with other implementations. Every function named kernel_* is an export of
 * build/kernels.wasm. Never part of the product.
 */
#include <string.h>

#include "fast/ecdsa.h"
#include "fast/p256.h"
#include "fast/x25519.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/gcm.h"
#include "memory.h"

void *kernel_alloc(size_t length)
{
    return xtls_alloc(length);
}

/* --- symmetric ------------------------------------------------------------- */

int kernel_chachapoly_seal(const unsigned char *key, const unsigned char *nonce, const unsigned char *aad, size_t aad_length,
                           const unsigned char *input, size_t length, unsigned char *output, unsigned char *tag)
{
    mbedtls_chachapoly_context ctx;
    int result;

    mbedtls_chachapoly_init(&ctx);
    mbedtls_chachapoly_setkey(&ctx, key);
    result = mbedtls_chachapoly_encrypt_and_tag(&ctx, length, nonce, aad, aad_length, input, output, tag);
    mbedtls_chachapoly_free(&ctx);
    return result;
}

int kernel_chachapoly_open(const unsigned char *key, const unsigned char *nonce, const unsigned char *aad, size_t aad_length,
                           const unsigned char *input, size_t length, unsigned char *output, const unsigned char *tag)
{
    mbedtls_chachapoly_context ctx;
    int result;

    mbedtls_chachapoly_init(&ctx);
    mbedtls_chachapoly_setkey(&ctx, key);
    result = mbedtls_chachapoly_auth_decrypt(&ctx, length, nonce, aad, aad_length, tag, input, output);
    mbedtls_chachapoly_free(&ctx);
    return result;
}

/* In calls of `step` bytes; mode as in mbedtls_chachapoly_mode_t; gives the tag. */
int kernel_chachapoly_parts(int mode, const unsigned char *key, const unsigned char *nonce, const unsigned char *aad,
                            size_t aad_length, const unsigned char *input, size_t length, unsigned char *output,
                            unsigned char *tag, size_t step)
{
    mbedtls_chachapoly_context ctx;
    size_t at, n;
    int result;

    mbedtls_chachapoly_init(&ctx);
    mbedtls_chachapoly_setkey(&ctx, key);
    result = mbedtls_chachapoly_starts(&ctx, nonce, (mbedtls_chachapoly_mode_t) mode);
    for (at = 0; at < aad_length; at += n) {
        n = aad_length - at < step ? aad_length - at : step;
        result |= mbedtls_chachapoly_update_aad(&ctx, aad + at, n);
    }
    for (at = 0; at < length; at += n) {
        n = length - at < step ? length - at : step;
        result |= mbedtls_chachapoly_update(&ctx, n, input + at, output + at);
    }
    result |= mbedtls_chachapoly_finish(&ctx, tag);
    mbedtls_chachapoly_free(&ctx);
    return result;
}

/* Seals the same buffer `times` times under one key: for measuring. */
int kernel_chachapoly_repeat(const unsigned char *key, unsigned char *data, size_t length, unsigned char *tag, int times)
{
    mbedtls_chachapoly_context ctx;
    unsigned char nonce[12] = { 0 };
    int i, result = 0;

    mbedtls_chachapoly_init(&ctx);
    mbedtls_chachapoly_setkey(&ctx, key);
    for (i = 0; i < times; i++) {
        memcpy(nonce, &i, sizeof(i));
        result |= mbedtls_chachapoly_encrypt_and_tag(&ctx, length, nonce, nonce, 5, data, data, tag);
    }
    mbedtls_chachapoly_free(&ctx);
    return result;
}

int kernel_gcm_seal(const unsigned char *key, unsigned key_bits, const unsigned char *iv, size_t iv_length,
                    const unsigned char *aad, size_t aad_length, const unsigned char *input, size_t length,
                    unsigned char *output, unsigned char *tag, size_t tag_length)
{
    mbedtls_gcm_context ctx;
    int result;

    mbedtls_gcm_init(&ctx);
    result = mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, key_bits);
    result |= mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, length, iv, iv_length, aad, aad_length, input, output,
                                        tag_length, tag);
    mbedtls_gcm_free(&ctx);
    return result;
}

int kernel_gcm_open(const unsigned char *key, unsigned key_bits, const unsigned char *iv, size_t iv_length,
                    const unsigned char *aad, size_t aad_length, const unsigned char *input, size_t length,
                    unsigned char *output, const unsigned char *tag, size_t tag_length)
{
    mbedtls_gcm_context ctx;
    int result;

    mbedtls_gcm_init(&ctx);
    result = mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, key_bits);
    result |= mbedtls_gcm_auth_decrypt(&ctx, length, iv, iv_length, aad, aad_length, tag, tag_length, input, output);
    mbedtls_gcm_free(&ctx);
    return result;
}

/* In calls of `step` bytes; mode is MBEDTLS_GCM_ENCRYPT or _DECRYPT; gives the tag. */
int kernel_gcm_parts(int mode, const unsigned char *key, unsigned key_bits, const unsigned char *iv, size_t iv_length,
                     const unsigned char *aad, size_t aad_length, const unsigned char *input, size_t length,
                     unsigned char *output, unsigned char *tag, size_t step)
{
    mbedtls_gcm_context ctx;
    size_t at, n, done;
    int result;

    mbedtls_gcm_init(&ctx);
    result = mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, key_bits);
    result |= mbedtls_gcm_starts(&ctx, mode, iv, iv_length);
    for (at = 0; at < aad_length; at += n) {
        n = aad_length - at < step ? aad_length - at : step;
        result |= mbedtls_gcm_update_ad(&ctx, aad + at, n);
    }
    for (at = 0; at < length; at += n) {
        n = length - at < step ? length - at : step;
        result |= mbedtls_gcm_update(&ctx, input + at, n, output + at, n, &done);
    }
    result |= mbedtls_gcm_finish(&ctx, NULL, 0, &done, tag, 16);
    mbedtls_gcm_free(&ctx);
    return result;
}

int kernel_gcm_repeat(const unsigned char *key, unsigned key_bits, unsigned char *data, size_t length, unsigned char *tag, int times)
{
    mbedtls_gcm_context ctx;
    unsigned char nonce[12] = { 0 };
    int i, result;

    mbedtls_gcm_init(&ctx);
    result = mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, key_bits);
    for (i = 0; i < times; i++) {
        memcpy(nonce, &i, sizeof(i));
        result |= mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, length, nonce, 12, nonce, 5, data, data, 16, tag);
    }
    mbedtls_gcm_free(&ctx);
    return result;
}

/* --- curves ------------------------------------------------------------------ */

int kernel_x25519_public(unsigned char *public_key, const unsigned char *private_key)
{
    xtls_x25519_public(public_key, private_key);
    return 0;
}

int kernel_x25519_shared(unsigned char *secret, const unsigned char *private_key, const unsigned char *public_key)
{
    return xtls_x25519_shared(secret, private_key, public_key);
}

int kernel_p256_public(unsigned char *public_key, const unsigned char *private_key)
{
    return xtls_p256_public(public_key, private_key);
}

int kernel_p256_shared(unsigned char *product, const unsigned char *private_key, const unsigned char *public_key)
{
    return xtls_p256_shared(product, private_key, public_key);
}

/* Of a SHA-256 digest. */
int kernel_ecdsa_sign(unsigned char *signature, const unsigned char *private_key, const unsigned char *digest)
{
    xtls_ecdsa_nonce nonce;
    int error = xtls_ecdsa_nonce_begin(&nonce, MBEDTLS_MD_SHA256, private_key, digest, 32, NULL, 0);

    if (error == 0) {
        error = xtls_ecdsa_sign(signature, private_key, digest, 32, &nonce);
    }
    xtls_ecdsa_nonce_free(&nonce);
    return error;
}

int kernel_ecdsa_verify(const unsigned char *public_key, const unsigned char *digest, const unsigned char *signature)
{
    return xtls_ecdsa_verify(public_key, digest, 32, signature);
}
