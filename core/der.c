/* See der.h. */
#include "der.h"

int xtls_der_wrap(unsigned char **at, const unsigned char *start, size_t length, unsigned char tag)
{
    int ret;
    size_t added = 0;

    MBEDTLS_ASN1_CHK_ADD(added, mbedtls_asn1_write_len(at, start, length));
    MBEDTLS_ASN1_CHK_ADD(added, mbedtls_asn1_write_tag(at, start, tag));
    return (int) added;
}
