/*
 * Numbers for P-256, chosen by an input: any, or near those where limbs, carries
 * and checks of ranges break; and points made of them.
 */
#ifndef XTLS_FUZZ_P256_NUMBERS_H
#define XTLS_FUZZ_P256_NUMBERS_H

#include "input.h"
#include "primitives.h"

#define ONES8 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF

static const unsigned char P256_ODD[][32] = {
    { 0 },
    /* n */
    { 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, ONES8,
      0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51 },
    /* p */
    { 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, ONES8 },
    /* p - n: x of a point may be that much above n */
    { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x43, 0x19, 0x05, 0x52, 0x58, 0xE8, 0x61, 0x7B, 0x0C, 0x46, 0x35, 0x3D, 0x03, 0x9C, 0xDA, 0xAE },
    { ONES8, ONES8, ONES8, ONES8 },
    /* (n + 1) / 2 */
    { 0x7F, 0xFF, 0xFF, 0xFF, 0x80, 0x00, 0x00, 0x00, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
      0xDE, 0x73, 0x7D, 0x56, 0xD3, 0x8B, 0xCF, 0x42, 0x79, 0xDC, 0xE5, 0x61, 0x7E, 0x31, 0x92, 0xA9 },
};

#define P256_ODD_COUNT (sizeof(P256_ODD) / sizeof(P256_ODD[0]))

/* Adds -32 to 31. */
static inline void shift(unsigned char number[32], int by)
{
    int i;

    for (i = 31; i >= 0 && by != 0; i--) {
        by += number[i];
        number[i] = (unsigned char) by;
        by >>= 8;
    }
}

static inline void take_number(input *in, unsigned char number[32])
{
    unsigned choice = take_byte(in);

    if (choice % 16 >= P256_ODD_COUNT) {
        take(in, number, 32);
        return;
    }
    memcpy(number, P256_ODD[choice % 16], 32);
    shift(number, (int) (take_byte(in) % 64) - 32);
    if (choice & 0x80) { /* one power of two up or down */
        unsigned bit = take_byte(in);

        number[31 - bit / 8] ^= (unsigned char) (1 << bit % 8);
    }
}

/* Uncompressed: mostly a point of the curve, with altered bits if the input says so. */
static inline void take_point(input *in, unsigned char point[65])
{
    unsigned char number[32];
    unsigned choice = take_byte(in), bit = choice & 2 ? take_short(in) : 0;

    take_number(in, number);
    if ((choice & 1) || stock.public_key(P256, number, point) != 65) {
        point[0] = 4;
        memcpy(point + 1, number, 32);
        take_number(in, point + 33);
    }
    if (choice & 2) {
        point[bit / 8 % 65] ^= (unsigned char) (1 << bit % 8);
    }
}

#endif
