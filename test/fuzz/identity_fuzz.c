/*
 * Identities as PEM: text as it comes, or the contents of its blocks, which are
 * put into PEM here because no fuzzer writes base64; or the key without PEM. What
 * is read can be written and read again.
 */
#include "identity.h"
#include "input.h"
#include "mbedtls/pem.h"
#include "memory.h"
#include "status.h"

#define ROOM 65536

static const char *const BEGIN[] = {
    "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN EC PRIVATE KEY-----\n", "-----BEGIN RSA PRIVATE KEY-----\n",
    "-----BEGIN CERTIFICATE-----\n",
};
static const char *const END[] = {
    "-----END PRIVATE KEY-----\n", "-----END EC PRIVATE KEY-----\n", "-----END RSA PRIVATE KEY-----\n",
    "-----END CERTIFICATE-----\n",
};

static void read_identity(const char *pem, size_t length, int is_again)
{
    static unsigned char output[ROOM];
    xtls_identity *identity = NULL;
    int status = xtls_identity_parse(pem, length, &identity), written;

    HOLDS(status == XTLS_OK || (!is_again && (status == XTLS_ERR_IDENTITY || status == XTLS_ERR_KEY)));
    if (status != XTLS_OK) {
        return;
    }
    HOLDS(xtls_identity_certificate(identity, 0, output, sizeof(output)) > 0);
    written = xtls_identity_pem(identity, output, sizeof(output));
    HOLDS(written > 0);
    xtls_identity_free(identity);
    if (!is_again) {
        char *copy = (char *) block((size_t) written);

        memcpy(copy, output, (size_t) written);
        read_identity(copy, (size_t) written, 1);
        free(copy);
    }
}

static size_t append(char *pem, size_t at, unsigned kind, const unsigned char *der, size_t length)
{
    size_t written;

    HOLDS(mbedtls_pem_write_buffer(BEGIN[kind], END[kind], der, length, (unsigned char *) pem + at, ROOM - at, &written) == 0);
    return at + written - 1; /* without its NUL */
}

/* A key of the given kind, then a certificate. */
static void read_blocks(input *in)
{
    unsigned kind = take_byte(in) % 3;
    size_t key_length = take_short(in), at;
    char *pem = (char *) block(ROOM), *exact;

    key_length = key_length < in->left ? key_length : in->left;
    at = append(pem, 0, kind, in->at, key_length);
    at = append(pem, at, 3, in->at + key_length, in->left - key_length);
    exact = (char *) block(at);
    memcpy(exact, pem, at);
    free(pem);
    read_identity(exact, at, 0);
    free(exact);
}

/* A key as it is, and a certificate in PEM. */
static void read_parts(input *in)
{
    size_t key_length = take_short(in), at;
    unsigned char *key;
    char *pem = (char *) block(ROOM);
    xtls_identity *identity = NULL;
    int status;

    key_length = key_length < in->left ? key_length : in->left;
    key = take_block(in, key_length);
    at = append(pem, 0, 3, in->at, in->left);
    status = xtls_identity_join(key, key_length, pem, at, &identity);
    HOLDS(status == XTLS_OK || status == XTLS_ERR_IDENTITY || status == XTLS_ERR_KEY || (status == XTLS_ERR_ARGUMENT && key_length == 0));
    if (status == XTLS_OK) {
        HOLDS(xtls_identity_key(identity, (unsigned char *) pem, ROOM) > 0);
    }
    xtls_identity_free(identity);
    free(key);
    free(pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    size_t before = xtls_heap_used();

    switch (take_byte(&in) % 3) {
    case 0:
        read_identity((const char *) in.at, in.left, 0);
        break;
    case 1:
        read_blocks(&in);
        break;
    case 2:
        read_parts(&in);
        break;
    }
    HOLDS(xtls_heap_used() == before);
    return 0;
}
