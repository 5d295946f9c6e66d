/* Identities and certificates: made here, made elsewhere, malformed. */
#include "identity.h"

#include <stdlib.h>
#include <string.h>

#include "authorities.h"
#include "certificate.h"
#include "fixtures.h"
#include "harness.h"
#include "host_native.h"
#include "mbedtls/pem.h"
#include "memory.h"
#include "status.h"

#define BIG 16384
#define YEAR_MS (366.0 * 86400 * 1000)

static unsigned char der[BIG], fields[BIG];
static int der_length, fields_length;

static xtls_identity *parse(const char *pem)
{
    xtls_identity *identity = NULL;

    EXPECT_EQUAL(xtls_identity_parse(pem, strlen(pem), &identity), XTLS_OK);
    return identity;
}

static xtls_identity *create(const char *jid)
{
    xtls_identity *identity = NULL;

    EXPECT_EQUAL(xtls_identity_create(jid, strlen(jid), 10, &identity), XTLS_OK);
    return identity;
}

static void read_fields(const xtls_identity *identity)
{
    der_length = xtls_identity_certificate(identity, 0, der, sizeof(der));
    fields_length = xtls_certificate_read(der, (size_t) der_length, fields, sizeof(fields));
    EXPECT(fields_length > 0);
}

/* The `index`th field of that tag, as text; NULL when there is none. */
static const char *field(int tag, int index)
{
    static char text[2100];
    int at = 0;

    while (at < fields_length) {
        int length = fields[at + 1] << 8 | fields[at + 2];

        if (fields[at] == tag && index-- == 0) {
            memcpy(text, fields + at + 3, (size_t) length);
            text[length] = '\0';
            return text;
        }
        at += 3 + length;
    }
    return NULL;
}

static int says(int tag, int index, const char *wanted)
{
    const char *text = field(tag, index);

    return wanted == NULL ? text == NULL : text != NULL && strcmp(text, wanted) == 0;
}

static void made_here(void)
{
    xtls_identity *identity = create("j\xC3\xBAlia@capulet.example");

    read_fields(identity);
    EXPECT(says(XTLS_FIELD_XMPP_ADDR, 0, "j\xC3\xBAlia@capulet.example"));
    EXPECT(says(XTLS_FIELD_XMPP_ADDR, 1, NULL));
    EXPECT(says(XTLS_FIELD_KEY, 0, "EC 256"));
    EXPECT_EQUAL(xtls_identity_certificate(identity, 1, der, sizeof(der)), 0);
    EXPECT_EQUAL(xtls_identity_certificate(identity, 0, der, 10), XTLS_ERR_SPACE);
    xtls_identity_free(identity);
}

static void longest_jid(void)
{
    char jid[2049];
    xtls_identity *identity = NULL;

    memset(jid, 'a', sizeof(jid));
    jid[1023] = '@';
    EXPECT_EQUAL(xtls_identity_create(jid, 2047, 10, &identity), XTLS_OK);
    read_fields(identity);
    EXPECT(field(XTLS_FIELD_XMPP_ADDR, 0) != NULL && strlen(field(XTLS_FIELD_XMPP_ADDR, 0)) == 2047);
    xtls_identity_free(identity);
    EXPECT_EQUAL(xtls_identity_create(jid, 2048, 10, &identity), XTLS_ERR_JID);
}

static void refuses_jids(void)
{
    static const char *const JIDS[] = { "", "a@b/c", "a@", "@b", "a b", "\xFF@b" };
    xtls_identity *identity = NULL;
    size_t i;

    for (i = 0; i < sizeof(JIDS) / sizeof(JIDS[0]); i++) {
        EXPECT_EQUAL(xtls_identity_create(JIDS[i], strlen(JIDS[i]), 10, &identity), XTLS_ERR_JID);
    }
    EXPECT_EQUAL(xtls_identity_create("a@b", 3, 0, &identity), XTLS_ERR_ARGUMENT);
    EXPECT_EQUAL(xtls_identity_create("a@b", 3, 36501, &identity), XTLS_ERR_ARGUMENT);
}

static void without_randomness(void)
{
    xtls_identity *identity = NULL;

    xtls_native.has_randomness = 0;
    EXPECT_EQUAL(xtls_identity_create("a@b", 3, 10, &identity), XTLS_ERR_RANDOM);
    xtls_native.has_randomness = 1;
}

