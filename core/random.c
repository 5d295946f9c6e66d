/* The host's randomness under the names that Mbed TLS and PSA call. */
#include "random.h"

#include "host.h"
#include "mbedtls/entropy.h"
#include "psa/crypto.h"
#include "status.h"

int xtls_random(void *unused, unsigned char *output, size_t length)
{
    (void) unused;
    return xtls_host_random(output, length) == 0 ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *unused,
                                             unsigned char *output, size_t length, size_t *output_length)
{
    (void) unused;
    if (xtls_host_random(output, length) != 0) {
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    }
    *output_length = length;
    return PSA_SUCCESS;
}

int xtls_random_ready(void)
{
    return psa_crypto_init() == PSA_SUCCESS ? XTLS_OK : XTLS_ERR_MEMORY;
}
