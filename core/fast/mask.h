/*
 * Masks: choices that leave no trace in time. A mask is all ones or all zeros;
 * it passes through an optimisation barrier, so that no compiler may find out
 * that it is one or the other and put a branch in its place.
 */
#ifndef XTLS_MASK_H
#define XTLS_MASK_H

#include <stdint.h>

#ifdef XTLS_CONSTANT_TIME /* the test that runs under valgrind */
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(at, length) ((void) 0)
#endif

/* `value`, of which the compiler no longer knows anything. */
static inline uint32_t xtls_opaque(uint32_t value)
{
    __asm__("" : "+r"(value));
    return value;
}

/* All ones for 1, all zeros for 0. Two barriers: `0 - (a == b)` alone becomes a `select` in wasm, an engine's branch. */
static inline uint32_t xtls_mask(uint32_t bit)
{
    return xtls_opaque(0 - xtls_opaque(bit));
}

/* All ones if `value` is zero. */
static inline uint32_t xtls_mask_if_zero(uint32_t value)
{
    return xtls_mask(((value | (0 - value)) >> 31) ^ 1);
}

static inline uint32_t xtls_mask_if_equal(uint32_t a, uint32_t b)
{
    return xtls_mask_if_zero(a ^ b);
}

/* A mask as 0 if it is all ones, else -1: a result that anybody may know and branch on. */
static inline int xtls_reveal(uint32_t mask)
{
    int result = (int) ~mask;

    VALGRIND_MAKE_MEM_DEFINED(&result, sizeof(result));
    return result;
}

/* 32 bits of bytes, little or big end first. */
static inline uint32_t xtls_word_le(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16 | (uint32_t) bytes[3] << 24;
}

static inline uint32_t xtls_word_be(const unsigned char *bytes)
{
    return bytes[3] | (uint32_t) bytes[2] << 8 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[0] << 24;
}

static inline void xtls_word_write_le(unsigned char *bytes, uint32_t word)
{
    bytes[0] = (unsigned char) word;
    bytes[1] = (unsigned char) (word >> 8);
    bytes[2] = (unsigned char) (word >> 16);
    bytes[3] = (unsigned char) (word >> 24);
}

static inline void xtls_word_write_be(unsigned char *bytes, uint32_t word)
{
    bytes[0] = (unsigned char) (word >> 24);
    bytes[1] = (unsigned char) (word >> 16);
    bytes[2] = (unsigned char) (word >> 8);
    bytes[3] = (unsigned char) word;
}

#endif
