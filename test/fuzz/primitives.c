/*
 * Mbed TLS's interfaces to the primitives, called the same way whatever stands
 * behind them. SIDE names the table that this makes: fast or stock.
 */
#include "primitives.h"

#include <string.h>

#include "mbedtls/chachapoly.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/gcm.h"
#include "psa/crypto.h"
#include "random.h"

/* The next piece of `left` bytes. */
static size_t piece(const sealing *what, size_t *cut, size_t left)
{
    size_t length = left;

    if (what->cuts_length > 0) {
        length = what->cuts[(*cut)++ % what->cuts_length];
        length = length < 128 ? length : (length - 127) * 8;
        length += *cut % what->cuts_length == 0; /* pieces of nothing come to an end too */
    }
    return length < left ? length : left;
}

/* --- ChaCha20-Poly1305 ------------------------------------------------------------- */

static int chachapoly_seal(const sealing *what, unsigned char *output, unsigned char *tag)
{
    mbedtls_chachapoly_context context;
    int error;

    mbedtls_chachapoly_init(&context);
    error = mbedtls_chachapoly_setkey(&context, what->key);
    if (error == 0) {
        error = mbedtls_chachapoly_encrypt_and_tag(&context, what->length, what->iv, what->additional,
                                                   what->additional_length, what->text, output, tag);
    }
    mbedtls_chachapoly_free(&context);
    return error;
}

static int chachapoly_open(const sealing *what, const unsigned char *tag, unsigned char *output)
{
    mbedtls_chachapoly_context context;
    int error;

    mbedtls_chachapoly_init(&context);
    error = mbedtls_chachapoly_setkey(&context, what->key);
    if (error == 0) {
        error = mbedtls_chachapoly_auth_decrypt(&context, what->length, what->iv, what->additional,
                                                what->additional_length, tag, what->text, output);
    }
    mbedtls_chachapoly_free(&context);
    return error;
}

static int chachapoly_parts(const sealing *what, int is_opening, unsigned char *output, unsigned char *tag)
{
    mbedtls_chachapoly_context context;
    size_t at, n, cut = 0;
    int error;

    mbedtls_chachapoly_init(&context);
    error = mbedtls_chachapoly_setkey(&context, what->key);
    if (error == 0) {
        error = mbedtls_chachapoly_starts(&context, what->iv, is_opening ? MBEDTLS_CHACHAPOLY_DECRYPT : MBEDTLS_CHACHAPOLY_ENCRYPT);
    }
    for (at = 0; error == 0 && at < what->additional_length; at += n) {
        n = piece(what, &cut, what->additional_length - at);
        error = mbedtls_chachapoly_update_aad(&context, what->additional + at, n);
    }
    for (at = 0; error == 0 && at < what->length; at += n) {
        n = piece(what, &cut, what->length - at);
        error = mbedtls_chachapoly_update(&context, n, what->text + at, output + at);
    }
    if (error == 0) {
        error = mbedtls_chachapoly_finish(&context, tag);
    }
    mbedtls_chachapoly_free(&context);
    return error;
}

/* --- AES-GCM ------------------------------------------------------------------------- */

static int gcm_begin(mbedtls_gcm_context *context, const sealing *what)
{
    mbedtls_gcm_init(context);
    return mbedtls_gcm_setkey(context, MBEDTLS_CIPHER_ID_AES, what->key, what->key_bits);
}

static int gcm_seal(const sealing *what, unsigned char *output, unsigned char *tag)
{
    mbedtls_gcm_context context;
    int error = gcm_begin(&context, what);

    if (error == 0) {
        error = mbedtls_gcm_crypt_and_tag(&context, MBEDTLS_GCM_ENCRYPT, what->length, what->iv, what->iv_length,
                                          what->additional, what->additional_length, what->text, output,
                                          what->tag_length, tag);
    }
    mbedtls_gcm_free(&context);
    return error;
}

static int gcm_open(const sealing *what, const unsigned char *tag, unsigned char *output)
{
    mbedtls_gcm_context context;
    int error = gcm_begin(&context, what);

    if (error == 0) {
        error = mbedtls_gcm_auth_decrypt(&context, what->length, what->iv, what->iv_length, what->additional,
                                         what->additional_length, tag, what->tag_length, what->text, output);
    }
    mbedtls_gcm_free(&context);
    return error;
}

/* Additional data all at once or in parts, like the text. */
static int gcm_parts(const sealing *what, int is_opening, unsigned char *output, unsigned char *tag)
{
    mbedtls_gcm_context context;
    size_t at, n, written, cut = 0;
    int error = gcm_begin(&context, what);

    if (error == 0) {
        error = mbedtls_gcm_starts(&context, is_opening ? MBEDTLS_GCM_DECRYPT : MBEDTLS_GCM_ENCRYPT, what->iv, what->iv_length);
    }
    for (at = 0; error == 0 && at < what->additional_length; at += n) {
        n = piece(what, &cut, what->additional_length - at);
        error = mbedtls_gcm_update_ad(&context, what->additional + at, n);
    }
    for (at = 0; error == 0 && at < what->length; at += n) {
        n = piece(what, &cut, what->length - at);
        error = mbedtls_gcm_update(&context, what->text + at, n, output + at, n, &written);
    }
    if (error == 0) {
        error = mbedtls_gcm_finish(&context, NULL, 0, &written, tag, what->tag_length);
    }
    mbedtls_gcm_free(&context);
    return error;
}

/* --- curves, by PSA -------------------------------------------------------------------- */

