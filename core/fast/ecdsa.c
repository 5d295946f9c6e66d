#include "ecdsa.h"

#include <string.h>

#include "mask.h"
#include "mbedtls/platform_util.h"
#include "p256_point.h"
#include "p256_scalar.h"

/* All that is secret. */
typedef struct signing {
    unsigned char nonce[32];
    xtls_p256_scalar key, digest, k, r, s;
    xtls_p256_point product;
    xtls_p256_affine affine;
} signing;

static void read_digest(xtls_p256_scalar *number, const unsigned char *digest, size_t length)
{
    unsigned char bytes[32];

    xtls_ecdsa_digest(bytes, digest, length);
    xtls_p256_scalar_read(number, bytes);
}

/* r: the x of a point, modulo n. */
static void read_x(xtls_p256_scalar *r, const xtls_p256_affine *point)
{
    unsigned char bytes[32];

    xtls_p256_fe_write(bytes, &point->x);
    xtls_p256_scalar_read(r, bytes);
}

/* r and s for the nonce. 0, or -1 if one of the three is unfit, which then are forgotten: no secret. */
static int compute(signing *w)
{
    uint32_t is_fit = xtls_p256_scalar_read(&w->k, w->nonce);

    xtls_p256_multiply_base(&w->product, w->k.word);
    xtls_p256_to_affine(&w->affine, &w->product);
    read_x(&w->r, &w->affine);
    xtls_p256_scalar_multiply(&w->s, &w->r, &w->key);
    xtls_p256_scalar_add(&w->s, &w->s, &w->digest);
    xtls_p256_scalar_invert(&w->k);
    xtls_p256_scalar_multiply(&w->s, &w->s, &w->k);
    return xtls_reveal(is_fit & ~xtls_p256_scalar_zero_mask(&w->r) & ~xtls_p256_scalar_zero_mask(&w->s));
}

int xtls_ecdsa_sign(unsigned char signature[64], const unsigned char private_key[32],
                    const unsigned char *digest, size_t length, xtls_ecdsa_nonce *nonce)
{
    signing w;
    int error;

    if (xtls_reveal(xtls_p256_scalar_read(&w.key, private_key)) != 0) {
        mbedtls_platform_zeroize(&w.key, sizeof(w.key));
        return -1; /* with 0 for a key and a digest of 0 no nonce would ever be fit */
    }
    read_digest(&w.digest, digest, length);
    error = xtls_ecdsa_nonce_next(nonce, w.nonce);
    while (error == 0 && compute(&w) != 0) { /* once in 2^32 signatures */
        if ((error = xtls_ecdsa_nonce_skip(nonce)) == 0) {
            error = xtls_ecdsa_nonce_next(nonce, w.nonce);
        }
    }
    xtls_p256_scalar_write(signature, &w.r);
    xtls_p256_scalar_write(signature + 32, &w.s);
    mbedtls_platform_zeroize(&w, sizeof(w));
    return error;
}

static int is_equal(const xtls_p256_scalar *a, const xtls_p256_scalar *b)
{
    return memcmp(a->word, b->word, sizeof(a->word)) == 0;
}

/* Whether r is the x of digest / s G + r / s Q. */
static int agrees(const xtls_p256_affine *key, xtls_p256_scalar *digest, const xtls_p256_scalar *r, xtls_p256_scalar *s)
{
    xtls_p256_point sum;
    xtls_p256_affine affine;
    xtls_p256_scalar x;

    xtls_p256_scalar_invert(s);
    xtls_p256_scalar_multiply(digest, digest, s);
    xtls_p256_scalar_multiply(s, r, s);
    xtls_p256_multiply_both(&sum, digest->word, s->word, key);
    xtls_p256_to_affine(&affine, &sum); /* infinity gives x = 0, which no r is */
    read_x(&x, &affine);
    return is_equal(&x, r);
}

int xtls_ecdsa_verify(const unsigned char public_key[64], const unsigned char *digest, size_t length,
                      const unsigned char signature[64])
{
    xtls_p256_affine key;
    xtls_p256_scalar number, r, s;

    if (xtls_p256_point_read(&key, public_key) != 0 || xtls_p256_scalar_read(&r, signature) == 0 ||
        xtls_p256_scalar_read(&s, signature + 32) == 0) {
        return -1;
    }
    read_digest(&number, digest, length);
    return agrees(&key, &number, &r, &s) ? 0 : -1;
}
