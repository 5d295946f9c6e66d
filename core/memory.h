/*
 * The heap. Every block is zeroed when it is freed, Mbed TLS's own blocks
 * included (MBEDTLS_PLATFORM_CALLOC_MACRO), so no secret outlives its owner
 * there. xtls_scrub_stack does the same for the dead part of the C stack.
 */
#ifndef XTLS_MEMORY_H
#define XTLS_MEMORY_H

#include <stddef.h>

/* The ABI that wasm/abi.txt describes; load.ts refuses another number. */
unsigned xtls_abi_version(void);

/* `length` zeroed bytes, or NULL. The caller owns them and gives them to xtls_free. */
void *xtls_alloc(size_t length);

/* Zeroes and frees; NULL is allowed. */
void xtls_free(void *block);

/* calloc's shape, for Mbed TLS. */
void *xtls_calloc(size_t count, size_t size);

/* Bytes in live blocks, as the allocator counts them (leak tests, memory figures). */
size_t xtls_heap_used(void);

/* Zeroes the C stack below the caller's frame. */
void xtls_scrub_stack(void);

#endif
