/*
 * What a certificate says, read once and written as a flat list of fields for
 * the host: u8 tag, u16 length (big endian), value. Names are UTF-8.
 * Sources: RFC 5280, RFC 6120 13.7.1 (xmppAddr), RFC 4985 (SRVName).
 */
#ifndef XTLS_CERTIFICATE_H
#define XTLS_CERTIFICATE_H

#include <stddef.h>

#define XTLS_FIELD_SHA256      1 /* 32 bytes, over the whole certificate */
#define XTLS_FIELD_SPKI_SHA256 2 /* 32 bytes, over SubjectPublicKeyInfo */
#define XTLS_FIELD_SHA1        3 /* 20 bytes, over the whole certificate: XEP-0250's keyinfo, a name and no proof */
#define XTLS_FIELD_XMPP_ADDR   4 /* one field an otherName id-on-xmppAddr */
#define XTLS_FIELD_DNS_NAME    5
#define XTLS_FIELD_SRV_NAME    6
#define XTLS_FIELD_NOT_BEFORE  7 /* ASCII YYYY-MM-DDTHH:MM:SSZ */
#define XTLS_FIELD_NOT_AFTER   8
#define XTLS_FIELD_KEY         9 /* ASCII, e.g. "EC 256", "RSA 2048" */

/*
 * Reads one DER certificate (borrowed) and writes its fields. The length
 * written, XTLS_ERR_CERTIFICATE, XTLS_ERR_KEY, XTLS_ERR_SPACE or XTLS_ERR_MEMORY. A name with
 * a control character, bad UTF-8 or more than 2047 bytes makes the certificate invalid.
 */
int xtls_certificate_read(const unsigned char *der, size_t length, unsigned char *output, size_t max);

#endif
