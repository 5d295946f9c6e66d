/* Montgomery's way in and out around every product. */
#include "srp_field.h"

#include "mbedtls/platform_util.h"
#include "memory.h"
#include "status.h"

int xtls_srp_field_open(xtls_srp_field *field, const xtls_srp_group *group)
{
    int error;

    field->group = group;
    field->limbs = group->length / sizeof(mbedtls_mpi_uint);
    field->work = NULL;
    mbedtls_mpi_init(&field->modulus);
    mbedtls_mpi_init(&field->square);
    if ((error = mbedtls_mpi_read_binary(&field->modulus, group->modulus, group->length)) != 0 ||
        (error = mbedtls_mpi_core_get_mont_r2_unsafe(&field->square, &field->modulus)) != 0) {
        return xtls_status(error);
    }
    field->mm = mbedtls_mpi_core_montmul_init(field->modulus.p);
    field->work = xtls_alloc(mbedtls_mpi_core_exp_mod_working_limbs(field->limbs, XTLS_SRP_EXPONENT_LIMBS) *
                             sizeof(mbedtls_mpi_uint));
    return field->work == NULL ? XTLS_ERR_MEMORY : XTLS_OK;
}

void xtls_srp_field_close(xtls_srp_field *field)
{
    mbedtls_mpi_free(&field->modulus);
    mbedtls_mpi_free(&field->square);
    xtls_free(field->work);
}

/* What fits by construction cannot fail, here and in the next. */
void xtls_srp_field_read(mbedtls_mpi_uint *output, size_t limbs, const unsigned char *bytes, size_t length)
{
    (void) mbedtls_mpi_core_read_be(output, limbs, bytes, length);
}

void xtls_srp_field_write(const xtls_srp_field *field, unsigned char *output, const xtls_srp_number element)
{
    (void) mbedtls_mpi_core_write_be(element, field->limbs, output, field->group->length);
}

void xtls_srp_field_power(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number base,
                          const mbedtls_mpi_uint *exponent, size_t limbs)
{
    const mbedtls_mpi_uint *modulus = field->modulus.p, *square = field->square.p;

    mbedtls_mpi_core_to_mont_rep(output, base, modulus, field->limbs, field->mm, square, field->work);
    mbedtls_mpi_core_exp_mod(output, output, modulus, field->limbs, exponent, limbs, square, field->work);
    mbedtls_mpi_core_from_mont_rep(output, output, modulus, field->limbs, field->mm, field->work);
}

void xtls_srp_field_multiply(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number a,
                             const xtls_srp_number b)
{
    const mbedtls_mpi_uint *modulus = field->modulus.p;
    xtls_srp_number lifted;

    mbedtls_mpi_core_to_mont_rep(lifted, a, modulus, field->limbs, field->mm, field->square.p, field->work);
    mbedtls_mpi_core_montmul(output, lifted, b, field->limbs, modulus, field->limbs, field->mm, field->work);
    mbedtls_platform_zeroize(lifted, sizeof(lifted));
}

void xtls_srp_field_subtract(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number a,
                             const xtls_srp_number b)
{
    unsigned borrow = (unsigned) mbedtls_mpi_core_sub(output, a, b, field->limbs);

    (void) mbedtls_mpi_core_add_if(output, field->modulus.p, field->limbs, borrow);
}

/* a - (N - b): no carry to look after, and b = 0 comes out right. */
void xtls_srp_field_add(const xtls_srp_field *field, xtls_srp_number output, const xtls_srp_number a,
                        const xtls_srp_number b)
{
    xtls_srp_number negative;

    (void) mbedtls_mpi_core_sub(negative, field->modulus.p, b, field->limbs);
    xtls_srp_field_subtract(field, output, a, negative);
    mbedtls_platform_zeroize(negative, sizeof(negative));
}
