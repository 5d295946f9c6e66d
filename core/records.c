/*
 * Records: between the three rings and Mbed TLS, in both directions. Nothing
 * here changes the engine's state; engine.c does, by what these report.
 */
#include "engine_inside.h"

#include <string.h>

#include "peek.h"
#include "status.h"

/* --- the two callbacks that join the rings to Mbed TLS ------------------------- */

int xtls_records_send(void *context, const unsigned char *bytes, size_t length)
{
    xtls_engine *engine = context;
    int status = xtls_bio_put(&engine->ciphertext_out, bytes, length);

    if (status != XTLS_OK) {
        return status;
    }
    return (int) length;
}

/* What was lent is read where it lies. */
static size_t take_lent(xtls_engine *engine, unsigned char *output, size_t max)
{
    size_t length = engine->lent_length < max ? engine->lent_length : max;

    if (length > 0) {
        memcpy(output, engine->lent, length);
        engine->lent += length;
        engine->lent_length -= length;
    }
    return length;
}

int xtls_records_receive(void *context, unsigned char *output, size_t max)
{
    xtls_engine *engine = context;
    size_t length;

    xtls_alerts_receive(engine);
    if (xtls_peek_skipped_error(&engine->ssl)) {
        return MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
    }
    length = xtls_bio_take(&engine->ciphertext_in, output, max);
    if (length == 0) {
        length = take_lent(engine, output, max);
    }
    return length > 0 ? (int) length : MBEDTLS_ERR_SSL_WANT_READ;
}

/* --- inwards -------------------------------------------------------------------- */

/* Moves a decrypted record on, as much of it as the ring has room for; the rest waits inside Mbed TLS. */
static int deliver(xtls_engine *engine, size_t available)
{
    size_t room = xtls_bio_room(&engine->plaintext);
    size_t left = available < room ? available : room;
    int error = xtls_bio_reserve(&engine->plaintext, left);

    while (error == XTLS_OK && left > 0) {
        size_t space;
        unsigned char *tail = xtls_bio_tail(&engine->plaintext, &space);
        int length = mbedtls_ssl_read(&engine->ssl, tail, left < space ? left : space);

        if (length <= 0) {
            return MBEDTLS_ERR_SSL_INTERNAL_ERROR; /* the bytes were said to be there */
        }
        xtls_bio_commit(&engine->plaintext, (size_t) length);
        left -= (size_t) length;
    }
    return error;
}

/* Decrypts the next record and leaves it inside Mbed TLS; WANT_READ when it is not there yet. */
static int next_record(xtls_engine *engine)
{
    unsigned char nothing;
    int error = mbedtls_ssl_read(&engine->ssl, &nothing, 0);

    if (error == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        return xtls_resumption_keep(engine);
    }
    if (error == MBEDTLS_ERR_SSL_WANT_READ && !xtls_peek_is_at_rest(&engine->ssl)) {
        return 0; /* a ticket has come and is looked at in the next round */
    }
    return error;
}

int xtls_records_wait(const xtls_engine *engine)
{
    return engine->ciphertext_in.length > 0 || engine->lent_length > 0;
}

/* The last record stays inside Mbed TLS, from where xtls_records_take takes it without a detour. */
int xtls_records_read(xtls_engine *engine)
{
    int error = 0;

    while (error == 0) {
        size_t available = mbedtls_ssl_get_bytes_avail(&engine->ssl);

        if (available == 0) {
            error = next_record(engine);
        } else if (!xtls_records_wait(engine) && !engine->has_ended) {
            return 0;
        } else if (xtls_bio_room(&engine->plaintext) > 0) {
            error = deliver(engine, available);
        } else {
            return 0; /* until the caller reads */
        }
    }
    return error;
}

size_t xtls_records_take(xtls_engine *engine, unsigned char *output, size_t max)
{
    size_t length = xtls_bio_take(&engine->plaintext, output, max);
    size_t available = mbedtls_ssl_get_bytes_avail(&engine->ssl);

    if (length < max && available > 0) {
        int more = mbedtls_ssl_read(&engine->ssl, output + length, max - length);

        length += more > 0 ? (size_t) more : 0;
    }
    return length;
}

/* --- outwards ------------------------------------------------------------------- */

/* Room for all records that the plaintext needs, so that none of them can fail half-way; what is left is for alerts. */
int xtls_records_reserve(xtls_engine *engine, size_t length)
{
    int payload = mbedtls_ssl_get_max_out_record_payload(&engine->ssl);
    int expansion = mbedtls_ssl_get_record_expansion(&engine->ssl);
    size_t room = xtls_bio_room(&engine->ciphertext_out);
    size_t records;

    if (payload <= 0 || expansion < 0) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    if (room < XTLS_ALERTS_ROOM || length > room - XTLS_ALERTS_ROOM) {
        return XTLS_ERR_LIMIT;
    }
    records = length / (size_t) payload + 1;
    if (records * (size_t) expansion > room - XTLS_ALERTS_ROOM - length) {
        return XTLS_ERR_LIMIT;
    }
    return xtls_bio_reserve(&engine->ciphertext_out, length + records * (size_t) expansion);
}

/* A record holds 2^14 bytes, or what the peer wants at most: one call may take less than all. */
int xtls_records_write(xtls_engine *engine, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        int written = mbedtls_ssl_write(&engine->ssl, bytes, length);

        if (written <= 0) {
            return written < 0 ? written : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
        }
        bytes += written;
        length -= (size_t) written;
    }
    return XTLS_OK;
}
