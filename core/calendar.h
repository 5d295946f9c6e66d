/*
 * Time as Mbed TLS and X.509 want it, made from the host's milliseconds. The
 * calendar is the proleptic Gregorian one, UTC, without leap seconds.
 */
#ifndef XTLS_CALENDAR_H
#define XTLS_CALENDAR_H

#include <time.h>

#define XTLS_DAY 86400 /* seconds */

/* Now, in seconds since 1970; time()'s shape, for Mbed TLS. */
time_t xtls_time(time_t *output);

/* Seconds since 1970 as a date and a time of day; tm_year and tm_mon count as struct tm has it. */
void xtls_calendar_split(long long seconds, struct tm *output);

#endif
