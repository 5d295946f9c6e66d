/* P-256: vectors of CAVP and RFC 6979, what must be refused, limbs as full as they may be. */
#include "fast/p256.h"

#include "fast/ecdsa.h"
#include "fast/p256_point.h"
#include "fast/p256_scalar.h"
#include "harness.h"
#include "hex.h"
#include "mbedtls/md.h"

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE  "0000000000000000000000000000000000000000000000000000000000000001"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define P_LESS "ffffffff00000001000000000000000000000000fffffffffffffffffffffffe"
#define P_ITSELF "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define P_MORE "ffffffff00000001000000000000000000000001000000000000000000000000"
#define N_LESS "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define N_ITSELF "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define N_MORE "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define MINUS_GY "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"

static void shares(const char *key, const char *peer, const char *own, const char *secret)
{
    unsigned char output[64];

    EXPECT_EQUAL(xtls_p256_public(output, HEX(key)), 0);
    EXPECT(is_hex(output, own));
    EXPECT_EQUAL(xtls_p256_shared(output, HEX(key), HEX(peer)), 0);
    EXPECT(is_hex(output, secret));
}

/* CAVP, KAS_ECC_CDH_PrimitiveTest, P-256, 0 and 1 */
static void agreement(void)
{
    shares("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
           "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
           "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
           "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
           "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141",
           "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
    shares("38f65d6dce47676044d58ce5139582d568f64bb16098d179dbab07741dd5caf5",
           "809f04289c64348c01515eb03d5ce7ac1a8cb9498f5caa50197e58d43a86a7ae"
           "b29d84e811197f25eba8f5194092cb6ff440e26d4421011372461f579271cda3",
           "119f2f047902782ab0c9e27a54aff5eb9b964829ca99c06b02ddba95b0a3f6d0"
           "8f52b726664cac366fc98ac7a012b2682cbd962e5acb544671d41b9445704d1d",
           "057d636096cb80b67a8c038c890e887d1adfa4195e9b3ce241c8a778c59cda67");
}

/* --- signatures --- */

#define KEY    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721" /* RFC 6979 A.2.5 */
#define PUBLIC "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" \
               "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"

static int sign(unsigned char signature[64], const char *key, mbedtls_md_type_t hash, const unsigned char *digest,
                size_t length)
{
    xtls_ecdsa_nonce nonce;
    int error = xtls_ecdsa_nonce_begin(&nonce, hash, HEX(key), digest, length, NULL, 0);

    if (error == 0) {
        error = xtls_ecdsa_sign(signature, HEX(key), digest, length, &nonce);
    }
    xtls_ecdsa_nonce_free(&nonce);
    return error;
}

static void is_signed(mbedtls_md_type_t hash, const char *text, const char *wanted)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(hash);
    unsigned char digest[64], signature[64];
    size_t length = mbedtls_md_get_size(info);

    EXPECT_EQUAL(mbedtls_md(info, (const unsigned char *) text, strlen(text), digest), 0);
    EXPECT_EQUAL(sign(signature, KEY, hash, digest, length), 0);
    EXPECT(is_hex(signature, wanted));
    EXPECT_EQUAL(xtls_ecdsa_verify(HEX(PUBLIC), digest, length, signature), 0);
    digest[0] ^= 1;
    EXPECT_EQUAL(xtls_ecdsa_verify(HEX(PUBLIC), digest, length, signature), -1);
}

/* RFC 6979 A.2.5 */
static void deterministic(void)
{
    unsigned char key[64];

    EXPECT_EQUAL(xtls_p256_public(key, HEX(KEY)), 0);
    EXPECT(is_hex(key, PUBLIC));
    is_signed(MBEDTLS_MD_SHA1, "sample",
              "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32"
              "6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb");
    is_signed(MBEDTLS_MD_SHA256, "sample",
              "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
              "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    is_signed(MBEDTLS_MD_SHA256, "test",
              "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
              "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083");
    is_signed(MBEDTLS_MD_SHA384, "sample",
              "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719"
              "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954");
    is_signed(MBEDTLS_MD_SHA512, "sample",
              "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
              "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe");
}

