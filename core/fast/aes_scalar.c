/*
 * AES's rounds in plain integers, bit-sliced: plane b holds bit b of all 64 bytes
 * of four blocks, and every step is AND, XOR and rotation. In a plane the bit of
 * row r, column c, block n is number 16 r + 4 c + n, so that ShiftRows turns 16
 * bits and MixColumns turns whole planes. Slow, and in constant time.
 *
 * SubBytes inverts in the same tower of fields as aes_vector.c does: i*t + j*(t + 1),
 * N = w^3 (i + j)^2 + i*j, and the inverse is (j/N)*t + (i/N)*(t + 1).
 */
#include "fast/aes.h"

#include "mbedtls/platform_util.h"

#if !XTLS_VECTOR

typedef struct planes {
    uint64_t bit[8];
} planes;

/* Four of them: elements of GF(2^4) = GF(2)[w]/(w^4 + w + 1), one for each bit of a plane. */
typedef struct quads {
    uint64_t bit[4];
} quads;

/* Matrices over GF(2): which bits of the operand make each bit of the result. The second brings SubBytes's along. */
static const unsigned char INTO_TOWER[8] = { 0xA1, 0x04, 0xFC, 0x18, 0xD1, 0xD6, 0x50, 0xB8 };
static const unsigned char OUT_OF_TOWER[8] = { 0x41, 0x3C, 0x6F, 0x27, 0x38, 0xE0, 0xDD, 0x06 };
#define SUB_CONSTANT 0x63

static planes transformed(const unsigned char matrix[8], const planes *x)
{
    planes result = { { 0 } };
    int to, from;

    for (to = 0; to < 8; to++) {
        for (from = 0; from < 8; from++) {
            result.bit[to] ^= x->bit[from] & (0 - (uint64_t) (matrix[to] >> from & 1));
        }
    }
    return result;
}

static quads sum(quads a, quads b)
{
    return (quads) { { a.bit[0] ^ b.bit[0], a.bit[1] ^ b.bit[1], a.bit[2] ^ b.bit[2], a.bit[3] ^ b.bit[3] } };
}

static quads product(quads a, quads b)
{
    uint64_t c[7] = { 0 };
    int i, j;

    for (i = 0; i < 4; i++) {
        for (j = 0; j < 4; j++) {
            c[i + j] ^= a.bit[i] & b.bit[j];
        }
    }
    return (quads) { { c[0] ^ c[4], c[1] ^ c[4] ^ c[5], c[2] ^ c[5] ^ c[6], c[3] ^ c[6] } };
}

static quads square(quads a)
{
    return (quads) { { a.bit[0] ^ a.bit[2], a.bit[2], a.bit[1] ^ a.bit[3], a.bit[3] } };
}

static quads times_w3(quads a)
{
    return (quads) { { a.bit[1], a.bit[1] ^ a.bit[2], a.bit[2] ^ a.bit[3], a.bit[0] ^ a.bit[3] } };
}

/* a^14, which is 1/a, or 0 for 0. */
static quads inverse(quads a)
{
    quads a2 = square(a), a4 = square(a2), a8 = square(a4);

    return product(product(a2, a4), a8);
}

/* Without the constant. */
static void sub_bytes(planes *x)
{
    planes in = transformed(INTO_TOWER, x), out;
    quads i, j, over_n;

    memcpy(&j, in.bit, sizeof(j));
    memcpy(&i, in.bit + 4, sizeof(i));
    over_n = inverse(sum(times_w3(square(sum(i, j))), product(i, j)));
    i = product(i, over_n);
    j = product(j, over_n);
    memcpy(out.bit, &i, sizeof(i));
    memcpy(out.bit + 4, &j, sizeof(j));
    *x = transformed(OUT_OF_TOWER, &out);
}

static uint64_t turned(uint64_t plane, int bits)
{
    return plane >> bits | plane << (64 - bits);
}

static uint64_t row_shifted(uint64_t plane, int row)
{
    uint64_t bits = plane >> 16 * row & 0xFFFF;

    return ((bits >> 4 * row | bits << (16 - 4 * row)) & 0xFFFF) << 16 * row;
}

