/* Identities: the key, the parsed chain that Mbed TLS presents, and its DER for everybody else. */
#include "identity.h"

#include <string.h>

#include "chain.h"
#include "key.h"
#include "digest.h"
#include "mbedtls/ecp.h"
#include "mbedtls/oid.h"
#include "mbedtls/pk.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/ssl.h"
#include "memory.h"
#include "pkcs8.h"
#include "random.h"
#include "self_signed.h"
#include "status.h"
#include "text.h"

#define DAYS_MAX 36500

struct xtls_identity {
    unsigned references;
    mbedtls_pk_context key;
    mbedtls_x509_crt certificates; /* the key's own first */
    xtls_chain chain;              /* the same as DER */
    unsigned char digest[XTLS_DIGEST_LENGTH]; /* of its own certificate */
};

static xtls_identity *new_identity(void)
{
    xtls_identity *identity = xtls_alloc(sizeof(*identity));

    if (identity != NULL) {
        identity->references = 1;
        mbedtls_pk_init(&identity->key);
        mbedtls_x509_crt_init(&identity->certificates);
    }
    return identity;
}

/* What a Certificate message has besides the certificates (RFC 8446 4.4.2), and what Mbed TLS sends in one message. */
#define MESSAGE_OVERHEAD     8 /* the handshake header, an empty context, the list's length */
#define CERTIFICATE_OVERHEAD 5 /* its length, no extensions */

/* A chain that no handshake can carry would fail every one, and look like a fault of the peer's. */
static int fits_into_a_message(const xtls_identity *identity)
{
    const mbedtls_x509_crt *crt;
    size_t length = MESSAGE_OVERHEAD;

    for (crt = &identity->certificates; crt != NULL; crt = crt->next) {
        length += CERTIFICATE_OVERHEAD + crt->raw.len;
    }
    return length <= MBEDTLS_SSL_OUT_CONTENT_LEN;
}

static int take_digest(xtls_identity *identity)
{
    const mbedtls_x509_buf *own = &identity->certificates.raw;
    int length = xtls_digest_sha256(own->p, own->len, identity->digest, sizeof(identity->digest));

    return length < 0 ? length : XTLS_OK;
}

/* Hands a finished identity out, or frees an unfinished one. */
static int deliver(xtls_identity *identity, int status, xtls_identity **output)
{
    if (status == XTLS_OK) {
        status = xtls_chain_collect(&identity->chain, &identity->certificates);
    }
    if (status == XTLS_OK && !fits_into_a_message(identity)) {
        status = XTLS_ERR_IDENTITY;
    }
    if (status == XTLS_OK) {
        status = take_digest(identity);
    }
    if (status != XTLS_OK) {
        xtls_identity_free(identity);
        return status == XTLS_ERR_CERTIFICATE ? XTLS_ERR_IDENTITY : status;
    }
    *output = identity;
    return XTLS_OK;
}

static int make_key(mbedtls_pk_context *key)
{
    int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

    if (error == 0) {
        error = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), xtls_random, NULL);
    }
    return xtls_status(error);
}

static int make_certificate(xtls_identity *identity, const char *jid, size_t jid_length, unsigned days)
{
    unsigned char *der = xtls_alloc(XTLS_SELF_SIGNED_MAX);
    int result = XTLS_ERR_MEMORY;

    if (der != NULL) {
        result = xtls_self_signed(&identity->key, jid, jid_length, days, der, XTLS_SELF_SIGNED_MAX);
    }
    if (result > 0) {
        result = xtls_status(mbedtls_x509_crt_parse_der(&identity->certificates,
                                                        der + XTLS_SELF_SIGNED_MAX - result, (size_t) result));
    }
    xtls_free(der);
    return result;
}

int xtls_identity_create(const char *jid, size_t jid_length, unsigned days, xtls_identity **output)
{
    xtls_identity *identity;
    int status;

    if (output == NULL || days < 1 || days > DAYS_MAX) {
        return XTLS_ERR_ARGUMENT;
    }
    if (jid == NULL || !xtls_text_is_bare_jid((const unsigned char *) jid, jid_length)) {
        return XTLS_ERR_JID;
    }
    if ((identity = new_identity()) == NULL) {
        return XTLS_ERR_MEMORY;
    }
    status = make_key(&identity->key);
    if (status == XTLS_OK) {
        status = make_certificate(identity, jid, jid_length, days);
    }
    return deliver(identity, status, output);
}

