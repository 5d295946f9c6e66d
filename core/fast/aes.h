/*
 * AES forward (FIPS 197), bit-sliced, with no table that a secret could index: its
 * key expansion, one block, and counter mode by the batch. Nothing here decrypts:
 * GCM has no need.
 */
#ifndef XTLS_FAST_AES_H
#define XTLS_FAST_AES_H

#include <stddef.h>
#include <stdint.h>

#include "fast/vector.h"

#define XTLS_AES_BLOCKS 8                     /* that are encrypted at once */
#define XTLS_AES_BATCH (16 * XTLS_AES_BLOCKS) /* bytes */

typedef struct xtls_aes {
    int rounds;
    unsigned char round_keys[15][XTLS_AES_BATCH]; /* sliced, the same for every block */
} xtls_aes;

/* Expands a key of 128, 192 or 256 bits; -1 for others. */
int xtls_aes_set_key(xtls_aes *aes, const unsigned char *key, unsigned bits);

/* output may be input. */
void xtls_aes_encrypt(const xtls_aes *aes, const unsigned char input[16], unsigned char output[16]);

/*
 * Counter mode (NIST SP 800-38D 6.5) over whole batches; leaves the counter where
 * the next one begins. output may be input, or overlap it from below.
 */
void xtls_aes_counter_mode(const xtls_aes *aes, unsigned char counter[16], size_t batches,
                           const unsigned char *input, unsigned char *output);

/* What the key expansion asks of the rounds: SubWord, and to take a round key in their own form. */
uint32_t xtls_aes_sub_word(uint32_t word);
void xtls_aes_set_round_key(xtls_aes *aes, int round, const unsigned char round_key[16]);

#endif
