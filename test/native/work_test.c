/*
 * How much a stranger can make us compute before it is known who is there: operations with keys are
 * counted where Mbed TLS and the core call them, at the victim's end alone. The strangers here hold
 * to TLS and choose every number that is theirs to choose.
 * Links with: -Wl,--wrap=mbedtls_pk_verify_ext,--wrap=mbedtls_pk_sign_ext,--wrap=psa_generate_key,--wrap=psa_raw_key_agreement,--wrap=xtls_tickets_take,--wrap=xtls_authorities_verify
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <stdlib.h>
#include <string.h>

#include "authorities.h"
#include "certificate.h"
#include "chain.h"
#include "engine_inside.h"
#include "forge.h"
#include "harness.h"
#include "key.h"
#include "mbedtls/pk.h"
#include "pair.h"
#include "psa/crypto.h"
#include "session.h"
#include "ssl_misc.h"
#include "status.h"

#define BIG 70000
#define HOUR 3600
#define CROWD 100 /* certificates, or tickets: what fits into a message */

/* --- counting --------------------------------------------------------------------------- */

typedef struct work {
    int verified, made, generated, agreed, looked_up, judged;
    int unfit; /* of what was verified: by keys that must not be computed with */
} work;

static work done;
static int is_counting;

int __real_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, mbedtls_pk_context *key, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len, const unsigned char *sig, size_t sig_len);
int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, mbedtls_pk_context *key, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len, const unsigned char *sig, size_t sig_len);
int __real_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_len, unsigned char *sig, size_t sig_size,
                               size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t), void *p_rng);
int __wrap_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_len, unsigned char *sig, size_t sig_size,
                               size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t), void *p_rng);
psa_status_t __real_psa_generate_key(const psa_key_attributes_t *attributes, mbedtls_svc_key_id_t *key);
psa_status_t __wrap_psa_generate_key(const psa_key_attributes_t *attributes, mbedtls_svc_key_id_t *key);
psa_status_t __real_psa_raw_key_agreement(psa_algorithm_t alg, mbedtls_svc_key_id_t key, const uint8_t *peer, size_t peer_length,
                                          uint8_t *output, size_t size, size_t *length);
psa_status_t __wrap_psa_raw_key_agreement(psa_algorithm_t alg, mbedtls_svc_key_id_t key, const uint8_t *peer, size_t peer_length,
                                          uint8_t *output, size_t size, size_t *length);
size_t __real_xtls_tickets_take(xtls_tickets *tickets, const unsigned char *ticket, size_t length, unsigned char **session);
size_t __wrap_xtls_tickets_take(xtls_tickets *tickets, const unsigned char *ticket, size_t length, unsigned char **session);

int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, mbedtls_pk_context *key, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len, const unsigned char *sig, size_t sig_len)
{
    done.verified += is_counting;
    done.unfit += is_counting && !xtls_key_is_fit(key);
    return __real_mbedtls_pk_verify_ext(type, options, key, md, hash, hash_len, sig, sig_len);
}

int __wrap_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, mbedtls_pk_context *key, mbedtls_md_type_t md,
                               const unsigned char *hash, size_t hash_len, unsigned char *sig, size_t sig_size,
                               size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t), void *p_rng)
{
    done.made += is_counting;
    return __real_mbedtls_pk_sign_ext(type, key, md, hash, hash_len, sig, sig_size, sig_len, f_rng, p_rng);
}

psa_status_t __wrap_psa_generate_key(const psa_key_attributes_t *attributes, mbedtls_svc_key_id_t *key)
{
    done.generated += is_counting;
    return __real_psa_generate_key(attributes, key);
}

psa_status_t __wrap_psa_raw_key_agreement(psa_algorithm_t alg, mbedtls_svc_key_id_t key, const uint8_t *peer, size_t peer_length,
                                          uint8_t *output, size_t size, size_t *length)
{
    done.agreed += is_counting;
    return __real_psa_raw_key_agreement(alg, key, peer, peer_length, output, size, length);
}

size_t __wrap_xtls_tickets_take(xtls_tickets *tickets, const unsigned char *ticket, size_t length, unsigned char **session)
{
    done.looked_up += is_counting;
    return __real_xtls_tickets_take(tickets, ticket, length, session);
}

int __real_xtls_authorities_verify(const xtls_authorities *authorities, const unsigned char *chain, size_t length,
                                   unsigned *problems);