/* CAVP, SigVer's kind, of 186-3ecdsasiggencomponenttestvectors, P-256, SHA-256 */
static void verification(void)
{
    static const char *const key = "1ccbe91c075fc7f4f033bfa248db8fccd3565de94bbfb12f3c59ff46c271bf83"
                                   "ce4014c68811f9a21a1fdb2c0e6113e06db7ca93b7404e78dc7ccd5ca89a4ca9";
    static const char *const digest = "44acf6b7e36c1342c2c5897204fe09504e1e2efb1a900377dbc4e7a6a133ec56";
    hex_bytes signature = hex_read("f3ac8061b514795b8843e3d6629527ed2afd6b1f6a555a7acabb5e6f79c8c2ac"
                                   "8bf77819ca05a6b2786c76262bf7371cef97b218e96f175a3ccdda2acc058903");
    int bit;

    EXPECT_EQUAL(xtls_ecdsa_verify(HEX(key), HEX(digest), 32, signature.bytes), 0);
    for (bit = 0; bit < 512; bit += 7) {
        signature.bytes[bit / 8] ^= (unsigned char) (1 << bit % 8);
        EXPECT_EQUAL(xtls_ecdsa_verify(HEX(key), HEX(digest), 32, signature.bytes), -1);
        signature.bytes[bit / 8] ^= (unsigned char) (1 << bit % 8);
    }
}

static void out_of_range(void)
{
    static const char *const numbers[] = { ZERO, ONE, N_LESS, N_ITSELF, N_MORE, ONES };
    unsigned char signature[64];
    hex_bytes good;
    size_t i, j;

    for (i = 0; i < 6; i++) {
        for (j = 0; j < 6; j++) {
            memcpy(signature, HEX(numbers[i]), 32);
            memcpy(signature + 32, HEX(numbers[j]), 32);
            EXPECT_EQUAL(xtls_ecdsa_verify(HEX(PUBLIC), HEX(ONE), 32, signature), -1);
        }
    }
    good = hex_read("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    for (i = 0; i < 6; i++) {
        memcpy(signature, good.bytes, 64);
        memcpy(signature, HEX(numbers[i]), 32);
        EXPECT_EQUAL(xtls_ecdsa_verify(HEX(PUBLIC), HEX(ONE), 32, signature), -1);
        memcpy(signature, good.bytes, 64);
        memcpy(signature + 32, HEX(numbers[i]), 32);
        EXPECT_EQUAL(xtls_ecdsa_verify(HEX(PUBLIC), HEX(ONE), 32, signature), -1);
    }
}

/*
 * With the key 1 the public one is G, and digest / s G + r / s G meets itself on the way: the same
 * point twice if the digest is r, opposite points if it is -r, no first part if it is 0.
 */
static void is_verified_of_one(int factor, int wanted)
{
    unsigned char nonce[32] = { 0 }, signature[64], digest[32];
    xtls_p256_scalar r, s, k, e = { { 0 } };

    nonce[31] = 77;
    EXPECT_EQUAL(xtls_p256_public(signature, nonce), 0); /* its x is r */
    xtls_p256_scalar_read(&r, signature);
    xtls_p256_scalar_read(&k, nonce);
    if (factor != 0) {
        e = r;
        xtls_p256_scalar_negate_if(&e, factor < 0 ? ~0u : 0);
    }
    xtls_p256_scalar_add(&s, &e, &r);
    xtls_p256_scalar_invert(&k);
    xtls_p256_scalar_multiply(&s, &s, &k);
    s.word[0] += xtls_p256_scalar_zero_mask(&s) & 1; /* any number will do then: the sum is at infinity */
    xtls_p256_scalar_write(signature, &r);
    xtls_p256_scalar_write(signature + 32, &s);
    xtls_p256_scalar_write(digest, &e);
    EXPECT_EQUAL(xtls_ecdsa_verify(HEX(GX GY), digest, 32, signature), wanted);
}

static void meetings(void)
{
    is_verified_of_one(1, 0);
    is_verified_of_one(0, 0);
    is_verified_of_one(-1, -1);
}

/* --- keys --- */