static void shift_rows(planes *x)
{
    int b;

    for (b = 0; b < 8; b++) {
        x->bit[b] = row_shifted(x->bit[b], 0) | row_shifted(x->bit[b], 1) | row_shifted(x->bit[b], 2) | row_shifted(x->bit[b], 3);
    }
}

static planes doubled(const planes *x)
{
    const uint64_t *a = x->bit;

    return (planes) { { a[7], a[0] ^ a[7], a[1], a[2] ^ a[7], a[3] ^ a[7], a[4], a[5], a[6] } };
}

/* {02} a0 + {03} a1 + a2 + a3, where one row on is 16 bits. */
static void mix_columns(planes *x)
{
    planes twice = doubled(x);
    uint64_t next;
    int b;

    for (b = 0; b < 8; b++) {
        next = twice.bit[b] ^ turned(x->bit[b], 16);
        x->bit[b] = next ^ turned(twice.bit[b], 16) ^ turned(x->bit[b], 32) ^ turned(x->bit[b], 48);
    }
}

static void add_round_key(planes *x, const xtls_aes *aes, int round)
{
    planes key;
    int b;

    memcpy(&key, aes->round_keys[round], sizeof(key));
    for (b = 0; b < 8; b++) {
        x->bit[b] ^= key.bit[b];
    }
}

/* Where bit n of a plane has its byte. */
static int place_of(int n)
{
    return n % 4 * 16 + n / 4 % 4 * 4 + n / 16;
}

static void slice(planes *x, const unsigned char blocks[XTLS_AES_BATCH])
{
    int n, b;

    memset(x, 0, sizeof(*x));
    for (n = 0; n < 64; n++) {
        for (b = 0; b < 8; b++) {
            x->bit[b] |= (uint64_t) (blocks[place_of(n)] >> b & 1) << n;
        }
    }
}

static void unslice(const planes *x, unsigned char blocks[XTLS_AES_BATCH])
{
    int n, b;

    memset(blocks, 0, XTLS_AES_BATCH);
    for (n = 0; n < 64; n++) {
        for (b = 0; b < 8; b++) {
            blocks[place_of(n)] |= (unsigned char) ((x->bit[b] >> n & 1) << b);
        }
    }
}

void xtls_aes_encrypt(const xtls_aes *aes, unsigned char blocks[XTLS_AES_BATCH])
{
    planes x;
    int round;

    slice(&x, blocks);
    add_round_key(&x, aes, 0);
    for (round = 1; round <= aes->rounds; round++) {
        sub_bytes(&x);
        shift_rows(&x);
        if (round < aes->rounds) {
            mix_columns(&x);
        }
        add_round_key(&x, aes, round);
    }
    unslice(&x, blocks);
    mbedtls_platform_zeroize(&x, sizeof(x));
}

uint32_t xtls_aes_sub_word(uint32_t word)
{
    unsigned char bytes[XTLS_AES_BATCH] = { 0 };
    planes x;

    memcpy(bytes, &word, 4);
    slice(&x, bytes);
    sub_bytes(&x);
    unslice(&x, bytes);
    memcpy(&word, bytes, 4);
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    mbedtls_platform_zeroize(&x, sizeof(x));
    return word ^ SUB_CONSTANT * 0x01010101u;
}

/* The same key for all four blocks. Later ones carry SubBytes's constant, which MixColumns leaves as it is. */
void xtls_aes_set_round_key(xtls_aes *aes, int round, const unsigned char round_key[16])
{
    unsigned char blocks[XTLS_AES_BATCH];
    planes key;
    int i;

    for (i = 0; i < XTLS_AES_BATCH; i++) {
        blocks[i] = round_key[i % 16] ^ (round > 0 ? SUB_CONSTANT : 0);
    }
    slice(&key, blocks);
    memcpy(aes->round_keys[round], &key, sizeof(key));
    mbedtls_platform_zeroize(blocks, sizeof(blocks));
    mbedtls_platform_zeroize(&key, sizeof(key));
}

#endif
