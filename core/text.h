/*
 * Text as certificates and JIDs carry it: UTF-8 (RFC 3629) and its checks. A
 * name that different readers could understand differently is refused.
 */
#ifndef XTLS_TEXT_H
#define XTLS_TEXT_H

#include <stddef.h>

#define XTLS_NAME_MAX 2047 /* bytes: the longest bare JID (RFC 7622 3.1: two parts of 1023 and an @) */

/* Valid UTF-8 without control characters, 1 to XTLS_NAME_MAX bytes. */
int xtls_text_is_name(const unsigned char *text, size_t length);

/* The same, ASCII only. */
int xtls_text_is_ascii_name(const unsigned char *text, size_t length);

/* A name that has the shape of a bare JID: [localpart@]domainpart, no resourcepart. Its preparation is the caller's. */
int xtls_text_is_bare_jid(const unsigned char *text, size_t length);

#endif
