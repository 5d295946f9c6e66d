/*
 * A fuzzer's input, taken apart from its front; past its end all is zero. And
 * HOLDS: what must be true of every input.
 */
#ifndef XTLS_FUZZ_INPUT_H
#define XTLS_FUZZ_INPUT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

#define HOLDS(claim) \
    do { \
        if (!(claim)) { \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim); \
            abort(); \
        } \
    } while (0)

static inline unsigned take_byte(input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

static inline unsigned take_short(input *in)
{
    unsigned high = take_byte(in);

    return high << 8 | take_byte(in);
}

static inline void take(input *in, unsigned char *output, size_t length)
{
    while (length-- > 0) {
        *output++ = (unsigned char) take_byte(in);
    }
}

/* Bytes in a block of just their length, so that a sanitizer sees every step beyond. The caller frees it. */
static inline unsigned char *block(size_t length)
{
    unsigned char *bytes = malloc(length + (length == 0));

    HOLDS(bytes != NULL);
    return bytes;
}

static inline unsigned char *take_block(input *in, size_t length)
{
    unsigned char *bytes = block(length);

    take(in, bytes, length);
    return bytes;
}

#endif
