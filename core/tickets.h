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

/* A table of `capacity` rows (1 to 65536), each good for `lifetime` seconds (1 to 604800). XTLS_OK, XTLS_ERR_ARGUMENT, XTLS_ERR_MEMORY. */
int xtls_tickets_create(unsigned capacity, unsigned lifetime, xtls_tickets **output);

/* Drops the caller's reference; the last one zeroes every row. */
void xtls_tickets_free(xtls_tickets *tickets);

#endif
