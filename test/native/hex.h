/* Hex, as vectors are printed. */
#ifndef XTLS_HEX_H
#define XTLS_HEX_H

#include <stddef.h>
#include <string.h>

typedef struct hex_bytes {
    unsigned char bytes[128];
    size_t length;
} hex_bytes;

static inline int hex_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static inline hex_bytes hex_read(const char *text)
{
    hex_bytes out = { .length = strlen(text) / 2 };
    size_t i;

    for (i = 0; i < out.length && i < sizeof(out.bytes); i++) {
        out.bytes[i] = (unsigned char) (hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    }
    return out;
}

#define HEX(text) (hex_read(text).bytes)

static inline int is_hex(const unsigned char *bytes, const char *text)
{
    hex_bytes wanted = hex_read(text);

    return memcmp(bytes, wanted.bytes, wanted.length) == 0;
}

#endif
