/*
 * Constant time, as far as valgrind can tell: secrets are marked undefined, and memcheck
 * reports every branch and every address that depends on one. scripts/constant-time.sh builds
 * and runs this. With "leak" as its argument the program leaks on purpose, so that the script
 * can show that it would notice.
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "fast/ecc.h"
#include "fast/ecdsa.h"
#include "fast/p256.h"
#include "fast/x25519.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/gcm.h"
#include "srp_group.h"

/* `length` bytes that nothing may depend on. */
static void hide(void *secret, size_t length)
{
    (void) VALGRIND_MAKE_MEM_UNDEFINED(secret, length);
}

static void show(void *output, size_t length)
{
    (void) VALGRIND_MAKE_MEM_DEFINED(output, length);
}

static void expect(int holds, const char *what)
{
    if (!holds) {
        printf("not ok: %s\n", what);
    }
}

/* --- curves ------------------------------------------------------------------ */

#define KEY { 0xC9, 0xAF, 0xA9, 0xD8, 0x45, 0xBA, 0x75, 0x16, 0x6B, 0x5C, 0x21, 0x57, 0x67, 0xB1, 0xD6, 0x93, \
              0x4E, 0x50, 0xC3, 0xDB, 0x36, 0xE8, 0x9B, 0x12, 0x7B, 0x8A, 0x62, 0x2B, 0x12, 0x0F, 0x67, 0x21 }

static void x25519(void)
{
    unsigned char key[32] = KEY, peer[32] = { 9 }, output[32];

    hide(key, sizeof(key));
    xtls_x25519_public(output, key);
    show(output, sizeof(output));
    expect(output[0] | output[1], "a public key");
    expect(xtls_x25519_shared(output, key, peer) == 0, "a shared secret");
}

static void p256(void)
{
    unsigned char key[32] = KEY, peer[64], output[64];

    expect(xtls_p256_public(peer, key) == 0, "a peer");
    hide(key, sizeof(key));
    expect(xtls_p256_check_private(key) == 0, "a private key");
    expect(xtls_p256_public(output, key) == 0, "a public key");
    expect(xtls_p256_shared(output, key, peer) == 0, "a shared secret");
}

static void ecdsa(void)
{
    static const unsigned char digest[32] = { 1, 2, 3 };
    unsigned char key[32] = KEY, public_key[64], signature[64];
    xtls_ecdsa_nonce nonce;

    expect(xtls_p256_public(public_key, key) == 0, "a public key");
    hide(key, sizeof(key));
    expect(xtls_ecdsa_nonce_begin(&nonce, MBEDTLS_MD_SHA256, key, digest, 32, NULL, 0) == 0, "a nonce");
    expect(xtls_ecdsa_sign(signature, key, digest, 32, &nonce) == 0, "a signature");
    xtls_ecdsa_nonce_free(&nonce);
    show(signature, sizeof(signature));
    expect(xtls_ecdsa_verify(public_key, digest, 32, signature) == 0, "a good signature");
}

static void agreement(psa_ecc_family_t family, size_t bits)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    unsigned char key[32], public_key[65], secret[32];
    size_t length, public_length;

    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(family));
    psa_set_key_bits(&attributes, bits);
    expect(xtls_ecc_psa_generate(&attributes, key, sizeof(key), &length) == PSA_SUCCESS, "a pair");
    hide(key, sizeof(key));
    expect(xtls_ecc_psa_export_public(&attributes, key, 32, public_key, sizeof(public_key), &public_length) == PSA_SUCCESS,
           "its public part");
    show(public_key, sizeof(public_key));
    expect(xtls_ecc_psa_agree(&attributes, key, 32, public_key, public_length, secret, sizeof(secret), &length) ==
               PSA_SUCCESS, "an agreement");
}

/* What TLS calls, with keys as Mbed TLS keeps them. */
static void hooks(void)
{
    static const unsigned char digest[32] = { 1, 2, 3 };
    unsigned char bytes[32] = KEY;
    mbedtls_ecp_group group;
    mbedtls_ecp_point product;
    mbedtls_mpi key, r, s;

    agreement(PSA_ECC_FAMILY_SECP_R1, 256);
    agreement(PSA_ECC_FAMILY_MONTGOMERY, 255);
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&product);
    mbedtls_mpi_init(&key);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    hide(bytes, sizeof(bytes));
    expect(mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0, "a group");
    expect(mbedtls_mpi_read_binary(&key, bytes, sizeof(bytes)) == 0, "a key");
    expect(xtls_ecc_sign(&group, &r, &s, &key, digest, 32, MBEDTLS_MD_SHA256) == 0, "a signature");
    expect(xtls_ecc_multiply(&group, &product, &key, &group.G) == 0, "a product");
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&key);
    mbedtls_ecp_point_free(&product);
    mbedtls_ecp_group_free(&group);
}