int __wrap_xtls_authorities_verify(const xtls_authorities *authorities, const unsigned char *chain, size_t length,
                                   unsigned *problems);

int __wrap_xtls_authorities_verify(const xtls_authorities *authorities, const unsigned char *chain, size_t length,
                                   unsigned *problems)
{
    done.judged += is_counting;
    return __real_xtls_authorities_verify(authorities, chain, length, problems);
}

/* --- a stranger meets a victim ------------------------------------------------------------- */

typedef struct stranger {
    mbedtls_pk_context key;                /* the leaf's */
    unsigned char der[BIG];                /* of the whole chain */
    size_t length;
    mbedtls_x509_crt chain[CROWD];         /* as Mbed TLS sends it: nothing but bytes */
    int count;
} stranger;

static unsigned char bytes[BIG], info[4096];
static stranger mallory;

static void add(const unsigned char *der, size_t length)
{
    mbedtls_x509_crt *crt = &mallory.chain[mallory.count];

    memcpy(mallory.der + mallory.length, der, length);
    mbedtls_x509_crt_init(crt);
    crt->raw.p = mallory.der + mallory.length;
    crt->raw.len = length;
    if (mallory.count > 0) {
        mallory.chain[mallory.count - 1].next = crt;
    }
    mallory.length += length;
    mallory.count++;
}

static void add_forged(const forgery *what)
{
    static unsigned char der[BIG];

    add(der, forge(what, der, sizeof(der)));
}

/* A key of Mallory's own on this curve, and no certificate yet. */
static void begin(mbedtls_ecp_group_id curve)
{
    mallory.count = 0;
    mallory.length = 0;
    forge_key(&mallory.key, curve);
    memset(&done, 0, sizeof(done));
}

/* Her own certificate; when `signer` is NULL its signature is as long as that of an RSA key of 8192 bits. */
static void add_leaf(const char *issuer, mbedtls_pk_context *signer)
{
    forgery leaf = { "leaf", issuer, info, forge_info(&mallory.key, info, sizeof(info)), -1, 30, signer, 1024, 0 };

    add_forged(&leaf);
}

static void carry_counted(xtls_engine *from, xtls_engine *to)
{
    int length = xtls_engine_drain(from, bytes, BIG);

    is_counting = 1;
    (void) xtls_engine_feed(to, bytes, (size_t) length);
    is_counting = 0;
}

/* Shakes hands with whoever plays `role`, as far as it goes; the victim's error, 0 when it opened. */
static int meet(int role, xtls_authorities *authorities)
{
    pair pair = pair_new();
    xtls_engine *attacker = role == XTLS_INITIATOR ? pair.responder : pair.initiator;
    xtls_engine *victim = role == XTLS_INITIATOR ? pair.initiator : pair.responder;
    mbedtls_ssl_key_cert shown = { .cert = mallory.chain, .key = &mallory.key }, *kept = attacker->config.key_cert;
    int round, error;

    if (mallory.count > 0) {
        mallory.chain[0].pk = mallory.key; /* by which a responder chooses how to sign, whatever it shows */
        attacker->config.key_cert = &shown;
    }
    if (authorities != NULL) {
        xtls_engine_authorities(victim, authorities);
    }
    is_counting = victim == pair.responder;
    xtls_engine_start(pair.responder);
    is_counting = victim == pair.initiator;
    xtls_engine_start(pair.initiator);
    is_counting = 0;
    for (round = 0; round < 3; round++) {
        carry_counted(attacker, victim);
        carry(victim, attacker, BIG);
    }
    error = xtls_engine_error(victim);
    EXPECT((error == 0) == (xtls_engine_state(victim) == XTLS_STATE_OPEN));
    attacker->config.key_cert = kept;
    pair_free(&pair);
    return error;
}

static void end(void)
{
    mbedtls_pk_free(&mallory.key);
}

/* What a handshake takes, and no more: keys are exchanged, one signature is made, one verified. */
static void is_ordinary(int role)
{
    (void) role;
    EXPECT_EQUAL(done.verified, 1);
    EXPECT_EQUAL(done.unfit, 0);
    EXPECT_EQUAL(done.made, 1);
    EXPECT_EQUAL(done.generated, 1);
    EXPECT_EQUAL(done.agreed, 1);
}

static void each_role(void (*body)(int role))
{
    body(XTLS_INITIATOR);
    body(XTLS_RESPONDER);
}

/* --- without authorities -------------------------------------------------------------------- */

