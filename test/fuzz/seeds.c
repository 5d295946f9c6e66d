/*
 * Writes what the fuzzers begin with: certificates, identities, sessions and
 * flights as the core itself makes them, one file each: DIRECTORY/SUBJECT/NUMBER.
 */
#include <sys/stat.h>

#include "engines.h"
#include "fixtures.h"
#include "input.h"
#include "mbedtls/pem.h"
#include "memory.h"
#include "status.h"

static const char *directory;

typedef struct seed {
    unsigned char bytes[16384];
    size_t length;
} seed;

static void add(seed *seed, const void *bytes, size_t length)
{
    HOLDS(length <= sizeof(seed->bytes) - seed->length);
    memcpy(seed->bytes + seed->length, bytes, length);
    seed->length += length;
}

static void add_byte(seed *seed, unsigned byte)
{
    unsigned char bytes[1] = { (unsigned char) byte };

    add(seed, bytes, 1);
}

static void save(const char *subject, unsigned number, const seed *seed)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, subject);
    (void) mkdir(directory, 0777);
    (void) mkdir(path, 0777);
    snprintf(path, sizeof(path), "%s/%s/%u", directory, subject, number);
    file = fopen(path, "wb");
    HOLDS(file != NULL && fwrite(seed->bytes, 1, seed->length, file) == seed->length && fclose(file) == 0);
}

/* --- PEM, and what is in it -------------------------------------------------------- */

static const char *const IDENTITIES[] = { ISSUED, ISSUED_SEC1, P384, RSA };
#define IDENTITY_COUNT (sizeof(IDENTITIES) / sizeof(IDENTITIES[0]))

/* The contents of the block between the two lines; its length. */
static size_t decode(const char *text, const char *begin, const char *end, unsigned char *output, size_t max)
{
    mbedtls_pem_context pem;
    const unsigned char *bytes;
    size_t used, length = 0;

    mbedtls_pem_init(&pem);
    if (mbedtls_pem_read_buffer(&pem, begin, end, (const unsigned char *) text, NULL, 0, &used) == 0) {
        bytes = mbedtls_pem_get_buffer(&pem, &length);
        HOLDS(length <= max);
        memcpy(output, bytes, length);
    }
    mbedtls_pem_free(&pem);
    return length;
}

static size_t decode_key(const char *text, unsigned *kind, unsigned char *output, size_t max)
{
    size_t length = decode(text, "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", output, max);

    *kind = 0;
    if (length == 0) {
        *kind = 1;
        length = decode(text, "-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----", output, max);
    }
    return length;
}

static void save_identity(unsigned number, const char *text)
{
    unsigned char der[4096], key[4096];
    size_t length = decode(text, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", der, sizeof(der));
    unsigned kind;
    size_t key_length = decode_key(text, &kind, key, sizeof(key));
    seed certificate = { .length = 0 }, whole = { .length = 0 }, parts = { .length = 0 };

    add(&certificate, der, length);
    save("certificate", number, &certificate);
    add_byte(&whole, 0);
    add(&whole, text, strlen(text));
    save("identity", 2 * number, &whole);
    add_byte(&parts, 1);
    add_byte(&parts, kind);
    add_byte(&parts, (unsigned) key_length >> 8);
    add_byte(&parts, (unsigned) key_length);
    add(&parts, key, key_length);
    add(&parts, der, length);
    save("identity", 2 * number + 1, &parts);
}

/* Text, then the two things in it that can be DER. */
static void save_authorities(void)
{
    static const char *const BOUNDS[][2] = {
        { "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----" },
        { "-----BEGIN X509 CRL-----", "-----END X509 CRL-----" },
    };
    seed text = { .length = 0 };
    unsigned kind, i;

    add_byte(&text, 0);
    add(&text, LISTING, strlen(LISTING));
    add(&text, LIST, strlen(LIST));
    save("authorities", 0, &text);
    for (i = 0; i < 2; i++) {
        for (kind = 0; kind < 3; kind++) {
            unsigned char der[4096];
            size_t length = decode(i == 0 ? LISTING : LIST, BOUNDS[i][0], BOUNDS[i][1], der, sizeof(der));
            seed one = { .length = 0 };

            add_byte(&one, kind);
            add(&one, der, length);
            save("authorities", 1 + 3 * i + kind, &one);
        }
    }
}

/* --- flights and sessions ------------------------------------------------------------- */

/* What one end says first in a handshake is what the other is fed; what it is fed is recorded. */
static void carry(xtls_engine *from, xtls_engine *to, seed *record)
{
    unsigned char *bytes;
    size_t length = drain_all(from, &bytes);

    add(record, bytes, length);
    HOLDS(xtls_engine_feed(to, bytes, length) == XTLS_OK);
    free(bytes);
}

/* The fuzzer has one engine only: the one whose flights these are draws from its own randomness first. */
static void save_flights(unsigned number, unsigned options)
{
    unsigned char session[8192];
    xtls_tickets *tickets = NULL;
    xtls_engine *engines[2];
    seed said[2] = { { .length = 0 }, { .length = 0 } }, kept = { .length = 0 };
    int i, length;

    HOLDS(xtls_tickets_create(4, 3600, &tickets) == XTLS_OK);
    for (i = 0; i < 2; i++) {
        add_byte(&said[i], options);
        add_byte(&said[i], i == XTLS_INITIATOR ? XTLS_RESPONDER : XTLS_INITIATOR);
    }
    begin_anew();
    engines[0] = engine_new(XTLS_INITIATOR, options, NULL);
    HOLDS(xtls_engine_start(engines[0]) == XTLS_OK);
    engines[1] = engine_new(XTLS_RESPONDER, options, options & TICKETS ? tickets : NULL);
    HOLDS(xtls_engine_start(engines[1]) == XTLS_OK);
    for (i = 0; i < 4; i++) {
        carry(engines[0], engines[1], &said[0]);
        carry(engines[1], engines[0], &said[1]);
    }
    HOLDS(xtls_engine_state(engines[0]) == XTLS_STATE_OPEN);
    length = xtls_engine_session(engines[0], session, sizeof(session));
    if (length > 0) {
        add(&kept, session, (size_t) length);
        save("session", number, &kept);
    }
    save("engine", 2 * number, &said[0]);
    save("engine", 2 * number + 1, &said[1]);
    xtls_engine_free(engines[0]);
    xtls_engine_free(engines[1]);
    xtls_tickets_free(tickets);
}

/* Options, who lies, and an edit each of some kinds. */
static void save_lies(unsigned number, unsigned options)
{
    static const unsigned char edits[] = { 2, 0, 30, 1, 6, 0, 80, 0xFF, 0, 0, 200, 1, 9, 0, 90, 0 };
    seed lies = { .length = 0 };

    add_byte(&lies, options);
    add_byte(&lies, number & 1);
    add(&lies, edits, number % 5 * 4);
    save("flight", number, &lies);
}

int main(int count, char **arguments)
{
    static const unsigned options[] = { 0, TICKETS, OTHER_SUITE | OTHER_GROUP | NAMES, AUTHORITIES,
                                        TICKETS | AUTHORITIES | NAMES };
    unsigned i;

    HOLDS(count == 2);
    directory = arguments[1];
    engines_ready();
    for (i = 0; i < IDENTITY_COUNT; i++) {
        save_identity(i, IDENTITIES[i]);
    }
    save_authorities();
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        save_flights(i, options[i]);
        save_lies(2 * i, options[i]);
        save_lies(2 * i + 1, options[i]);
    }
    return 0;
}
