/*
 * ECDSA over P-256: core/fast against Mbed TLS. Deterministic signatures are the
 * same; each verifies the other's; about anything else that calls itself a
 * signature both are of one mind.
 */
#include "mbedtls/md.h"
#include "p256_numbers.h"

static const int HASHES[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_SHA1 };

typedef struct claim {
    unsigned char point[65], digest[64], signature[64];
    size_t length; /* of the digest */
} claim;

/* Numbers of up to 33 bytes, so that one may also be 2^256 and more. */
static int judge(const claim *c, unsigned beyond)
{
    unsigned char r[33] = { beyond & 1 }, s[33] = { beyond >> 1 & 1 };
    int ours, theirs;

    memcpy(r + 1, c->signature, 32);
    memcpy(s + 1, c->signature + 32, 32);
    ours = fast.verify(c->point, 65, c->digest, c->length, r, s, 33) == 0;
    theirs = stock.verify(c->point, 65, c->digest, c->length, r, s, 33) == 0;
    HOLDS(ours == theirs);
    return ours;
}

static void sign(claim *c, const unsigned char key[32], int hash)
{
    unsigned char theirs[64];
    int error = fast.sign(key, hash, c->digest, c->length, c->signature);

    HOLDS((error == 0) == (stock.sign(key, hash, c->digest, c->length, theirs) == 0));
    if (error == 0) {
        HOLDS(memcmp(c->signature, theirs, 64) == 0);
        HOLDS(fast.public_key(P256, key, c->point) == 65);
        HOLDS(judge(c, 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    unsigned char key[32];
    unsigned choice = take_byte(&in), beyond = take_byte(&in), bit;
    claim c = { .length = choice & 4 ? take_byte(&in) % 65 : 32 };

    take_number(&in, key);
    take_number(&in, c.digest);
    take(&in, c.digest + 32, 32);
    if (choice & 8) {
        sign(&c, key, HASHES[choice & 3]);
        bit = take_short(&in);
        c.signature[bit / 8 % 64] ^= (unsigned char) (1 << bit % 8);
    } else {
        take_number(&in, c.signature);
        take_number(&in, c.signature + 32);
    }
    if (choice & 16) {
        take_point(&in, c.point);
    } else if (!(choice & 8) && fast.public_key(P256, key, c.point) < 0) {
        return 0;
    }
    (void) judge(&c, choice & 32 ? beyond : 0);
    return 0;
}
