/* The heap and the stack of the module, and of the native build that tests it. */
#include "memory.h"

#include <stdint.h>

#include "mbedtls/platform_util.h"

#ifdef __wasm__
#include <emscripten/stack.h>
#include <malloc.h>
#include <stdlib.h>
#else
#include "host_native.h"
#endif

unsigned xtls_abi_version(void)
{
    return 1;
}

#ifdef __wasm__

extern unsigned char __stack_low; /* the linker's: the stack's far end */

/* The standalone runtime would import this; load.ts refetches its views instead. */
void emscripten_notify_memory_growth(size_t memory_index)
{
    (void) memory_index;
}

static void *block_alloc(size_t length)
{
    return calloc(1, length);
}

static size_t block_length(void *block)
{
    return malloc_usable_size(block);
}

static void block_free(void *block, size_t length)
{
    (void) length;
    free(block);
}

size_t xtls_heap_used(void)
{
    return mallinfo().uordblks;
}

void xtls_scrub_stack(void)
{
    volatile uint64_t *dead = (volatile uint64_t *) &__stack_low;
    uintptr_t alive = emscripten_stack_get_current();

    while ((uintptr_t) (dead + 1) <= alive) {
        *dead++ = 0;
    }
}

#else

#define NATIVE_STACK 65536 /* as deep as the module's stack is */

static void *block_alloc(size_t length)
{
    return xtls_native_alloc(length);
}

static size_t block_length(void *block)
{
    return xtls_native_length(block);
}

static void block_free(void *block, size_t length)
{
    xtls_native_free(block, length);
}

size_t xtls_heap_used(void)
{
    return xtls_native.live;
}

__attribute__((noinline)) void xtls_scrub_stack(void)
{
    unsigned char dead[NATIVE_STACK];

    mbedtls_platform_zeroize(dead, sizeof(dead));
}

#endif

void *xtls_alloc(size_t length)
{
    return block_alloc(length > 0 ? length : 1);
}

void *xtls_calloc(size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    return xtls_alloc(count * size);
}

void xtls_free(void *block)
{
    size_t length;

    if (block == NULL) {
        return;
    }
    length = block_length(block);
    mbedtls_platform_zeroize(block, length);
    block_free(block, length);
}
