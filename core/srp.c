/* One end of one run: its secrets, and the order in which they may be used. */
#include "srp.h"

#include <string.h>

#include "digest.h"
#include "host.h"
#include "mbedtls/platform_util.h"
#include "memory.h"
#include "status.h"

#define GROUP (&xtls_srp_group_3072)

struct xtls_srp {
    int is_client;
    int is_agreed;
    unsigned char secret[XTLS_SRP_SCALAR];   /* a or b */
    unsigned char x[XTLS_SRP_SCALAR];        /* the client's */
    unsigned char verifier[XTLS_SRP_LENGTH]; /* the server's */
    unsigned char own[XTLS_SRP_LENGTH];      /* A or B */
    unsigned char key[XTLS_DIGEST_LENGTH];
};

static int derive(unsigned char x[XTLS_SRP_SCALAR], const unsigned char *user, size_t user_length,
                  const unsigned char *password, size_t password_length, const unsigned char *salt, size_t salt_length)
{
    xtls_srp_piece name = { user, user_length }, word = { password, password_length }, grain = { salt, salt_length };

    return xtls_srp_x(GROUP, name, word, grain, x);
}

int xtls_srp_verifier(const unsigned char *user, size_t user_length, const unsigned char *password,
                      size_t password_length, const unsigned char *salt, size_t salt_length,
                      unsigned char *output, size_t max)
{
    unsigned char x[XTLS_SRP_SCALAR];
    int status;

    if (max < XTLS_SRP_LENGTH) {
        return XTLS_ERR_SPACE;
    }
    status = derive(x, user, user_length, password, password_length, salt, salt_length);
    if (status == XTLS_OK) {
        status = xtls_srp_power(GROUP, x, output);
    }
    mbedtls_platform_zeroize(x, sizeof(x));
    return status == XTLS_OK ? XTLS_SRP_LENGTH : status;
}

static int share(xtls_srp *srp)
{
    if (xtls_host_random(srp->secret, sizeof(srp->secret)) != 0) {
        return XTLS_ERR_RANDOM;
    }
    return srp->is_client ? xtls_srp_power(GROUP, srp->secret, srp->own)
                          : xtls_srp_server_public(GROUP, srp->secret, srp->verifier, srp->own);
}

/* To the caller if all went well, otherwise away with it. */
static int hand_over(xtls_srp *srp, int status, xtls_srp **output)
{
    if (status == XTLS_OK) {
        status = share(srp);
    }
    if (status == XTLS_OK) {
        *output = srp;
    } else {
        xtls_srp_free(srp);
    }
    return status;
}

int xtls_srp_client(const unsigned char *user, size_t user_length, const unsigned char *password,
                    size_t password_length, const unsigned char *salt, size_t salt_length, xtls_srp **output)
{
    xtls_srp *srp = xtls_alloc(sizeof(*srp));

    if (srp == NULL) {
        return XTLS_ERR_MEMORY;
    }
    srp->is_client = 1;
    return hand_over(srp, derive(srp->x, user, user_length, password, password_length, salt, salt_length), output);
}

/* A verifier of zero would let anybody in. */
int xtls_srp_server(const unsigned char *verifier, size_t length, xtls_srp **output)
{
    xtls_srp *srp;

    if (length != XTLS_SRP_LENGTH || !xtls_srp_is_element(GROUP, verifier)) {
        return XTLS_ERR_ARGUMENT;
    }
    srp = xtls_alloc(sizeof(*srp));
    if (srp == NULL) {
        return XTLS_ERR_MEMORY;
    }
    memcpy(srp->verifier, verifier, XTLS_SRP_LENGTH);
    return hand_over(srp, XTLS_OK, output);
}

int xtls_srp_public(const xtls_srp *srp, unsigned char *output, size_t max)
{
    if (max < XTLS_SRP_LENGTH) {
        return XTLS_ERR_SPACE;
    }
    memcpy(output, srp->own, XTLS_SRP_LENGTH);
    return XTLS_SRP_LENGTH;
}

static int premaster(const xtls_srp *srp, const unsigned char *peer, unsigned char secret[XTLS_SRP_LENGTH])
{
    unsigned char u[XTLS_SRP_SCALAR];
    int status = srp->is_client ? xtls_srp_u(GROUP, srp->own, peer, u) : xtls_srp_u(GROUP, peer, srp->own, u);

    if (status != XTLS_OK) {
        return status;
    }
    return srp->is_client ? xtls_srp_client_secret(GROUP, srp->secret, srp->x, u, peer, secret)
                          : xtls_srp_server_secret(GROUP, srp->secret, srp->verifier, u, peer, secret);
}

int xtls_srp_agree(xtls_srp *srp, const unsigned char *peer, size_t length)
{
    unsigned char secret[XTLS_SRP_LENGTH];
    int status;

    if (srp->is_agreed) {
        return XTLS_ERR_STATE;
    }
    if (length != XTLS_SRP_LENGTH) {
        return XTLS_ERR_PUBLIC;
    }
    status = premaster(srp, peer, secret);
    if (status == XTLS_OK) {
        status = xtls_digest_sha256(secret, sizeof(secret), srp->key, sizeof(srp->key));
    }
    mbedtls_platform_zeroize(secret, sizeof(secret));
    if (status < 0) {
        return status;
    }
    srp->is_agreed = 1;
    return XTLS_OK;
}

int xtls_srp_prove(const xtls_srp *srp, const unsigned char *message, size_t length, unsigned char *output, size_t max)
{
    if (!srp->is_agreed) {
        return XTLS_ERR_STATE;
    }
    return xtls_digest_hmac(srp->key, sizeof(srp->key), message, length, output, max);
}

void xtls_srp_free(xtls_srp *srp)
{
    xtls_free(srp);
}