static void private_keys(void)
{
    unsigned char output[64];

    EXPECT_EQUAL(xtls_p256_check_private(HEX(ZERO)), -1);
    EXPECT_EQUAL(xtls_p256_check_private(HEX(ONE)), 0);
    EXPECT_EQUAL(xtls_p256_check_private(HEX(N_LESS)), 0);
    EXPECT_EQUAL(xtls_p256_check_private(HEX(N_ITSELF)), -1);
    EXPECT_EQUAL(xtls_p256_check_private(HEX(N_MORE)), -1);
    EXPECT_EQUAL(xtls_p256_check_private(HEX(ONES)), -1);
    EXPECT_EQUAL(xtls_p256_public(output, HEX(ZERO)), -1);
    EXPECT_EQUAL(xtls_p256_public(output, HEX(N_ITSELF)), -1);
    EXPECT_EQUAL(xtls_p256_shared(output, HEX(ZERO), HEX(PUBLIC)), -1);
    EXPECT_EQUAL(xtls_p256_shared(output, HEX(N_ITSELF), HEX(PUBLIC)), -1);
    EXPECT_EQUAL(sign(output, ZERO, MBEDTLS_MD_SHA256, HEX(ONE), 32), -1);
    EXPECT_EQUAL(sign(output, N_MORE, MBEDTLS_MD_SHA256, HEX(ONE), 32), -1);
    EXPECT_EQUAL(sign(output, ZERO, MBEDTLS_MD_SHA256, HEX(ZERO), 32), -1); /* with which no nonce would be fit */
    shares(ONE, PUBLIC, GX GY, PUBLIC);
    shares(N_LESS, GX GY, GX MINUS_GY, GX MINUS_GY);
}

static void refuses_point(const char *point)
{
    unsigned char output[64];

    EXPECT_EQUAL(xtls_p256_check_public(HEX(point)), -1);
    EXPECT_EQUAL(xtls_p256_shared(output, HEX(KEY), HEX(point)), -1);
    EXPECT_EQUAL(xtls_ecdsa_verify(HEX(point), HEX(ONE), 32, HEX(ONE ONE)), -1);
}

