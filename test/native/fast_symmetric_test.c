/* ChaCha20-Poly1305 and AES-GCM: published vectors, in one call and in every split; nothing released that is forged. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "mbedtls/aes.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/gcm.h"
#include "symmetric_vectors.h"

#define MAX 1100
#define LONG 1700
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned char nibble(char c)
{
    return (unsigned char) (c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Bytes of exactly the right size, so that the sanitizer sees every step beyond them; the caller frees. */
static unsigned char *bytes(const char *hex, size_t *length)
{
    size_t i, n = strlen(hex) / 2;
    unsigned char *result = malloc(n > 0 ? n : 1);

    for (i = 0; i < n; i++) {
        result[i] = (unsigned char) (nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    }
    if (length != NULL) {
        *length = n;
    }
    return result;
}

static int is_zero(const unsigned char *block, size_t length)
{
    size_t i;

    for (i = 0; i < length && block[i] == 0; i++) {
    }
    return i == length;
}

/* A vector in bytes, with room for output. */
typedef struct gcm_case {
    unsigned char *key, *iv, *additional, *plain, *cipher, *tag, *output;
    size_t key_length, iv_length, additional_length, length;
    mbedtls_gcm_context ctx;
} gcm_case;

static void open_case(gcm_case *c, const gcm_vector *v)
{
    c->key = bytes(v->key, &c->key_length);
    c->iv = bytes(v->iv, &c->iv_length);
    c->additional = bytes(v->additional, &c->additional_length);
    c->plain = bytes(v->plain, &c->length);
    c->cipher = bytes(v->cipher, NULL);
    c->tag = bytes(v->tag, NULL);
    c->output = malloc(c->length + 1);
    mbedtls_gcm_init(&c->ctx);
    EXPECT_EQUAL(mbedtls_gcm_setkey(&c->ctx, MBEDTLS_CIPHER_ID_AES, c->key, (unsigned) c->key_length * 8), 0);
}

static void close_case(gcm_case *c)
{
    mbedtls_gcm_free(&c->ctx);
    EXPECT(is_zero((unsigned char *) &c->ctx, sizeof(c->ctx)));
    free(c->key), free(c->iv), free(c->additional), free(c->plain), free(c->cipher), free(c->tag), free(c->output);
}

static void for_each_gcm(void (*claim)(gcm_case *))
{
    gcm_case c;
    size_t i;

    for (i = 0; i < COUNT(gcm_vectors); i++) {
        open_case(&c, &gcm_vectors[i]);
        claim(&c);
        close_case(&c);
    }
}

static int seal(gcm_case *c, const unsigned char *input, unsigned char *output, size_t tag_length, unsigned char *tag)
{
    return mbedtls_gcm_crypt_and_tag(&c->ctx, MBEDTLS_GCM_ENCRYPT, c->length, c->iv, c->iv_length, c->additional,
                                     c->additional_length, input, output, tag_length, tag);
}

static int open_sealed(gcm_case *c, const unsigned char *tag, size_t tag_length, unsigned char *output)
{
    return mbedtls_gcm_auth_decrypt(&c->ctx, c->length, c->iv, c->iv_length, c->additional, c->additional_length, tag,
                                    tag_length, c->cipher, output);
}

static void gcm_seals(gcm_case *c)
{
    unsigned char tag[16];

    EXPECT_EQUAL(seal(c, c->plain, c->output, 16, tag), 0);
    EXPECT(memcmp(c->output, c->cipher, c->length) == 0);
    EXPECT(memcmp(tag, c->tag, 16) == 0);
    memcpy(c->output, c->plain, c->length);
    EXPECT_EQUAL(seal(c, c->output, c->output, 16, tag), 0);
    EXPECT(memcmp(c->output, c->cipher, c->length) == 0);
}

static void gcm_opens(gcm_case *c)
{
    EXPECT_EQUAL(open_sealed(c, c->tag, 16, c->output), 0);
    EXPECT(memcmp(c->output, c->plain, c->length) == 0);
}

static void gcm_tag_lengths(gcm_case *c)
{
    unsigned char tag[17];
    size_t n;

    for (n = 0; n <= 17; n++) {
        int expected = n >= 4 && n <= 16 ? 0 : MBEDTLS_ERR_GCM_BAD_INPUT;

        memset(tag, 0xAA, sizeof(tag));
        EXPECT_EQUAL(seal(c, c->plain, c->output, n, tag), expected);
        EXPECT(expected != 0 || (memcmp(tag, c->tag, n) == 0 && tag[n < 17 ? n : 0] == 0xAA));
        EXPECT_EQUAL(open_sealed(c, c->tag, n, c->output), expected);
        EXPECT(expected == 0 || is_zero(c->output, c->length));
    }
}

static void gcm_forgeries(gcm_case *c)
{
    int bit;

    for (bit = 0; bit < 128; bit++) {
        memset(c->output, 0xAA, c->length);
        c->tag[bit / 8] ^= (unsigned char) (1 << bit % 8);
        EXPECT_EQUAL(open_sealed(c, c->tag, 16, c->output), MBEDTLS_ERR_GCM_AUTH_FAILED);
        EXPECT(is_zero(c->output, c->length));
        c->tag[bit / 8] ^= (unsigned char) (1 << bit % 8);
    }
}

/* Two updates of the data and two of what is additional, divided anywhere. */
static void gcm_split(gcm_case *c, int mode, size_t at, size_t additional_at)
{
    const unsigned char *input = mode == MBEDTLS_GCM_ENCRYPT ? c->plain : c->cipher;
    unsigned char tag[16];
    size_t n;

    EXPECT_EQUAL(mbedtls_gcm_starts(&c->ctx, mode, c->iv, c->iv_length), 0);
    EXPECT_EQUAL(mbedtls_gcm_update_ad(&c->ctx, c->additional, additional_at), 0);
    EXPECT_EQUAL(mbedtls_gcm_update_ad(&c->ctx, c->additional + additional_at, c->additional_length - additional_at), 0);
    EXPECT_EQUAL(mbedtls_gcm_update(&c->ctx, input, at, c->output, at, &n), 0);
    EXPECT_EQUAL(mbedtls_gcm_update(&c->ctx, input + at, c->length - at, c->output + at, c->length - at, &n), 0);
    EXPECT_EQUAL(mbedtls_gcm_finish(&c->ctx, NULL, 0, &n, tag, 16), 0);
    EXPECT(memcmp(c->output, mode == MBEDTLS_GCM_ENCRYPT ? c->cipher : c->plain, c->length) == 0);
    EXPECT(memcmp(tag, c->tag, 16) == 0);
}

static void gcm_splits(gcm_case *c)
{
    size_t at;

    for (at = 0; at <= c->length; at++) {
        gcm_split(c, at % 2, at, at % (c->additional_length + 1));
    }
}

static void gcm_byte_by_byte(gcm_case *c)
{
    unsigned char tag[16];
    size_t i, n;

    mbedtls_gcm_starts(&c->ctx, MBEDTLS_GCM_ENCRYPT, c->iv, c->iv_length);
    for (i = 0; i < c->additional_length; i++) {
        mbedtls_gcm_update_ad(&c->ctx, c->additional + i, 1);
    }
    for (i = 0; i < c->length; i++) {
        mbedtls_gcm_update(&c->ctx, c->plain + i, 1, c->output + i, 1, &n);
    }
    mbedtls_gcm_finish(&c->ctx, NULL, 0, &n, tag, 16);
    EXPECT(memcmp(c->output, c->cipher, c->length) == 0);
    EXPECT(memcmp(tag, c->tag, 16) == 0);
}

static void seals(void) { for_each_gcm(gcm_seals); }
static void opens(void) { for_each_gcm(gcm_opens); }
static void tag_lengths(void) { for_each_gcm(gcm_tag_lengths); }
static void forgeries(void) { for_each_gcm(gcm_forgeries); }
static void splits(void) { for_each_gcm(gcm_splits); }
static void byte_by_byte(void) { for_each_gcm(gcm_byte_by_byte); }

static void bad_calls(void)
{
    gcm_case c;
    size_t n;

    open_case(&c, &gcm_vectors[2]);
    EXPECT_EQUAL(mbedtls_gcm_setkey(&c.ctx, MBEDTLS_CIPHER_ID_AES, c.key, 120), MBEDTLS_ERR_GCM_BAD_INPUT);
    EXPECT_EQUAL(mbedtls_gcm_setkey(&c.ctx, MBEDTLS_CIPHER_ID_CAMELLIA, c.key, 128), MBEDTLS_ERR_GCM_BAD_INPUT);
    EXPECT_EQUAL(mbedtls_gcm_starts(&c.ctx, MBEDTLS_GCM_ENCRYPT, c.iv, 0), MBEDTLS_ERR_GCM_BAD_INPUT);
    EXPECT_EQUAL(mbedtls_gcm_starts(&c.ctx, MBEDTLS_GCM_ENCRYPT, c.iv, 12), 0);
    EXPECT_EQUAL(mbedtls_gcm_update(&c.ctx, c.plain, 16, c.output, 15, &n), MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL);
    EXPECT_EQUAL(mbedtls_gcm_update(&c.ctx, c.plain, 32, c.plain + 16, 32, &n), MBEDTLS_ERR_GCM_BAD_INPUT);
    close_case(&c);
}

/* FIPS 197 appendix C. */
static void aes_blocks(void)
{
    static const char *const keys[] = {
        "000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0f1011121314151617",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    };
    static const char *const results[] = {
        "69c4e0d86a7b0430d8cdb78070b4c55a", "dda97ca4864cdfe06eaf70a0ec0d7191", "8ea2b7ca516745bfeafc49904b496089",
    };
    unsigned char *plain = bytes("00112233445566778899aabbccddeeff", NULL), output[16];
    mbedtls_aes_context ctx;
    size_t i, length;

    for (i = 0; i < COUNT(keys); i++) {
        unsigned char *key = bytes(keys[i], &length), *result = bytes(results[i], NULL);

        mbedtls_aes_init(&ctx);
        EXPECT_EQUAL(mbedtls_aes_setkey_enc(&ctx, key, (unsigned) length * 8), 0);
        EXPECT_EQUAL(mbedtls_aes_crypt_ecb(&ctx, MBEDTLS_AES_ENCRYPT, plain, output), 0);
        EXPECT(memcmp(output, result, 16) == 0);
        EXPECT(mbedtls_aes_crypt_ecb(&ctx, MBEDTLS_AES_DECRYPT, plain, output) != 0);
        mbedtls_aes_free(&ctx);
        free(key), free(result);
    }
    free(plain);
}

static void poly1305_known(void)
{
    size_t i, j, length;

    for (i = 0; i < COUNT(poly1305_vectors); i++) {
        const poly1305_vector *v = &poly1305_vectors[i];
        unsigned char *r = bytes(v->r, NULL), *s = bytes(v->s, NULL), *text = bytes(v->text, &length), *tag = bytes(v->tag, NULL);
        unsigned char key[32], mac[16];
        mbedtls_poly1305_context ctx;

        memcpy(key, r, 16), memcpy(key + 16, s, 16);
        for (j = 0; j <= length; j++) {
            mbedtls_poly1305_init(&ctx);
            mbedtls_poly1305_starts(&ctx, key);
            mbedtls_poly1305_update(&ctx, text, j);
            mbedtls_poly1305_update(&ctx, text + j, length - j);
            mbedtls_poly1305_finish(&ctx, mac);
            mbedtls_poly1305_free(&ctx);
            EXPECT(memcmp(mac, tag, 16) == 0);
        }
        free(r), free(s), free(text), free(tag);
    }
}

static void chachapoly_known(void)
{
    size_t length, additional_length, at;
    unsigned char *key = bytes(RFC8439_KEY, NULL), *nonce = bytes(RFC8439_NONCE, NULL), *plain = bytes(RFC8439_PLAIN, &length);
    unsigned char *additional = bytes(RFC8439_ADDITIONAL, &additional_length), *cipher = bytes(RFC8439_CIPHER, NULL);
    unsigned char *tag = bytes(RFC8439_TAG, NULL), *output = malloc(length), mac[16];
    mbedtls_chachapoly_context ctx;

    mbedtls_chachapoly_init(&ctx);
    mbedtls_chachapoly_setkey(&ctx, key);
    for (at = 0; at <= length; at++) {
        EXPECT_EQUAL(mbedtls_chachapoly_starts(&ctx, nonce, MBEDTLS_CHACHAPOLY_ENCRYPT), 0);
        EXPECT_EQUAL(mbedtls_chachapoly_update_aad(&ctx, additional, additional_length), 0);
        EXPECT_EQUAL(mbedtls_chachapoly_update(&ctx, at, plain, output), 0);
        EXPECT_EQUAL(mbedtls_chachapoly_update(&ctx, length - at, plain + at, output + at), 0);
        EXPECT_EQUAL(mbedtls_chachapoly_finish(&ctx, mac), 0);
        EXPECT(memcmp(output, cipher, length) == 0 && memcmp(mac, tag, 16) == 0);
    }
    EXPECT_EQUAL(mbedtls_chachapoly_auth_decrypt(&ctx, length, nonce, additional, additional_length, tag, cipher, output), 0);
    EXPECT(memcmp(output, plain, length) == 0);
    tag[15] ^= 0x80;
    EXPECT_EQUAL(mbedtls_chachapoly_auth_decrypt(&ctx, length, nonce, additional, additional_length, tag, cipher, output),
                 MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED);
    EXPECT(is_zero(output, length));
    mbedtls_chachapoly_free(&ctx);
    free(key), free(nonce), free(plain), free(additional), free(cipher), free(tag), free(output);
}

/* In two calls, after one of `first` bytes, in place; gives the tag. */
static void chachapoly_divided(mbedtls_chachapoly_mode_t mode, unsigned char text[LONG], size_t first, unsigned char tag[16])
{
    static const unsigned char key[32] = { 7 }, nonce[12] = { 8 };
    mbedtls_chachapoly_context ctx;

    mbedtls_chachapoly_init(&ctx);
    mbedtls_chachapoly_setkey(&ctx, key);
    EXPECT_EQUAL(mbedtls_chachapoly_starts(&ctx, nonce, mode), 0);
    EXPECT_EQUAL(mbedtls_chachapoly_update_aad(&ctx, key, 5), 0);
    EXPECT_EQUAL(mbedtls_chachapoly_update(&ctx, first, text, text), 0);
    EXPECT_EQUAL(mbedtls_chachapoly_update(&ctx, LONG - first, text + first, text + first), 0);
    EXPECT_EQUAL(mbedtls_chachapoly_finish(&ctx, tag), 0);
    mbedtls_chachapoly_free(&ctx);
}

static void chachapoly_pieces(void)
{
    unsigned char plain[LONG], cipher[LONG], text[LONG], tag[16], mac[16];
    size_t i;

    for (i = 0; i < LONG; i++) {
        plain[i] = (unsigned char) (i * 167);
    }
    memcpy(cipher, plain, LONG);
    chachapoly_divided(MBEDTLS_CHACHAPOLY_ENCRYPT, cipher, 0, tag);
    for (i = 0; i <= LONG; i++) {
        memcpy(text, plain, LONG);
        chachapoly_divided(MBEDTLS_CHACHAPOLY_ENCRYPT, text, i, mac);
        EXPECT(memcmp(text, cipher, LONG) == 0 && memcmp(mac, tag, 16) == 0);
        chachapoly_divided(MBEDTLS_CHACHAPOLY_DECRYPT, text, i, mac);
        EXPECT(memcmp(text, plain, LONG) == 0 && memcmp(mac, tag, 16) == 0);
    }
}

static void chachapoly_bad_calls(void)
{
    unsigned char key[32] = { 0 }, nonce[12] = { 0 }, data[16] = { 0 };
    mbedtls_chachapoly_context ctx;

    mbedtls_chachapoly_init(&ctx);
    mbedtls_chachapoly_setkey(&ctx, key);
    EXPECT_EQUAL(mbedtls_chachapoly_update_aad(&ctx, data, 1), MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
    EXPECT_EQUAL(mbedtls_chachapoly_update(&ctx, 1, data, data), MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
    EXPECT_EQUAL(mbedtls_chachapoly_finish(&ctx, data), MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
    EXPECT_EQUAL(mbedtls_chachapoly_starts(&ctx, nonce, MBEDTLS_CHACHAPOLY_ENCRYPT), 0);
    EXPECT_EQUAL(mbedtls_chachapoly_update(&ctx, 1, data, data), 0);
    EXPECT_EQUAL(mbedtls_chachapoly_update_aad(&ctx, data, 1), MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
    EXPECT_EQUAL(mbedtls_chachapoly_finish(&ctx, data), 0);
    EXPECT_EQUAL(mbedtls_chachapoly_update(&ctx, 1, data, data), MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
    mbedtls_chachapoly_free(&ctx);
}

/* RFC 8439 2.4.2's keystream, met from any counter and in any piece. */
static void chacha20_pieces(void)
{
    unsigned char key[32], nonce[12] = { 0, 0, 0, 0, 0, 0, 0, 0x4A }, whole[MAX] = { 0 }, pieces[MAX] = { 0 };
    mbedtls_chacha20_context ctx;
    size_t i, at;

    for (i = 0; i < 32; i++) {
        key[i] = (unsigned char) i;
    }
    mbedtls_chacha20_init(&ctx);
    mbedtls_chacha20_setkey(&ctx, key);
    mbedtls_chacha20_starts(&ctx, nonce, 1);
    mbedtls_chacha20_update(&ctx, MAX, whole, whole);
    EXPECT(memcmp(whole, "\x22\x4F\x51\xF3\x40\x1B\xD9\xE1\x2F\xDE\x27\x6F\xB8\x63\x1D\xED", 16) == 0);
    mbedtls_chacha20_starts(&ctx, nonce, 1);
    for (at = 0, i = 0; at + i <= MAX; at += i, i++) {
        EXPECT_EQUAL(mbedtls_chacha20_update(&ctx, i, pieces + at, pieces + at), 0);
    }
    EXPECT(at > 1000 && memcmp(whole, pieces, at) == 0);
    mbedtls_chacha20_free(&ctx);
}

static void chacha20_wrap(void)
{
    unsigned char key[32] = { 0 }, nonce[12] = { 0 }, data[129] = { 0 };
    mbedtls_chacha20_context ctx;

    mbedtls_chacha20_init(&ctx);
    mbedtls_chacha20_setkey(&ctx, key);
    mbedtls_chacha20_starts(&ctx, nonce, 0xFFFFFFFE);
    EXPECT_EQUAL(mbedtls_chacha20_update(&ctx, 129, data, data), MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA);
    EXPECT(is_zero(data, sizeof(data)));
    EXPECT_EQUAL(mbedtls_chacha20_update(&ctx, 128, data, data), 0);
    EXPECT_EQUAL(mbedtls_chacha20_update(&ctx, 1, data, data), MBEDTLS_ERR_CHACHA20_BAD_INPUT_DATA);
    mbedtls_chacha20_free(&ctx);
}

int main(void)
{
    run("AES encrypts FIPS 197's blocks, and does not decrypt", aes_blocks);
    run("AES-GCM seals every vector, in place too", seals);
    run("AES-GCM opens every vector", opens);
    run("AES-GCM makes and checks tags of 4 to 16 bytes and no others", tag_lengths);
    run("AES-GCM releases nothing when a bit of the tag is off", forgeries);
    run("AES-GCM does not mind where calls divide the data", splits);
    run("AES-GCM works byte by byte", byte_by_byte);
    run("AES-GCM refuses bad keys, IVs and buffers", bad_calls);
    run("Poly1305 gives RFC 8439's tags, at the edges of its field too", poly1305_known);
    run("ChaCha20 does not mind where calls divide the data", chacha20_pieces);
    run("ChaCha20 never uses a block of keystream twice", chacha20_wrap);
    run("ChaCha20-Poly1305 does not mind where calls divide the data", chachapoly_pieces);
    run("ChaCha20-Poly1305 refuses calls out of order", chachapoly_bad_calls);
    run("ChaCha20-Poly1305 seals and opens RFC 8439's example, and releases nothing forged", chachapoly_known);
    return verdict();
}
