/* The memory BIO: a bounded ring that neither loses, mixes nor keeps bytes. */
#include "bio.h"

#include <string.h>

#include "harness.h"
#include "host_native.h"
#include "memory.h"
#include "status.h"

static unsigned char pattern(size_t i)
{
    return (unsigned char) (i * 31 + (i >> 8));
}

static void fifo(void)
{
    xtls_bio bio;
    unsigned char bytes[700], out[700];
    size_t put = 0, took = 0, step, i;

    xtls_bio_init(&bio, 5000);
    for (step = 1; step < 400; step++) {
        size_t in = step % 7 * 97 % 700, max = step % 5 * 131 % 700;

        for (i = 0; i < in; i++) {
            bytes[i] = pattern(put + i);
        }
        put += xtls_bio_put(&bio, bytes, in) == XTLS_OK ? in : 0;
        max = xtls_bio_take(&bio, out, max);
        for (i = 0; i < max; i++) {
            EXPECT(out[i] == pattern(took + i));
        }
        took += max;
        EXPECT_EQUAL(bio.length, put - took);
    }
    EXPECT(took > 30000);
    xtls_bio_clear(&bio);
}

static void bounded(void)
{
    xtls_bio bio;
    unsigned char bytes[1000] = { 1 };

    xtls_bio_init(&bio, 1000);
    EXPECT_EQUAL(xtls_bio_put(&bio, bytes, 600), XTLS_OK);
    EXPECT_EQUAL(xtls_bio_put(&bio, bytes, 401), XTLS_ERR_LIMIT);
    EXPECT_EQUAL(bio.length, 600);
    EXPECT_EQUAL(xtls_bio_put(&bio, bytes, 400), XTLS_OK);
    EXPECT_EQUAL(xtls_bio_room(&bio), 0);
    EXPECT_EQUAL(xtls_bio_put(&bio, bytes, (size_t) -1), XTLS_ERR_LIMIT);
    xtls_bio_clear(&bio);
}

static void gives_back(void)
{
    xtls_bio bio;
    unsigned char bytes[600] = { 0 };
    size_t before = xtls_heap_used();

    xtls_bio_init(&bio, 1000);
    xtls_bio_put(&bio, bytes, sizeof(bytes));
    EXPECT_EQUAL(bio.capacity, 1024);
    EXPECT_EQUAL(xtls_bio_take(&bio, bytes, 599), 599);
    EXPECT(bio.block != NULL);
    EXPECT_EQUAL(xtls_bio_take(&bio, bytes, 600), 1);
    EXPECT(bio.block != NULL);
    EXPECT_EQUAL(xtls_bio_take(&bio, bytes, 600), 0);
    EXPECT(bio.block == NULL);
    EXPECT_EQUAL(xtls_heap_used(), before);
}

static void gives_big_back(void)
{
    static unsigned char bytes[0x8001];
    xtls_bio bio;

    xtls_bio_init(&bio, sizeof(bytes));
    xtls_bio_put(&bio, bytes, sizeof(bytes));
    EXPECT_EQUAL(xtls_bio_take(&bio, bytes, sizeof(bytes)), sizeof(bytes));
    EXPECT(bio.block == NULL);
}

static void keeps_no_bytes(void)
{
    xtls_bio bio;
    unsigned char bytes[500], out[500];
    size_t i;

    memset(bytes, 0xA5, sizeof(bytes));
    xtls_bio_init(&bio, 512);
    xtls_bio_put(&bio, bytes, 500);
    xtls_bio_take(&bio, out, 400);
    xtls_bio_put(&bio, bytes, 300); /* around the end */
    EXPECT_EQUAL(xtls_bio_take(&bio, out, 399), 399);
    EXPECT_EQUAL(xtls_bio_take(&bio, out, 1), 1);
    EXPECT(bio.block != NULL);
    for (i = 0; i < bio.capacity; i++) {
        EXPECT_EQUAL(bio.block[i], 0);
    }
    xtls_bio_clear(&bio);
}

static void wraps_in_place(void)
{
    xtls_bio bio;
    unsigned char bytes[500] = { 7 };
    unsigned char *tail;
    size_t length;

    xtls_bio_init(&bio, 512);
    xtls_bio_put(&bio, bytes, 500);
    xtls_bio_take(&bio, bytes, 400);
    EXPECT_EQUAL(xtls_bio_reserve(&bio, 412), XTLS_OK);
    EXPECT_EQUAL(bio.capacity, 512);
    tail = xtls_bio_tail(&bio, &length);
    EXPECT(tail == bio.block + 500 && length == 12);
    xtls_bio_commit(&bio, length);
    tail = xtls_bio_tail(&bio, &length);
    EXPECT(tail == bio.block && length == 400);
    xtls_bio_clear(&bio);
}

static void without_memory(void)
{
    xtls_bio bio;
    unsigned char bytes[2000] = { 0 }, out[1];

    xtls_bio_init(&bio, 4000);
    EXPECT_EQUAL(xtls_bio_put(&bio, (const unsigned char *) "x", 1), XTLS_OK);
    xtls_native.allocations = 0;
    EXPECT_EQUAL(xtls_bio_put(&bio, bytes, 2000), XTLS_ERR_MEMORY);
    xtls_native.allocations = -1;
    EXPECT_EQUAL(bio.length, 1);
    EXPECT_EQUAL(xtls_bio_take(&bio, out, 1), 1);
    EXPECT_EQUAL(out[0], 'x');
    xtls_bio_clear(&bio);
}

int main(void)
{
    run("gives bytes out in the order they came, in any portions", fifo);
    run("takes all or nothing at its limit", bounded);
    run("gives its block back when it is asked in vain", gives_back);
    run("gives a big block back when it runs empty", gives_big_back);
    run("zeroes what left it, around the end", keeps_no_bytes);
    run("can be written in place, around the end", wraps_in_place);
    run("loses nothing when memory is out", without_memory);
    return verdict();
}