static void ordinary(int role)
{
    memset(&done, 0, sizeof(done));
    mallory.count = 0;
    EXPECT_EQUAL(meet(role, NULL), 0);
    is_ordinary(role);
}

/* Nine issuers behind the leaf, each of the next. */
static void long_chain(int role)
{
    static mbedtls_pk_context issuer;
    int i;

    begin(MBEDTLS_ECP_DP_SECP384R1);
    forge_key(&issuer, MBEDTLS_ECP_DP_SECP384R1);
    add_leaf("issuer", &issuer);
    for (i = 1; i < XTLS_CHAIN_MAX; i++) {
        forgery link = { "issuer", "issuer", info, forge_info(&issuer, info, sizeof(info)), -1, 30, &issuer, 0, 0 };

        add_forged(&link);
    }
    EXPECT_EQUAL(meet(role, NULL), 0);
    is_ordinary(role);
    mbedtls_pk_free(&issuer);
    end();
}

static void crowd(int role)
{
    int i;

    begin(MBEDTLS_ECP_DP_SECP256R1);
    add_leaf("issuer", &mallory.key);
    for (i = 1; i < 40; i++) {
        add_leaf("issuer", &mallory.key);
    }
    EXPECT_EQUAL(meet(role, NULL), XTLS_ERR_CERTIFICATE);
    EXPECT_EQUAL(done.verified, 0);
    end();
}

/* The longest list of names that a message holds. */
static void many_names(int role)
{
    forgery leaf = { "leaf", "leaf", info, 0, -1, 30, &mallory.key, 0, 5000 };

    begin(MBEDTLS_ECP_DP_SECP256R1);
    leaf.key_length = forge_info(&mallory.key, info, sizeof(info));
    add_forged(&leaf);
    EXPECT_EQUAL(meet(role, NULL), 0);
    is_ordinary(role);
    end();
}

/* --- keys ------------------------------------------------------------------------------------ */

static const struct {
    unsigned bits, exponent_bits;
} UNFIT[] = { { 1024, 17 }, { 2047, 17 }, { 2048, 1 }, { 2048, 33 }, { 2048, 2047 }, { 4096, 4095 }, { 4097, 17 }, { 8192, 17 }, { 8192, 8191 } };

#define UNFIT_COUNT (sizeof(UNFIT) / sizeof(UNFIT[0]))

static void add_unfit(size_t i, const char *subject)
{
    forgery issuer = { subject, "above", info, forge_rsa_info(UNFIT[i].bits, UNFIT[i].exponent_bits, info, sizeof(info)),
                       -1, 30, NULL, UNFIT[i].bits / 8, 0 };

    add_forged(&issuer);
}

/* As an issuer: it would have to verify the leaf's signature. As the leaf: the CertificateVerify. */
static void unfit_keys(int role)
{
    xtls_authorities *authorities = NULL;
    size_t i;

    for (i = 0; i < UNFIT_COUNT; i++) {
        begin(MBEDTLS_ECP_DP_SECP256R1);
        add_leaf("issuer", NULL);
        add_unfit(i, "issuer");
        EXPECT_EQUAL(meet(role, NULL), XTLS_ERR_KEY);
        end();
        begin(MBEDTLS_ECP_DP_SECP256R1);
        add_unfit(i, "leaf");
        EXPECT_EQUAL(meet(role, NULL), XTLS_ERR_KEY);
        EXPECT_EQUAL(done.verified, 0);
        EXPECT_EQUAL(xtls_certificate_read(mallory.der, mallory.length, bytes, BIG), XTLS_ERR_KEY);
        EXPECT_EQUAL(xtls_authorities_parse(mallory.der, mallory.length, &authorities), XTLS_ERR_KEY);
        end();
    }
}

/* --- with authorities ------------------------------------------------------------------------- */

static xtls_authorities *authority(const char *name, mbedtls_pk_context *key)
{
    static unsigned char der[4096];
    xtls_authorities *authorities = NULL;
    forgery own = { name, name, info, 0, -1, 30, key, 0, 0 };

    own.key_length = forge_info(key, info, sizeof(info));
    EXPECT_EQUAL(xtls_authorities_parse(der, forge(&own, der, sizeof(der)), &authorities), XTLS_OK);
    return authorities;
}