/* What it may be used for is for the peer to judge. A responder of Mbed TLS would not even show what is for clients alone. */
static void set_usage_aside(mbedtls_x509_crt *own)
{
    own->MBEDTLS_PRIVATE(ext_types) &= ~(MBEDTLS_X509_EXT_KEY_USAGE | MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE);
}

/* PEM, of which Mbed TLS wants the final NUL counted, or PKCS#8 in DER. */
typedef struct bytes {
    const unsigned char *at;
    size_t length;
} bytes;

static int read_parts(xtls_identity *identity, bytes certificates, bytes key)
{
    int error = mbedtls_x509_crt_parse(&identity->certificates, certificates.at, certificates.length);

    if (error > 0) { /* so many could not be read */
        error = MBEDTLS_ERR_X509_INVALID_FORMAT;
    }
    if (error == 0 && !xtls_key_are_fit(&identity->certificates)) {
        error = XTLS_ERR_KEY;
    }
    if (error == 0) {
        error = mbedtls_pk_parse_key(&identity->key, key.at, key.length, NULL, 0, xtls_random, NULL);
    }
    if (error == 0) {
        error = mbedtls_pk_check_pair(&identity->certificates.pk, &identity->key, xtls_random, NULL);
    }
    set_usage_aside(&identity->certificates);
    switch (xtls_status(error)) {
    case XTLS_OK:
    case XTLS_ERR_MEMORY:
    case XTLS_ERR_RANDOM:
    case XTLS_ERR_KEY:
        return xtls_status(error);
    default:
        return XTLS_ERR_IDENTITY;
    }
}

/* `key` without bytes: it is in the PEM. */
static int parse(const char *pem, size_t length, bytes key, xtls_identity **output)
{
    xtls_identity *identity;
    bytes text = { NULL, length + 1 };
    unsigned char *copy;
    int status;

    if (length == 0 || memchr(pem, '\0', length) != NULL) {
        return XTLS_ERR_IDENTITY;
    }
    identity = new_identity();
    text.at = copy = xtls_alloc(text.length);
    if (identity == NULL || copy == NULL) {
        xtls_free(copy);
        xtls_identity_free(identity);
        return XTLS_ERR_MEMORY;
    }
    memcpy(copy, pem, length);
    status = read_parts(identity, text, key.length > 0 ? key : text);
    xtls_free(copy);
    return deliver(identity, status, output);
}

int xtls_identity_parse(const char *pem, size_t length, xtls_identity **output)
{
    if (pem == NULL || output == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    return parse(pem, length, (bytes) { NULL, 0 }, output);
}

int xtls_identity_join(const unsigned char *key, size_t key_length, const char *pem, size_t length,
                       xtls_identity **output)
{
    if (key == NULL || key_length == 0 || pem == NULL || output == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    return parse(pem, length, (bytes) { key, key_length }, output);
}

int xtls_identity_key(const xtls_identity *identity, unsigned char *output, size_t max)
{
    if (identity == NULL || output == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    return xtls_pkcs8_write(&identity->key, output, max);
}

int xtls_identity_certificate(const xtls_identity *identity, unsigned index, unsigned char *output, size_t max)
{
    if (identity == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    return xtls_chain_certificate(&identity->chain, index, output, max);
}

int xtls_identity_pem(const xtls_identity *identity, unsigned char *output, size_t max)
{
    const mbedtls_x509_crt *crt;
    int length, total;

    if (identity == NULL || output == NULL) {
        return XTLS_ERR_ARGUMENT;
    }
    total = xtls_pkcs8_write_pem(&identity->key, output, max);
    for (crt = &identity->certificates; total >= 0 && crt != NULL; crt = crt->next) {
        length = xtls_pem_write("CERTIFICATE", crt->raw.p, crt->raw.len, output + total, max - (size_t) total);
        total = length < 0 ? length : total + length;
    }
    if (total < 0) {
        mbedtls_platform_zeroize(output, max);
    }
    return total;
}

void xtls_identity_free(xtls_identity *identity)
{
    if (identity == NULL || --identity->references > 0) {
        return;
    }
    mbedtls_pk_free(&identity->key);
    mbedtls_x509_crt_free(&identity->certificates);
    xtls_chain_free(&identity->chain);
    xtls_free(identity);
    xtls_scrub_stack();
}

const unsigned char *xtls_identity_digest(const xtls_identity *identity)
{
    return identity->digest;
}

xtls_identity *xtls_identity_retain(xtls_identity *identity)
{
    identity->references++;
    return identity;
}

int xtls_identity_present(xtls_identity *identity, mbedtls_ssl_config *config)
{
    return xtls_status(mbedtls_ssl_conf_own_cert(config, &identity->certificates, &identity->key));
}
