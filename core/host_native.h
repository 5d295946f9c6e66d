/*
 * The native host, for tests and fuzzing: it answers host.h from the operating
 * system, counts the heap's live blocks (no allocator tells their bytes
 * portably) and can be told to fail. Never part of the module.
 */
#ifndef XTLS_HOST_NATIVE_H
#define XTLS_HOST_NATIVE_H

#include <stddef.h>

typedef struct xtls_host_native {
    size_t live;          /* bytes in live blocks */
    long allocations;     /* allowed from now on; -1: any number */
    size_t scarce;        /* of blocks of this length there are only so many from now on; 0: of all there is any number */
    long scarce_left;
    int has_randomness;   /* 0: xtls_host_random fails */
    double clock_shift;   /* milliseconds added to the clock */
} xtls_host_native;

extern xtls_host_native xtls_native;

void *xtls_native_alloc(size_t length);
void xtls_native_free(void *block, size_t length);
size_t xtls_native_length(const void *block);

#endif
