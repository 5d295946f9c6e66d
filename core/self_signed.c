/* Self-signed certificates: names, serial number, validity, xmppAddr and usage, in the order of RFC 5280 4.1.2. */
#include "self_signed.h"

#include <string.h>

#include "calendar.h"
#include "der.h"
#include "mbedtls/oid.h"
#include "mbedtls/x509_crt.h"
#include "memory.h"
#include "random.h"
#include "status.h"
#include "text.h"

#define OID_XMPP_ADDR "\x2B\x06\x01\x05\x05\x07\x08\x05" /* id-on-xmppAddr, 1.3.6.1.5.5.7.8.5 */
#define SERIAL_LENGTH 16

#define NAMES_OVERHEAD 64 /* tags, lengths and the OID around the JID */

/* "CN=" and sixteen random bytes in hex: says nothing, collides with nothing. */
static int set_names(mbedtls_x509write_cert *certificate)
{
    unsigned char bytes[16];
    char name[3 + 2 * sizeof(bytes) + 1] = "CN=";
    size_t i;
    int error = xtls_random(NULL, bytes, sizeof(bytes));

    for (i = 0; i < sizeof(bytes); i++) {
        name[3 + 2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        name[4 + 2 * i] = "0123456789abcdef"[bytes[i] & 15];
    }
    if (error == 0) {
        error = mbedtls_x509write_crt_set_subject_name(certificate, name);
    }
    return error != 0 ? error : mbedtls_x509write_crt_set_issuer_name(certificate, name);
}

/* Positive and without leading zeros (RFC 5280 4.1.2.2). */
static int set_serial(mbedtls_x509write_cert *certificate)
{
    unsigned char serial[SERIAL_LENGTH];
    int error = xtls_random(NULL, serial, sizeof(serial));

    serial[0] = (serial[0] & 0x7F) | 0x40;
    return error != 0 ? error : mbedtls_x509write_crt_set_serial_raw(certificate, serial, sizeof(serial));
}

/* YYYYMMDDhhmmss, as Mbed TLS wants it. */
static void write_time(char output[15], long long seconds)
{
    struct tm time;
    long long digits;
    int i;

    xtls_calendar_split(seconds, &time);
    digits = (time.tm_year + 1900LL) * 10000000000LL + (time.tm_mon + 1) * 100000000LL +
             time.tm_mday * 1000000LL + time.tm_hour * 10000 + time.tm_min * 100 + time.tm_sec;
    output[14] = '\0';
    for (i = 13; i >= 0; i--) {
        output[i] = (char) ('0' + digits % 10);
        digits /= 10;
    }
}

static int set_validity(mbedtls_x509write_cert *certificate, unsigned days)
{
    long long now = xtls_time(NULL);
    char from[15], to[15];

    write_time(from, now - XTLS_DAY); /* for peers whose clock is behind */
    write_time(to, now + (long long) days * XTLS_DAY);
    return mbedtls_x509write_crt_set_validity(certificate, from, to);
}

/* SEQUENCE { [0] { OID, [0] { UTF8String } } }, written backwards as ever with Mbed TLS. */
static int write_xmpp_addr(unsigned char **at, unsigned char *start, const char *jid, size_t jid_length)
{
    int ret;
    size_t length = 0;

    MBEDTLS_ASN1_CHK_ADD(length, mbedtls_asn1_write_utf8_string(at, start, jid, jid_length));
    MBEDTLS_ASN1_CHK_ADD(length, xtls_der_wrap(at, start, length, XTLS_DER_EXPLICIT_0));
    MBEDTLS_ASN1_CHK_ADD(length, mbedtls_asn1_write_oid(at, start, OID_XMPP_ADDR, sizeof(OID_XMPP_ADDR) - 1));
    MBEDTLS_ASN1_CHK_ADD(length, xtls_der_wrap(at, start, length, XTLS_DER_EXPLICIT_0));
    MBEDTLS_ASN1_CHK_ADD(length, xtls_der_wrap(at, start, length, XTLS_DER_SEQUENCE));
    return (int) length;
}

static int set_jid(mbedtls_x509write_cert *certificate, const char *jid, size_t jid_length)
{
    unsigned char names[XTLS_NAME_MAX + NAMES_OVERHEAD] = { 0 };
    unsigned char *at = names + sizeof(names);
    int length = write_xmpp_addr(&at, names, jid, jid_length);

    if (length < 0) {
        return length;
    }
    return mbedtls_x509write_crt_set_extension(certificate, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                               MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, at, (size_t) length);
}

static int set_usage(mbedtls_x509write_cert *certificate)
{
    int error = mbedtls_x509write_crt_set_basic_constraints(certificate, 0, -1);

    return error != 0 ? error : mbedtls_x509write_crt_set_key_usage(certificate, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
}

int xtls_self_signed(mbedtls_pk_context *key, const char *jid, size_t jid_length, unsigned days,
                     unsigned char *output, size_t max)
{
    mbedtls_x509write_cert certificate;
    int result;

    mbedtls_x509write_crt_init(&certificate);
    mbedtls_x509write_crt_set_subject_key(&certificate, key);
    mbedtls_x509write_crt_set_issuer_key(&certificate, key);
    mbedtls_x509write_crt_set_md_alg(&certificate, MBEDTLS_MD_SHA256);
    if ((result = set_names(&certificate)) == 0 && (result = set_serial(&certificate)) == 0 &&
        (result = set_validity(&certificate, days)) == 0 && (result = set_jid(&certificate, jid, jid_length)) == 0 &&
        (result = set_usage(&certificate)) == 0) {
        result = mbedtls_x509write_crt_der(&certificate, output, max, xtls_random, NULL);
    }
    mbedtls_x509write_crt_free(&certificate);
    return xtls_status(result);
}
