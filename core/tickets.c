/*
 * The ticket table: a ring of rows, bounded in rows and in bytes, so that the oldest makes room. Whoever shakes hands gets a
 * row before it is judged, and says how long its chain is.
 */
#include "tickets.h"

#include <string.h>

#include "host.h"
#include "mbedtls/constant_time.h"
#include "memory.h"
#include "random.h"
#include "status.h"

#define CAPACITY_MAX 65536
#define LIFETIME_MAX 604800 /* RFC 8446 4.6.1: seven days */
#define ROW_BYTES    4096   /* on the average: a session, and a chain of a few certificates */

typedef struct row {
    unsigned char ticket[XTLS_TICKET_LENGTH];
    unsigned char *session; /* owned; NULL: the row is free */
    size_t length;
    double expiry; /* milliseconds since 1970 */
} row;

struct xtls_tickets {
    unsigned references;
    unsigned lifetime;
    size_t capacity;
    size_t next;   /* where the next ticket goes */
    size_t oldest; /* what is taken lies from here on, up to `next` */
    size_t bytes;  /* of all sessions */
    row rows[];
};

int xtls_tickets_create(unsigned capacity, unsigned lifetime, xtls_tickets **output)
{
    xtls_tickets *tickets;

    if (output == NULL || capacity < 1 || capacity > CAPACITY_MAX || lifetime < 1 || lifetime > LIFETIME_MAX) {
        return XTLS_ERR_ARGUMENT;
    }
    tickets = xtls_alloc(sizeof(*tickets) + capacity * sizeof(row));
    if (tickets == NULL) {
        return XTLS_ERR_MEMORY;
    }
    tickets->references = 1;
    tickets->lifetime = lifetime;
    tickets->capacity = capacity;
    *output = tickets;
    return XTLS_OK;
}

static void clear(xtls_tickets *tickets, row *row)
{
    xtls_free(row->session);
    tickets->bytes -= row->length;
    memset(row, 0, sizeof(*row));
}

void xtls_tickets_free(xtls_tickets *tickets)
{
    size_t i;

    if (tickets == NULL || --tickets->references > 0) {
        return;
    }
    for (i = 0; i < tickets->capacity; i++) {
        clear(tickets, &tickets->rows[i]);
    }
    xtls_free(tickets);
}

xtls_tickets *xtls_tickets_retain(xtls_tickets *tickets)
{
    tickets->references++;
    return tickets;
}

unsigned xtls_tickets_lifetime(const xtls_tickets *tickets)
{
    return tickets->lifetime;
}

static size_t after(const xtls_tickets *tickets, size_t at)
{
    return (at + 1) % tickets->capacity;
}

/* For one row more, and so many bytes; a session that is longer than all of them may have the table to itself. */
static void make_room(xtls_tickets *tickets, size_t length)
{
    while (tickets->bytes > 0 && tickets->bytes + length > tickets->capacity * ROW_BYTES) {
        clear(tickets, &tickets->rows[tickets->oldest]);
        tickets->oldest = after(tickets, tickets->oldest);
    }
    if (tickets->bytes == 0) {
        tickets->oldest = tickets->next;
    } else if (tickets->oldest == tickets->next) { /* all rows are in use, or were */
        tickets->oldest = after(tickets, tickets->next);
        clear(tickets, &tickets->rows[tickets->next]);
    }
}

int xtls_tickets_put(xtls_tickets *tickets, unsigned char *session, size_t length,
                     unsigned char ticket[XTLS_TICKET_LENGTH])
{
    row *row = &tickets->rows[tickets->next];

    if (xtls_random(NULL, ticket, XTLS_TICKET_LENGTH) != 0) {
        return XTLS_ERR_RANDOM;
    }
    make_room(tickets, length);
    memcpy(row->ticket, ticket, XTLS_TICKET_LENGTH);
    row->session = session;
    row->length = length;
    row->expiry = xtls_host_time() + tickets->lifetime * 1000.0;
    tickets->bytes += length;
    tickets->next = after(tickets, tickets->next);
    return XTLS_OK;
}

/* The row of a ticket, or NULL. A handle is a bearer's secret: compared in constant time. */
static row *find(xtls_tickets *tickets, const unsigned char *ticket, size_t ticket_length)
{
    size_t i;

    for (i = 0; ticket_length == XTLS_TICKET_LENGTH && i < tickets->capacity; i++) {
        row *row = &tickets->rows[i];

        if (row->session != NULL && mbedtls_ct_memcmp(row->ticket, ticket, ticket_length) == 0) {
            return row;
        }
    }
    return NULL;
}

size_t xtls_tickets_take(xtls_tickets *tickets, const unsigned char *ticket, size_t ticket_length,
                         unsigned char **session)
{
    row *row = find(tickets, ticket, ticket_length);
    size_t length;

    if (row == NULL) {
        return 0;
    }
    if (row->expiry <= xtls_host_time()) {
        clear(tickets, row);
        return 0;
    }
    length = row->length;
    *session = row->session;
    row->session = NULL;
    clear(tickets, row);
    return length;
}