/* Everybody has the authority's name, and is in date or not. */
static void namesakes(int role, int from, int to, int most)
{
    mbedtls_pk_context key;
    xtls_authorities *authorities;
    int i;

    forge_key(&key, MBEDTLS_ECP_DP_SECP384R1);
    authorities = authority("Root", &key);
    begin(MBEDTLS_ECP_DP_SECP256R1);
    add_leaf("Root", &mallory.key);
    for (i = 1; i < XTLS_CHAIN_MAX; i++) {
        forgery link = { "Root", "Root", info, forge_info(&mallory.key, info, sizeof(info)), from, to, &mallory.key, 0, 0 };

        add_forged(&link);
    }
    EXPECT(meet(role, authorities) != 0);
    EXPECT(done.verified <= most);
    EXPECT_EQUAL(done.made, role == XTLS_RESPONDER); /* a responder speaks first */
    end();
    xtls_authorities_free(authorities);
    mbedtls_pk_free(&key);
}

/* At each step the authority and the next in line are tried. */
static void namesakes_in_date(int role)
{
    namesakes(role, -1, 30, 2 * XTLS_CHAIN_MAX);
}

static void namesakes_out_of_date(int role)
{
    namesakes(role, -30, -1, 2);
}

static void unfit_under_authorities(int role)
{
    mbedtls_pk_context key;
    xtls_authorities *authorities;
    unsigned problems;
    size_t i;

    forge_key(&key, MBEDTLS_ECP_DP_SECP256R1);
    authorities = authority("Root", &key);
    for (i = 0; i < UNFIT_COUNT; i++) {
        begin(MBEDTLS_ECP_DP_SECP256R1);
        add_leaf("issuer", NULL);
        add_unfit(i, "issuer");
        EXPECT_EQUAL(meet(role, authorities), XTLS_ERR_KEY);
        is_counting = 1;
        EXPECT_EQUAL(xtls_authorities_verify(authorities, mallory.der, mallory.length, &problems), XTLS_OK);
        is_counting = 0;
        EXPECT_EQUAL(problems, MBEDTLS_X509_BADCERT_BAD_KEY);
        EXPECT_EQUAL(done.verified, 0);
        end();
    }
    xtls_authorities_free(authorities);
    mbedtls_pk_free(&key);
}

/* --- hellos -------------------------------------------------------------------------------------- */

/* A HelloRetryRequest costs an initiator one key pair more. */
static void retries(void)
{
    static const unsigned short BOTH[] = { 0x001D, 0x0018 }, ONE[] = { 0x0018 };
    pair pair = pair_new();

    memset(&done, 0, sizeof(done));
    xtls_engine_groups(pair.initiator, BOTH, 2);
    xtls_engine_groups(pair.responder, ONE, 1);
    is_counting = 1; /* both ends */
    EXPECT(handshake(&pair));
    is_counting = 0;
    EXPECT_EQUAL(done.generated, 3);
    EXPECT_EQUAL(done.agreed, 2);
    EXPECT_EQUAL(done.verified, 2);
    pair_free(&pair);
}

static void put16(unsigned char *at, size_t value)
{
    at[0] = (unsigned char) (value >> 8);
    at[1] = (unsigned char) value;
}

/* Puts a pre_shared_key extension of so many tickets, all of them `ticket`, at the end of the ClientHello in `bytes`; its new length. */
static size_t add_tickets(size_t length, const unsigned char ticket[XTLS_TICKET_LENGTH], size_t count)
{
    size_t identities = count * (2 + XTLS_TICKET_LENGTH + 4), binders = count * 33, extension = 2 + identities + 2 + binders, i;
    size_t extensions_at = 5 + 4 + 2 + 32 + 1;
    unsigned char *at = bytes + length;

    put16(at, 41);
    put16(at + 2, extension);
    put16(at + 4, identities);
    for (i = 0, at += 6; i < count; i++, at += 2 + XTLS_TICKET_LENGTH + 4) {
        put16(at, XTLS_TICKET_LENGTH);
        memcpy(at + 2, ticket, XTLS_TICKET_LENGTH);
        memset(at + 2 + XTLS_TICKET_LENGTH, 0, 4);
    }
    put16(at, binders);
    for (i = 0, at += 2; i < count; i++, at += 33) {
        at[0] = 32;
        memset(at + 1, 0, 32);
    }
    extensions_at += 2 + (size_t) (bytes[extensions_at] << 8 | bytes[extensions_at + 1]); /* suites */
    extensions_at += 2; /* compression */
    put16(bytes + extensions_at, (size_t) (bytes[extensions_at] << 8 | bytes[extensions_at + 1]) + 4 + extension);
    length += 4 + extension;
    put16(bytes + 3, length - 5);
    put16(bytes + 7, length - 9);
    return length;
}

