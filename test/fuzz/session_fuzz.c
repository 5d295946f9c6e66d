/*
 * Sessions, which an initiator's caller keeps and may spoil: they unpack to what
 * packs again, or are refused; an engine that is given one starts all the same.
 */
#include "engines.h"
#include "input.h"
#include "memory.h"
#include "session.h"
#include "status.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void) count, (void) arguments;
    engines_ready();
    return 0;
}

static int unpack(const unsigned char *bytes, size_t length, unsigned char **again, size_t *again_length)
{
    mbedtls_ssl_session session;
    xtls_chain chain = { NULL, 0 };
    int status;

    mbedtls_ssl_session_init(&session);
    status = xtls_session_unpack(bytes, length, &session, &chain);
    HOLDS(status == XTLS_OK || (status == XTLS_ERR_ARGUMENT && chain.der == NULL));
    if (status == XTLS_OK) {
        HOLDS(xtls_session_pack(&session, bytes + 1, &chain, again, again_length) == XTLS_OK);
        HOLDS(xtls_session_is_own(bytes, bytes + 1));
    }
    mbedtls_ssl_session_free(&session);
    xtls_chain_free(&chain);
    return status == XTLS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t before = heap_at_rest(), length, again_length;
    unsigned char *packed, *again;
    xtls_engine *engine;

    begin_anew();
    if (unpack(data, size, &packed, &length)) {
        HOLDS(unpack(packed, length, &again, &again_length));
        HOLDS(length == again_length && memcmp(packed, again, length) == 0);
        xtls_free(again);
        xtls_free(packed);
    }
    engine = engine_new(XTLS_INITIATOR, 0, NULL);
    (void) xtls_engine_resume(engine, data, size);
    HOLDS(xtls_engine_start(engine) == XTLS_OK);
    HOLDS(xtls_engine_pending(engine) > 0);
    question(engine);
    HOLDS(heap_at_rest() == before);
    return 0;
}
