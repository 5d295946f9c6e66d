#include "harness.h"

#include <stdio.h>

static int passed, failed, is_holding;

void run(const char *sentence, claim claim)
{
    is_holding = 1;
    claim();
    printf("%s %s\n", is_holding ? "ok" : "not ok", sentence);
    fflush(stdout);
    passed += is_holding;
    failed += !is_holding;
}

int expect(int holds, const char *what, const char *file, int line)
{
    if (!holds) {
        printf("   %s:%d: %s\n", file, line, what);
        is_holding = 0;
    }
    return holds;
}

int expect_equal(long long actual, long long wanted, const char *what, const char *file, int line)
{
    if (actual != wanted) {
        printf("   %s:%d: %s is %lld (-0x%llX), not %lld\n", file, line, what, actual, -actual, wanted);
        is_holding = 0;
    }
    return actual == wanted;
}

int verdict(void)
{
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
