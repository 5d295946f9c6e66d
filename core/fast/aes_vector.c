/*
 * AES's rounds with vectors (Hamburg, "Accelerating AES with Vector Permute
 * Instructions"): inversion in GF(2^8) comes down to GF(2^4), and there every
 * function is a look-up of 16 bytes that a swizzle does in fixed time.
 *
 * Between the rounds a byte is not in FIPS 197's basis. It stands for i*t + j*(t + 1)
 * with i, j of GF(2^4) = GF(2)[w]/(w^4 + w + 1) and t^2 + t + w^3 = 0; FIPS 197's
 * {02} is the element that IN_LOW[2] shows. The high half of the byte is i, the low
 * half k = i + j. With a = 1/w^3 the inverse of it has the coordinates j/N and i/N,
 * N = (k^2 + a*i*j)/a, both linear in 1/u and 1/v, where
 *     u = 1/(1/i + a/k) + j,   v = 1/(1/j + a/k) + i,
 * and 1/0 is a value whose bit 7 is set: a swizzle makes 0 of it. What is linear
 * after that, SubBytes's matrix and MixColumns's {02}, is in the tables of u and v.
 */
#include "fast/aes.h"

#if XTLS_VECTOR

/* Both halves of a byte from FIPS 197's basis into ours. */
static const xtls_bytes IN_LOW = { 0x00, 0x10, 0x22, 0x32, 0x24, 0x34, 0x06, 0x16, 0x84, 0x94, 0xA6, 0xB6, 0xA0, 0xB0, 0x82, 0x92 };
static const xtls_bytes IN_HIGH = { 0x00, 0xF3, 0x8D, 0x7E, 0x73, 0x80, 0xFE, 0x0D, 0xBE, 0x4D, 0x33, 0xC0, 0xCD, 0x3E, 0x40, 0xB3 };

/* 1/n and a/n in GF(2^4). */
static const xtls_bytes INVERSE = { 0x80, 0x01, 0x09, 0x0E, 0x0D, 0x0B, 0x07, 0x06, 0x0F, 0x02, 0x0C, 0x05, 0x0A, 0x04, 0x03, 0x08 };
static const xtls_bytes A_OVER = { 0x80, 0x0F, 0x0E, 0x05, 0x07, 0x03, 0x0B, 0x04, 0x0A, 0x0D, 0x08, 0x06, 0x0C, 0x09, 0x02, 0x01 };

/* SubBytes without its constant, in our basis; the same times {02}; and in FIPS 197's basis. */
static const xtls_bytes SUB_U = { 0x00, 0xBB, 0xC0, 0xCE, 0xE8, 0x5D, 0x0E, 0xB5, 0x75, 0x9D, 0x53, 0x93, 0xE6, 0x28, 0x26, 0x7B };
static const xtls_bytes SUB_V = { 0x00, 0xDA, 0xD9, 0xD1, 0x74, 0xA6, 0x08, 0xD2, 0x0B, 0x7F, 0xAE, 0x77, 0x7C, 0xAD, 0xA5, 0x03 };
static const xtls_bytes DOUBLE_U = { 0x00, 0xB5, 0xBB, 0xAB, 0x4F, 0xEA, 0x10, 0xA5, 0x1E, 0x51, 0xFA, 0x41, 0x5F, 0xF4, 0xE4, 0x0E };
static const xtls_bytes DOUBLE_V = { 0x00, 0x49, 0x19, 0xA9, 0x2E, 0xD7, 0xB0, 0xF9, 0xE0, 0xCE, 0x67, 0x7E, 0x9E, 0x37, 0x87, 0x50 };
static const xtls_bytes OUT_U = { 0x00, 0x7B, 0xB0, 0x3D, 0x67, 0x91, 0x8D, 0xF6, 0x46, 0x21, 0x1C, 0xAC, 0xEA, 0xD7, 0x5A, 0xCB };
static const xtls_bytes OUT_V = { 0x00, 0x64, 0x99, 0x12, 0xE5, 0x0A, 0x8B, 0xEF, 0x76, 0x93, 0x81, 0x18, 0x6E, 0x7C, 0xF7, 0xFD };