static void there_and_back(const char *pem)
{
    static unsigned char text[BIG], again[BIG];
    xtls_identity *identity = parse(pem), *copy = NULL;
    int length = xtls_identity_pem(identity, text, sizeof(text));

    EXPECT(length > 0);
    EXPECT(memcmp(text, "-----BEGIN PRIVATE KEY-----\n", 28) == 0);
    EXPECT_EQUAL(xtls_identity_parse((char *) text, (size_t) length, &copy), XTLS_OK);
    EXPECT_EQUAL(xtls_identity_pem(copy, again, sizeof(again)), length);
    EXPECT(memcmp(text, again, (size_t) length) == 0);
    EXPECT_EQUAL(xtls_identity_pem(copy, again, (size_t) length - 1), XTLS_ERR_SPACE);
    xtls_identity_free(identity);
    xtls_identity_free(copy);
}

static void pem_there_and_back(void)
{
    there_and_back(ISSUED);
    there_and_back(ISSUED_SEC1);
    there_and_back(P384);
    there_and_back(RSA);
    there_and_back(RSA_PKCS1);
}

static void joins_parts(const char *pem)
{
    static unsigned char key[BIG], text[BIG], again[BIG];
    xtls_identity *identity = parse(pem), *copy = NULL, *stranger = create("a@b");
    int length = xtls_identity_key(identity, key, sizeof(key));

    EXPECT(length > 0);
    EXPECT_EQUAL(xtls_identity_key(identity, key, (size_t) length - 1), XTLS_ERR_SPACE);
    EXPECT_EQUAL(xtls_identity_join(key, (size_t) length, pem, strlen(pem), &copy), XTLS_OK);
    EXPECT_EQUAL(xtls_identity_pem(copy, again, sizeof(again)), xtls_identity_pem(identity, text, sizeof(text)));
    EXPECT(strcmp((char *) text, (char *) again) == 0);
    xtls_identity_free(copy);
    copy = NULL;
    EXPECT_EQUAL(xtls_identity_join(key, (size_t) length - 1, pem, strlen(pem), &copy), XTLS_ERR_IDENTITY);
    EXPECT_EQUAL(xtls_identity_join(key, 0, pem, strlen(pem), &copy), XTLS_ERR_ARGUMENT);
    length = xtls_identity_key(stranger, key, sizeof(key));
    EXPECT_EQUAL(xtls_identity_join(key, (size_t) length, pem, strlen(pem), &copy), XTLS_ERR_IDENTITY);
    xtls_identity_free(identity);
    xtls_identity_free(stranger);
}

static void joins_keys_and_certificates(void)
{
    joins_parts(ISSUED);
    joins_parts(ISSUED_SEC1);
    joins_parts(RSA);
}

static void refuses_pem(void)
{
    static const char *const TEXTS[] = { "", "nonsense", AUTHORITY, ENCRYPTED, STRANGER };
    xtls_identity *identity = NULL;
    size_t i;

    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        EXPECT_EQUAL(xtls_identity_parse(TEXTS[i], strlen(TEXTS[i]), &identity), XTLS_ERR_IDENTITY);
    }
    EXPECT_EQUAL(xtls_identity_parse(ISSUED, sizeof(ISSUED), &identity), XTLS_ERR_IDENTITY); /* with its NUL */
}

static void reads_all_names(void)
{
    xtls_identity *identity = parse(RSA);

    read_fields(identity);
    EXPECT(field(XTLS_FIELD_XMPP_ADDR, 0) != NULL);
    EXPECT(says(XTLS_FIELD_XMPP_ADDR, 1, "juliet@capulet.example"));
    EXPECT(says(XTLS_FIELD_XMPP_ADDR, 2, NULL));
    EXPECT(says(XTLS_FIELD_SRV_NAME, 0, "_xmpp-client.capulet.example"));
    EXPECT(says(XTLS_FIELD_DNS_NAME, 0, "capulet.example"));
    EXPECT(says(XTLS_FIELD_DNS_NAME, 1, "chat.capulet.example"));
    EXPECT(says(XTLS_FIELD_DNS_NAME, 2, NULL));
    EXPECT(says(XTLS_FIELD_KEY, 0, "RSA 2048"));
    xtls_identity_free(identity);
    identity = parse(P384);
    read_fields(identity);
    EXPECT(says(XTLS_FIELD_KEY, 0, "EC 384"));
    xtls_identity_free(identity);
}

static void reads_dates(void)
{
    xtls_identity *identity = parse(ISSUED);

    read_fields(identity);
    EXPECT(says(XTLS_FIELD_NOT_BEFORE, 0, "2020-01-01T00:00:00Z"));
    EXPECT(says(XTLS_FIELD_NOT_AFTER, 0, "2120-01-01T00:00:00Z"));
    xtls_identity_free(identity);
}

