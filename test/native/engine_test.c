#include <stdio.h>
#include "harness.h"
#include "pair.h"

static void opens(void)
{
    pair pair = pair_new();

    EXPECT(handshake(&pair));
    EXPECT_EQUAL(xtls_engine_error(pair.initiator), 0);
    EXPECT_EQUAL(xtls_engine_error(pair.responder), 0);
    EXPECT(transfer(pair.initiator, pair.responder, 5));
    EXPECT(transfer(pair.responder, pair.initiator, 16384));
    pair_free(&pair);
}
int main(void)
{
    run("two engines open a tunnel", opens);
    free_identities();
    return verdict();
}
