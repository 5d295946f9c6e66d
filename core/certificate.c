/*
 * From X.509 to fields: Mbed TLS parses, the names it does not know (otherName) and their safety are
 * looked after here. What one reader could understand differently from another makes the certificate invalid.
 */
#include "certificate.h"

#include <string.h>

#include "chain.h"
#include "key.h"
#include "mbedtls/asn1.h"
#include "mbedtls/md.h"
#include "mbedtls/oid.h"
#include "mbedtls/x509_crt.h"
#include "memory.h"
#include "status.h"
#include "text.h"

#define OID_XMPP_ADDR "\x2B\x06\x01\x05\x05\x07\x08\x05" /* id-on-xmppAddr, 1.3.6.1.5.5.7.8.5 */
#define OID_SRV_NAME  "\x2B\x06\x01\x05\x05\x07\x08\x07" /* id-on-dnsSRV, 1.3.6.1.5.5.7.8.7 */

/* Where fields go. A failure sticks, so that only the last result needs a look. */
typedef struct fields {
    unsigned char *output;
    size_t max;
    size_t length;
    int status;
} fields;

static void add(fields *fields, unsigned char tag, const void *value, size_t length)
{
    unsigned char *at = fields->output + fields->length;

    if (fields->status != XTLS_OK) {
        return;
    }
    if (length > 0xFFFF || fields->max - fields->length < 3 + length) {
        fields->status = XTLS_ERR_SPACE;
        return;
    }
    at[0] = tag;
    at[1] = (unsigned char) (length >> 8);
    at[2] = (unsigned char) length;
    memcpy(at + 3, value, length);
    fields->length += 3 + length;
}

static void add_name(fields *fields, unsigned char tag, const unsigned char *name, size_t length, int is_fit)
{
    if (!is_fit && fields->status == XTLS_OK) {
        fields->status = XTLS_ERR_CERTIFICATE;
        return;
    }
    add(fields, tag, name, length);
}

static void add_digest(fields *fields, unsigned char tag, mbedtls_md_type_t type, const mbedtls_x509_buf *bytes)
{
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);
    unsigned char digest[MBEDTLS_MD_MAX_SIZE];
    int error = mbedtls_md(md, bytes->p, bytes->len, digest);

    if (error != 0 && fields->status == XTLS_OK) {
        fields->status = xtls_status(error);
    }
    add(fields, tag, digest, mbedtls_md_get_size(md));
}

static void write_digits(char *output, int count, int value)
{
    while (count-- > 0) {
        output[count] = (char) ('0' + value % 10);
        value /= 10;
    }
}

static void add_time(fields *fields, unsigned char tag, const mbedtls_x509_time *time)
{
    char text[] = "0000-00-00T00:00:00Z";

    write_digits(text, 4, time->year);
    write_digits(text + 5, 2, time->mon);
    write_digits(text + 8, 2, time->day);
    write_digits(text + 11, 2, time->hour);
    write_digits(text + 14, 2, time->min);
    write_digits(text + 17, 2, time->sec);
    add(fields, tag, text, sizeof(text) - 1);
}

static void add_key(fields *fields, const mbedtls_pk_context *key)
{
    int is_rsa = mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA;
    int bits = (int) mbedtls_pk_get_bitlen(key);
    int digits = bits > 9999 ? 5 : bits > 999 ? 4 : 3;
    char text[sizeof("RSA 00000")] = "RSA ";
    size_t name_length = 4;

    if (!is_rsa) {
        memcpy(text, "EC ", 3);
        name_length = 3;
    }
    write_digits(text + name_length, digits, bits);
    add(fields, XTLS_FIELD_KEY, text, name_length + (size_t) digits);
}

/* OtherName's value: [0] EXPLICIT, of the string type `tag`; NULL when it is not that. */
static const unsigned char *other_name_value(unsigned char *at, const unsigned char *end, int tag, size_t *length)
{
    if (mbedtls_asn1_get_tag(&at, end, length, MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED) != 0 ||
        at + *length != end || mbedtls_asn1_get_tag(&at, end, length, tag) != 0 || at + *length != end) {
        return NULL;
    }
    return at;
}

static void add_other_name(fields *fields, const mbedtls_x509_buf *name)
{
    unsigned char *at = name->p;
    const unsigned char *end = at + name->len;
    const unsigned char *value;
    size_t oid_length, length = 0;
    int is_xmpp_addr, is_srv_name;

    if (mbedtls_asn1_get_tag(&at, end, &oid_length, MBEDTLS_ASN1_OID) != 0) {
        fields->status = XTLS_ERR_CERTIFICATE;
        return;
    }
    is_xmpp_addr = oid_length == 8 && memcmp(at, OID_XMPP_ADDR, 8) == 0;
    is_srv_name = oid_length == 8 && memcmp(at, OID_SRV_NAME, 8) == 0;
    if (is_xmpp_addr) {
        value = other_name_value(at + 8, end, MBEDTLS_ASN1_UTF8_STRING, &length);
        add_name(fields, XTLS_FIELD_XMPP_ADDR, value, length, value != NULL && xtls_text_is_name(value, length));
    } else if (is_srv_name) {
        value = other_name_value(at + 8, end, MBEDTLS_ASN1_IA5_STRING, &length);
        add_name(fields, XTLS_FIELD_SRV_NAME, value, length, value != NULL && xtls_text_is_ascii_name(value, length));
    }
}

static void add_names(fields *fields, const mbedtls_x509_sequence *name)
{
    for (; name != NULL && name->buf.p != NULL; name = name->next) {
        switch (name->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) {
        case MBEDTLS_X509_SAN_OTHER_NAME:
            add_other_name(fields, &name->buf);
            break;
        case MBEDTLS_X509_SAN_DNS_NAME:
            add_name(fields, XTLS_FIELD_DNS_NAME, name->buf.p, name->buf.len,
                     xtls_text_is_ascii_name(name->buf.p, name->buf.len));
            break;
        }
    }
}

static int parse_one(mbedtls_x509_crt *crt, const unsigned char *der, size_t length)
{
    int error = mbedtls_x509_crt_parse_der(crt, der, length);

    if (error != 0) {
        return xtls_chain_status(error);
    }
    if (crt->raw.len != length) {
        return XTLS_ERR_CERTIFICATE;
    }
    return xtls_key_is_fit(&crt->pk) ? XTLS_OK : XTLS_ERR_KEY;
}

int xtls_certificate_read(const unsigned char *der, size_t length, unsigned char *output, size_t max)
{
    fields fields = { output, max, 0, XTLS_OK };
    mbedtls_x509_crt crt;

    if (der == NULL || (output == NULL && max > 0)) {
        return XTLS_ERR_ARGUMENT;
    }
    mbedtls_x509_crt_init(&crt);
    fields.status = parse_one(&crt, der, length);
    if (fields.status == XTLS_OK) {
        add_digest(&fields, XTLS_FIELD_SHA256, MBEDTLS_MD_SHA256, &crt.raw);
        add_digest(&fields, XTLS_FIELD_SPKI_SHA256, MBEDTLS_MD_SHA256, &crt.pk_raw);
        add_digest(&fields, XTLS_FIELD_SHA1, MBEDTLS_MD_SHA1, &crt.raw);
        add_names(&fields, &crt.subject_alt_names);
        add_time(&fields, XTLS_FIELD_NOT_BEFORE, &crt.valid_from);
        add_time(&fields, XTLS_FIELD_NOT_AFTER, &crt.valid_to);
        add_key(&fields, &crt.pk);
    }
    mbedtls_x509_crt_free(&crt);
    return fields.status == XTLS_OK ? (int) fields.length : fields.status;
}
