/*
 * Certificates that a peer shows: whatever the bytes, there are well-formed
 * fields or a refusal, and a verdict on the chain.
 */
#include "authorities.h"
#include "certificate.h"
#include "fixtures.h"
#include "input.h"
#include "status.h"

static xtls_authorities *authorities;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void) count, (void) arguments;
    HOLDS(xtls_authorities_parse((const unsigned char *) AUTHORITY, strlen(AUTHORITY), &authorities) == XTLS_OK);
    return 0;
}

static void walk(const unsigned char *fields, size_t length)
{
    size_t at = 0;

    while (at < length) {
        HOLDS(length - at >= 3 && fields[at] >= XTLS_FIELD_SHA256 && fields[at] <= XTLS_FIELD_KEY);
        at += 3 + ((size_t) fields[at + 1] << 8 | fields[at + 2]);
    }
    HOLDS(at == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = 3 * size + 1024;
    unsigned char *fields = block(room), *exact;
    unsigned problems;
    int length = xtls_certificate_read(data, size, fields, room);

    HOLDS(length > 0 || length == XTLS_ERR_CERTIFICATE || length == XTLS_ERR_KEY);
    if (length > 0) {
        walk(fields, (size_t) length);
        exact = block((size_t) length);
        HOLDS(xtls_certificate_read(data, size, exact, (size_t) length) == length);
        HOLDS(memcmp(exact, fields, (size_t) length) == 0);
        HOLDS(xtls_certificate_read(data, size, exact, (size_t) length - 1) == XTLS_ERR_SPACE);
        free(exact);
    }
    (void) xtls_authorities_verify(authorities, data, size, &problems);
    free(fields);
    return 0;
}
