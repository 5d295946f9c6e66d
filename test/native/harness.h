/*
 * The harness: claims as sentences, one `ok` or `not ok` line each, a count at
 * the end. A program is a list of CLAIM functions that main runs by RUN.
 */
#ifndef XTLS_HARNESS_H
#define XTLS_HARNESS_H

#include <stddef.h>

typedef void (*claim)(void);

/* Runs one claim and prints its verdict. */
void run(const char *sentence, claim claim);

/* Notes that the running claim does not hold, and where. Returns `holds`. */
int expect(int holds, const char *what, const char *file, int line);

/* Prints "N passed, N failed"; main's return value. */
int verdict(void);

#define EXPECT(condition) expect(!!(condition), #condition, __FILE__, __LINE__)
#define EXPECT_EQUAL(actual, wanted) expect_equal((long long) (actual), (long long) (wanted), #actual, __FILE__, __LINE__)
int expect_equal(long long actual, long long wanted, const char *what, const char *file, int line);

#endif
