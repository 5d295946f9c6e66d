/*
 * ChaCha20 for chachapoly.c: keystream by the batch, while Poly1305 takes in what
 * it may already see. A processor does both in little more than the time of one,
 * since vectors and integers have units of their own.
 */
#ifndef XTLS_FAST_CHACHA20_H
#define XTLS_FAST_CHACHA20_H

#include "mbedtls/chacha20.h"
#include "mbedtls/poly1305.h"

/* Text that Poly1305 is to take: what is taken goes off the front. */
typedef struct xtls_meanwhile {
    mbedtls_poly1305_context *poly1305; /* with no block begun */
    const unsigned char *text;
    size_t length;
} xtls_meanwhile;

/*
 * XORs one batch or two of the `length` bytes, which are one at least; returns how many bytes that was. Before the output
 * is written as many bytes of the text are taken, or if there are not as many, all but a rest that makes no 64.
 */
size_t xtls_chacha20_xor_next(mbedtls_chacha20_context *ctx, size_t length, const unsigned char *input,
                              unsigned char *output, xtls_meanwhile *meanwhile);

/* Makes a batch of keystream to spare. */
void xtls_chacha20_refill(mbedtls_chacha20_context *ctx, xtls_meanwhile *meanwhile);

/* XORs with what is spare; returns how many bytes that was good for. */
size_t xtls_chacha20_xor_spare(mbedtls_chacha20_context *ctx, size_t length, const unsigned char *input, unsigned char *output);

#endif
