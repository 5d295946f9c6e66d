/* Digests: known answers and the ways to fail. The vectors of RFC 4231 stand in test/tls/digest.test.ts. */
#include "digest.h"

#include <string.h>

#include "harness.h"
#include "host_native.h"
#include "memory.h"
#include "status.h"

static unsigned char output[XTLS_DIGEST_LENGTH];

static const unsigned char ABC[4] = { 0xBA, 0x78, 0x16, 0xBF };
static const unsigned char JEFE[4] = { 0x5B, 0xDC, 0xC1, 0x46 };

static int hmac(size_t max)
{
    return xtls_digest_hmac((const unsigned char *) "Jefe", 4,
                            (const unsigned char *) "what do ya want for nothing?", 28, output, max);
}

static int sha256(size_t max)
{
    return xtls_digest_sha256((const unsigned char *) "abc", 3, output, max);
}

static void known_answers(void)
{
    EXPECT_EQUAL(sha256(sizeof(output)), XTLS_DIGEST_LENGTH);
    EXPECT(memcmp(output, ABC, sizeof(ABC)) == 0);
    EXPECT_EQUAL(hmac(sizeof(output)), XTLS_DIGEST_LENGTH);
    EXPECT(memcmp(output, JEFE, sizeof(JEFE)) == 0);
}

static void refuses_small_buffers(void)
{
    EXPECT_EQUAL(sha256(sizeof(output) - 1), XTLS_ERR_SPACE);
    EXPECT_EQUAL(hmac(sizeof(output) - 1), XTLS_ERR_SPACE);
}

static void exhausts(void)
{
    size_t before = xtls_heap_used();
    long n;
    int status = XTLS_ERR_MEMORY;

    for (n = 0; status == XTLS_ERR_MEMORY && n < 10; n++) {
        xtls_native.allocations = n;
        status = hmac(sizeof(output));
        EXPECT(status == XTLS_ERR_MEMORY || status == XTLS_DIGEST_LENGTH);
        EXPECT_EQUAL(xtls_heap_used(), before);
    }
    xtls_native.allocations = -1;
    EXPECT(n > 1);
    EXPECT_EQUAL(status, XTLS_DIGEST_LENGTH);
}

int main(void)
{
    run("computes known digests", known_answers);
    run("writes nothing into too little room", refuses_small_buffers);
    run("fails typed and leaks nothing when memory runs out", exhausts);
    return verdict();
}
