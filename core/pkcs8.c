/* PKCS#8 and PEM, written from the inside out. */
#include "pkcs8.h"

#include <string.h>

#include "der.h"
#include "mbedtls/asn1.h"
#include "mbedtls/base64.h"
#include "mbedtls/pem.h"
#include "memory.h"
#include "status.h"

#define KEY_MAX   12288 /* an RSA key of 16384 bits, twice wrapped */
#define LABEL_MAX 32    /* "-----BEGIN ", label, "-----\n" */

/* SubjectPublicKeyInfo begins with the very AlgorithmIdentifier that PKCS#8 wants. */
static int write_algorithm(unsigned char **at, unsigned char *start, const mbedtls_pk_context *key)
{
    unsigned char *spki = start;
    unsigned char *end = *at;
    unsigned char *algorithm;
    size_t length;
    int written = mbedtls_pk_write_pubkey_der(key, spki, (size_t) (end - spki));

    if (written < 0) {
        return written;
    }
    spki = end - written;
    if (mbedtls_asn1_get_tag(&spki, end, &length, XTLS_DER_SEQUENCE) != 0) {
        return MBEDTLS_ERR_ASN1_INVALID_DATA;
    }
    algorithm = spki;
    if (mbedtls_asn1_get_tag(&spki, end, &length, XTLS_DER_SEQUENCE) != 0) {
        return MBEDTLS_ERR_ASN1_INVALID_DATA;
    }
    length += (size_t) (spki - algorithm);
    *at -= length;
    memmove(*at, algorithm, length);
    return (int) length;
}

/* SEQUENCE { INTEGER 0, AlgorithmIdentifier, OCTET STRING { key } }, to the end of the buffer. */
static int write_der(const mbedtls_pk_context *key, unsigned char *start, size_t max)
{
    unsigned char *at = start + max;
    size_t length = 0;
    int ret;

    MBEDTLS_ASN1_CHK_ADD(length, mbedtls_pk_write_key_der(key, start, max));
    at -= length;
    MBEDTLS_ASN1_CHK_ADD(length, xtls_der_wrap(&at, start, length, MBEDTLS_ASN1_OCTET_STRING));
    MBEDTLS_ASN1_CHK_ADD(length, write_algorithm(&at, start, key));
    MBEDTLS_ASN1_CHK_ADD(length, mbedtls_asn1_write_int(&at, start, 0));
    MBEDTLS_ASN1_CHK_ADD(length, xtls_der_wrap(&at, start, length, XTLS_DER_SEQUENCE));
    return (int) length;
}

int xtls_pkcs8_write(const mbedtls_pk_context *key, unsigned char *output, size_t max)
{
    unsigned char *der = xtls_alloc(KEY_MAX);
    int result;

    if (der == NULL) {
        return XTLS_ERR_MEMORY;
    }
    result = xtls_status(write_der(key, der, KEY_MAX));
    if (result > 0 && (size_t) result > max) {
        result = XTLS_ERR_SPACE;
    }
    if (result > 0) {
        memcpy(output, der + KEY_MAX - result, (size_t) result);
    }
    xtls_free(der);
    return result;
}

int xtls_pkcs8_write_pem(const mbedtls_pk_context *key, unsigned char *output, size_t max)
{
    unsigned char *der = xtls_alloc(KEY_MAX);
    int result;

    if (der == NULL) {
        return XTLS_ERR_MEMORY;
    }
    result = xtls_pkcs8_write(key, der, KEY_MAX);
    if (result > 0) {
        result = xtls_pem_write("PRIVATE KEY", der, (size_t) result, output, max);
    }
    xtls_free(der);
    return result;
}

static void write_line(char output[LABEL_MAX], const char *before, const char *label)
{
    memset(output, 0, LABEL_MAX);
    memcpy(output, before, strlen(before));
    memcpy(output + strlen(output), label, strlen(label));
    memcpy(output + strlen(output), "-----\n", 6);
}

int xtls_pem_write(const char *label, const unsigned char *der, size_t length, unsigned char *output, size_t max)
{
    char header[LABEL_MAX], footer[LABEL_MAX];
    size_t written;
    int error;

    write_line(header, "-----BEGIN ", label);
    write_line(footer, "-----END ", label);
    error = mbedtls_pem_write_buffer(header, footer, der, length, output, max, &written);
    if (error == MBEDTLS_ERR_BASE64_BUFFER_TOO_SMALL) {
        return XTLS_ERR_SPACE;
    }
    return error != 0 ? xtls_status(error) : (int) written - 1;
}