static int import(int curve, const unsigned char private_key[32], psa_key_id_t *key)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(curve == P256 ? PSA_ECC_FAMILY_SECP_R1 : PSA_ECC_FAMILY_MONTGOMERY));
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDH);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
    return psa_crypto_init() == PSA_SUCCESS && psa_import_key(&attributes, private_key, 32, key) == PSA_SUCCESS ? 0 : -1;
}

static int public_key(int curve, const unsigned char private_key[32], unsigned char output[65])
{
    psa_key_id_t key;
    size_t length;
    int is_done;

    if (import(curve, private_key, &key) != 0) {
        return -1;
    }
    is_done = psa_export_public_key(key, output, 65, &length) == PSA_SUCCESS;
    psa_destroy_key(key);
    return is_done ? (int) length : -1;
}

static int agree(int curve, const unsigned char private_key[32], const unsigned char *peer, size_t length,
                 unsigned char secret[32])
{
    psa_key_id_t key;
    size_t secret_length;
    psa_status_t status;

    if (import(curve, private_key, &key) != 0) {
        return -1;
    }
    status = psa_raw_key_agreement(PSA_ALG_ECDH, key, peer, length, secret, 32, &secret_length);
    psa_destroy_key(key);
    return status == PSA_SUCCESS && secret_length == 32 ? 0 : -1;
}

/* --- curves, by the older interface --------------------------------------------------------- */

typedef struct numbers {
    mbedtls_ecp_group group;
    mbedtls_ecp_point point, product;
    mbedtls_mpi scalar, r, s;
} numbers;

static int numbers_init(numbers *n, int curve)
{
    mbedtls_ecp_group_init(&n->group);
    mbedtls_ecp_point_init(&n->point);
    mbedtls_ecp_point_init(&n->product);
    mbedtls_mpi_init(&n->scalar);
    mbedtls_mpi_init(&n->r);
    mbedtls_mpi_init(&n->s);
    return mbedtls_ecp_group_load(&n->group, curve == P256 ? MBEDTLS_ECP_DP_SECP256R1 : MBEDTLS_ECP_DP_CURVE25519);
}

static int numbers_free(numbers *n, int error)
{
    mbedtls_ecp_group_free(&n->group);
    mbedtls_ecp_point_free(&n->point);
    mbedtls_ecp_point_free(&n->product);
    mbedtls_mpi_free(&n->scalar);
    mbedtls_mpi_free(&n->r);
    mbedtls_mpi_free(&n->s);
    return error;
}

static int write_point(numbers *n, const mbedtls_ecp_point *point, unsigned char output[65])
{
    size_t length;

    return mbedtls_ecp_point_write_binary(&n->group, point, MBEDTLS_ECP_PF_UNCOMPRESSED, &length, output, 65);
}

static int multiply(int curve, const unsigned char *scalar, size_t scalar_length, const unsigned char *point, size_t length,
                    unsigned char product[65])
{
    numbers n;
    int error = numbers_init(&n, curve);

    if (error == 0) {
        error = mbedtls_ecp_point_read_binary(&n.group, &n.point, point, length);
    }
    if (error == 0) {
        error = curve == P256 ? mbedtls_mpi_read_binary(&n.scalar, scalar, scalar_length)
                              : mbedtls_mpi_read_binary_le(&n.scalar, scalar, scalar_length);
    }
    if (error == 0) {
        error = mbedtls_ecp_mul(&n.group, &n.product, &n.scalar, &n.point, xtls_random, NULL);
    }
    if (error == 0) {
        error = write_point(&n, &n.product, product);
    }
    return numbers_free(&n, error);
}

static int sign(const unsigned char private_key[32], int hash, const unsigned char *digest, size_t length,
                unsigned char signature[64])
{
    numbers n;
    int error = numbers_init(&n, P256);

    if (error == 0) {
        error = mbedtls_mpi_read_binary(&n.scalar, private_key, 32);
    }
    if (error == 0) {
        error = mbedtls_ecdsa_sign_det_ext(&n.group, &n.r, &n.s, &n.scalar, digest, length, (mbedtls_md_type_t) hash,
                                           xtls_random, NULL);
    }
    if (error == 0) {
        error = mbedtls_mpi_write_binary(&n.r, signature, 32);
    }
    if (error == 0) {
        error = mbedtls_mpi_write_binary(&n.s, signature + 32, 32);
    }
    return numbers_free(&n, error);
}

static int verify(const unsigned char *point, size_t point_length, const unsigned char *digest, size_t length,
                  const unsigned char *r, const unsigned char *s, size_t number_length)
{
    numbers n;
    int error = numbers_init(&n, P256);

    if (error == 0) {
        error = mbedtls_ecp_point_read_binary(&n.group, &n.point, point, point_length);
    }
    if (error == 0) {
        error = mbedtls_mpi_read_binary(&n.r, r, number_length);
    }
    if (error == 0) {
        error = mbedtls_mpi_read_binary(&n.s, s, number_length);
    }
    if (error == 0) {
        error = mbedtls_ecdsa_verify(&n.group, digest, length, &n.point, &n.r, &n.s);
    }
    return numbers_free(&n, error);
}

static int decode(const unsigned char *point, size_t length, unsigned char output[65])
{
    numbers n;
    int error = numbers_init(&n, P256);

    if (error == 0) {
        error = mbedtls_ecp_point_read_binary(&n.group, &n.point, point, length);
    }
    if (error == 0) {
        error = mbedtls_ecp_check_pubkey(&n.group, &n.point);
    }
    if (error == 0) {
        error = write_point(&n, &n.point, output);
    }
    return numbers_free(&n, error);
}

const primitives SIDE = {
    { chachapoly_seal, chachapoly_open, chachapoly_parts },
    { gcm_seal, gcm_open, gcm_parts },
    public_key, agree, multiply, sign, verify, decode,
};
