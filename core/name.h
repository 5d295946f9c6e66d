/*
 * Distinguished names, compared as Mbed TLS does it for chains (RFC 5280 7.1): attribute by attribute, in texts
 * without regard to the case of ASCII. Knows neither certificates nor lists.
 */
#ifndef XTLS_NAME_H
#define XTLS_NAME_H

#include "mbedtls/x509.h"

int xtls_name_is_same(const mbedtls_x509_name *one, const mbedtls_x509_name *other);

#endif
