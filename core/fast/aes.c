/*
 * AES's key expansion (FIPS 197 5.2), and AES behind Mbed TLS's interface, which
 * the cipher layer asks for by the block. The rounds are elsewhere.
 */
#include "fast/aes.h"

#include "mbedtls/aes.h"
#include "mbedtls/platform_util.h"

#define WORDS 60 /* of the longest expanded key */

static uint32_t rotated(uint32_t word)
{
    return word >> 8 | word << 24; /* RotWord on a word whose first byte is the lowest */
}

/* FIPS 197 5.2: w[0..] holds the key; gives the rest. */
static void expand(uint32_t w[WORDS], int key_words, int words)
{
    uint32_t round_constant = 1, word;
    int i;

    for (i = key_words; i < words; i++) {
        word = w[i - 1];
        if (i % key_words == 0) {
            word = xtls_aes_sub_word(rotated(word)) ^ round_constant;
            round_constant = (round_constant << 1) ^ (0x11B & (0 - (round_constant >> 7)));
        } else if (key_words > 6 && i % key_words == 4) {
            word = xtls_aes_sub_word(word);
        }
        w[i] = w[i - key_words] ^ word;
    }
}

int xtls_aes_set_key(xtls_aes *aes, const unsigned char *key, unsigned bits)
{
    uint32_t w[WORDS];
    int i;

    if (bits != 128 && bits != 192 && bits != 256) {
        return -1;
    }
    aes->rounds = (int) bits / 32 + 6;
    memcpy(w, key, bits / 8);
    expand(w, (int) bits / 32, 4 * (aes->rounds + 1));
    for (i = 0; i <= aes->rounds; i++) {
        xtls_aes_set_round_key(aes, i, (const unsigned char *) (w + 4 * i));
    }
    mbedtls_platform_zeroize(w, sizeof(w));
    return 0;
}

void mbedtls_aes_init(mbedtls_aes_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
}

void mbedtls_aes_free(mbedtls_aes_context *ctx)
{
    if (ctx != NULL) {
        mbedtls_platform_zeroize(ctx, sizeof(*ctx));
    }
}

int mbedtls_aes_setkey_enc(mbedtls_aes_context *ctx, const unsigned char *key, unsigned int keybits)
{
    return xtls_aes_set_key(ctx, key, keybits) == 0 ? 0 : MBEDTLS_ERR_AES_INVALID_KEY_LENGTH;
}

/* Forward only, as MBEDTLS_BLOCK_CIPHER_NO_DECRYPT says. */
int mbedtls_aes_crypt_ecb(mbedtls_aes_context *ctx, int mode, const unsigned char input[16], unsigned char output[16])
{
    if (mode != MBEDTLS_AES_ENCRYPT) {
        return MBEDTLS_ERR_AES_BAD_INPUT_DATA;
    }
    xtls_aes_encrypt(ctx, input, output);
    return 0;
}
