/* Mbed TLS's digests under the core's contract. */
#include "digest.h"

#include "mbedtls/md.h"
#include "status.h"

static const mbedtls_md_info_t *sha256(void)
{
    return mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
}

static int digest_length(int error)
{
    return error == 0 ? XTLS_DIGEST_LENGTH : xtls_status(error);
}

int xtls_digest_sha256(const unsigned char *bytes, size_t length, unsigned char *output, size_t max)
{
    return max < XTLS_DIGEST_LENGTH ? XTLS_ERR_SPACE : digest_length(mbedtls_md(sha256(), bytes, length, output));
}

int xtls_digest_hmac(const unsigned char *key, size_t key_length, const unsigned char *message, size_t length,
                     unsigned char *output, size_t max)
{
    if (max < XTLS_DIGEST_LENGTH) {
        return XTLS_ERR_SPACE;
    }
    return digest_length(mbedtls_md_hmac(sha256(), key, key_length, message, length, output));
}
