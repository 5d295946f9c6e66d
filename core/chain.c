/* Chains: DER is self-delimiting, so certificates are told apart by their outer length alone. */
#include "chain.h"

#include <string.h>

#include "mbedtls/asn1.h"
#include "mbedtls/error.h"
#include "mbedtls/oid.h"
#include "memory.h"
#include "status.h"

int xtls_chain_copy(xtls_chain *chain, const unsigned char *der, size_t length)
{
    unsigned char *copy = xtls_alloc(length);

    if (copy == NULL) {
        return XTLS_ERR_MEMORY;
    }
    if (length > 0) {
        memcpy(copy, der, length);
    }
    xtls_chain_free(chain);
    chain->der = copy;
    chain->length = length;
    return XTLS_OK;
}

int xtls_chain_collect(xtls_chain *chain, const mbedtls_x509_crt *first)
{
    const mbedtls_x509_crt *crt;
    size_t length = 0;
    unsigned char *der;
    int count = 0;

    for (crt = first; crt != NULL; crt = crt->next) {
        length += crt->raw.len;
        count++;
    }
    if (count > XTLS_CHAIN_MAX) {
        return XTLS_ERR_CERTIFICATE;
    }
    der = xtls_alloc(length);
    if (der == NULL) {
        return XTLS_ERR_MEMORY;
    }
    xtls_chain_free(chain);
    chain->der = der;
    for (crt = first; crt != NULL; crt = crt->next) {
        memcpy(chain->der + chain->length, crt->raw.p, crt->raw.len);
        chain->length += crt->raw.len;
    }
    return XTLS_OK;
}

/* Moves *der past one certificate; its whole length, 0 when there is none or what is there is not DER. */
static size_t next_certificate(const unsigned char **der, const unsigned char *end)
{
    unsigned char *inside = (unsigned char *) *der;
    const unsigned char *start = *der;
    size_t length;

    if (start == end ||
        mbedtls_asn1_get_tag(&inside, end, &length, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0) {
        return 0;
    }
    *der = inside + length;
    return (size_t) (*der - start);
}

int xtls_chain_certificate(const xtls_chain *chain, unsigned index, unsigned char *output, size_t max)
{
    const unsigned char *der = chain->der;
    size_t length;

    if (der == NULL) {
        return 0;
    }
    do {
        length = next_certificate(&der, chain->der + chain->length);
    } while (length > 0 && index-- > 0);

    if (length > max) {
        return XTLS_ERR_SPACE;
    }
    if (length > 0) {
        memcpy(output, der - length, length);
    }
    return (int) length;
}

int xtls_chain_parse(const unsigned char *der, size_t length, mbedtls_x509_crt *output)
{
    const unsigned char *end = der + length;
    int count = 0;

    do {
        const unsigned char *start = der;
        size_t one = next_certificate(&der, end);
        int error = one == 0 || ++count > XTLS_CHAIN_MAX ? XTLS_ERR_CERTIFICATE
                                                         : mbedtls_x509_crt_parse_der(output, start, one);

        if (error != 0 && !(count > 1 && xtls_chain_is_foreign(error))) {
            return xtls_chain_status(error);
        }
    } while (der < end);
    return XTLS_OK;
}

int xtls_chain_is_foreign(int error)
{
    switch (error) {
    case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
    case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG + MBEDTLS_ERR_OID_NOT_FOUND:
    case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
    case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
        return 1;
    default:
        return 0;
    }
}

int xtls_chain_status(int error)
{
    int status = xtls_status(error);

    return status == XTLS_ERR_MEMORY || status == XTLS_ERR_KEY ? status : XTLS_ERR_CERTIFICATE;
}

void xtls_chain_free(xtls_chain *chain)
{
    xtls_free(chain->der);
    memset(chain, 0, sizeof(*chain));
}
