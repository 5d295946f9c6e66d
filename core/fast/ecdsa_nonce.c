#include "ecdsa_nonce.h"

#include <string.h>

#include "mbedtls/platform_util.h"
#include "p256_scalar.h"

void xtls_ecdsa_digest(unsigned char number[32], const unsigned char *digest, size_t length)
{
    size_t used = length < 32 ? length : 32;

    memset(number, 0, 32 - used);
    memcpy(number + 32 - used, digest, used);
}

/* V = HMAC_K(V) */
static int turn(xtls_ecdsa_nonce *nonce)
{
    int error = mbedtls_md_hmac_reset(&nonce->hmac);

    if (error == 0) {
        error = mbedtls_md_hmac_update(&nonce->hmac, nonce->v, nonce->length);
    }
    return error != 0 ? error : mbedtls_md_hmac_finish(&nonce->hmac, nonce->v);
}

/* K = HMAC_K(V || mark || seed), V = HMAC_K(V) */
static int stir(xtls_ecdsa_nonce *nonce, unsigned char mark, const unsigned char *seed, size_t length,
                const unsigned char *extra, size_t extra_length)
{
    unsigned char key[MBEDTLS_MD_MAX_SIZE];
    int error;

    if ((error = mbedtls_md_hmac_reset(&nonce->hmac)) == 0 &&
        (error = mbedtls_md_hmac_update(&nonce->hmac, nonce->v, nonce->length)) == 0 &&
        (error = mbedtls_md_hmac_update(&nonce->hmac, &mark, 1)) == 0 &&
        (error = mbedtls_md_hmac_update(&nonce->hmac, seed, length)) == 0 &&
        (error = mbedtls_md_hmac_update(&nonce->hmac, extra, extra_length)) == 0 &&
        (error = mbedtls_md_hmac_finish(&nonce->hmac, key)) == 0 &&
        (error = mbedtls_md_hmac_starts(&nonce->hmac, key, nonce->length)) == 0) {
        error = turn(nonce);
    }
    mbedtls_platform_zeroize(key, sizeof(key));
    return error;
}

/* Steps b to g, where int2octets(x) || bits2octets(h1) is the seed. */
static int seed(xtls_ecdsa_nonce *nonce, const unsigned char bytes[64], const unsigned char *extra, size_t length)
{
    unsigned char zeros[MBEDTLS_MD_MAX_SIZE] = { 0 };
    int error = mbedtls_md_hmac_starts(&nonce->hmac, zeros, nonce->length);

    memset(nonce->v, 1, nonce->length);
    if (error == 0) {
        error = stir(nonce, 0, bytes, 64, extra, length);
    }
    return error != 0 ? error : stir(nonce, 1, bytes, 64, extra, length);
}

int xtls_ecdsa_nonce_begin(xtls_ecdsa_nonce *nonce, mbedtls_md_type_t hash, const unsigned char private_key[32],
                           const unsigned char *digest, size_t length,
                           const unsigned char *extra, size_t extra_length)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(hash);
    unsigned char bytes[64];
    xtls_p256_scalar number;
    int error;

    mbedtls_md_init(&nonce->hmac);
    if ((error = mbedtls_md_setup(&nonce->hmac, info, 1)) != 0) { /* refuses what it does not know, too */
        return error;
    }
    nonce->length = mbedtls_md_get_size(info);
    memcpy(bytes, private_key, 32);
    xtls_ecdsa_digest(bytes + 32, digest, length);
    xtls_p256_scalar_read(&number, bytes + 32);
    xtls_p256_scalar_write(bytes + 32, &number);
    error = seed(nonce, bytes, extra, extra_length);
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    return error;
}

int xtls_ecdsa_nonce_next(xtls_ecdsa_nonce *nonce, unsigned char output[32])
{
    size_t at, part;
    int error;

    for (at = 0; at < 32; at += part) {
        if ((error = turn(nonce)) != 0) {
            return error;
        }
        part = nonce->length < 32 - at ? nonce->length : 32 - at;
        memcpy(output + at, nonce->v, part);
    }
    return 0;
}

int xtls_ecdsa_nonce_skip(xtls_ecdsa_nonce *nonce)
{
    return stir(nonce, 0, NULL, 0, NULL, 0);
}

void xtls_ecdsa_nonce_free(xtls_ecdsa_nonce *nonce)
{
    mbedtls_md_free(&nonce->hmac);
    mbedtls_platform_zeroize(nonce, sizeof(*nonce));
}
