/* X25519: RFC 7748's vectors, points that give no secret, limbs as full as they may be. */
#include "fast/x25519.h"

#include <stdlib.h>

#include "fast/x25519_field.h"
#include "harness.h"
#include "hex.h"

static void is_shared(const char *scalar, const char *u, const char *wanted)
{
    unsigned char secret[32];

    EXPECT_EQUAL(xtls_x25519_shared(secret, HEX(scalar), HEX(u)), 0);
    EXPECT(is_hex(secret, wanted));
}

/* RFC 7748 5.2 */
static void vectors(void)
{
    is_shared("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
              "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
              "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    is_shared("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
              "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
              "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

#define ALICE     "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
#define ALICE_KEY "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
#define BOB       "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
#define BOB_KEY   "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
#define SECRET    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"

/* RFC 7748 6.1 */
static void agreement(void)
{
    unsigned char key[32];

    xtls_x25519_public(key, HEX(ALICE));
    EXPECT(is_hex(key, ALICE_KEY));
    xtls_x25519_public(key, HEX(BOB));
    EXPECT(is_hex(key, BOB_KEY));
    is_shared(ALICE, BOB_KEY, SECRET);
    is_shared(BOB, ALICE_KEY, SECRET);
}

/* RFC 7748 5.2, the second kind: the result is the next scalar, the scalar the next point. */
static void iterations(void)
{
    unsigned char k[32] = { 9 }, u[32] = { 9 }, next[32];
    int i, count = getenv("LONG") != NULL ? 1000000 : 1000;

    for (i = 1; i <= count; i++) {
        EXPECT_EQUAL(xtls_x25519_shared(next, k, u), 0);
        memcpy(u, k, 32);
        memcpy(k, next, 32);
        EXPECT(i != 1 || is_hex(k, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
        EXPECT(i != 1000 || is_hex(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
        EXPECT(i != 1000000 || is_hex(k, "7c3911e0ab2586fd864497297e575e6f3bc601c0883c30df5f4dd2d24f665424"));
    }
}

/* All points of order 1, 2, 4 and 8, of the curve and its twist, in every spelling. */
static void small_order(void)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "cdeb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
        "4c9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
        "d9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "daffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "dbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    unsigned char secret[32];
    size_t i, refused = 0;

    for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        hex_bytes point = hex_read(points[i]);

        refused += xtls_x25519_shared(secret, HEX(ALICE), point.bytes) == -1;
    }
    /* The last five are of small order as numbers of 256 bits; here the 256th bit does not count. */
    EXPECT_EQUAL(refused, 8);
}

/* A number from p to 2^255 - 1 stands for itself less p (RFC 7748 5). */
static void unreduced(void)
{
    unsigned char secret[32], other[32];

    EXPECT_EQUAL(xtls_x25519_shared(secret, HEX(ALICE), HEX("0900000000000000000000000000000000000000000000000000000000000000")), 0);
    EXPECT_EQUAL(xtls_x25519_shared(other, HEX(ALICE), HEX("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), 0);
    EXPECT(memcmp(secret, other, 32) == 0);
    EXPECT_EQUAL(xtls_x25519_shared(other, HEX(ALICE), HEX("0900000000000000000000000000000000000000000000000000000000000080")), 0);
    EXPECT(memcmp(secret, other, 32) == 0);
}

static void is_written(const xtls_fe25519 *a, const char *wanted)
{
    unsigned char bytes[32];

    xtls_fe25519_write(bytes, a);
    EXPECT(is_hex(bytes, wanted));
}

static void is_read_as(const char *bytes, const char *wanted)
{
    xtls_fe25519 a;

    xtls_fe25519_read(&a, HEX(bytes));
    is_written(&a, wanted);
}

static void numbers(void)
{
    is_read_as("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
               "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    is_read_as("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
               "0000000000000000000000000000000000000000000000000000000000000000");
    is_read_as("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
               "0100000000000000000000000000000000000000000000000000000000000000");
    is_read_as("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
               "1200000000000000000000000000000000000000000000000000000000000000");
}

/* (-1)^2, 1 / -1, 0 / 0, and a product of the fullest sums with the fullest differences. */
static void full_limbs(void)
{
    static const char *const one = "0100000000000000000000000000000000000000000000000000000000000000";
    static const char *const zero = "0000000000000000000000000000000000000000000000000000000000000000";
    xtls_fe25519 full = { { 0x3FFFFFF, 0x2020000, 0x3FFFFFF, 0x1FFFFFF, 0x3FFFFFF,
                            0x1FFFFFF, 0x3FFFFFF, 0x1FFFFFF, 0x3FFFFFF, 0x1FFFFFF } };
    xtls_fe25519 none = { { 0 } }, unit = { { 1 } }, a, b, c, d;

    xtls_fe25519_subtract(&a, &none, &unit);
    xtls_fe25519_multiply(&b, &a, &a);
    is_written(&b, one);
    xtls_fe25519_square(&b, &a);
    is_written(&b, one);
    xtls_fe25519_invert(&b, &a);
    xtls_fe25519_multiply(&b, &b, &a);
    is_written(&b, one);
    xtls_fe25519_invert(&b, &none);
    is_written(&b, zero);

    xtls_fe25519_add(&a, &full, &full);         /* 2 f */
    xtls_fe25519_subtract(&b, &full, &none);    /* f, as full as a difference gets */
    xtls_fe25519_multiply(&c, &a, &b);          /* 2 f^2 */
    xtls_fe25519_square(&d, &b);                /* f^2 */
    xtls_fe25519_add(&d, &d, &d);
    xtls_fe25519_multiply(&d, &d, &unit);
    xtls_fe25519_subtract(&c, &c, &d);
    is_written(&c, zero);
    xtls_fe25519_square(&c, &a);                /* 4 f^2 */
    xtls_fe25519_scale(&d, &d, 2);
    xtls_fe25519_subtract(&c, &c, &d);
    is_written(&c, zero);
}

int main(void)
{
    run("computes RFC 7748's vectors", vectors);
    run("agrees on RFC 7748's secret", agreement);
    run("computes RFC 7748's chain", iterations);
    run("refuses points of small order", small_order);
    run("takes numbers that are not reduced", unreduced);
    run("reduces numbers around the prime", numbers);
    run("multiplies limbs as full as they get", full_limbs);
    return verdict();
}