/* Any prefix and any single altered byte gives fields or a typed refusal, nothing else. */
static void survives_malformed(void)
{
    xtls_identity *identity = parse(RSA);
    int i, bit, status;

    der_length = xtls_identity_certificate(identity, 0, der, sizeof(der));
    for (i = 0; i < der_length; i++) {
        EXPECT_EQUAL(xtls_certificate_read(der, (size_t) i, fields, sizeof(fields)), XTLS_ERR_CERTIFICATE);
    }
    for (i = 0; i < der_length; i++) {
        for (bit = 0; bit < 8; bit += 3) {
            der[i] ^= (unsigned char) (1 << bit);
            status = xtls_certificate_read(der, (size_t) der_length, fields, sizeof(fields));
            EXPECT(status > 0 || status == XTLS_ERR_CERTIFICATE || status == XTLS_ERR_KEY);
            der[i] ^= (unsigned char) (1 << bit);
        }
    }
    der[der_length] = 0;
    EXPECT_EQUAL(xtls_certificate_read(der, (size_t) der_length + 1, fields, sizeof(fields)), XTLS_ERR_CERTIFICATE);
    EXPECT_EQUAL(xtls_certificate_read(der, (size_t) der_length, fields, 40), XTLS_ERR_SPACE);
    xtls_identity_free(identity);
}

static unsigned problems_of(const xtls_identity *identity)
{
    xtls_authorities *authorities = NULL;
    unsigned problems = ~0u;

    EXPECT_EQUAL(xtls_authorities_parse((const unsigned char *) AUTHORITY, strlen(AUTHORITY), &authorities), XTLS_OK);
    der_length = xtls_identity_certificate(identity, 0, der, sizeof(der));
    EXPECT_EQUAL(xtls_authorities_verify(authorities, der, (size_t) der_length, &problems), XTLS_OK);
    xtls_authorities_free(authorities);
    return problems;
}

static void verifies(void)
{
    xtls_identity *issued = parse(ISSUED), *own = create("juliet@capulet.example");

    EXPECT_EQUAL(problems_of(issued), 0);
    EXPECT_EQUAL(problems_of(own), 8 /* NOT_TRUSTED */);
    xtls_native.clock_shift = 100 * YEAR_MS;
    EXPECT_EQUAL(problems_of(issued) & 1 /* EXPIRED */, 1);
    xtls_native.clock_shift = -50 * YEAR_MS;
    EXPECT_EQUAL(problems_of(issued) & 0x200 /* FUTURE */, 0x200);
    xtls_native.clock_shift = 0;
    xtls_identity_free(issued);
    xtls_identity_free(own);
}

static void refuses_authorities(void)
{
    xtls_authorities *authorities = NULL;
    unsigned problems;

    EXPECT_EQUAL(xtls_authorities_parse((const unsigned char *) "", 0, &authorities), XTLS_ERR_CERTIFICATE);
    EXPECT_EQUAL(xtls_authorities_parse((const unsigned char *) "nonsense", 8, &authorities), XTLS_ERR_CERTIFICATE);
    EXPECT_EQUAL(xtls_authorities_parse((const unsigned char *) AUTHORITY, strlen(AUTHORITY), &authorities), XTLS_OK);
    EXPECT_EQUAL(xtls_authorities_verify(authorities, (const unsigned char *) "x", 1, &problems), XTLS_ERR_CERTIFICATE);
    EXPECT_EQUAL(xtls_authorities_verify(authorities, (const unsigned char *) "", 0, &problems), XTLS_ERR_CERTIFICATE);
    xtls_authorities_free(authorities);
}

int main(void)
{
    run("makes a certificate that names its JID", made_here);
    run("carries the longest JID there can be, and none longer", longest_jid);
    run("refuses what is not a bare JID, and odd numbers of days", refuses_jids);
    run("makes no key without randomness", without_randomness);
    run("writes PKCS#8 PEM that it reads again, whatever form the key came in", pem_there_and_back);
    run("joins a key without PEM and its certificates", joins_keys_and_certificates);
    run("refuses PEM without its key, with another's, or encrypted", refuses_pem);
    run("reads every xmppAddr, SRVName and dNSName", reads_all_names);
    run("reads dates beyond 2049", reads_dates);
    run("survives cut and altered certificates", survives_malformed);
    run("verifies a chain: right, foreign, expired, not yet valid", verifies);
    run("refuses authorities and chains that are none", refuses_authorities);
    return verdict();
}