static void public_keys(void)
{
    EXPECT_EQUAL(xtls_p256_check_public(HEX(GX GY)), 0);
    EXPECT_EQUAL(xtls_p256_check_public(HEX(GX MINUS_GY)), 0);
    refuses_point(ZERO ZERO); /* how some write infinity */
    refuses_point(GX ZERO);
    refuses_point(GX ONE);
    refuses_point(GY GX);
    refuses_point(ONES ONES);
    refuses_point(P_ITSELF ONE);
    refuses_point(P_ITSELF P_ITSELF);
    /* x = 0 has a point; x = p must not stand for it */
    EXPECT_EQUAL(xtls_p256_check_public(HEX(ZERO "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4")), 0);
    refuses_point(P_ITSELF "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
}

/* --- multiples --- */

static void number_key(unsigned char key[32], const char *from, int less)
{
    int i, borrow = less;

    memcpy(key, HEX(from), 32);
    for (i = 31; i >= 0; i--) {
        int digit = key[i] - (borrow & 255);

        key[i] = (unsigned char) digit;
        borrow = (borrow >> 8) + (digit < 0);
    }
}

/* G's multiples by the comb and by windows, from both ends of the range: at the upper one the last two points are the same. */
static void ends(void)
{
    unsigned char key[32], opposite[32], comb[64], windows[64], other[64];
    int i;

    for (i = 1; i <= 70; i++) {
        memset(key, 0, 32);
        key[31] = (unsigned char) i;
        number_key(opposite, N_ITSELF, i);
        EXPECT_EQUAL(xtls_p256_public(comb, key), 0);
        EXPECT_EQUAL(xtls_p256_shared(windows, key, HEX(GX GY)), 0);
        EXPECT(memcmp(comb, windows, 64) == 0);
        EXPECT_EQUAL(xtls_p256_public(comb, opposite), 0);
        EXPECT_EQUAL(xtls_p256_shared(other, opposite, HEX(GX GY)), 0);
        EXPECT(memcmp(comb, other, 64) == 0);
        EXPECT(memcmp(windows, other, 32) == 0);       /* the same x */
        EXPECT(memcmp(windows + 32, other + 32, 32) != 0); /* another y */
        EXPECT_EQUAL(xtls_p256_check_public(other), 0);
    }
}

/* --- limbs --- */

static int is_same(const xtls_p256_fe *a, const xtls_p256_fe *b)
{
    xtls_p256_fe difference;

    xtls_p256_fe_subtract(&difference, a, b);
    return xtls_p256_fe_zero_mask(&difference) == ~0u;
}

static void numbers(void)
{
    xtls_p256_fe a, zero = { { 0 } };
    unsigned char bytes[32];

    EXPECT_EQUAL(xtls_p256_fe_read(&a, HEX(P_ITSELF)), -1);
    EXPECT_EQUAL(xtls_p256_fe_read(&a, HEX(P_MORE)), -1);
    EXPECT_EQUAL(xtls_p256_fe_read(&a, HEX(ONES)), -1);
    EXPECT_EQUAL(xtls_p256_fe_read(&a, HEX(P_LESS)), 0);
    xtls_p256_fe_write(bytes, &a);
    EXPECT(is_hex(bytes, P_LESS));
    xtls_p256_fe_add(&a, &a, &xtls_p256_one);
    EXPECT(is_same(&a, &zero));
    xtls_p256_fe_write(bytes, &a);
    EXPECT(is_hex(bytes, ZERO));
    xtls_p256_fe_subtract(&a, &a, &xtls_p256_one);
    xtls_p256_fe_write(bytes, &a);
    EXPECT(is_hex(bytes, P_LESS));
    xtls_p256_fe_square(&a, &a);
    EXPECT(is_same(&a, &xtls_p256_one));
    xtls_p256_fe_invert(&a, &zero);
    EXPECT(is_same(&a, &zero));
}

static void fill(xtls_p256_fe *a, int weight, int sign)
{
    int i;

    for (i = 0; i < 8; i++) {
        a->limb[i] = sign * (weight * (1 << 28) - 1);
    }
    a->limb[8] = sign * weight * ((1 << 24) - 1);
}

/* Products of the heaviest limbs that are allowed, against those of the same numbers reduced. */
static void full_limbs(void)
{
    static const int weights[][2] = { { 3, 4 }, { 4, 3 }, { 2, 6 }, { 6, 2 }, { 1, 1 }, { 3, 3 } };
    xtls_p256_fe a, b, heavy, light;
    size_t i;
    int signs;

    for (i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
        for (signs = 0; signs < 4; signs++) {
            fill(&a, weights[i][0], signs & 1 ? -1 : 1);
            fill(&b, weights[i][1], signs & 2 ? -1 : 1);
            xtls_p256_fe_multiply(&heavy, &a, &b);
            xtls_p256_fe_reduce(&a);
            xtls_p256_fe_carry(&b);
            xtls_p256_fe_multiply(&light, &a, &b);
            EXPECT(is_same(&heavy, &light));
        }
    }
    for (signs = -1; signs <= 1; signs += 2) {
        fill(&a, 3, signs);
        xtls_p256_fe_square(&heavy, &a);
        xtls_p256_fe_multiply(&light, &a, &a);
        EXPECT(is_same(&heavy, &light));
        xtls_p256_fe_reduce(&a);
        xtls_p256_fe_invert(&b, &a);
        xtls_p256_fe_multiply(&b, &b, &a);
        EXPECT(is_same(&b, &xtls_p256_one));
    }
}

static void scalars(void)
{
    xtls_p256_scalar a, b, c;

    EXPECT_EQUAL(xtls_p256_scalar_read(&a, HEX(N_ITSELF)), 0);
    EXPECT(xtls_p256_scalar_zero_mask(&a) != 0);
    EXPECT_EQUAL(xtls_p256_scalar_read(&a, HEX(N_MORE)), 0);
    EXPECT_EQUAL(a.word[0], 1);
    EXPECT_EQUAL(xtls_p256_scalar_read(&a, HEX(N_LESS)), ~0u);
    xtls_p256_scalar_multiply(&b, &a, &a); /* (-1)^2 */
    EXPECT_EQUAL(xtls_p256_scalar_read(&c, HEX(ONE)), ~0u);
    EXPECT(memcmp(&b, &c, sizeof(b)) == 0);
    xtls_p256_scalar_add(&b, &a, &c);
    EXPECT(xtls_p256_scalar_zero_mask(&b) != 0);
    b = a;
    xtls_p256_scalar_invert(&b); /* 1 / -1 */
    EXPECT(memcmp(&b, &a, sizeof(b)) == 0);
    xtls_p256_scalar_read(&a, HEX(ONES));
    b = a;
    xtls_p256_scalar_invert(&b);
    xtls_p256_scalar_multiply(&b, &b, &a);
    EXPECT(memcmp(&b, &c, sizeof(b)) == 0);
}

int main(void)
{
    run("agrees on CAVP's secrets", agreement);
    run("signs as RFC 6979 says", deterministic);
    run("verifies CAVP's signature, and nothing one bit off", verification);
    run("refuses r and s out of range", out_of_range);
    run("verifies where points meet", meetings);
    run("refuses private keys out of range", private_keys);
    run("refuses public keys that are no points", public_keys);
    run("multiplies by the smallest and largest scalars", ends);
    run("reduces numbers around the prime", numbers);
    run("multiplies limbs as full as they get", full_limbs);
    run("computes modulo the order", scalars);
    return verdict();
}