/* --- symmetric --------------------------------------------------------------- */

/* Of every length that takes another way: nothing, parts of a block, a batch and more, long runs in lanes. */
static const size_t lengths[] = { 0, 1, 16, 47, 49, 192, 193, 449, 767, 1025, 4100 };
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))
#define LONGEST 4100

/* Whether a tag is right may be known, and nothing else: so openings are made of their parts here. */
static int is_equal(const unsigned char a[16], const unsigned char b[16])
{
    int difference = mbedtls_ct_memcmp(a, b, 16);

    show(&difference, sizeof(difference));
    return difference == 0;
}

static void chachapoly(size_t length)
{
    static unsigned char data[LONGEST];
    unsigned char key[32] = KEY, nonce[12] = { 1 }, tag[16], expected[16];
    mbedtls_chachapoly_context ctx;

    hide(key, sizeof(key));
    hide(data, length);
    mbedtls_chachapoly_init(&ctx);
    expect(mbedtls_chachapoly_setkey(&ctx, key) == 0, "a key");
    expect(mbedtls_chachapoly_encrypt_and_tag(&ctx, length, nonce, nonce, 5, data, data, tag) == 0, "sealing");
    expect(mbedtls_chachapoly_starts(&ctx, nonce, MBEDTLS_CHACHAPOLY_DECRYPT) == 0, "beginning to open");
    expect(mbedtls_chachapoly_update_aad(&ctx, nonce, 5) == 0, "opening");
    expect(mbedtls_chachapoly_update(&ctx, length, data, data) == 0, "opening");
    expect(mbedtls_chachapoly_finish(&ctx, expected) == 0, "opening");
    expect(is_equal(expected, tag), "the same tag");
    expect(!is_equal(expected, key), "another tag");
    mbedtls_chachapoly_free(&ctx);
}

static void gcm(unsigned bits, size_t length, size_t iv_length)
{
    static unsigned char data[LONGEST];
    unsigned char key[32] = KEY, iv[20] = { 1 }, tag[16], expected[16];
    mbedtls_gcm_context ctx;

    hide(key, sizeof(key));
    hide(data, length);
    mbedtls_gcm_init(&ctx);
    expect(mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, bits) == 0, "a key");
    expect(mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, length, iv, iv_length, iv, 13, data, data, 16, tag) == 0,
           "sealing");
    expect(mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_DECRYPT, length, iv, iv_length, iv, 13, data, data, 16, expected) == 0,
           "opening");
    expect(is_equal(expected, tag), "the same tag");
    mbedtls_gcm_free(&ctx);
}

static void symmetric(void)
{
    size_t i;

    for (i = 0; i < LENGTHS; i++) {
        chachapoly(lengths[i]);
        gcm(128, lengths[i], 12);
        gcm(256, lengths[i], 20);
    }
    gcm(192, 100, 12);
}

/* --- SRP --------------------------------------------------------------------- */

static void srp(void)
{
    static unsigned char verifier[XTLS_SRP_ELEMENT_MAX], client[XTLS_SRP_ELEMENT_MAX], server[XTLS_SRP_ELEMENT_MAX];
    const xtls_srp_group *group = &xtls_srp_group_3072;
    unsigned char secret[32] = KEY, x[32], u[32];
    xtls_srp_piece word = { secret, sizeof(secret) }, name = { "romeo", 5 };

    hide(secret, sizeof(secret));
    expect(xtls_srp_x(group, name, word, name, x) == 0, "x");
    expect(xtls_srp_power(group, x, verifier) == 0, "a verifier");
    expect(xtls_srp_power(group, secret, client) == 0, "the client's public value");
    expect(xtls_srp_server_public(group, secret, verifier, server) == 0, "the server's public value");
    show(client, sizeof(client));
    show(server, sizeof(server));
    expect(xtls_srp_u(group, client, server, u) == 0, "u");
    expect(xtls_srp_server_secret(group, secret, verifier, u, client, verifier) == 0, "the server's secret");
    expect(xtls_srp_client_secret(group, secret, x, u, server, client) == 0, "the client's secret");
    show(client, sizeof(client));
    show(verifier, sizeof(verifier));
    expect(memcmp(client, verifier, sizeof(client)) == 0, "one secret");
}

/* --- the proof that leaks are seen ---------------------------------------------- */

static volatile unsigned char table[256];

static void leak(const char *kind)
{
    unsigned char secret = 1;

    hide(&secret, 1);
    if (strcmp(kind, "branch") == 0 && secret == 1) {
        table[0] = 1;
    }
    if (strcmp(kind, "index") == 0) {
        table[1] = table[secret];
    }
}

int main(int count, char **arguments)
{
    if (count == 2) {
        leak(arguments[1]);
        return 0;
    }
    x25519();
    p256();
    ecdsa();
    hooks();
    symmetric();
    srp();
    return 0;
}
