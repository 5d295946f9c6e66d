/* UTF-8 and JIDs, byte by byte. */
#include "text.h"

#include <string.h>

/* Bytes that follow the lead byte, -1 when no sequence starts so. */
static int continuation_count(unsigned char lead)
{
    if (lead < 0x80) {
        return 0;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 1;
    }
    if ((lead & 0xF0) == 0xE0) {
        return 2;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 3 : -1;
}

/* RFC 3629 4: neither overlong forms nor surrogates nor anything above U+10FFFF. */
static int is_second_byte(unsigned char lead, unsigned char second)
{
    unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;

    return second >= lowest && second <= highest;
}

/* The length of the character at the text's start, 0 when it is not UTF-8. */
static size_t character_length(const unsigned char *text, size_t length)
{
    int count = continuation_count(text[0]);
    int i;

    if (count < 0 || (size_t) count >= length || (count > 0 && !is_second_byte(text[0], text[1]))) {
        return 0;
    }
    for (i = 2; i <= count; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return (size_t) count + 1;
}

static int is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7F;
}

int xtls_text_is_name(const unsigned char *text, size_t length)
{
    size_t at = 0;

    while (at < length && length <= XTLS_NAME_MAX) {
        size_t character = character_length(text + at, length - at);

        if (character == 0 || is_control(text[at])) {
            return 0;
        }
        at += character;
    }
    return length > 0 && at == length;
}

int xtls_text_is_ascii_name(const unsigned char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] >= 0x80) {
            return 0;
        }
    }
    return xtls_text_is_name(text, length);
}

int xtls_text_is_bare_jid(const unsigned char *text, size_t length)
{
    const unsigned char *at;

    if (!xtls_text_is_name(text, length) || memchr(text, '/', length) != NULL || memchr(text, ' ', length) != NULL) {
        return 0;
    }
    at = memchr(text, '@', length);
    if (at == NULL) {
        return 1;
    }
    return at != text && at != text + length - 1 && memchr(at + 1, '@', (size_t) (text + length - at - 1)) == NULL;
}
