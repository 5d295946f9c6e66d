/*
 * Tickets: the responder's side of TLS 1.3 resumption (RFC 8446 4.6.1), stateful
 * and single use. A ticket is a random handle; the session and the
 * peer's certificate it stands for stay here, in a bounded table whose oldest row makes room.
 * So a resumed handshake still knows its peer, and a stolen ticket store opens nothing.
 */
#ifndef XTLS_TICKETS_H
#define XTLS_TICKETS_H

#include <stddef.h>

typedef struct xtls_tickets xtls_tickets;

/* A table of `capacity` rows (1 to 65536) of 4 KiB on the average, each good for `lifetime` seconds (1 to 604800). XTLS_OK, XTLS_ERR_ARGUMENT, XTLS_ERR_MEMORY. */
int xtls_tickets_create(unsigned capacity, unsigned lifetime, xtls_tickets **output);

/* Drops the caller's reference; the last one zeroes every row. NULL is allowed. */
void xtls_tickets_free(xtls_tickets *tickets);

/* --- inside the core ---------------------------------------------------------- */

#define XTLS_TICKET_LENGTH 32 /* bytes of a handle */

/* One reference more, given back by xtls_tickets_free. */
xtls_tickets *xtls_tickets_retain(xtls_tickets *tickets);

/* Seconds that a row is good for. */
unsigned xtls_tickets_lifetime(const xtls_tickets *tickets);

/* Keeps `session` (an owned block; on success it belongs to the table) under a fresh handle. XTLS_OK, XTLS_ERR_RANDOM. */
int xtls_tickets_put(xtls_tickets *tickets, unsigned char *session, size_t length,
                     unsigned char ticket[XTLS_TICKET_LENGTH]);

/* Removes the row and gives its session to the caller, who frees it: its length, 0 when there is none fit for use. */
size_t xtls_tickets_take(xtls_tickets *tickets, const unsigned char *ticket, size_t ticket_length,
                         unsigned char **session);

#endif
