/*
 * Vectors of 16 bytes: what the kernels ask of a machine, in the compilers' own
 * vector extensions, so that one source serves wasm SIMD128, SSSE3 and NEON.
 * Little-endian machines only, as wasm is.
 */
#ifndef XTLS_FAST_VECTOR_H
#define XTLS_FAST_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the kernels are written for little-endian machines"
#endif

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#else
#error "the kernels need vectors of 16 bytes: SIMD128, SSSE3 or NEON"
#endif

typedef uint8_t xtls_bytes __attribute__((vector_size(16)));
typedef uint16_t xtls_halves __attribute__((vector_size(16)));
typedef uint32_t xtls_words __attribute__((vector_size(16)));
typedef uint64_t xtls_longs __attribute__((vector_size(16)));

/* Unaligned load and store. */
static inline xtls_bytes xtls_load(const unsigned char *from)
{
    xtls_bytes value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static inline void xtls_store(unsigned char *to, xtls_bytes value)
{
    memcpy(to, &value, sizeof(value));
}

/*
 * A look-up of 16 bytes in a table of 16, in fixed time: result[i] = table[index[i]].
 * Indices are 0 to 15, or have bit 7 set and give 0; on others the machines disagree.
 */
static inline xtls_bytes xtls_swizzle(xtls_bytes table, xtls_bytes index)
{
#if defined(__wasm_simd128__)
    return (xtls_bytes) wasm_i8x16_swizzle((v128_t) table, (v128_t) index);
#elif defined(__SSSE3__)
    return (xtls_bytes) _mm_shuffle_epi8((__m128i) table, (__m128i) index);
#else
    return (xtls_bytes) vqtbl1q_u8((uint8x16_t) table, (uint8x16_t) index);
#endif
}

/* The low and the high half of each byte. */
static inline xtls_bytes xtls_low_nibbles(xtls_bytes x)
{
    return x & 0x0F;
}

/* In lanes of 32 bits: no machine shifts bytes. */
static inline xtls_bytes xtls_high_nibbles(xtls_bytes x)
{
    return (xtls_bytes) ((xtls_words) x >> 4) & 0x0F;
}

/* output = a ^ b; output may be a or b. */
static inline void xtls_xor(unsigned char *output, const unsigned char *a, const unsigned char *b, size_t length)
{
    for (; length >= 16; output += 16, a += 16, b += 16, length -= 16) {
        xtls_store(output, xtls_load(a) ^ xtls_load(b));
    }
    for (; length > 0; length--) {
        *output++ = *a++ ^ *b++;
    }
}

#endif
