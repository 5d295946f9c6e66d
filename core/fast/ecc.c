#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* points are made of coordinates here */

#include "ecc.h"

#include <string.h>

#include "ecdsa.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/platform_util.h"
#include "p256.h"
#include "x25519.h"

static int is_p256(const mbedtls_ecp_group *group)
{
    return group->id == MBEDTLS_ECP_DP_SECP256R1;
}

/* A number from 0 to 2^256 - 1 as 32 bytes, big end first; -1 for another. */
static int write_number(unsigned char bytes[32], const mbedtls_mpi *number)
{
    return number->s < 0 || mbedtls_mpi_write_binary(number, bytes, 32) != 0 ? -1 : 0;
}

/* x and y of an affine point; -1 for another. */
static int write_point(unsigned char bytes[64], const mbedtls_ecp_point *point)
{
    if (mbedtls_mpi_cmp_int(&point->Z, 1) != 0 || write_number(bytes, &point->X) != 0) {
        return -1;
    }
    return write_number(bytes + 32, &point->Y);
}

static int read_point(mbedtls_ecp_point *point, const unsigned char bytes[64])
{
    int error = mbedtls_mpi_read_binary(&point->X, bytes, 32);

    if (error == 0) {
        error = mbedtls_mpi_read_binary(&point->Y, bytes + 32, 32);
    }
    return error != 0 ? error : mbedtls_mpi_lset(&point->Z, 1);
}

static int is_base(const mbedtls_ecp_group *group, const mbedtls_ecp_point *point)
{
    return point == &group->G || mbedtls_ecp_point_cmp(point, &group->G) == 0;
}

static int multiply_p256(const mbedtls_ecp_group *group, mbedtls_ecp_point *product, const mbedtls_mpi *scalar,
                         const mbedtls_ecp_point *point)
{
    unsigned char key[32], peer[64], output[64];
    int error = MBEDTLS_ERR_ECP_INVALID_KEY;

    if (write_number(key, scalar) == 0 && write_point(peer, point) == 0 &&
        (is_base(group, point) ? xtls_p256_public(output, key) : xtls_p256_shared(output, key, peer)) == 0) {
        error = read_point(product, output);
    }
    mbedtls_platform_zeroize(key, sizeof(key));
    mbedtls_platform_zeroize(output, sizeof(output));
    return error;
}

static int multiply_x25519(const mbedtls_ecp_group *group, mbedtls_ecp_point *product, const mbedtls_mpi *scalar,
                           const mbedtls_ecp_point *point)
{
    unsigned char key[32], peer[32], output[32];
    int error = mbedtls_ecp_check_privkey(group, scalar); /* other scalars would be changed into one */

    if (error != 0 || (error = mbedtls_ecp_check_pubkey(group, point)) != 0) {
        return error;
    }
    error = MBEDTLS_ERR_ECP_INVALID_KEY;
    if (mbedtls_mpi_write_binary_le(scalar, key, 32) == 0 && mbedtls_mpi_write_binary_le(&point->X, peer, 32) == 0 &&
        xtls_x25519_shared(output, key, peer) == 0 &&
        (error = mbedtls_mpi_read_binary_le(&product->X, output, 32)) == 0) {
        mbedtls_mpi_free(&product->Y);
        error = mbedtls_mpi_lset(&product->Z, 1);
    }
    mbedtls_platform_zeroize(key, sizeof(key));
    mbedtls_platform_zeroize(output, sizeof(output));
    return error;
}

int xtls_ecc_multiply(const mbedtls_ecp_group *group, mbedtls_ecp_point *product, const mbedtls_mpi *scalar,
                      const mbedtls_ecp_point *point)
{
    if (is_p256(group)) {
        return multiply_p256(group, product, scalar, point);
    }
    if (group->id == MBEDTLS_ECP_DP_CURVE25519) {
        return multiply_x25519(group, product, scalar, point);
    }
    return XTLS_ECC_NOT_OURS;
}

int xtls_ecc_check_public(const mbedtls_ecp_group *group, const mbedtls_ecp_point *point)
{
    unsigned char bytes[64];

    if (!is_p256(group)) {
        return XTLS_ECC_NOT_OURS;
    }
    return write_point(bytes, point) == 0 && xtls_p256_check_public(bytes) == 0 ? 0 : MBEDTLS_ERR_ECP_INVALID_KEY;
}

/* Deterministic (RFC 6979 3.2). */
static int sign(unsigned char signature[64], const unsigned char key[32], const unsigned char *digest, size_t length,
                mbedtls_md_type_t hash)
{
    xtls_ecdsa_nonce nonce;
    int error = xtls_ecdsa_nonce_begin(&nonce, hash, key, digest, length, NULL, 0);

    if (error == 0) {
        error = xtls_ecdsa_sign(signature, key, digest, length, &nonce);
    }
    xtls_ecdsa_nonce_free(&nonce);
    return error == -1 ? MBEDTLS_ERR_ECP_INVALID_KEY : error;
}

int xtls_ecc_sign(const mbedtls_ecp_group *group, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *key,
                  const unsigned char *digest, size_t length, mbedtls_md_type_t hash)
{
    unsigned char bytes[32], signature[64];
    int error = MBEDTLS_ERR_ECP_INVALID_KEY;

    if (!is_p256(group)) {
        return XTLS_ECC_NOT_OURS;
    }
    if (write_number(bytes, key) == 0 && (error = sign(signature, bytes, digest, length, hash)) == 0 &&
        (error = mbedtls_mpi_read_binary(r, signature, 32)) == 0) {
        error = mbedtls_mpi_read_binary(s, signature + 32, 32);
    }
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    return error;
}

int xtls_ecc_verify(const mbedtls_ecp_group *group, const unsigned char *digest, size_t length,
                    const mbedtls_ecp_point *key, const mbedtls_mpi *r, const mbedtls_mpi *s)
{
    unsigned char bytes[64], signature[64];

    if (!is_p256(group)) {
        return XTLS_ECC_NOT_OURS;
    }
    if (write_point(bytes, key) != 0 || write_number(signature, r) != 0 || write_number(signature + 32, s) != 0 ||
        xtls_ecdsa_verify(bytes, digest, length, signature) != 0) {
        return MBEDTLS_ERR_ECP_VERIFY_FAILED;
    }
    return 0;
}
