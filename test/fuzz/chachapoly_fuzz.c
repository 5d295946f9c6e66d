/*
 * ChaCha20-Poly1305: core/fast against Mbed TLS, for any key, nonce, additional
 * data, text and division into calls.
 */
#include "aead.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    unsigned char key[32], nonce[12], cuts[8], *additional, *text;
    unsigned bit = take_short(&in);
    sealing what = { .key = key, .iv = nonce, .key_bits = 256, .iv_length = 12, .tag_length = 16, .cuts = cuts };

    what.length = take_short(&in) % 2200;
    what.additional_length = take_byte(&in);
    what.cuts_length = take_byte(&in) % 9;
    take(&in, cuts, sizeof(cuts));
    take(&in, key, sizeof(key));
    take(&in, nonce, sizeof(nonce));
    what.additional = additional = take_block(&in, what.additional_length);
    what.text = text = take_text(&in, what.length);
    compare(&fast.chachapoly, &stock.chachapoly, &what, bit);
    free(additional);
    free(text);
    return 0;
}
