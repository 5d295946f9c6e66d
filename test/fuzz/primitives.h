/*
 * The primitives as strings of bytes go in and out of them, twice: `fast` by
 * core/fast, `stock` by Mbed TLS alone. primitives.c is compiled once for each.
 */
#ifndef XTLS_FUZZ_PRIMITIVES_H
#define XTLS_FUZZ_PRIMITIVES_H

#include <stddef.h>

/* What goes into an AEAD. Plaintext or ciphertext: the same length. */
typedef struct sealing {
    const unsigned char *key, *iv, *additional, *text;
    unsigned key_bits; /* ChaCha20-Poly1305: always 256 */
    size_t iv_length;  /* ChaCha20-Poly1305: always 12 */
    size_t additional_length, length, tag_length;
    const unsigned char *cuts; /* lengths of the pieces of calls in parts, used in turn */
    size_t cuts_length;
} sealing;

typedef struct aead {
    int (*seal)(const sealing *what, unsigned char *output, unsigned char *tag);
    int (*open)(const sealing *what, const unsigned char *tag, unsigned char *output);
    /* In parts; `is_opening` gives the plaintext, not yet authentic, and the tag that it should have. */
    int (*parts)(const sealing *what, int is_opening, unsigned char *output, unsigned char *tag);
} aead;

#define X25519 0
#define P256 1

typedef struct primitives {
    aead chachapoly, gcm;

    /* PSA, as TLS 1.3 calls it. The curve's public key of a private one of 32 bytes: its length, or -1. */
    int (*public_key)(int curve, const unsigned char private_key[32], unsigned char output[65]);
    /* The shared secret, 32 bytes: 0 or -1. */
    int (*agree)(int curve, const unsigned char private_key[32], const unsigned char *peer, size_t length,
                 unsigned char secret[32]);

    /* The older interface, as certificates and TLS 1.2 call it. 0 or Mbed TLS's error. */
    int (*multiply)(int curve, const unsigned char *scalar, size_t scalar_length, const unsigned char *point, size_t length,
                    unsigned char product[65]);
    int (*sign)(const unsigned char private_key[32], int hash, const unsigned char *digest, size_t length,
                unsigned char signature[64]);
    int (*verify)(const unsigned char *point, size_t point_length, const unsigned char *digest, size_t length,
                  const unsigned char *r, const unsigned char *s, size_t number_length);
    /* Whether the bytes are a point of P-256, written uncompressed to `output`. */
    int (*decode)(const unsigned char *point, size_t length, unsigned char output[65]);
} primitives;

extern const primitives fast, stock;

#endif