/* A hello with this ticket, as often as fits: what it makes a responder do that has this table and these authorities. */
static void offer(const unsigned char ticket[XTLS_TICKET_LENGTH], xtls_tickets *tickets, xtls_authorities *authorities)
{
    pair pair = pair_new();
    size_t length;

    memset(&done, 0, sizeof(done));
    xtls_engine_tickets(pair.responder, tickets);
    if (authorities != NULL) {
        xtls_engine_authorities(pair.responder, authorities);
    }
    xtls_engine_start(pair.responder);
    xtls_engine_start(pair.initiator);
    length = add_tickets((size_t) xtls_engine_drain(pair.initiator, bytes, BIG), ticket, 200);
    is_counting = 1;
    (void) xtls_engine_feed(pair.responder, bytes, length);
    is_counting = 0;
    EXPECT_EQUAL(done.agreed, 1); /* a full handshake goes on */
    pair_free(&pair);
}

static void unknown_tickets(xtls_tickets *tickets)
{
    static const unsigned char nothing[XTLS_TICKET_LENGTH];

    offer(nothing, tickets, NULL);
    EXPECT(done.looked_up > 0 && done.looked_up <= 4);
}

static void read_ticket(xtls_engine *initiator, unsigned char ticket[XTLS_TICKET_LENGTH])
{
    int length = xtls_engine_session(initiator, bytes, BIG);
    xtls_chain chain = { NULL, 0 };
    mbedtls_ssl_session session;

    mbedtls_ssl_session_init(&session);
    EXPECT_EQUAL(xtls_session_unpack(bytes, (size_t) length, &session, &chain), XTLS_OK);
    EXPECT_EQUAL(session.ticket_len, XTLS_TICKET_LENGTH);
    memcpy(ticket, session.ticket, XTLS_TICKET_LENGTH);
    mbedtls_ssl_session_free(&session);
    xtls_chain_free(&chain);
}

/* It was given to somebody whose chain leads nowhere by now. */
static void one_ticket_often(xtls_tickets *tickets)
{
    pair pair = pair_new();
    mbedtls_pk_context key;
    xtls_authorities *authorities;
    unsigned char ticket[XTLS_TICKET_LENGTH];

    xtls_engine_tickets(pair.responder, tickets);
    EXPECT(handshake(&pair));
    read_ticket(pair.initiator, ticket);
    pair_free(&pair);
    forge_key(&key, MBEDTLS_ECP_DP_SECP256R1);
    authorities = authority("Root", &key);
    offer(ticket, tickets, authorities);
    EXPECT(done.judged > 0 && done.judged <= 4);
    xtls_authorities_free(authorities);
    mbedtls_pk_free(&key);
}

static void many_tickets(void)
{
    xtls_tickets *tickets = NULL;

    EXPECT_EQUAL(xtls_tickets_create(256, HOUR, &tickets), XTLS_OK);
    unknown_tickets(tickets);
    one_ticket_often(tickets);
    xtls_tickets_free(tickets);
}

static void roles_ordinary(void)
{
    each_role(ordinary);
}

static void roles_long_chain(void)
{
    each_role(long_chain);
}

static void roles_crowd(void)
{
    each_role(crowd);
}

static void roles_many_names(void)
{
    each_role(many_names);
}

static void roles_unfit_keys(void)
{
    each_role(unfit_keys);
    each_role(unfit_under_authorities);
}

static void roles_namesakes(void)
{
    each_role(namesakes_in_date);
    each_role(namesakes_out_of_date);
}

int main(void)
{
    run("a handshake exchanges keys, makes a signature and verifies one", roles_ordinary);
    run("verifies no link of a chain when no authority is configured", roles_long_chain);
    run("verifies nothing for a chain that is too long", roles_crowd);
    run("verifies nothing more for the longest list of names", roles_many_names);
    run("computes with no RSA key but of 2048 to 4096 bits with an odd exponent of at most 32", roles_unfit_keys);
    run("tries each issuer of a chain once, and none that is out of date", roles_namesakes);
    run("makes one key pair more for a HelloRetryRequest", retries);
    run("looks up few of the tickets in a hello, and judges few of their chains", many_tickets);
    free_identities();
    return verdict();
}
