/* Everything is read once more, and freed. */
#include "fault.h"

#include <string.h>

#include "authorities.h"
#include "key.h"
#include "mbedtls/pk.h"
#include "mbedtls/x509_crl.h"
#include "mbedtls/x509_crt.h"
#include "memory.h"
#include "random.h"
#include "status.h"

typedef int (*reader)(mbedtls_x509_crt *crt, const unsigned char *der, size_t length);

static int certificate_fault(reader read, const unsigned char *der, size_t length)
{
    mbedtls_x509_crt crt;
    int error;

    mbedtls_x509_crt_init(&crt);
    error = read(&crt, der, length);
    if (error == 0 && !xtls_key_is_fit(&crt.pk)) {
        error = XTLS_ERR_KEY;
    }
    mbedtls_x509_crt_free(&crt);
    return error;
}

int xtls_fault_certificate(const unsigned char *der, size_t length)
{
    return certificate_fault(mbedtls_x509_crt_parse_der, der, length);
}

int xtls_fault_authority(const unsigned char *der, size_t length)
{
    return certificate_fault(xtls_authorities_read, der, length);
}

int xtls_fault_list(const unsigned char *der, size_t length)
{
    mbedtls_x509_crl crl;
    int error;

    mbedtls_x509_crl_init(&crl);
    error = mbedtls_x509_crl_parse_der(&crl, der, length);
    mbedtls_x509_crl_free(&crl);
    return error;
}

/* Of PEM Mbed TLS wants the final NUL counted. */
static int read_key(mbedtls_pk_context *pk, const unsigned char *key, size_t length)
{
    unsigned char *text = xtls_alloc(length + 1);
    int error;

    if (text == NULL) {
        return XTLS_ERR_MEMORY;
    }
    memcpy(text, key, length);
    length += strstr((const char *) text, "-----BEGIN ") != NULL;
    error = mbedtls_pk_parse_key(pk, text, length, NULL, 0, xtls_random, NULL);
    xtls_free(text);
    return error;
}

int xtls_fault_key(const unsigned char *key, size_t key_length, const unsigned char *der, size_t length)
{
    mbedtls_x509_crt crt;
    mbedtls_pk_context pk;
    int error;

    mbedtls_x509_crt_init(&crt);
    mbedtls_pk_init(&pk);
    error = read_key(&pk, key, key_length);
    if (error == 0) {
        error = mbedtls_x509_crt_parse_der(&crt, der, length);
    }
    if (error == 0 && mbedtls_pk_check_pair(&crt.pk, &pk, xtls_random, NULL) != 0) {
        error = MBEDTLS_ERR_PK_TYPE_MISMATCH;
    }
    mbedtls_pk_free(&pk);
    mbedtls_x509_crt_free(&crt);
    xtls_scrub_stack();
    return error;
}
