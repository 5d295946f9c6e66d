#include "signature.h"

#include "mbedtls/asn1.h"

#define NUMBER_MAX 49 /* 384 bits, and a zero in front where the highest one is set */

/* The length of the INTEGER that begins there, header included; 0 when it is not as DER has it. */
static size_t number_length(const unsigned char *at, size_t left)
{
    if (left < 3 || at[0] != MBEDTLS_ASN1_INTEGER || at[1] == 0 || at[1] > NUMBER_MAX || at[1] > left - 2) {
        return 0;
    }
    if (at[2] >= 0x80) { /* negative */
        return 0;
    }
    if (at[2] == 0 && (at[1] == 1 || at[3] < 0x80)) { /* nothing, or a zero too many */
        return 0;
    }
    return 2 + (size_t) at[1];
}

int xtls_signature_is_der(const unsigned char *signature, size_t length)
{
    size_t r, s;

    if (length < 2 || signature[0] != (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) || signature[1] >= 0x80 ||
        signature[1] != length - 2) {
        return 0;
    }
    r = number_length(signature + 2, length - 2);
    s = r == 0 ? 0 : number_length(signature + 2 + r, length - 2 - r);
    return s != 0 && 2 + r + s == length;
}
