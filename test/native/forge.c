#include "forge.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mbedtls/asn1write.h"
#include "mbedtls/md.h"
#include "mbedtls/oid.h"
#include "random.h"

#define DAY 86400
#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)
#define EXPLICIT(n) (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | (n))

/* Everything is written from the end; a failure ends the program. */
typedef struct writer {
    unsigned char *start, *at, *end;
} writer;

static size_t written(const writer *w, const unsigned char *before)
{
    return (size_t) (before - w->at);
}

static void must(int length)
{
    if (length < 0) {
        abort();
    }
}

static void wrap(writer *w, const unsigned char *before, unsigned char tag)
{
    must(mbedtls_asn1_write_len(&w->at, w->start, written(w, before)));
    must(mbedtls_asn1_write_tag(&w->at, w->start, tag));
}

static void write_raw(writer *w, const void *bytes, size_t length)
{
    must(mbedtls_asn1_write_raw_buffer(&w->at, w->start, bytes, length));
}

#define WRITE_OID(w, oid) must(mbedtls_asn1_write_oid(&(w)->at, (w)->start, oid, MBEDTLS_OID_SIZE(oid)))

static void write_algorithm(writer *w, const forgery *what)
{
    unsigned char *before = w->at;

    if (what->signer != NULL) {
        WRITE_OID(w, MBEDTLS_OID_ECDSA_SHA256);
    } else {
        must(mbedtls_asn1_write_null(&w->at, w->start));
        WRITE_OID(w, MBEDTLS_OID_PKCS1_SHA256);
    }
    wrap(w, before, SEQUENCE);
}

static void write_name(writer *w, const char *name)
{
    unsigned char *before = w->at;

    must(mbedtls_asn1_write_utf8_string(&w->at, w->start, name, strlen(name)));
    WRITE_OID(w, MBEDTLS_OID_AT_CN);
    wrap(w, before, SEQUENCE);
    wrap(w, before, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SET);
    wrap(w, before, SEQUENCE);
}

static void write_time(writer *w, int days)
{
    unsigned char *before = w->at;
    time_t then = time(NULL) + (time_t) days * DAY;
    char text[sizeof("20260101000000Z")];

    strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", gmtime(&then));
    write_raw(w, text, sizeof(text) - 1);
    wrap(w, before, MBEDTLS_ASN1_GENERALIZED_TIME);
}

static void write_authority(writer *w)
{
    unsigned char *before = w->at;

    must(mbedtls_asn1_write_bool(&w->at, w->start, 1));
    wrap(w, before, SEQUENCE);
    wrap(w, before, MBEDTLS_ASN1_OCTET_STRING);
    WRITE_OID(w, MBEDTLS_OID_BASIC_CONSTRAINTS);
    wrap(w, before, SEQUENCE);
}

static void write_names(writer *w, size_t count)
{
    unsigned char *before = w->at;

    for (; count > 0; count--) {
        write_raw(w, "\x82\x01x", 3);
    }
    wrap(w, before, SEQUENCE);
    wrap(w, before, MBEDTLS_ASN1_OCTET_STRING);
    WRITE_OID(w, MBEDTLS_OID_SUBJECT_ALT_NAME);
    wrap(w, before, SEQUENCE);
}

static void write_extensions(writer *w, const forgery *what)
{
    unsigned char *before = w->at;

    if (what->names > 0) {
        write_names(w, what->names);
    }
    write_authority(w);
    wrap(w, before, SEQUENCE);
    wrap(w, before, EXPLICIT(3));
}

static void write_body(writer *w, const forgery *what)
{
    unsigned char *before = w->at, *dates;

    write_extensions(w, what);
    write_raw(w, what->key, what->key_length);
    write_name(w, what->subject);
    dates = w->at;
    write_time(w, what->to);
    write_time(w, what->from);
    wrap(w, dates, SEQUENCE);
    write_name(w, what->issuer);
    write_algorithm(w, what);
    must(mbedtls_asn1_write_int(&w->at, w->start, 1));
    write_raw(w, "\xA0\x03\x02\x01\x02", 5); /* version 3 */
    wrap(w, before, SEQUENCE);
}

static size_t sign(const forgery *what, const unsigned char *body, size_t length, unsigned char *signature, size_t max)
{
    unsigned char hash[32];

    if (what->signer == NULL) {
        memset(signature, 0x55, what->signature_length);
        return what->signature_length;
    }
    must(-mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), body, length, hash));
    must(-abs(mbedtls_pk_sign(what->signer, MBEDTLS_MD_SHA256, hash, sizeof(hash), signature, max, &length, xtls_random, NULL)));
    return length;
}

size_t forge(const forgery *what, unsigned char *output, size_t max)
{
    static unsigned char body[65536], signature[2048];
    writer inner = { body, body + sizeof(body), body + sizeof(body) }, outer = { output, output + max, output + max };
    size_t length, signature_length;

    write_body(&inner, what);
    length = written(&inner, inner.end);
    signature_length = sign(what, inner.at, length, signature, sizeof(signature));
    must(mbedtls_asn1_write_bitstring(&outer.at, outer.start, signature, 8 * signature_length));
    write_algorithm(&outer, what);
    write_raw(&outer, inner.at, length);
    wrap(&outer, outer.end, SEQUENCE);
    length = written(&outer, outer.end);
    memmove(output, outer.at, length);
    return length;
}

/* --- keys ------------------------------------------------------------------------ */

void forge_key(mbedtls_pk_context *key, mbedtls_ecp_group_id curve)
{
    mbedtls_pk_init(key);
    must(-abs(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY))));
    must(-abs(mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(*key), xtls_random, NULL)));
}

size_t forge_info(mbedtls_pk_context *key, unsigned char *output, size_t max)
{
    int length = mbedtls_pk_write_pubkey_der(key, output, max);

    must(length);
    memmove(output, output + max - length, (size_t) length);
    return (size_t) length;
}

static void write_odd_number(writer *w, unsigned bits)
{
    unsigned char bytes[2048] = { 0 };
    unsigned length = bits / 8 + 1; /* with a zero in front where the highest bit would be a sign */

    memset(bytes + 1, 0xA5, length - 1);
    bytes[0] = (unsigned char) ((1u << (bits % 8)) - 1);
    if (bits % 8 == 0) {
        bytes[1] |= 0x80;
    } else {
        bytes[0] |= (unsigned char) (1u << (bits % 8 - 1));
    }
    bytes[length - 1] |= 1;
    write_raw(w, bytes, length);
    must(mbedtls_asn1_write_len(&w->at, w->start, length));
    must(mbedtls_asn1_write_tag(&w->at, w->start, MBEDTLS_ASN1_INTEGER));
}

size_t forge_rsa_info(unsigned bits, unsigned exponent_bits, unsigned char *output, size_t max)
{
    writer w = { output, output + max, output + max };
    unsigned char *algorithm;
    size_t length;

    write_odd_number(&w, exponent_bits);
    write_odd_number(&w, bits);
    wrap(&w, w.end, SEQUENCE);
    write_raw(&w, "\0", 1); /* no bit of the string is unused */
    wrap(&w, w.end, MBEDTLS_ASN1_BIT_STRING);
    algorithm = w.at;
    must(mbedtls_asn1_write_null(&w.at, w.start));
    WRITE_OID(&w, MBEDTLS_OID_PKCS1_RSA);
    wrap(&w, algorithm, SEQUENCE);
    wrap(&w, w.end, SEQUENCE);
    length = written(&w, w.end);
    memmove(output, w.at, length);
    return length;
}
