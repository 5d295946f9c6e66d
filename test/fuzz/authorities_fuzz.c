/*
 * Authorities and their revocation lists: DER or text as it comes, or DER put into
 * PEM here because no fuzzer writes base64. Whatever was read, a chain gets a
 * verdict, and no list leaves the certificate alone that its authority revoked.
 */
#include "authorities.h"
#include "fixtures.h"
#include "input.h"
#include "mbedtls/pem.h"
#include "memory.h"
#include "status.h"

#define ROOM 65536

static unsigned char listed[4096];
static size_t listed_length;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    mbedtls_pem_context pem;
    const unsigned char *der;
    size_t used;

    (void) count, (void) arguments;
    mbedtls_pem_init(&pem);
    HOLDS(mbedtls_pem_read_buffer(&pem, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
                                  (const unsigned char *) LISTED, NULL, 0, &used) == 0);
    der = mbedtls_pem_get_buffer(&pem, &listed_length);
    HOLDS(listed_length <= sizeof(listed));
    memcpy(listed, der, listed_length);
    mbedtls_pem_free(&pem);
    return 0;
}

static unsigned problems_of(const xtls_authorities *authorities)
{
    unsigned problems = 0;

    HOLDS(xtls_authorities_verify(authorities, listed, listed_length, &problems) == XTLS_OK);
    return problems;
}

static void read_sources(const unsigned char *bytes, size_t length, int is_list)
{
    xtls_authorities *authorities = NULL;
    int status = xtls_authorities_parse(bytes, length, &authorities);

    HOLDS(status == XTLS_OK || status == XTLS_ERR_CERTIFICATE || status == XTLS_ERR_KEY);
    if (status == XTLS_OK) {
        (void) problems_of(authorities);
        xtls_authorities_free(authorities);
    }
    HOLDS(xtls_authorities_parse((const unsigned char *) LISTING, strlen(LISTING), &authorities) == XTLS_OK);
    status = xtls_authorities_add(authorities, bytes, length);
    HOLDS(status == XTLS_OK || status == XTLS_ERR_CERTIFICATE || status == XTLS_ERR_KEY);
    HOLDS(status != XTLS_OK || problems_of(authorities) != 0 || !is_list); /* after an error it is fit for nothing */
    xtls_authorities_free(authorities);
}

static void read_in_pem(const char *begin, const char *end, const input *in, int is_list)
{
    unsigned char *pem = block(ROOM);
    unsigned char *exact;
    size_t written;

    HOLDS(mbedtls_pem_write_buffer(begin, end, in->at, in->left, pem, ROOM, &written) == 0);
    exact = block(written - 1); /* without its NUL */
    memcpy(exact, pem, written - 1);
    read_sources(exact, written - 1, is_list);
    free(exact);
    free(pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    size_t before = xtls_heap_used();

    switch (take_byte(&in) % 3) {
    case 0:
        read_sources(in.at, in.left, 0);
        break;
    case 1:
        read_in_pem("-----BEGIN X509 CRL-----\n", "-----END X509 CRL-----\n", &in, 1);
        break;
    case 2:
        read_in_pem("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", &in, 0);
        break;
    }
    HOLDS(xtls_heap_used() == before);
    return 0;
}
