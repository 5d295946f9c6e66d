/* From the many codes of Mbed TLS to the few that callers can act upon. */
#include "status.h"

#include "host.h"
#include "mbedtls/asn1.h"
#include "mbedtls/bignum.h"
#include "mbedtls/cipher.h"
#include "mbedtls/ecp.h"
#include "mbedtls/entropy.h"
#include "mbedtls/md.h"
#include "mbedtls/pem.h"
#include "mbedtls/pk.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"
#include "memory.h"

#ifndef XTLS_MBEDTLS_CONFIG_H
#error "Mbed TLS was configured by another file than config/mbedtls_config.h"
#endif

/* A code is a module's (high bits) plus, at times, a lower layer's (low seven bits). */
#define MODULE(error) (-(-(error) & 0x7F80))
#define LAYER(error) (-(-(error) & 0x7F))

#define PROBE 4096 /* bytes: more than any one step of parsing or arithmetic asks for */

/* Some layers swallow the reason; then the heap and the host are asked again. */
static int is_heap_exhausted(void)
{
    void *probe = xtls_alloc(PROBE);

    xtls_free(probe);
    return probe == NULL;
}

static int is_out_of_memory(int error)
{
    switch (MODULE(error)) {
    case MBEDTLS_ERR_SSL_ALLOC_FAILED:
    case MBEDTLS_ERR_X509_ALLOC_FAILED:
    case MBEDTLS_ERR_PK_ALLOC_FAILED:
    case MBEDTLS_ERR_PEM_ALLOC_FAILED:
    case MBEDTLS_ERR_ECP_ALLOC_FAILED:
    case MBEDTLS_ERR_MD_ALLOC_FAILED:
    case MBEDTLS_ERR_CIPHER_ALLOC_FAILED:
        return 1;
    }
    return LAYER(error) == MBEDTLS_ERR_MPI_ALLOC_FAILED || LAYER(error) == MBEDTLS_ERR_ASN1_ALLOC_FAILED ||
           is_heap_exhausted();
}

static int is_without_randomness(int error)
{
    unsigned char probe;

    return LAYER(error) == MBEDTLS_ERR_ENTROPY_SOURCE_FAILED || xtls_host_random(&probe, sizeof(probe)) != 0;
}

int xtls_status(int error)
{
    if (error >= 0 || error < -0x10000) {
        return error;
    }
    if (is_out_of_memory(error)) {
        return XTLS_ERR_MEMORY;
    }
    if (MODULE(error) == MBEDTLS_ERR_PK_INVALID_PUBKEY) { /* Mbed TLS's own bounds, and what they rest on */
        return XTLS_ERR_KEY;
    }
    return is_without_randomness(error) ? XTLS_ERR_RANDOM : error;
}
