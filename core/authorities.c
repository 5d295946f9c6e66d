/* Authorities: a reference-counted list of certificates, one of revocation lists, and what Mbed TLS leaves unchecked. */
#include "authorities.h"

#include <string.h>

#include "chain.h"
#include "key.h"
#include "mbedtls/asn1.h"
#include "mbedtls/oid.h"
#include "mbedtls/pem.h"
#include "mbedtls/ssl.h"
#include "memory.h"
#include "name.h"
#include "revocation.h"
#include "status.h"

struct xtls_authorities {
    unsigned references;
    mbedtls_x509_crt certificates;
    xtls_revocation *revocations;
    int has_revocations; /* or was to have some */
};

/* --- reading --------------------------------------------------------------------- */

static int is_name_constraints(const unsigned char *oid, size_t length)
{
    return length == MBEDTLS_OID_SIZE(MBEDTLS_OID_NAME_CONSTRAINTS) &&
           memcmp(oid, MBEDTLS_OID_NAME_CONSTRAINTS, length) == 0;
}

/* Extensions that Mbed TLS does not know. Name constraints are read on, to be told by name when somebody is judged. */
static int take_extension(void *nothing, const mbedtls_x509_crt *crt, const mbedtls_x509_buf *oid, int is_critical,
                          const unsigned char *at, const unsigned char *end)
{
    (void) nothing, (void) crt, (void) is_critical, (void) at, (void) end;
    return is_name_constraints(oid->p, oid->len) ? 0 : MBEDTLS_ERR_X509_INVALID_EXTENSIONS;
}

int xtls_authorities_read(mbedtls_x509_crt *certificates, const unsigned char *der, size_t length)
{
    return mbedtls_x509_crt_parse_der_with_ext_cb(certificates, der, length, 1, take_extension, NULL);
}

static int add_certificate(xtls_authorities *authorities, const unsigned char *der, size_t length)
{
    int error = xtls_authorities_read(&authorities->certificates, der, length);

    return error == 0 && !xtls_key_are_fit(&authorities->certificates) ? XTLS_ERR_KEY : error;
}

static int add_revocations(xtls_authorities *authorities, const unsigned char *der, size_t length)
{
    authorities->has_revocations = 1; /* with one that cannot be read nobody is trusted, whoever goes on all the same */
    return xtls_revocation_add(&authorities->revocations, der, length);
}

static const struct {
    const char *begin, *end;
    int (*add)(xtls_authorities *authorities, const unsigned char *der, size_t length);
} KINDS[] = {
    { "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", add_certificate },
    { "-----BEGIN X509 CRL-----", "-----END X509 CRL-----", add_revocations },
};

#define KIND_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

/* Every block of one kind; others are passed over. `text` ends with a NUL. One that is cut off must not be missed. */
static int add_blocks(xtls_authorities *authorities, size_t kind, const unsigned char *text, unsigned *count)
{
    int error = 0;

    while (error == 0) {
        mbedtls_pem_context pem;
        const unsigned char *der;
        size_t used, length;

        mbedtls_pem_init(&pem);
        error = mbedtls_pem_read_buffer(&pem, KINDS[kind].begin, KINDS[kind].end, text, NULL, 0, &used);
        if (error == 0) {
            text += used;
            der = mbedtls_pem_get_buffer(&pem, &length);
            error = KINDS[kind].add(authorities, der, length);
            ++*count;
        }
        mbedtls_pem_free(&pem);
    }
    return error == MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT && strstr((const char *) text, KINDS[kind].begin) == NULL
               ? 0
               : error;
}

static int add_pem(xtls_authorities *authorities, const unsigned char *pem, size_t length)
{
    unsigned char *text = xtls_alloc(length + 1); /* Mbed TLS knows PEM by its final NUL */
    unsigned count = 0;
    int error = 0;
    size_t i;

    if (text == NULL) {
        return XTLS_ERR_MEMORY;
    }
    memcpy(text, pem, length);
    for (i = 0; error == 0 && i < KIND_COUNT; i++) {
        error = add_blocks(authorities, i, text, &count);
    }
    xtls_free(text);
    return error == 0 && count == 0 ? XTLS_ERR_CERTIFICATE : error;
}

