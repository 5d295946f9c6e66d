/*
 * AES forward, four blocks at a time, without a table that a secret could index
 * (FIPS 197). Two forms of the rounds, one for vectors and one for plain
 * integers, under one key expansion. Nothing here decrypts: GCM has no need.
 */
#ifndef XTLS_FAST_AES_H
#define XTLS_FAST_AES_H

#include <stdint.h>

#include "fast/vector.h"

#define XTLS_AES_BATCH 64                         /* bytes: four blocks */
#define XTLS_AES_ROUND_KEY (XTLS_VECTOR ? 16 : 64) /* bytes: integers keep it spread over four blocks */

typedef struct xtls_aes {
    int rounds;
    unsigned char round_keys[15][XTLS_AES_ROUND_KEY]; /* in the form that the rounds want */
} xtls_aes;

/* Expands a key of 128, 192 or 256 bits; -1 for others. */
int xtls_aes_set_key(xtls_aes *aes, const unsigned char *key, unsigned bits);

/* Encrypts four blocks where they are. */
void xtls_aes_encrypt(const xtls_aes *aes, unsigned char blocks[XTLS_AES_BATCH]);

/* What each form of the rounds gives the key expansion: SubWord, and a round key brought into its own form. */
uint32_t xtls_aes_sub_word(uint32_t word);
void xtls_aes_set_round_key(xtls_aes *aes, int round, const unsigned char round_key[16]);

#endif
