/*
 * The host: randomness and time, the only things this module asks of its
 * surroundings. In wasm both are imports (wasm/abi.txt); in a native build
 * host_native.c answers from the operating system.
 */
#ifndef XTLS_HOST_H
#define XTLS_HOST_H

#include <stddef.h>

/* Fills `length` bytes with randomness fit for keys. 0, or -1 when there is none. */
int xtls_host_random(unsigned char *output, size_t length);

/* Milliseconds since 1970-01-01T00:00Z, UTC. */
double xtls_host_time(void);

#endif
