/*
 * The host of the fuzzers, in place of core/host_native.c: its randomness is a
 * sequence that begins anew for each input, its clock stands still. So an input
 * always does the same, and a flight once recorded fits the keys of the next run.
 */
#include "host.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "engines.h"
#include "host_native.h"

xtls_host_native xtls_native = { .allocations = -1, .has_randomness = 1 };

#define BEGINNING UINT64_C(0x9E3779B97F4A7C15)

static uint64_t state = BEGINNING;

void begin_anew(void)
{
    state = BEGINNING;
}

/* xorshift64* */
int xtls_host_random(unsigned char *output, size_t length)
{
    while (length-- > 0) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        *output++ = (unsigned char) (state * UINT64_C(0x2545F4914F6CDD1D) >> 56);
    }
    return 0;
}

double xtls_host_time(void)
{
    return 1800000000000.0; /* January 2027 */
}

void *xtls_native_alloc(size_t length)
{
    void *block = calloc(1, length);

    xtls_native.live += block == NULL ? 0 : malloc_usable_size(block);
    return block;
}

void xtls_native_free(void *block, size_t length)
{
    xtls_native.live -= length;
    free(block);
}

size_t xtls_native_length(const void *block)
{
    return malloc_usable_size((void *) block);
}
