/* The hashes, the checks and the formulas, in this order. */
#include "srp_group.h"

#include <string.h>

#include "mbedtls/dhm.h"
#include "mbedtls/platform_util.h"
#include "srp_field.h"
#include "status.h"

/* RFC 5054 appendix A takes this prime from RFC 3526. */
static const unsigned char modulus_3072[] = MBEDTLS_DHM_RFC3526_MODP_3072_P_BIN;

const xtls_srp_group xtls_srp_group_3072 = { modulus_3072, sizeof(modulus_3072), 5, MBEDTLS_MD_SHA256 };

/* --- hashes ------------------------------------------------------------------- */

/* H over the pieces, right-aligned in `output`; returns H's length or a negative status. */
static int hash(const xtls_srp_group *group, const xtls_srp_piece *pieces, size_t count,
                unsigned char output[XTLS_SRP_SCALAR])
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(group->hash);
    size_t length = mbedtls_md_get_size(info);
    mbedtls_md_context_t md;
    size_t i;
    int error;

    mbedtls_md_init(&md);
    memset(output, 0, XTLS_SRP_SCALAR);
    error = mbedtls_md_setup(&md, info, 0);
    if (error == 0) {
        error = mbedtls_md_starts(&md);
    }
    for (i = 0; error == 0 && i < count; i++) {
        error = mbedtls_md_update(&md, pieces[i].bytes, pieces[i].length);
    }
    if (error == 0) {
        error = mbedtls_md_finish(&md, output + XTLS_SRP_SCALAR - length);
    }
    mbedtls_md_free(&md);
    return error == 0 ? (int) length : xtls_status(error);
}

int xtls_srp_x(const xtls_srp_group *group, xtls_srp_piece user, xtls_srp_piece password, xtls_srp_piece salt,
               unsigned char x[XTLS_SRP_SCALAR])
{
    xtls_srp_piece names[] = { user, { ":", 1 }, password };
    unsigned char inner[XTLS_SRP_SCALAR];
    int length = hash(group, names, 3, inner);

    if (length > 0) {
        xtls_srp_piece both[] = { salt, { inner + XTLS_SRP_SCALAR - length, (size_t) length } };

        length = hash(group, both, 2, x);
    }
    mbedtls_platform_zeroize(inner, sizeof(inner));
    return length < 0 ? length : XTLS_OK;
}

int xtls_srp_k(const xtls_srp_group *group, unsigned char k[XTLS_SRP_SCALAR])
{
    unsigned char generator[XTLS_SRP_ELEMENT_MAX] = { 0 };
    xtls_srp_piece pieces[] = { { group->modulus, group->length }, { generator, group->length } };
    int length;

    generator[group->length - 1] = group->generator;
    length = hash(group, pieces, 2, k);
    return length < 0 ? length : XTLS_OK;
}

int xtls_srp_u(const xtls_srp_group *group, const unsigned char *client, const unsigned char *server,
               unsigned char u[XTLS_SRP_SCALAR])
{
    xtls_srp_piece pieces[] = { { client, group->length }, { server, group->length } };
    int length = hash(group, pieces, 2, u);

    return length < 0 ? length : XTLS_OK;
}

/* --- checks ---------------------------------------------------------------------- */

int xtls_srp_is_element(const xtls_srp_group *group, const unsigned char *element)
{
    unsigned borrow = 0, bits = 0;
    size_t i;

    for (i = group->length; i-- > 0;) {
        borrow = (((unsigned) element[i] - group->modulus[i] - borrow) >> 8) & 1;
        bits |= element[i];
    }
    return (int) (borrow & ((0u - bits) >> 8) & 1);
}

static int is_zero(const unsigned char scalar[XTLS_SRP_SCALAR])
{
    unsigned char bits = 0;
    size_t i;

    for (i = 0; i < XTLS_SRP_SCALAR; i++) {
        bits |= scalar[i];
    }
    return bits == 0;
}

/* RFC 5054 2.5.3, 2.5.4, 2.6: whoever sends such numbers wants to know the secret without the password. */
static int check(const xtls_srp_group *group, const unsigned char *peer, const unsigned char u[XTLS_SRP_SCALAR])
{
    return xtls_srp_is_element(group, peer) && !is_zero(u) ? XTLS_OK : XTLS_ERR_PUBLIC;
}

/* --- formulas --------------------------------------------------------------------- */

static void generate(const xtls_srp_field *field, xtls_srp_number output, const unsigned char exponent[XTLS_SRP_SCALAR])
{
    mbedtls_mpi_uint scalar[XTLS_SRP_SCALAR_LIMBS];
    xtls_srp_number generator;

    xtls_srp_field_read(scalar, XTLS_SRP_SCALAR_LIMBS, exponent, XTLS_SRP_SCALAR);
    xtls_srp_field_read(generator, field->limbs, &field->group->generator, 1);
    xtls_srp_field_power(field, output, generator, scalar, XTLS_SRP_SCALAR_LIMBS);
    mbedtls_platform_zeroize(scalar, sizeof(scalar));
}

int xtls_srp_power(const xtls_srp_group *group, const unsigned char exponent[XTLS_SRP_SCALAR], unsigned char *element)
{
    xtls_srp_field field;
    xtls_srp_number result;
    int status = xtls_srp_field_open(&field, group);

    if (status == XTLS_OK) {
        generate(&field, result, exponent);
        xtls_srp_field_write(&field, element, result);
    }
    mbedtls_platform_zeroize(result, sizeof(result));
    xtls_srp_field_close(&field);
    return status;
}

