/*
 * X25519: core/fast against Mbed TLS, for any private key and any string that a
 * peer may send, those of small order included; by PSA and by the older interface.
 */
#include "input.h"
#include "primitives.h"

/* Numbers, little end first, at which something changes: 0, 1, those of small order, p and its neighbours. */
static const unsigned char ODD[][32] = {
    { 0 },
    { 1 },
    { 9 },
    { 0xE0, 0xEB, 0x7A, 0x7C, 0x3B, 0x41, 0xB8, 0xAE, 0x16, 0x56, 0xE3, 0xFA, 0xF1, 0x9F, 0xC4, 0x6A,
      0xDA, 0x09, 0x8D, 0xEB, 0x9C, 0x32, 0xB1, 0xFD, 0x86, 0x62, 0x05, 0x16, 0x5F, 0x49, 0xB8, 0x00 },
    { 0x5F, 0x9C, 0x95, 0xBC, 0xA3, 0x50, 0x8C, 0x24, 0xB1, 0xD0, 0xB1, 0x55, 0x9C, 0x83, 0xEF, 0x5B,
      0x04, 0x44, 0x5C, 0xC4, 0x58, 0x1C, 0x8E, 0x86, 0xD8, 0x22, 0x4E, 0xDD, 0xD0, 0x9F, 0x11, 0x57 },
    { 0xEC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F },
    { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF },
};

#define ODD_COUNT (sizeof(ODD) / sizeof(ODD[0]))

/* An odd number, a little more or less, or any. */
static void take_number(input *in, unsigned char number[32])
{
    unsigned choice = take_byte(in);

    if (choice % 16 >= ODD_COUNT) {
        take(in, number, 32);
        return;
    }
    memcpy(number, ODD[choice % 16], 32);
    number[0] = (unsigned char) (number[0] + (int) (take_byte(in) % 64) - 32 * (choice >> 4 & 1));
    number[31] ^= (unsigned char) (choice & 0x80);
}

static void agree(const unsigned char key[32], const unsigned char *peer, size_t length)
{
    unsigned char ours[32], theirs[32];
    int error = fast.agree(X25519, key, peer, length, ours);

    HOLDS(error == stock.agree(X25519, key, peer, length, theirs));
    HOLDS(error != 0 || memcmp(ours, theirs, 32) == 0);
}

static void multiply(const unsigned char key[32], const unsigned char *peer, size_t length)
{
    unsigned char ours[65], theirs[65];
    int error = fast.multiply(X25519, key, 32, peer, length, ours);

    HOLDS((error == 0) == (stock.multiply(X25519, key, 32, peer, length, theirs) == 0));
    HOLDS(error != 0 || memcmp(ours, theirs, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    unsigned char key[32], peer[32], ours[65], theirs[65], *other;
    size_t length = take_byte(&in) % 8 == 0 ? take_byte(&in) % 66 : 32;
    int written;

    take_number(&in, key);
    take_number(&in, peer);
    written = fast.public_key(X25519, key, ours);
    HOLDS(written == 32 && stock.public_key(X25519, key, theirs) == 32 && memcmp(ours, theirs, 32) == 0);
    agree(key, peer, 32);
    multiply(key, peer, 32);
    key[0] &= 248; /* Mbed TLS multiplies by nothing else */
    key[31] = (key[31] & 127) | 64;
    multiply(key, peer, 32);
    if (length != 32) {
        other = take_block(&in, length);
        agree(key, other, length);
        free(other);
    }
    return 0;
}
