#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* RSA's exponent, without a copy */

#include "key.h"

#define RSA_BITS_MIN      2048
#define RSA_BITS_MAX      4096
#define EXPONENT_BITS_MIN 2 /* 3 and more */
#define EXPONENT_BITS_MAX 32

static int is_between(size_t least, size_t bits, size_t most)
{
    return least <= bits && bits <= most;
}

int xtls_key_is_fit_rsa(const mbedtls_rsa_context *key)
{
    return is_between(RSA_BITS_MIN, mbedtls_mpi_bitlen(&key->N), RSA_BITS_MAX) &&
           is_between(EXPONENT_BITS_MIN, mbedtls_mpi_bitlen(&key->E), EXPONENT_BITS_MAX) &&
           mbedtls_mpi_get_bit(&key->E, 0) == 1;
}

int xtls_key_is_fit(const mbedtls_pk_context *key)
{
    switch (mbedtls_pk_get_type(key)) {
    case MBEDTLS_PK_RSA:
        return xtls_key_is_fit_rsa(mbedtls_pk_rsa(*key));
    case MBEDTLS_PK_ECKEY:
        return mbedtls_pk_ec(*key)->grp.id == MBEDTLS_ECP_DP_SECP256R1 ||
               mbedtls_pk_ec(*key)->grp.id == MBEDTLS_ECP_DP_SECP384R1;
    default:
        return 0;
    }
}

int xtls_key_are_fit(const mbedtls_x509_crt *first)
{
    const mbedtls_x509_crt *crt;

    for (crt = first; crt != NULL; crt = crt->next) {
        if (!xtls_key_is_fit(&crt->pk)) {
            return 0;
        }
    }
    return 1;
}
