#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* which attributes share an RDN */

#include "name.h"

#include <string.h>

#include "mbedtls/asn1.h"

static unsigned char lower(unsigned char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter;
}

static int is_text(const mbedtls_x509_buf *value)
{
    return value->tag == MBEDTLS_ASN1_UTF8_STRING || value->tag == MBEDTLS_ASN1_PRINTABLE_STRING;
}

static int is_same_value(const mbedtls_x509_buf *one, const mbedtls_x509_buf *other)
{
    size_t i;

    if (one->len != other->len) {
        return 0;
    }
    if (!is_text(one) || !is_text(other)) {
        return one->tag == other->tag && memcmp(one->p, other->p, one->len) == 0;
    }
    for (i = 0; i < one->len; i++) {
        if (lower(one->p[i]) != lower(other->p[i])) {
            return 0;
        }
    }
    return 1;
}

int xtls_name_is_same(const mbedtls_x509_name *one, const mbedtls_x509_name *other)
{
    while (one != NULL && other != NULL) {
        if (one->oid.len != other->oid.len || memcmp(one->oid.p, other->oid.p, one->oid.len) != 0 ||
            one->next_merged != other->next_merged || !is_same_value(&one->val, &other->val)) {
            return 0;
        }
        one = one->next;
        other = other->next;
    }
    return one == NULL && other == NULL;
}
