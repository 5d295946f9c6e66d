/*
 * AES-GCM: core/fast against Mbed TLS, for any key of any length, IV, additional
 * data, text, length of tag and division into calls, unfit ones included.
 */
#include "aead.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned bits[] = { 128, 256, 192, 128, 256, 0, 64, 512 };
    input in = { data, size };
    unsigned char key[64], cuts[8], *iv, *additional, *text;
    unsigned bit = take_short(&in), shape = take_byte(&in);
    sealing what = { .key = key, .key_bits = bits[shape & 7], .cuts = cuts };

    what.iv_length = shape & 8 ? 12 : take_byte(&in);
    what.tag_length = shape & 16 ? 16 : take_byte(&in) % 17;
    what.length = take_short(&in) % 2200;
    what.additional_length = take_byte(&in);
    what.cuts_length = take_byte(&in) % 9;
    take(&in, cuts, sizeof(cuts));
    take(&in, key, sizeof(key));
    what.iv = iv = take_block(&in, what.iv_length);
    what.additional = additional = take_block(&in, what.additional_length);
    what.text = text = take_text(&in, what.length);
    compare(&fast.gcm, &stock.gcm, &what, bit);
    free(iv);
    free(additional);
    free(text);
    return 0;
}