static const xtls_bytes SHIFT_ROWS = { 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11 };
static const xtls_bytes ROWS_UP = { 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12 };
static const xtls_bytes ROWS_DOWN = { 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14 };

#define SUB_CONSTANT 0x63 /* MixColumns leaves it as it is: every later round key carries it instead */

#define BLOCKS 4

static inline xtls_bytes into_basis(xtls_bytes x)
{
    return xtls_swizzle(IN_LOW, xtls_low_nibbles(x)) ^ xtls_swizzle(IN_HIGH, xtls_high_nibbles(x));
}

/* The two quarters of a byte's inverse, as the comment above has them. */
static inline void invert(xtls_bytes x, xtls_bytes *u, xtls_bytes *v)
{
    xtls_bytes i = xtls_high_nibbles(x), k = xtls_low_nibbles(x), j = i ^ k;
    xtls_bytes a_over_k = xtls_swizzle(A_OVER, k);

    *u = xtls_swizzle(INVERSE, xtls_swizzle(INVERSE, i) ^ a_over_k) ^ j;
    *v = xtls_swizzle(INVERSE, xtls_swizzle(INVERSE, j) ^ a_over_k) ^ i;
}

/* ShiftRows, SubBytes, MixColumns and AddRoundKey. */
static inline xtls_bytes middle_round(xtls_bytes x, xtls_bytes round_key)
{
    xtls_bytes u, v, once, twice;

    invert(xtls_swizzle(x, SHIFT_ROWS), &u, &v);
    once = xtls_swizzle(SUB_U, u) ^ xtls_swizzle(SUB_V, v);
    twice = xtls_swizzle(DOUBLE_U, u) ^ xtls_swizzle(DOUBLE_V, v);
    twice ^= xtls_swizzle(once, ROWS_UP); /* {02} a0 + a1; one row on, {02} a1 + a2 */
    return twice ^ xtls_swizzle(twice, ROWS_UP) ^ xtls_swizzle(once, ROWS_DOWN) ^ round_key;
}

static inline xtls_bytes last_round(xtls_bytes x, xtls_bytes round_key)
{
    xtls_bytes u, v;

    invert(xtls_swizzle(x, SHIFT_ROWS), &u, &v);
    return xtls_swizzle(OUT_U, u) ^ xtls_swizzle(OUT_V, v) ^ round_key;
}

void xtls_aes_encrypt(const xtls_aes *aes, unsigned char blocks[XTLS_AES_BATCH])
{
    xtls_bytes x[BLOCKS], round_key = xtls_load(aes->round_keys[0]);
    int i, round;

    for (i = 0; i < BLOCKS; i++) {
        x[i] = into_basis(xtls_load(blocks + 16 * i)) ^ round_key;
    }
    for (round = 1; round < aes->rounds; round++) {
        round_key = xtls_load(aes->round_keys[round]);
        for (i = 0; i < BLOCKS; i++) {
            x[i] = middle_round(x[i], round_key);
        }
    }
    round_key = xtls_load(aes->round_keys[round]);
    for (i = 0; i < BLOCKS; i++) {
        xtls_store(blocks + 16 * i, last_round(x[i], round_key));
    }
}

uint32_t xtls_aes_sub_word(uint32_t word)
{
    xtls_bytes u, v;

    invert(into_basis((xtls_bytes) (xtls_words) { word }), &u, &v);
    return ((xtls_words) (xtls_swizzle(OUT_U, u) ^ xtls_swizzle(OUT_V, v) ^ SUB_CONSTANT))[0];
}

void xtls_aes_set_round_key(xtls_aes *aes, int round, const unsigned char round_key[16])
{
    xtls_bytes key = xtls_load(round_key);

    if (round > 0) {
        key ^= SUB_CONSTANT;
    }
    xtls_store(aes->round_keys[round], round < aes->rounds ? into_basis(key) : key);
}

#endif