/* One certificate or one revocation list; both begin alike, so the one that can be read it is. */
static int add_der(xtls_authorities *authorities, const unsigned char *der, size_t length)
{
    int error = add_certificate(authorities, der, length);

    return error == 0 || xtls_chain_status(error) != XTLS_ERR_CERTIFICATE ? error
                                                                           : add_revocations(authorities, der, length);
}

/* DER begins with a SEQUENCE of more than 127 bytes, which no text does. */
static int is_der(const unsigned char *bytes, size_t length)
{
    return length > 1 && bytes[0] == (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) && bytes[1] > 0x80;
}

static int add(xtls_authorities *authorities, const unsigned char *bytes, size_t length)
{
    int error;

    if (is_der(bytes, length)) {
        error = add_der(authorities, bytes, length);
    } else {
        error = memchr(bytes, '\0', length) != NULL ? XTLS_ERR_CERTIFICATE : add_pem(authorities, bytes, length);
    }
    return error == 0 ? XTLS_OK : xtls_chain_status(error);
}

static xtls_authorities *new_authorities(void)
{
    xtls_authorities *authorities = xtls_alloc(sizeof(*authorities));

    if (authorities != NULL) {
        authorities->references = 1;
        mbedtls_x509_crt_init(&authorities->certificates);
    }
    return authorities;
}

