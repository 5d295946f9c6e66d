/*
 * CertificateVerify: its scheme is one that fits the key (RFC 8446 4.2.3, 4.4.3), its signature by ECDSA is DER. The peer
 * here signs whatever its Mbed TLS asks for in another way.
 * Links with: -Wl,--wrap=mbedtls_pk_sign_ext,--wrap=mbedtls_ssl_add_hs_msg_to_checksum
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <string.h>

#include "engine_inside.h"
#include "fixtures.h"
#include "harness.h"
#include "mbedtls/pk.h"
#include "pair.h"
#include "random.h"
#include "signature.h"
#include "ssl_misc.h"
#include "status.h"

#define FATAL(description) (0x0200 | (description))
#define ILLEGAL_PARAMETER 47
#define DECRYPT_ERROR     51

/* --- a peer that signs otherwise ----------------------------------------------------------- */

static struct {
    mbedtls_ssl_context *ssl;         /* whose CertificateVerify it is; NULL: nobody lies */
    int is_pkcs1;                     /* RSASSA-PKCS1-v1_5 in place of PSS */
    mbedtls_pk_context *other;        /* another key than the certificate's */
    size_t (*rewrite)(unsigned char *signature, size_t length);
} liar;

int __real_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_len, unsigned char *sig, size_t sig_size,
                               size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t), void *p_rng);
int __wrap_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_len, unsigned char *sig, size_t sig_size,
                               size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t), void *p_rng);
int __real_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, unsigned char const *message, size_t length);
int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, unsigned char const *message, size_t length);

static int is_liars(const mbedtls_pk_context *key)
{
    return liar.ssl != NULL && key == liar.ssl->conf->key_cert->key;
}

int __wrap_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_len, unsigned char *sig, size_t sig_size,
                               size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t), void *p_rng)
{
    int error;

    if (!is_liars(key)) {
        return __real_mbedtls_pk_sign_ext(type, key, md, hash, hash_len, sig, sig_size, sig_len, f_rng, p_rng);
    }
    if (liar.is_pkcs1) {
        return mbedtls_pk_sign(key, md, hash, hash_len, sig, sig_size, sig_len, f_rng, p_rng);
    }
    error = __real_mbedtls_pk_sign_ext(type, liar.other == NULL ? key : liar.other, md, hash, hash_len, sig, sig_size,
                                       sig_len, f_rng, p_rng);
    if (error == 0 && liar.rewrite != NULL) {
        *sig_len = liar.rewrite(sig, *sig_len);
    }
    return error;
}

/* rsa_pss_rsae_* is 0x0804 to 0x0806, rsa_pkcs1_* 0x0401 to 0x0601 with the same hashes. */
int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl, unsigned type, unsigned char const *message, size_t length)
{
    unsigned char *scheme = (unsigned char *) message;

    if (ssl == liar.ssl && type == MBEDTLS_SSL_HS_CERTIFICATE_VERIFY && liar.is_pkcs1 && scheme[0] == 8) {
        scheme[0] = scheme[1];
        scheme[1] = 1;
    }
    return __real_mbedtls_ssl_add_hs_msg_to_checksum(ssl, type, message, length);
}

/* Shakes hands; `liar` has the role that lies. The other end's error. */
static int meet(pair *pair, int role)
{
    xtls_engine *lying = role == XTLS_INITIATOR ? pair->initiator : pair->responder;
    xtls_engine *honest = role == XTLS_INITIATOR ? pair->responder : pair->initiator;

    liar.ssl = &lying->ssl;
    (void) handshake(pair);
    liar.ssl = NULL;
    return xtls_engine_error(honest);
}

static void is_refused(xtls_identity *identity, int alert)
{
    int role;

    for (role = XTLS_INITIATOR; role <= XTLS_RESPONDER; role++) {
        pair pair = { role == XTLS_INITIATOR ? identity : romeo(), role == XTLS_INITIATOR ? juliet() : identity, NULL, NULL };
        xtls_engine *honest;

        pair_renew(&pair);
        EXPECT(meet(&pair, role) != 0);
        honest = role == XTLS_INITIATOR ? pair.responder : pair.initiator;
        EXPECT_EQUAL(xtls_engine_alert(honest, XTLS_SENT), FATAL(alert));
        EXPECT_EQUAL(xtls_engine_version(honest), 0);
        pair_free(&pair);
    }
    memset(&liar, 0, sizeof(liar));
}

static xtls_identity *parse(const char *pem)
{
    xtls_identity *identity = NULL;

    EXPECT_EQUAL(xtls_identity_parse(pem, strlen(pem), &identity), XTLS_OK);
    return identity;
}

/* --- schemes ---------------------------------------------------------------------------------- */

