/* The native host: see host_native.h. Not part of the module. */
#include "host_native.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "host.h"

xtls_host_native xtls_native = { .allocations = -1, .has_randomness = 1 };

int xtls_host_random(unsigned char *output, size_t length)
{
    size_t filled = 0;

    if (!xtls_native.has_randomness) {
        return -1;
    }
    while (filled < length) {
        ssize_t got = getrandom(output + filled, length - filled, 0);
        if (got < 0) {
            return -1;
        }
        filled += (size_t) got;
    }
    return 0;
}

double xtls_host_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double) now.tv_sec * 1000 + (double) (now.tv_nsec / 1000000) + xtls_native.clock_shift;
}

void *xtls_native_alloc(size_t length)
{
    void *block;

    if (xtls_native.allocations == 0 || (length == xtls_native.scarce && xtls_native.scarce_left == 0)) {
        return NULL;
    }
    if (length == xtls_native.scarce) {
        xtls_native.scarce_left--;
    }
    if (xtls_native.allocations > 0) {
        xtls_native.allocations--;
    }
    block = calloc(1, length);
    if (block != NULL) {
        xtls_native.live += malloc_usable_size(block);
    }
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
