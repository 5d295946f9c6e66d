/*
 * AES's rounds (FIPS 197 5.1) on planes of bits, which is constant time by nature:
 * every step is AND, XOR or a fixed move of lanes.
 */
#include "fast/aes.h"

#include "mbedtls/platform_util.h"

#include "fast/aes_plane.h"
#include "fast/aes_sbox.h"

#define SUB_CONSTANT 0x63 /* SubBytes's. MixColumns leaves it as it is: every later round key carries it instead */

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline void add_round_key(xtls_plane x[8], const xtls_aes *aes, int round)
{
    xtls_plane key[8];
    int b;

    memcpy(key, aes->round_keys[round], sizeof(key));
    for (b = 0; b < 8; b++) {
        x[b] ^= key[b];
    }
}

static inline void shift_rows(xtls_plane x[8])
{
    int b;

    for (b = 0; b < 8; b++) {
        x[b] = rows_shifted(x[b]);
    }
}

/* {02} a0 + {03} a1 + a2 + a3 = a1 + {02} (a0 + a1) + (a2 + a3). */
static inline void mix_columns(xtls_plane x[8])
{
    xtls_plane next, pairs[8];
    int b;

    for (b = 0; b < 8; b++) {
        next = row_up(x[b]);
        pairs[b] = x[b] ^ next;
        x[b] = next ^ two_rows_up(pairs[b]);
    }
    for (b = 1; b < 8; b++) {
        x[b] ^= pairs[b - 1];
    }
    x[0] ^= pairs[7], x[1] ^= pairs[7], x[3] ^= pairs[7], x[4] ^= pairs[7];
}

/* ShiftRows comes before SubBytes, for which it is the same. */
static inline void encrypt(xtls_plane x[8], const xtls_aes *aes)
{
    int round;

    for (round = 0; round < aes->rounds - 1; round++) {
        add_round_key(x, aes, round);
        shift_rows(x);
        sub_bytes(x);
        mix_columns(x);
    }
    add_round_key(x, aes, round);
    shift_rows(x);
    sub_bytes(x);
    add_round_key(x, aes, round + 1);
}

static inline void exchange(xtls_plane *a, xtls_plane *b, int distance, uint64_t mask)
{
    xtls_plane difference = ((*b >> distance) ^ *a) & mask;

    *a ^= difference;
    *b ^= difference << distance;
}

/* Rows and columns of eight by eight bits change places: planes become whole words, and these planes. */
static inline void transpose(xtls_plane x[8])
{
    int i;

    for (i = 0; i < 8; i += 2) {
        exchange(&x[i + 1], &x[i], 1, EVERY(0x55));
    }
    for (i = 0; i < 8; i += i % 4 == 1 ? 3 : 1) {
        exchange(&x[i + 2], &x[i], 2, EVERY(0x33));
    }
    for (i = 0; i < 4; i++) {
        exchange(&x[i + 4], &x[i], 4, EVERY(0x0F));
    }
}

void xtls_aes_counter_mode(const xtls_aes *aes, unsigned char counter[16], size_t batches,
                           const unsigned char *input, unsigned char *output)
{
    xtls_plane x[8];

    for (; batches > 0; batches--, input += XTLS_AES_BATCH, output += XTLS_AES_BATCH) {
        load_counters(x, counter);
        add_to_counter(counter, XTLS_AES_BLOCKS);
        transpose(x);
        encrypt(x, aes);
        transpose(x);
        xor_blocks(x, input, output);
    }
}

/* The block as the counter that a keystream begins with. */
void xtls_aes_encrypt(const xtls_aes *aes, const unsigned char input[16], unsigned char output[16])
{
    unsigned char counter[16], keystream[XTLS_AES_BATCH] = { 0 };

    memcpy(counter, input, 16);
    xtls_aes_counter_mode(aes, counter, 1, keystream, keystream);
    memcpy(output, keystream, 16);
    mbedtls_platform_zeroize(counter, sizeof(counter));
    mbedtls_platform_zeroize(keystream, sizeof(keystream));
}

uint32_t xtls_aes_sub_word(uint32_t word)
{
    unsigned char bytes[16] = { 0 };
    xtls_plane x[8];

    memcpy(bytes, &word, 4);
    slice(x, bytes);
    sub_bytes(x);
    unslice(x, bytes);
    memcpy(&word, bytes, 4);
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    mbedtls_platform_zeroize(x, sizeof(x));
    return word ^ SUB_CONSTANT * 0x01010101u;
}

void xtls_aes_set_round_key(xtls_aes *aes, int round, const unsigned char round_key[16])
{
    unsigned char key[16];
    xtls_plane x[8];
    int i;

    for (i = 0; i < 16; i++) {
        key[i] = round_key[i] ^ (round > 0 ? SUB_CONSTANT : 0);
    }
    slice(x, key);
    memcpy(aes->round_keys[round], x, sizeof(x));
    mbedtls_platform_zeroize(key, sizeof(key));
    mbedtls_platform_zeroize(x, sizeof(x));
}
