/* Lists as Mbed TLS parses them; its linked entries give way to an index. Its own judgement (x509_crt.c) reads a whole list for each certificate. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include "revocation.h"

#include <stdlib.h>
#include <string.h>

#include "mbedtls/md.h"
#include "mbedtls/x509_crl.h"
#include "memory.h"
#include "name.h"
#include "x509_internal.h"

/* A serial number, within the list's DER. */
typedef struct serial {
    const unsigned char *bytes;
    size_t length;
} serial;

struct xtls_revocation {
    xtls_revocation *next;
    mbedtls_x509_crl crl;
    serial *serials; /* sorted */
    size_t count;
    unsigned char *signer; /* SubjectPublicKeyInfo of the key that was found to have signed it; NULL: none yet */
    size_t signer_length;
};

/* --- reading --------------------------------------------------------------------- */

/* A number that was written with zeros before it is the same number: what is not found would count as not revoked. */
static serial serial_of(const mbedtls_x509_buf *number)
{
    serial result = { number->p, number->len };

    while (result.length > 1 && result.bytes[0] == 0) {
        result.bytes++;
        result.length--;
    }
    return result;
}

static int compare(const void *one, const void *other)
{
    const serial *a = one, *b = other;

    if (a->length != b->length) {
        return a->length < b->length ? -1 : 1;
    }
    return memcmp(a->bytes, b->bytes, a->length);
}

static size_t count_entries(const mbedtls_x509_crl *crl)
{
    const mbedtls_x509_crl_entry *entry;
    size_t count = 0;

    for (entry = &crl->entry; entry != NULL; entry = entry->next) {
        count++;
    }
    return count;
}

/* The entries themselves are ten times as big as what is wanted of them. */
static void free_entries(mbedtls_x509_crl *crl)
{
    mbedtls_x509_crl_entry *entry = crl->entry.next;

    crl->entry.next = NULL;
    while (entry != NULL) {
        mbedtls_x509_crl_entry *next = entry->next;

        xtls_free(entry);
        entry = next;
    }
}

static int index_serials(xtls_revocation *list)
{
    const mbedtls_x509_crl_entry *entry;

    list->serials = xtls_alloc(count_entries(&list->crl) * sizeof(*list->serials));
    if (list->serials == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    for (entry = &list->crl.entry; entry != NULL; entry = entry->next) {
        if (entry->serial.len > 0) { /* the first entry of an empty list */
            list->serials[list->count++] = serial_of(&entry->serial);
        }
    }
    qsort(list->serials, list->count, sizeof(*list->serials), compare);
    free_entries(&list->crl);
    return 0;
}

int xtls_revocation_add(xtls_revocation **lists, const unsigned char *der, size_t length)
{
    xtls_revocation *list = xtls_alloc(sizeof(*list));
    int error;

    if (list == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    mbedtls_x509_crl_init(&list->crl);
    error = mbedtls_x509_crl_parse_der(&list->crl, der, length);
    if (error == 0) {
        error = index_serials(list);
    }
    if (error != 0) {
        xtls_revocation_free(list);
        return error;
    }
    list->next = *lists;
    *lists = list;
    return 0;
}

void xtls_revocation_free(xtls_revocation *lists)
{
    while (lists != NULL) {
        xtls_revocation *next = lists->next;

        mbedtls_x509_crl_free(&lists->crl);
        xtls_free(lists->serials);
        xtls_free(lists->signer);
        xtls_free(lists);
        lists = next;
    }
}

/* --- judging ----------------------------------------------------------------------- */

static int is_known_signer(const xtls_revocation *list, const mbedtls_x509_buf *key)
{
    return list->signer != NULL && list->signer_length == key->len && memcmp(list->signer, key->p, key->len) == 0;
}

/* Without memory for it the signature is verified again the next time. */
static void remember_signer(xtls_revocation *list, const mbedtls_x509_buf *key)
{
    unsigned char *copy = xtls_alloc(key->len);

    if (copy != NULL) {
        memcpy(copy, key->p, key->len);
        xtls_free(list->signer);
        list->signer = copy;
        list->signer_length = key->len;
    }
}

static int verify_signature(const mbedtls_x509_crl *crl, const mbedtls_x509_crt *issuer)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(crl->sig_md);
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];

    return info != NULL && mbedtls_md(info, crl->tbs.p, crl->tbs.len, hash) == 0 &&
           mbedtls_pk_verify_ext(crl->sig_pk, crl->sig_opts, (mbedtls_pk_context *) &issuer->pk, crl->sig_md, hash,
                                 mbedtls_md_get_size(info), crl->sig.p, crl->sig.len) == 0;
}

/* The same key may stand in another certificate, which may not sign lists. */
static int is_signed_by(xtls_revocation *list, const mbedtls_x509_crt *issuer)
{
    if (mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) != 0) {
        return 0;
    }
    if (is_known_signer(list, &issuer->pk_raw)) {
        return 1;
    }
    if (!verify_signature(&list->crl, issuer)) {
        return 0;
    }
    remember_signer(list, &issuer->pk_raw);
    return 1;
}

static int has_serial(const xtls_revocation *list, const mbedtls_x509_buf *number)
{
    serial wanted = serial_of(number);

    return bsearch(&wanted, list->serials, list->count, sizeof(wanted), compare) != NULL;
}

/* One that the issuer signed. The strength of its key is judged where it signs certificates. */
static uint32_t judge_list(const xtls_revocation *list, const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_crt_profile *profile = &mbedtls_x509_crt_profile_default;
    const mbedtls_x509_crl *crl = &list->crl;
    uint32_t problems = 0;

    if (mbedtls_x509_profile_check_md_alg(profile, crl->sig_md) != 0) {
        problems |= MBEDTLS_X509_BADCRL_BAD_MD;
    }
    if (mbedtls_x509_profile_check_pk_alg(profile, crl->sig_pk) != 0) {
        problems |= MBEDTLS_X509_BADCRL_BAD_PK;
    }
    if (has_serial(list, &crt->serial)) {
        problems |= MBEDTLS_X509_BADCERT_REVOKED;
    }
    if (mbedtls_x509_time_is_past(&crl->next_update)) {
        problems |= MBEDTLS_X509_BADCRL_EXPIRED;
    }
    if (mbedtls_x509_time_is_future(&crl->this_update)) {
        problems |= MBEDTLS_X509_BADCRL_FUTURE;
    }
    return problems;
}

/* An issuer that has changed its key has a list by each of them: those by other keys say nothing of what this one signed. */
uint32_t xtls_revocation_judge(xtls_revocation *lists, const mbedtls_x509_crt *crt, const mbedtls_x509_crt *issuer,
                               unsigned *found)
{
    uint32_t problems = 0;
    unsigned signed_by_issuer = 0;

    *found = 0;
    for (; lists != NULL; lists = lists->next) {
        if (!xtls_name_is_same(&lists->crl.issuer, &crt->issuer)) {
            continue;
        }
        ++*found;
        if (is_signed_by(lists, issuer)) {
            signed_by_issuer++;
            problems |= judge_list(lists, crt);
        }
    }
    return *found > 0 && signed_by_issuer == 0 ? MBEDTLS_X509_BADCRL_NOT_TRUSTED : problems;
}
