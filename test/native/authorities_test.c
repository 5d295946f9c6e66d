/* Authorities with revocation lists; what openssl ca makes of it is test/tls/authorities.test.ts's. */
#include "authorities.h"

#include <string.h>

#include "engine.h"
#include "fixtures.h"
#include "harness.h"
#include "host_native.h"
#include "mbedtls/pem.h"
#include "status.h"

#define REVOKED          0x02u
#define LIST_NOT_TRUSTED 0x10u
#define LIST_EXPIRED     0x20u
#define YEAR_MS (366.0 * 86400 * 1000)

typedef struct block {
    unsigned char bytes[4096];
    size_t length;
} block;

/* The contents of the text's first block with this label. */
static block der_of(const char *text, const char *begin, const char *end)
{
    mbedtls_pem_context pem;
    const unsigned char *bytes;
    block der = { .length = 0 };
    size_t used;

    mbedtls_pem_init(&pem);
    EXPECT_EQUAL(mbedtls_pem_read_buffer(&pem, begin, end, (const unsigned char *) text, NULL, 0, &used), 0);
    bytes = mbedtls_pem_get_buffer(&pem, &der.length);
    memcpy(der.bytes, bytes, der.length);
    mbedtls_pem_free(&pem);
    return der;
}

static block certificate_of(const char *text)
{
    return der_of(text, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
}

static block list_of(const char *text)
{
    return der_of(text, "-----BEGIN X509 CRL-----", "-----END X509 CRL-----");
}

static xtls_authorities *parse(const char *pem)
{
    xtls_authorities *authorities = NULL;

    EXPECT_EQUAL(xtls_authorities_parse((const unsigned char *) pem, strlen(pem), &authorities), XTLS_OK);
    return authorities;
}

static int add(xtls_authorities *authorities, const char *pem)
{
    return xtls_authorities_add(authorities, (const unsigned char *) pem, strlen(pem));
}

static unsigned problems_of(const xtls_authorities *authorities, const char *pem)
{
    block chain = certificate_of(pem);
    unsigned problems = ~0u;

    EXPECT_EQUAL(xtls_authorities_verify(authorities, chain.bytes, chain.length, &problems), XTLS_OK);
    return problems;
}

static void revokes(void)
{
    xtls_authorities *authorities = parse(LISTING);

    EXPECT_EQUAL(problems_of(authorities, LISTED), 0);
    EXPECT_EQUAL(add(authorities, LIST), XTLS_OK);
    EXPECT_EQUAL(problems_of(authorities, LISTED), REVOKED);
    xtls_native.clock_shift = 100 * YEAR_MS;
    EXPECT_EQUAL(problems_of(authorities, LISTED) & LIST_EXPIRED, LIST_EXPIRED);
    xtls_native.clock_shift = 0;
    xtls_authorities_free(authorities);
}

static void wants_a_list_of_each(void)
{
    xtls_authorities *authorities = parse(AUTHORITY);

    EXPECT_EQUAL(problems_of(authorities, ISSUED), 0);
    EXPECT_EQUAL(add(authorities, LIST), XTLS_OK);
    EXPECT_EQUAL(problems_of(authorities, ISSUED), XTLS_PROBLEM_REVOCATION_UNKNOWN);
    xtls_authorities_free(authorities);
}

static void reads_der(void)
{
    block certificate = certificate_of(LISTING), list = list_of(LIST);
    xtls_authorities *authorities = NULL;

    EXPECT_EQUAL(xtls_authorities_parse(list.bytes, list.length, &authorities), XTLS_ERR_CERTIFICATE);
    EXPECT_EQUAL(xtls_authorities_parse(certificate.bytes, certificate.length, &authorities), XTLS_OK);
    EXPECT_EQUAL(xtls_authorities_add(authorities, list.bytes, list.length), XTLS_OK);
    EXPECT_EQUAL(problems_of(authorities, LISTED), REVOKED);
    xtls_authorities_free(authorities);
}

/* Any cut is refused; any altered byte is refused, or the list is not trusted, or not this issuer's. */
static void survives_malformed(void)
{
    block list = list_of(LIST);
    size_t i;

    for (i = 0; i < list.length; i++) {
        xtls_authorities *authorities = parse(LISTING);
        unsigned problems;

        EXPECT_EQUAL(xtls_authorities_add(authorities, list.bytes, i), XTLS_ERR_CERTIFICATE);
        xtls_authorities_free(authorities);
        authorities = parse(LISTING);
        list.bytes[i] ^= (unsigned char) (1 << i % 8);
        if (xtls_authorities_add(authorities, list.bytes, list.length) == XTLS_OK) {
            problems = problems_of(authorities, LISTED);
            EXPECT(problems & (LIST_NOT_TRUSTED | XTLS_PROBLEM_REVOCATION_UNKNOWN));
        }
        list.bytes[i] ^= (unsigned char) (1 << i % 8);
        xtls_authorities_free(authorities);
    }
}

/* Whoever overlooks the error must not go on as if there were no lists. */
static void trusts_nobody_without_its_list(void)
{
    xtls_authorities *authorities = parse(LISTING);
    block list = list_of(LIST);

    EXPECT_EQUAL(problems_of(authorities, LISTED), 0);
    EXPECT_EQUAL(xtls_authorities_add(authorities, list.bytes, list.length - 1), XTLS_ERR_CERTIFICATE);
    EXPECT(problems_of(authorities, LISTED) != 0);
    xtls_authorities_free(authorities);
}

static void stays_as_it_is_used(void)
{
    xtls_authorities *authorities = parse(LISTING);
    xtls_identity *identity = NULL;
    xtls_engine *engine = NULL;

    EXPECT_EQUAL(xtls_identity_parse(ISSUED, strlen(ISSUED), &identity), XTLS_OK);
    EXPECT_EQUAL(xtls_engine_create(XTLS_INITIATOR, identity, 0, &engine), XTLS_OK);
    EXPECT_EQUAL(xtls_engine_authorities(engine, authorities), XTLS_OK);
    EXPECT_EQUAL(add(authorities, LIST), XTLS_ERR_STATE);
    xtls_engine_free(engine);
    EXPECT_EQUAL(add(authorities, LIST), XTLS_OK);
    EXPECT_EQUAL(add(authorities, "nonsense"), XTLS_ERR_CERTIFICATE);
    EXPECT_EQUAL(xtls_authorities_add(NULL, (const unsigned char *) LIST, strlen(LIST)), XTLS_ERR_ARGUMENT);
    xtls_identity_free(identity);
    xtls_authorities_free(authorities);
}

int main(void)
{
    run("refuses whom a list revokes, and everybody by a list that expired", revokes);
    run("wants a list of each issuer, as soon as there is any", wants_a_list_of_each);
    run("reads DER as well, a certificate first", reads_der);
    run("survives cut and altered lists, and trusts none of them", survives_malformed);
    run("trusts nobody after a list that could not be read", trusts_nobody_without_its_list);
    run("takes nothing more while an engine uses it", stays_as_it_is_used);
    return verdict();
}
