#include "ecc.h"
#include "mbedtls/platform_util.h"
#include "p256.h"
#include "random.h"
#include "x25519.h"

#include <string.h>

#define KEY_LENGTH   32
#define UNCOMPRESSED 0x04 /* SEC 1 2.3.3: before x and y */

static int is_pair_of(const psa_key_attributes_t *attributes, psa_ecc_family_t family, size_t bits)
{
    return psa_get_key_type(attributes) == PSA_KEY_TYPE_ECC_KEY_PAIR(family) && psa_get_key_bits(attributes) == bits;
}

static int is_p256(const psa_key_attributes_t *attributes)
{
    return is_pair_of(attributes, PSA_ECC_FAMILY_SECP_R1, 256);
}

static int is_x25519(const psa_key_attributes_t *attributes)
{
    return is_pair_of(attributes, PSA_ECC_FAMILY_MONTGOMERY, 255);
}

static int is_ours(const psa_key_attributes_t *attributes)
{
    return is_p256(attributes) || is_x25519(attributes);
}

psa_status_t xtls_ecc_psa_generate(const psa_key_attributes_t *attributes,
                                   unsigned char *key, size_t size, size_t *length)
{
    if (!is_ours(attributes)) {
        return XTLS_ECC_PSA_NOT_OURS;
    }
    if (size < KEY_LENGTH) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    do {
        if (xtls_random(NULL, key, KEY_LENGTH) != 0) {
            return PSA_ERROR_INSUFFICIENT_ENTROPY;
        }
    } while (is_p256(attributes) && xtls_p256_check_private(key) != 0); /* once in 2^32 times */
    if (is_x25519(attributes)) {
        xtls_x25519_clamp(key);
    }
    *length = KEY_LENGTH;
    return PSA_SUCCESS;
}

static psa_status_t export_p256(const unsigned char *key, unsigned char *output, size_t size, size_t *output_length)
{
    if (size < 65) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    output[0] = UNCOMPRESSED;
    *output_length = 65;
    return xtls_p256_public(output + 1, key) == 0 ? PSA_SUCCESS : PSA_ERROR_INVALID_ARGUMENT;
}

static psa_status_t export_x25519(const unsigned char *key, unsigned char *output, size_t size, size_t *output_length)
{
    if (size < 32) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    xtls_x25519_public(output, key);
    *output_length = 32;
    return PSA_SUCCESS;
}

psa_status_t xtls_ecc_psa_export_public(const psa_key_attributes_t *attributes, const unsigned char *key, size_t length,
                                        unsigned char *output, size_t size, size_t *output_length)
{
    if (!is_ours(attributes) || length != KEY_LENGTH) {
        return XTLS_ECC_PSA_NOT_OURS;
    }
    return is_p256(attributes) ? export_p256(key, output, size, output_length)
                               : export_x25519(key, output, size, output_length);
}

static psa_status_t agree_p256(const unsigned char *key, const unsigned char *peer, size_t peer_length, unsigned char *secret)
{
    unsigned char product[64];
    int error;

    if (peer_length != 65 || peer[0] != UNCOMPRESSED) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    error = xtls_p256_shared(product, key, peer + 1);
    memcpy(secret, product, 32);
    mbedtls_platform_zeroize(product, sizeof(product));
    return error == 0 ? PSA_SUCCESS : PSA_ERROR_INVALID_ARGUMENT;
}

static psa_status_t agree_x25519(const unsigned char *key, const unsigned char *peer, size_t peer_length, unsigned char *secret)
{
    if (peer_length != 32) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    return xtls_x25519_shared(secret, key, peer) == 0 ? PSA_SUCCESS : PSA_ERROR_INVALID_ARGUMENT;
}

psa_status_t xtls_ecc_psa_agree(const psa_key_attributes_t *attributes, const unsigned char *key, size_t length,
                                const unsigned char *peer, size_t peer_length,
                                unsigned char *secret, size_t size, size_t *secret_length)
{
    psa_status_t status;

    if (!is_ours(attributes) || length != KEY_LENGTH) {
        return XTLS_ECC_PSA_NOT_OURS;
    }
    if (size < 32) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    status = is_p256(attributes) ? agree_p256(key, peer, peer_length, secret)
                                 : agree_x25519(key, peer, peer_length, secret);
    *secret_length = status == PSA_SUCCESS ? 32 : 0;
    if (status != PSA_SUCCESS) {
        mbedtls_platform_zeroize(secret, size);
    }
    return status;
}
