/*
 * An AEAD against another: the same input gives the same output, in one call and
 * in parts, into another block and in place; what was sealed opens; what was
 * altered does not, and leaves no plaintext.
 */
#ifndef XTLS_FUZZ_AEAD_H
#define XTLS_FUZZ_AEAD_H

#include "input.h"
#include "primitives.h"

typedef struct sealed {
    int error;
    unsigned char *text;
    unsigned char tag[16];
} sealed;

static sealed seal(const aead *aead, const sealing *what)
{
    sealed out = { .text = block(what->length) };

    out.error = aead->seal(what, out.text, out.tag);
    return out;
}

/* A copy of the text is replaced. */
static sealed in_place(const aead *aead, sealing what, int is_opening, int is_in_parts, const unsigned char *tag)
{
    sealed out = { .text = block(what.length) };

    memcpy(out.text, what.text, what.length);
    what.text = out.text;
    if (is_in_parts) {
        out.error = aead->parts(&what, is_opening, out.text, out.tag);
    } else {
        out.error = is_opening ? aead->open(&what, tag, out.text) : aead->seal(&what, out.text, out.tag);
    }
    return out;
}

static void must_agree(const sealing *what, const sealed *a, const sealed *b)
{
    HOLDS(a->error == b->error);
    if (a->error == 0) {
        HOLDS(memcmp(a->text, b->text, what->length) == 0);
        HOLDS(memcmp(a->tag, b->tag, what->tag_length) == 0);
    }
}

static void must_be_plain(const sealed *opened, const sealing *what)
{
    HOLDS(opened->error == 0 && memcmp(opened->text, what->text, what->length) == 0);
    free(opened->text);
}

/* One bit of the ciphertext or the tag is other than it was. */
static void must_refuse(const aead *aead, sealing what, const sealed *original, unsigned bit)
{
    unsigned char *text = block(what.length), tag[16];
    sealed opened;
    size_t i;

    memcpy(text, original->text, what.length);
    memcpy(tag, original->tag, 16);
    bit %= 8 * (what.length + what.tag_length);
    *(bit / 8 < what.length ? text + bit / 8 : tag + (bit / 8 - what.length)) ^= (unsigned char) (1 << bit % 8);
    what.text = text;
    opened = in_place(aead, what, 1, 0, tag);
    HOLDS(opened.error != 0);
    for (i = 0; i < what.length; i++) {
        HOLDS(opened.text[i] == 0);
    }
    free(opened.text);
    free(text);
}

static void compare(const aead *ours, const aead *theirs, const sealing *what, unsigned bit)
{
    sealed wanted = seal(theirs, what), whole = seal(ours, what), same = in_place(ours, *what, 0, 0, NULL);
    sealed parts = in_place(ours, *what, 0, 1, NULL), their_parts = in_place(theirs, *what, 0, 1, NULL);

    must_agree(what, &whole, &wanted);
    must_agree(what, &same, &wanted);
    must_agree(what, &parts, &their_parts);
    if (wanted.error == 0) {
        sealing back = *what;
        sealed opened, opened_parts;

        must_agree(what, &parts, &wanted);
        back.text = wanted.text;
        opened = in_place(ours, back, 1, 0, wanted.tag);
        must_be_plain(&opened, what);
        opened_parts = in_place(ours, back, 1, 1, NULL);
        HOLDS(memcmp(opened_parts.tag, wanted.tag, what->tag_length) == 0);
        must_be_plain(&opened_parts, what);
        must_refuse(ours, *what, &wanted, bit);
    }
    free(wanted.text);
    free(whole.text);
    free(same.text);
    free(parts.text);
    free(their_parts.text);
}

/* Text of the input's choice as far as that goes, then of a pattern's. */
static unsigned char *take_text(input *in, size_t length)
{
    size_t i, given = length < in->left ? length : in->left;
    unsigned char *text = block(length);

    take(in, text, given);
    for (i = given; i < length; i++) {
        text[i] = (unsigned char) (i * 167 + (i >> 7));
    }
    return text;
}

#endif
