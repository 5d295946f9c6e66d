/*
 * P-256: core/fast against Mbed TLS: public keys, shared secrets and the reading
 * of points, for any private key and any string that a peer may send.
 */
#include "p256_numbers.h"

static void agree(const unsigned char key[32], const unsigned char *peer, size_t length)
{
    unsigned char ours[32], theirs[32];
    int error = fast.agree(P256, key, peer, length, ours);

    HOLDS(error == stock.agree(P256, key, peer, length, theirs));
    HOLDS(error != 0 || memcmp(ours, theirs, 32) == 0);
}

static void multiply(const unsigned char key[32], const unsigned char point[65])
{
    unsigned char ours[65], theirs[65];
    int error = fast.multiply(P256, key, 32, point, 65, ours);

    HOLDS((error == 0) == (stock.multiply(P256, key, 32, point, 65, theirs) == 0));
    HOLDS(error != 0 || memcmp(ours, theirs, 65) == 0);
}

static void decode(const unsigned char *point, size_t length)
{
    unsigned char ours[65], theirs[65];
    int error = fast.decode(point, length, ours);

    HOLDS(error == stock.decode(point, length, theirs));
    HOLDS(error != 0 || memcmp(ours, theirs, 65) == 0);
}

static void make_public(const unsigned char key[32])
{
    unsigned char ours[65], theirs[65];
    int length = fast.public_key(P256, key, ours);

    HOLDS(length == stock.public_key(P256, key, theirs));
    HOLDS(length < 0 || (length == 65 && memcmp(ours, theirs, 65) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    unsigned char key[32], point[65], *other;
    size_t length;

    take_number(&in, key);
    take_point(&in, point);
    make_public(key);
    agree(key, point, 65);
    multiply(key, point);
    decode(point, 65);
    point[0] = 2 + (point[64] & 1); /* compressed */
    decode(point, 33);
    length = in.left < 100 ? in.left : 100;
    other = take_block(&in, length);
    agree(key, other, length);
    decode(other, length);
    free(other);
    return 0;
}
