/* Authorities: a reference-counted list of Mbed TLS's certificates. */
#include "authorities.h"

#include <string.h>

#include "chain.h"
#include "mbedtls/ssl.h"
#include "memory.h"
#include "status.h"

struct xtls_authorities {
    unsigned references;
    mbedtls_x509_crt certificates;
};

static int parse_pem(xtls_authorities *authorities, const char *pem, size_t length)
{
    unsigned char *text = xtls_alloc(length + 1); /* Mbed TLS knows PEM by its final NUL */
    int error;

    if (text == NULL) {
        return XTLS_ERR_MEMORY;
    }
    memcpy(text, pem, length);
    error = mbedtls_x509_crt_parse(&authorities->certificates, text, length + 1);
    xtls_free(text);
    if (error == 0) {
        return XTLS_OK;
    }
    if (error > 0) { /* so many could not be read */
        error = MBEDTLS_ERR_X509_INVALID_FORMAT;
    }
    return xtls_status(error) == XTLS_ERR_MEMORY ? XTLS_ERR_MEMORY : XTLS_ERR_CERTIFICATE;
}

int xtls_authorities_parse(const char *pem, size_t length, xtls_authorities **output)
{
    xtls_authorities *authorities;
    int status;

    if (pem == NULL || output == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    if (length == 0 || memchr(pem, '\0', length) != NULL) {
        return XTLS_ERR_CERTIFICATE;
    }
    authorities = xtls_alloc(sizeof(*authorities));
    if (authorities == NULL) {
        return XTLS_ERR_MEMORY;
    }
    authorities->references = 1;
    mbedtls_x509_crt_init(&authorities->certificates);
    status = parse_pem(authorities, pem, length);
    if (status != XTLS_OK) {
        xtls_authorities_free(authorities);
        return status;
    }
    *output = authorities;
    return XTLS_OK;
}

int xtls_authorities_verify(const xtls_authorities *authorities, const unsigned char *chain, size_t length,
                            unsigned *problems)
{
    mbedtls_x509_crt crt;
    uint32_t flags = 0;
    int status;

    if (authorities == NULL || chain == NULL || problems == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    mbedtls_x509_crt_init(&crt);
    status = xtls_chain_parse(chain, length, &crt);
    if (status == XTLS_OK) {
        status = mbedtls_x509_crt_verify(&crt, (mbedtls_x509_crt *) &authorities->certificates, NULL, NULL, &flags,
                                         NULL, NULL);
    }
    mbedtls_x509_crt_free(&crt);
    if (status != XTLS_OK && status != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        return xtls_status(status) == XTLS_ERR_MEMORY ? XTLS_ERR_MEMORY : XTLS_ERR_CERTIFICATE;
    }
    *problems = flags;
    return XTLS_OK;
}

void xtls_authorities_free(xtls_authorities *authorities)
{
    if (authorities == NULL || --authorities->references > 0) {
        return;
    }
    mbedtls_x509_crt_free(&authorities->certificates);
    xtls_free(authorities);
}

xtls_authorities *xtls_authorities_retain(xtls_authorities *authorities)
{
    authorities->references++;
    return authorities;
}

void xtls_authorities_demand(xtls_authorities *authorities, mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_ca_chain(config, &authorities->certificates, NULL);
}
