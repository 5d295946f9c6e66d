/* Sessions as bytes. Mbed TLS checks its own record, and refuses one of another release or configuration. */
#include "session.h"

#include <string.h>

#include "memory.h"
#include "status.h"

/* u8 version, SHA-256 of one's own certificate, u16 length of Mbed TLS's record, the record, the chain to the end. */
#define VERSION 2
#define LENGTH  (1 + XTLS_SESSION_OWN)
#define HEADER  (LENGTH + 2)

static int record_length(const mbedtls_ssl_session *session, size_t *length)
{
    int error = mbedtls_ssl_session_save(session, NULL, 0, length);

    return error == MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL && *length <= 0xFFFF ? XTLS_OK : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

int xtls_session_pack(const mbedtls_ssl_session *session, const unsigned char own[XTLS_SESSION_OWN],
                      const xtls_chain *peer, unsigned char **output, size_t *length)
{
    size_t record;
    int status = record_length(session, &record);
    unsigned char *bytes;

    if (status != XTLS_OK) {
        return status;
    }
    bytes = xtls_alloc(HEADER + record + peer->length);
    if (bytes == NULL) {
        return XTLS_ERR_MEMORY;
    }
    bytes[0] = VERSION;
    memcpy(bytes + 1, own, XTLS_SESSION_OWN);
    bytes[LENGTH] = (unsigned char) (record >> 8);
    bytes[LENGTH + 1] = (unsigned char) record;
    status = xtls_status(mbedtls_ssl_session_save(session, bytes + HEADER, record, &record));
    if (status != XTLS_OK) {
        xtls_free(bytes);
        return status;
    }
    memcpy(bytes + HEADER + record, peer->der, peer->length);
    *output = bytes;
    *length = HEADER + record + peer->length;
    return XTLS_OK;
}

int xtls_session_unpack(const unsigned char *bytes, size_t length, mbedtls_ssl_session *session, xtls_chain *peer)
{
    size_t record;
    int status;

    if (length <= HEADER || bytes[0] != VERSION) {
        return XTLS_ERR_ARGUMENT;
    }
    record = (size_t) bytes[LENGTH] << 8 | bytes[LENGTH + 1];
    if (record >= length - HEADER) {
        return XTLS_ERR_ARGUMENT;
    }
    status = xtls_chain_copy(peer, bytes + HEADER + record, length - HEADER - record);
    if (status == XTLS_OK && xtls_chain_certificate(peer, 0, NULL, 0) != XTLS_ERR_SPACE) {
        status = XTLS_ERR_ARGUMENT; /* no certificate in it */
    }
    if (status == XTLS_OK) {
        status = xtls_status(mbedtls_ssl_session_load(session, bytes + HEADER, record));
    }
    if (status == XTLS_OK) {
        return XTLS_OK;
    }
    xtls_chain_free(peer);
    return status == XTLS_ERR_MEMORY ? XTLS_ERR_MEMORY : XTLS_ERR_ARGUMENT;
}

int xtls_session_is_own(const unsigned char *bytes, const unsigned char own[XTLS_SESSION_OWN])
{
    return memcmp(bytes + 1, own, XTLS_SESSION_OWN) == 0;
}
