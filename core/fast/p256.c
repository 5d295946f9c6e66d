#include "p256.h"

#include "mask.h"
#include "mbedtls/platform_util.h"
#include "p256_point.h"
#include "p256_scalar.h"

/* All that is secret. */
typedef struct work {
    xtls_p256_scalar scalar;
    xtls_p256_point product;
    xtls_p256_affine affine;
} work;

/* Writes the product. A scalar out of range was multiplied like any other: only the result tells. */
static int conclude(unsigned char output[64], work *w, uint32_t is_valid)
{
    xtls_p256_to_affine(&w->affine, &w->product);
    xtls_p256_point_write(output, &w->affine);
    mbedtls_platform_zeroize(w, sizeof(*w));
    return xtls_reveal(is_valid);
}

int xtls_p256_check_private(const unsigned char private_key[32])
{
    xtls_p256_scalar scalar;
    uint32_t is_valid = xtls_p256_scalar_read(&scalar, private_key);

    mbedtls_platform_zeroize(&scalar, sizeof(scalar));
    return xtls_reveal(is_valid);
}

int xtls_p256_check_public(const unsigned char public_key[64])
{
    xtls_p256_affine point;

    return xtls_p256_point_read(&point, public_key);
}

int xtls_p256_public(unsigned char public_key[64], const unsigned char private_key[32])
{
    work w;
    uint32_t is_valid = xtls_p256_scalar_read(&w.scalar, private_key);

    xtls_p256_multiply_base(&w.product, w.scalar.word);
    return conclude(public_key, &w, is_valid);
}

int xtls_p256_shared(unsigned char product[64], const unsigned char private_key[32], const unsigned char public_key[64])
{
    xtls_p256_affine point;
    work w;
    uint32_t is_valid;

    if (xtls_p256_point_read(&point, public_key) != 0) {
        return -1;
    }
    is_valid = xtls_p256_scalar_read(&w.scalar, private_key);
    xtls_p256_multiply(&w.product, w.scalar.word, &point);
    return conclude(product, &w, is_valid);
}