/* A certificate of a key on P-384, the scheme of P-256, and SHA-256 signed by that very key. */
static void fits_the_curve(void)
{
    xtls_identity *p256 = romeo(), *p384 = parse(P384);
    int role;

    for (role = XTLS_INITIATOR; role <= XTLS_RESPONDER; role++) {
        pair pair = { role == XTLS_INITIATOR ? p256 : romeo(), role == XTLS_INITIATOR ? juliet() : p256, NULL, NULL };
        xtls_engine *lying, *honest;
        mbedtls_ssl_config other;
        mbedtls_x509_crt *shown;

        pair_renew(&pair);
        lying = role == XTLS_INITIATOR ? pair.initiator : pair.responder;
        honest = role == XTLS_INITIATOR ? pair.responder : pair.initiator;
        mbedtls_ssl_config_init(&other);
        EXPECT_EQUAL(xtls_identity_present(p384, &other), XTLS_OK);
        liar.other = other.key_cert->key;
        shown = lying->config.key_cert->cert;
        lying->config.key_cert->cert = &(mbedtls_x509_crt) { .raw = other.key_cert->cert->raw, .pk = shown->pk };
        EXPECT(meet(&pair, role) != 0);
        EXPECT_EQUAL(xtls_engine_alert(honest, XTLS_SENT), FATAL(ILLEGAL_PARAMETER));
        EXPECT_EQUAL(xtls_engine_version(honest), 0);
        lying->config.key_cert->cert = shown;
        mbedtls_ssl_config_free(&other);
        pair_free(&pair);
    }
    memset(&liar, 0, sizeof(liar));
    xtls_identity_free(p384);
}

static void is_pss(void)
{
    xtls_identity *rsa = parse(RSA);

    liar.is_pkcs1 = 1;
    is_refused(rsa, ILLEGAL_PARAMETER);
    xtls_identity_free(rsa);
}

/* --- DER ----------------------------------------------------------------------------------------- */

/* 30 L 02 R … 02 S …: the length of all in two bytes. */
static size_t lengthen(unsigned char *signature, size_t length)
{
    memmove(signature + 2, signature + 1, length - 1);
    signature[1] = 0x81;
    return length + 1;
}

static size_t insert(unsigned char *signature, size_t length, size_t at, unsigned char byte)
{
    memmove(signature + at + 1, signature + at, length - at);
    signature[at] = byte;
    return length + 1;
}

static size_t zero_before_r(unsigned char *signature, size_t length)
{
    signature[1]++;
    signature[3]++;
    return insert(signature, length, 4, 0);
}

static size_t zero_before_s(unsigned char *signature, size_t length)
{
    size_t at = 4 + signature[3] + 1; /* where the length of s is */

    signature[1]++;
    signature[at]++;
    return insert(signature, length, at + 1, 0);
}

static size_t long_length_of_r(unsigned char *signature, size_t length)
{
    signature[1]++;
    return insert(signature, length, 3, 0x81);
}

static size_t trailing_byte(unsigned char *signature, size_t length)
{
    signature[length] = 0;
    return length + 1;
}

static size_t byte_within(unsigned char *signature, size_t length)
{
    signature[1]++;
    return trailing_byte(signature, length);
}

/* Where r is shorter for want of a sign: it would be read as the same number. */
static size_t negative(unsigned char *signature, size_t length)
{
    if (signature[4] != 0) {
        return zero_before_r(signature, length); /* there is none to take away */
    }
    signature[1]--;
    signature[3]--;
    memmove(signature + 4, signature + 5, length - 5);
    return length - 1;
}

static size_t (*const REWRITES[])(unsigned char *signature, size_t length) = {
    lengthen, zero_before_r, zero_before_s, long_length_of_r, trailing_byte, byte_within, negative,
};

static void is_der(void)
{
    size_t i;

    for (i = 0; i < sizeof(REWRITES) / sizeof(REWRITES[0]); i++) {
        liar.rewrite = REWRITES[i];
        is_refused(romeo(), DECRYPT_ERROR);
    }
}

static void knows_der(void)
{
    static const unsigned char GOOD[] = { 0x30, 6, 2, 1, 1, 2, 1, 0x7F }, HIGH[] = { 0x30, 7, 2, 2, 0, 0x80, 2, 1, 1 };
    static const unsigned char ZERO[] = { 0x30, 6, 2, 1, 0, 2, 1, 1 }, EMPTY[] = { 0x30, 5, 2, 0, 2, 1, 1 };
    static const unsigned char MINUS[] = { 0x30, 6, 2, 1, 0x80, 2, 1, 1 }, THIRD[] = { 0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1 };
    unsigned char big[2 + 2 * 52];
    size_t i;

    EXPECT(xtls_signature_is_der(GOOD, sizeof(GOOD)));
    EXPECT(xtls_signature_is_der(HIGH, sizeof(HIGH)));
    for (i = 0; i < sizeof(GOOD); i++) {
        EXPECT(!xtls_signature_is_der(GOOD, i));
    }
    EXPECT(!xtls_signature_is_der(ZERO, sizeof(ZERO)));
    EXPECT(!xtls_signature_is_der(EMPTY, sizeof(EMPTY)));
    EXPECT(!xtls_signature_is_der(MINUS, sizeof(MINUS)));
    EXPECT(!xtls_signature_is_der(THIRD, sizeof(THIRD)));
    memset(big, 1, sizeof(big)); /* two numbers of 50 bytes */
    memcpy(big, "\x30\x68\x02\x32", 4);
    memcpy(big + 54, "\x02\x32", 2);
    EXPECT(!xtls_signature_is_der(big, sizeof(big)));
}

int main(void)
{
    run("the scheme of a CertificateVerify fits the curve of the key", fits_the_curve);
    run("RSASSA-PKCS1-v1_5 signs no handshake", is_pss);
    run("an ECDSA signature in a CertificateVerify is DER", is_der);
    run("knows DER from BER", knows_der);
    free_identities();
    return verdict();
}