/* k times an element; `output` may be the element. */
static int multiply_by_k(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number element)
{
    unsigned char bytes[XTLS_SRP_SCALAR];
    xtls_srp_number k;
    int status = xtls_srp_k(field->group, bytes);

    if (status == XTLS_OK) {
        xtls_srp_field_read(k, field->limbs, bytes, sizeof(bytes));
        xtls_srp_field_multiply(field, output, element, k);
    }
    return status;
}

int xtls_srp_server_public(const xtls_srp_group *group, const unsigned char b[XTLS_SRP_SCALAR],
                           const unsigned char *verifier, unsigned char *element)
{
    xtls_srp_field field;
    xtls_srp_number share, hidden;
    int status = xtls_srp_field_open(&field, group);

    if (status == XTLS_OK) {
        xtls_srp_field_read(hidden, field.limbs, verifier, group->length);
        status = multiply_by_k(&field, hidden, hidden);
    }
    if (status == XTLS_OK) {
        generate(&field, share, b);
        xtls_srp_field_add(&field, share, share, hidden);
        xtls_srp_field_write(&field, element, share);
    }
    mbedtls_platform_zeroize(share, sizeof(share));
    mbedtls_platform_zeroize(hidden, sizeof(hidden));
    xtls_srp_field_close(&field);
    return status;
}

/* a + u * x as an integer. */
static void join(mbedtls_mpi_uint output[XTLS_SRP_EXPONENT_LIMBS], const unsigned char a[XTLS_SRP_SCALAR],
                 const unsigned char u[XTLS_SRP_SCALAR], const unsigned char x[XTLS_SRP_SCALAR])
{
    mbedtls_mpi_uint addend[XTLS_SRP_EXPONENT_LIMBS], factors[2][XTLS_SRP_SCALAR_LIMBS];

    xtls_srp_field_read(addend, XTLS_SRP_EXPONENT_LIMBS, a, XTLS_SRP_SCALAR);
    xtls_srp_field_read(factors[0], XTLS_SRP_SCALAR_LIMBS, u, XTLS_SRP_SCALAR);
    xtls_srp_field_read(factors[1], XTLS_SRP_SCALAR_LIMBS, x, XTLS_SRP_SCALAR);
    mbedtls_mpi_core_mul(output, factors[0], XTLS_SRP_SCALAR_LIMBS, factors[1], XTLS_SRP_SCALAR_LIMBS);
    (void) mbedtls_mpi_core_add(output, output, addend, XTLS_SRP_EXPONENT_LIMBS);
    mbedtls_platform_zeroize(addend, sizeof(addend));
    mbedtls_platform_zeroize(factors, sizeof(factors));
}

int xtls_srp_client_secret(const xtls_srp_group *group, const unsigned char a[XTLS_SRP_SCALAR],
                           const unsigned char x[XTLS_SRP_SCALAR], const unsigned char u[XTLS_SRP_SCALAR],
                           const unsigned char *server, unsigned char *secret)
{
    xtls_srp_field field;
    mbedtls_mpi_uint exponent[XTLS_SRP_EXPONENT_LIMBS];
    xtls_srp_number base, hidden;
    int status = check(group, server, u);

    if (status != XTLS_OK) {
        return status;
    }
    if ((status = xtls_srp_field_open(&field, group)) == XTLS_OK) {
        generate(&field, hidden, x);
        status = multiply_by_k(&field, hidden, hidden);
    }
    if (status == XTLS_OK) {
        xtls_srp_field_read(base, field.limbs, server, group->length);
        xtls_srp_field_subtract(&field, base, base, hidden);
        join(exponent, a, u, x);
        xtls_srp_field_power(&field, base, base, exponent, XTLS_SRP_EXPONENT_LIMBS);
        xtls_srp_field_write(&field, secret, base);
    }
    mbedtls_platform_zeroize(exponent, sizeof(exponent));
    mbedtls_platform_zeroize(base, sizeof(base));
    mbedtls_platform_zeroize(hidden, sizeof(hidden));
    xtls_srp_field_close(&field);
    return status;
}

int xtls_srp_server_secret(const xtls_srp_group *group, const unsigned char b[XTLS_SRP_SCALAR],
                           const unsigned char *verifier, const unsigned char u[XTLS_SRP_SCALAR],
                           const unsigned char *client, unsigned char *secret)
{
    xtls_srp_field field;
    mbedtls_mpi_uint exponents[2][XTLS_SRP_SCALAR_LIMBS];
    xtls_srp_number base, share;
    int status = check(group, client, u);

    if (status != XTLS_OK) {
        return status;
    }
    if ((status = xtls_srp_field_open(&field, group)) == XTLS_OK) {
        xtls_srp_field_read(base, field.limbs, verifier, group->length);
        xtls_srp_field_read(share, field.limbs, client, group->length);
        xtls_srp_field_read(exponents[0], XTLS_SRP_SCALAR_LIMBS, u, XTLS_SRP_SCALAR);
        xtls_srp_field_read(exponents[1], XTLS_SRP_SCALAR_LIMBS, b, XTLS_SRP_SCALAR);
        xtls_srp_field_power(&field, base, base, exponents[0], XTLS_SRP_SCALAR_LIMBS);
        xtls_srp_field_multiply(&field, base, base, share);
        xtls_srp_field_power(&field, base, base, exponents[1], XTLS_SRP_SCALAR_LIMBS);
        xtls_srp_field_write(&field, secret, base);
    }
    mbedtls_platform_zeroize(exponents, sizeof(exponents));
    mbedtls_platform_zeroize(base, sizeof(base));
    xtls_srp_field_close(&field);
    return status;
}