int xtls_authorities_parse(const unsigned char *bytes, size_t length, xtls_authorities **output)
{
    xtls_authorities *authorities;
    int status;

    if (bytes == NULL || output == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    if ((authorities = new_authorities()) == NULL) {
        return XTLS_ERR_MEMORY;
    }
    status = add(authorities, bytes, length);
    if (status == XTLS_OK && authorities->certificates.raw.p == NULL) {
        status = XTLS_ERR_CERTIFICATE;
    }
    if (status != XTLS_OK) {
        xtls_authorities_free(authorities);
        return status;
    }
    *output = authorities;
    return XTLS_OK;
}

int xtls_authorities_add(xtls_authorities *authorities, const unsigned char *bytes, size_t length)
{
    if (authorities == NULL || bytes == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    if (authorities->references > 1) { /* an engine may be at work with them */
        return XTLS_ERR_STATE;
    }
    return add(authorities, bytes, length);
}

/* --- judging --------------------------------------------------------------------- */

/* The verification of one chain, from its authority down. */
typedef struct verification {
    const xtls_authorities *authorities;
    unsigned purposes;              /* that all certificates so far are good for */
    const mbedtls_x509_crt *issuer; /* the certificate before; NULL at the first */
    int is_refused;                 /* one so far leads nowhere: nobody is looked up in lists for its sake */
} verification;

static int note_name_constraints(void *found, int tag, unsigned char *extension, size_t length)
{
    size_t oid;

    (void) tag;
    if (mbedtls_asn1_get_tag(&extension, extension + length, &oid, MBEDTLS_ASN1_OID) == 0 &&
        is_name_constraints(extension, oid)) {
        *(int *) found = 1;
    }
    return 0;
}

static int has_name_constraints(const mbedtls_x509_crt *crt)
{
    unsigned char *at = crt->v3_ext.p;
    int found = 0;

    if (at != NULL &&
        mbedtls_asn1_traverse_sequence_of(&at, at + crt->v3_ext.len, 0, 0, 0, 0, note_name_constraints, &found) != 0) {
        return 1; /* it was read once, so this cannot be; if it can, nobody is to profit */
    }
    return found;
}

static int is_same(const mbedtls_x509_buf *one, const mbedtls_x509_buf *other)
{
    return one->len == other->len && memcmp(one->p, other->p, one->len) == 0;
}

static int is_authority(const xtls_authorities *authorities, const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_crt *one;

    for (one = &authorities->certificates; one != NULL && one->raw.p != NULL; one = one->next) {
        if (is_same(&one->raw, &crt->raw)) {
            return 1;
        }
    }
    return 0;
}

static uint32_t judge_revocation(const verification *verification, const mbedtls_x509_crt *crt)
{
    const xtls_authorities *authorities = verification->authorities;
    uint32_t problems = 0;
    unsigned lists = 0;

    if (!authorities->has_revocations || verification->is_refused || is_authority(authorities, crt)) {
        return 0;
    }
    if (verification->issuer != NULL) {
        problems = xtls_revocation_judge(authorities->revocations, crt, verification->issuer, &lists);
    }
    return lists == 0 ? problems | XTLS_PROBLEM_REVOCATION_UNKNOWN : problems;
}

/* Who is TLS's client among two clients of XMPP is chance: either will do, whoever dialled (RFC 5280 4.2.1.12). */
#define TLS_CLIENT 1u
#define TLS_SERVER 2u
#define PURPOSES   (TLS_CLIENT | TLS_SERVER)

#define ALLOWS(crt, purpose) (mbedtls_x509_crt_check_extended_key_usage(crt, purpose, MBEDTLS_OID_SIZE(purpose)) == 0)

/* No extension, or anyExtendedKeyUsage: everything. */
static unsigned purposes_of(const mbedtls_x509_crt *crt)
{
    return (ALLOWS(crt, MBEDTLS_OID_CLIENT_AUTH) ? TLS_CLIENT : 0) |
           (ALLOWS(crt, MBEDTLS_OID_SERVER_AUTH) ? TLS_SERVER : 0);
}

/* An authority for mail vouches for mail, whatever it signs: a purpose has to be allowed all the way down. */
static uint32_t judge_purpose(verification *verification, const mbedtls_x509_crt *crt)
{
    verification->purposes &= purposes_of(crt);
    return verification->purposes == 0 ? MBEDTLS_X509_BADCERT_EXT_KEY_USAGE : 0;
}

/* Mbed TLS's callback for each certificate of a chain, the authority's first: what it does not check itself. */
static int judge_link(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *problems)
{
    verification *verification = context;

    verification->is_refused |= (*problems & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0;
    if (depth > 0 && has_name_constraints(crt)) {
        *problems |= XTLS_PROBLEM_NAME_CONSTRAINTS;
    }
    *problems |= judge_purpose(verification, crt);
    *problems |= judge_revocation(verification, crt);
    verification->issuer = crt;
    return 0;
}

static uint32_t judge_time(const mbedtls_x509_crt *crt)
{
    return (mbedtls_x509_time_is_past(&crt->valid_to) ? MBEDTLS_X509_BADCERT_EXPIRED : 0u) |
           (mbedtls_x509_time_is_future(&crt->valid_from) ? MBEDTLS_X509_BADCERT_FUTURE : 0u);
}

/*
 * Takes away issuers that are out of date, and returns what they are. Of those of the right name Mbed TLS would try one
 * after the other until one is in date, at every step: so whoever sends ten of them makes it verify 45 signatures.
 */
static uint32_t drop_outdated(mbedtls_x509_crt *crt)
{
    uint32_t problems = 0;

    while (crt->next != NULL) {
        mbedtls_x509_crt *issuer = crt->next;
        uint32_t problem = judge_time(issuer);

        if (problem == 0) {
            crt = issuer;
            continue;
        }
        problems |= problem;
        crt->next = issuer->next;
        issuer->next = NULL;
        mbedtls_x509_crt_free(issuer);
        xtls_free(issuer);
    }
    return problems;
}

/* Whether the key that signed is said to be this one's (RFC 5280 4.2.1.1); an issuer may have several of one name. */
static int is_by_key_of(const mbedtls_x509_crt *crt, const mbedtls_x509_crt *issuer)
{
    const mbedtls_x509_buf *id = &crt->authority_key_id.keyIdentifier;

    return id->len > 0 && is_same(id, &issuer->subject_key_id);
}

/*
 * Moves those of the issuer's name that stand behind `last` right behind it, in their order: those by whose key it is
 * said to be signed, or all. The last of them, or `last`.
 */
static mbedtls_x509_crt *bring_issuers(const mbedtls_x509_crt *crt, mbedtls_x509_crt *last, int is_any)
{
    mbedtls_x509_crt *before = last, *issuer;

    while ((issuer = before->next) != NULL) {
        if (!xtls_name_is_same(&issuer->subject, &crt->issuer) || !(is_any || is_by_key_of(crt, issuer))) {
            before = issuer;
            continue;
        }
        if (before == last) {
            before = issuer;
        } else {
            before->next = issuer->next;
            issuer->next = last->next;
            last->next = issuer;
        }
        last = issuer;
    }
    return last;
}

/*
 * Puts issuers behind what they issued, wherever they stood (RFC 8446 4.4.2): Mbed TLS looks for them further back only, and
 * takes the first of the name. What issued nothing of it ends up last. No signature is verified for that.
 */
static void sort_issuers(mbedtls_x509_crt *crt)
{
    mbedtls_x509_crt *last = crt;

    do {
        last = bring_issuers(crt, last, 0);
        last = bring_issuers(crt, last, 1);
    } while (crt != last && (crt = crt->next) != NULL);
}

static int judge(const xtls_authorities *authorities, mbedtls_x509_crt *crt, unsigned *problems)
{
    verification verification = { authorities, PURPOSES, NULL, 0 };
    uint32_t flags = 0, outdated = drop_outdated(crt);
    int error;

    sort_issuers(crt);
    error = mbedtls_x509_crt_verify(crt, (mbedtls_x509_crt *) &authorities->certificates, NULL, NULL, &flags,
                                    judge_link, &verification);
    if (error == MBEDTLS_ERR_X509_FATAL_ERROR) { /* MBEDTLS_X509_MAX_INTERMEDIATE_CA */
        flags = XTLS_PROBLEM_TOO_LONG;
    } else if (error != 0 && error != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        return error;
    }
    if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0) { /* as in a handshake */
        flags |= MBEDTLS_X509_BADCERT_KEY_USAGE;
    }
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
        flags |= outdated; /* with them it might have led somewhere */
    }
    *problems = flags;
    return XTLS_OK;
}

int xtls_authorities_verify(const xtls_authorities *authorities, const unsigned char *chain, size_t length,
                            unsigned *problems)
{
    mbedtls_x509_crt crt;
    int status;

    if (authorities == NULL || chain == NULL || problems == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    mbedtls_x509_crt_init(&crt);
    status = xtls_chain_parse(chain, length, &crt);
    if (status == XTLS_OK && !xtls_key_are_fit(&crt)) {
        status = XTLS_ERR_KEY;
    }
    if (status == XTLS_OK) {
        status = judge(authorities, &crt, problems);
    } else if (status == XTLS_ERR_KEY) {
        *problems = MBEDTLS_X509_BADCERT_BAD_KEY;
        status = XTLS_OK;
    }
    mbedtls_x509_crt_free(&crt);
    return status == XTLS_OK ? XTLS_OK : xtls_chain_status(status);
}

void xtls_authorities_free(xtls_authorities *authorities)
{
    if (authorities == NULL || --authorities->references > 0) {
        return;
    }
    mbedtls_x509_crt_free(&authorities->certificates);
    xtls_revocation_free(authorities->revocations);
    xtls_free(authorities);
}

xtls_authorities *xtls_authorities_retain(xtls_authorities *authorities)
{
    authorities->references++;
    return authorities;
}
