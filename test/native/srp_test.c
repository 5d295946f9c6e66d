/*
 * SRP: the vectors of RFC 5054 appendix B by the product's formulas, then the product's own
 * group, honest and not. The 1024-bit group and SHA-1 exist here alone.
 */
#include "srp.h"

#include <string.h>

#include "harness.h"
#include "hex.h"
#include "host_native.h"
#include "memory.h"
#include "status.h"

/* --- RFC 5054 appendix B ---------------------------------------------------------- */

#define N_1024 "EEAF0AB9ADB38DD69C33F80AFA8FC5E86072618775FF3C0B9EA2314C9C256576" \
               "D674DF7496EA81D3383B4813D692C6E0E0D5D8E250B98BE48E495C1D6089DAD1" \
               "5DC7D7B46154D6B6CE8EF4AD69B15D4982559B297BCF1885C529F566660E57EC" \
               "68EDBC3C05726CC02FD4CBF4976EAA9AFD5138FE8376435B9FC61D2FC0EB06E3"
#define SALT   "BEB25379D1A8581EB5A727673A2441EE"
#define K      "7556AA045AEF2CDD07ABAF0F665C3E818913186F"
#define X      "94B7555AABE9127CC58CCF4993DB6CF84D16C124"
#define V      "7E273DE8696FFC4F4E337D05B4B375BEB0DDE1569E8FA00A9886D8129BADA1F1" \
               "822223CA1A605B530E379BA4729FDC59F105B4787E5186F5C671085A1447B52A" \
               "48CF1970B4FB6F8400BBF4CEBFBB168152E08AB5EA53D15C1AFF87B2B9DA6E04" \
               "E058AD51CC72BFC9033B564E26480D78E955A5E29E7AB245DB2BE315E2099AFB"
#define A_PRIVATE "60975527035CF2AD1989806F0407210BC81EDC04E2762A56AFD529DDDA2D4393"
#define B_PRIVATE "E487CB59D31AC550471E81F00F6928E01DDA08E974A004F49E61F5D105284D20"
#define A_PUBLIC  "61D5E490F6F1B79547B0704C436F523DD0E560F0C64115BB72557EC44352E890" \
                  "3211C04692272D8B2D1A5358A2CF1B6E0BFCF99F921530EC8E39356179EAE45E" \
                  "42BA92AEACED825171E1E8B9AF6D9C03E1327F44BE087EF06530E69F66615261" \
                  "EEF54073CA11CF5858F0EDFDFE15EFEAB349EF5D76988A3672FAC47B0769447B"
#define B_PUBLIC  "BD0C61512C692C0CB6D041FA01BB152D4916A1E77AF46AE105393011BAF38964" \
                  "DC46A0670DD125B95A981652236F99D9B681CBF87837EC996C6DA04453728610" \
                  "D0C6DDB58B318885D7D82C7F8DEB75CE7BD4FBAA37089E6F9C6059F388838E7A" \
                  "00030B331EB76840910440B1B27AAEAEEB4012B7D7665238A8E3FB004B117B58"
#define U      "CE38B9593487DA98554ED47D70A7AE5F462EF019"
#define SECRET "B0DC82BABCF30674AE450C0287745E7990A3381F63B387AAF271A10D233861E3" \
               "59B48220F7C4693C9AE12B0A6F67809F0876E2D013800D6C41BB59B6D5979B5C" \
               "00A172B4A2A5903A0BDCAF8A709585EB2AFAFA8F3499B200210DCC1F10EB3394" \
               "3CD67FC88A2F39A4BE5BEC4EC0A3212DC346D7E474B29EDE8A469FFECA686E5A"

#define SHA1_AT 12 /* where SHA-1's 20 bytes begin in a scalar */
#define PIECE(text) ((xtls_srp_piece) { text, sizeof(text) - 1 })

static hex_bytes modulus;

static xtls_srp_group group_1024(void)
{
    modulus = hex_read(N_1024);
    return (xtls_srp_group) { modulus.bytes, 128, 2, MBEDTLS_MD_SHA1 };
}

/* A SHA-1 as a scalar. */
static void widen(unsigned char scalar[XTLS_SRP_SCALAR], const char *digest)
{
    memset(scalar, 0, SHA1_AT);
    memcpy(scalar + SHA1_AT, HEX(digest), 20);
}

static void vectors_of_hashes(void)
{
    xtls_srp_group group = group_1024();
    hex_bytes salt = hex_read(SALT), a = hex_read(A_PUBLIC), b = hex_read(B_PUBLIC);
    unsigned char output[XTLS_SRP_SCALAR];

    EXPECT_EQUAL(xtls_srp_k(&group, output), XTLS_OK);
    EXPECT(is_hex(output + SHA1_AT, K));
    EXPECT_EQUAL(xtls_srp_x(&group, PIECE("alice"), PIECE("password123"), (xtls_srp_piece) { salt.bytes, salt.length },
                            output), XTLS_OK);
    EXPECT(is_hex(output + SHA1_AT, X));
    EXPECT_EQUAL(xtls_srp_u(&group, a.bytes, b.bytes, output), XTLS_OK);
    EXPECT(is_hex(output + SHA1_AT, U));
}

static void vectors_of_formulas(void)
{
    xtls_srp_group group = group_1024();
    hex_bytes a = hex_read(A_PRIVATE), b = hex_read(B_PRIVATE), v = hex_read(V);
    unsigned char x[XTLS_SRP_SCALAR], u[XTLS_SRP_SCALAR], output[128];

    widen(x, X);
    widen(u, U);
    EXPECT_EQUAL(xtls_srp_power(&group, x, output), XTLS_OK);
    EXPECT(is_hex(output, V));
    EXPECT_EQUAL(xtls_srp_power(&group, a.bytes, output), XTLS_OK);
    EXPECT(is_hex(output, A_PUBLIC));
    EXPECT_EQUAL(xtls_srp_server_public(&group, b.bytes, v.bytes, output), XTLS_OK);
    EXPECT(is_hex(output, B_PUBLIC));
    EXPECT_EQUAL(xtls_srp_client_secret(&group, a.bytes, x, u, HEX(B_PUBLIC), output), XTLS_OK);
    EXPECT(is_hex(output, SECRET));
    memset(output, 0, sizeof(output));
    EXPECT_EQUAL(xtls_srp_server_secret(&group, b.bytes, v.bytes, u, HEX(A_PUBLIC), output), XTLS_OK);
    EXPECT(is_hex(output, SECRET));
}

/* --- what must not be computed with ------------------------------------------------ */

#define LENGTH XTLS_SRP_LENGTH

/* N, plus or minus what fits in its last byte. */
static void near_modulus(unsigned char element[LENGTH], int difference)
{
    memcpy(element, xtls_srp_group_3072.modulus, LENGTH);
    element[LENGTH - 1] = (unsigned char) (element[LENGTH - 1] + difference);
}

static void judges_elements(void)
{
    static const unsigned char ZERO[LENGTH], ONE[LENGTH] = { [LENGTH - 1] = 1 }, BIG[LENGTH] = { 0x80 };
    unsigned char element[LENGTH];

    EXPECT(!xtls_srp_is_element(&xtls_srp_group_3072, ZERO));
    EXPECT(xtls_srp_is_element(&xtls_srp_group_3072, ONE));
    EXPECT(xtls_srp_is_element(&xtls_srp_group_3072, BIG));
    near_modulus(element, -1);
    EXPECT(xtls_srp_is_element(&xtls_srp_group_3072, element));
    near_modulus(element, 0);
    EXPECT(!xtls_srp_is_element(&xtls_srp_group_3072, element));
    memset(element, 0xFF, LENGTH);
    EXPECT(!xtls_srp_is_element(&xtls_srp_group_3072, element));
}

static void refuses_u_of_zero(void)
{
    static const unsigned char ZERO[XTLS_SRP_SCALAR];
    xtls_srp_group group = group_1024();
    hex_bytes a = hex_read(A_PRIVATE), v = hex_read(V);
    unsigned char output[128];

    EXPECT_EQUAL(xtls_srp_client_secret(&group, a.bytes, a.bytes, ZERO, HEX(B_PUBLIC), output), XTLS_ERR_PUBLIC);
    EXPECT_EQUAL(xtls_srp_server_secret(&group, a.bytes, v.bytes, ZERO, HEX(A_PUBLIC), output), XTLS_ERR_PUBLIC);
}

/* 2N and more do not fit in as many bytes as N has. */
static void refuses_multiples_of_n(void)
{
    xtls_srp_group group = group_1024();
    hex_bytes a = hex_read(A_PRIVATE), v = hex_read(V);
    unsigned char zero[128] = { 0 }, output[128];

    EXPECT_EQUAL(xtls_srp_client_secret(&group, a.bytes, a.bytes, a.bytes, zero, output), XTLS_ERR_PUBLIC);
    EXPECT_EQUAL(xtls_srp_client_secret(&group, a.bytes, a.bytes, a.bytes, modulus.bytes, output), XTLS_ERR_PUBLIC);
    EXPECT_EQUAL(xtls_srp_server_secret(&group, a.bytes, v.bytes, a.bytes, zero, output), XTLS_ERR_PUBLIC);
    EXPECT_EQUAL(xtls_srp_server_secret(&group, a.bytes, v.bytes, a.bytes, modulus.bytes, output), XTLS_ERR_PUBLIC);
}

/* --- the product --------------------------------------------------------------------- */

#define BYTES(text) (const unsigned char *) (text), sizeof(text) - 1
#define USER BYTES("romeo@montague.lit")

static unsigned char verifier[LENGTH], client_public[LENGTH], server_public[LENGTH], proofs[2][XTLS_SRP_PROOF];

static xtls_srp *client_with(const char *password)
{
    xtls_srp *srp = NULL;

    EXPECT_EQUAL(xtls_srp_client(USER, (const unsigned char *) password, strlen(password), BYTES("salt"), &srp), XTLS_OK);
    EXPECT_EQUAL(xtls_srp_public(srp, client_public, LENGTH), LENGTH);
    return srp;
}

static xtls_srp *server_with(const char *password)
{
    xtls_srp *srp = NULL;

    EXPECT_EQUAL(xtls_srp_verifier(USER, (const unsigned char *) password, strlen(password), BYTES("salt"), verifier,
                                   LENGTH), LENGTH);
    EXPECT_EQUAL(xtls_srp_server(verifier, LENGTH, &srp), XTLS_OK);
    EXPECT_EQUAL(xtls_srp_public(srp, server_public, LENGTH), LENGTH);
    return srp;
}

/* Whether both come to the same key. */
static int agree(xtls_srp *client, xtls_srp *server)
{
    EXPECT_EQUAL(xtls_srp_agree(client, server_public, LENGTH), XTLS_OK);
    EXPECT_EQUAL(xtls_srp_agree(server, client_public, LENGTH), XTLS_OK);
    EXPECT_EQUAL(xtls_srp_prove(client, BYTES("this"), proofs[0], XTLS_SRP_PROOF), XTLS_SRP_PROOF);
    EXPECT_EQUAL(xtls_srp_prove(server, BYTES("this"), proofs[1], XTLS_SRP_PROOF), XTLS_SRP_PROOF);
    return memcmp(proofs[0], proofs[1], XTLS_SRP_PROOF) == 0;
}

static int agree_with(const char *client_password, const char *server_password)
{
    xtls_srp *client = client_with(client_password), *server = server_with(server_password);
    int is_same = agree(client, server);

    xtls_srp_free(client);
    xtls_srp_free(server);
    return is_same;
}

static void agrees(void)
{
    int i;

    for (i = 0; i < 4; i++) {
        EXPECT(agree_with("Wherefore art thou", "Wherefore art thou"));
        EXPECT(!agree_with("Wherefore art thou", "wherefore art thou"));
    }
}

static void proves_what_was_said(void)
{
    xtls_srp *client = client_with("p"), *server = server_with("p");
    unsigned char other[XTLS_SRP_PROOF];

    EXPECT(agree(client, server));
    EXPECT_EQUAL(xtls_srp_prove(server, BYTES("that"), other, sizeof(other)), XTLS_SRP_PROOF);
    EXPECT(memcmp(other, proofs[1], sizeof(other)) != 0);
    EXPECT_EQUAL(xtls_srp_prove(server, BYTES("that"), other, sizeof(other) - 1), XTLS_ERR_SPACE);
    xtls_srp_free(client);
    xtls_srp_free(server);
}

static void differs_every_time(void)
{
    unsigned char first[2][LENGTH];
    xtls_srp *client = client_with("p"), *server = server_with("p");

    xtls_srp_free(client);
    xtls_srp_free(server);
    memcpy(first[0], client_public, LENGTH);
    memcpy(first[1], server_public, LENGTH);
    client = client_with("p");
    server = server_with("p");
    EXPECT(memcmp(first[0], client_public, LENGTH) != 0);
    EXPECT(memcmp(first[1], server_public, LENGTH) != 0);
    xtls_srp_free(client);
    xtls_srp_free(server);
}

static void refuses_public_values(void)
{
    unsigned char element[LENGTH];
    xtls_srp *ends[] = { client_with("p"), server_with("p") };
    int i;

    for (i = 0; i < 2; i++) {
        near_modulus(element, 0);
        EXPECT_EQUAL(xtls_srp_agree(ends[i], element, LENGTH), XTLS_ERR_PUBLIC);
        memset(element, 0, LENGTH);
        EXPECT_EQUAL(xtls_srp_agree(ends[i], element, LENGTH), XTLS_ERR_PUBLIC);
        EXPECT_EQUAL(xtls_srp_agree(ends[i], server_public, LENGTH - 1), XTLS_ERR_PUBLIC);
        EXPECT_EQUAL(xtls_srp_prove(ends[i], BYTES("this"), proofs[0], XTLS_SRP_PROOF), XTLS_ERR_STATE);
        xtls_srp_free(ends[i]);
    }
}

static void refuses_verifiers(void)
{
    unsigned char element[LENGTH] = { 0 };
    xtls_srp *srp = NULL;

    EXPECT_EQUAL(xtls_srp_server(element, LENGTH, &srp), XTLS_ERR_ARGUMENT);
    near_modulus(element, 0);
    EXPECT_EQUAL(xtls_srp_server(element, LENGTH, &srp), XTLS_ERR_ARGUMENT);
    near_modulus(element, -1);
    EXPECT_EQUAL(xtls_srp_server(element, LENGTH - 1, &srp), XTLS_ERR_ARGUMENT);
    EXPECT(srp == NULL);
}

static void agrees_once(void)
{
    xtls_srp *client = client_with("p"), *server = server_with("p");

    EXPECT(agree(client, server));
    EXPECT_EQUAL(xtls_srp_agree(client, server_public, LENGTH), XTLS_ERR_STATE);
    EXPECT_EQUAL(xtls_srp_public(client, client_public, LENGTH - 1), XTLS_ERR_SPACE);
    EXPECT_EQUAL(xtls_srp_verifier(USER, USER, USER, verifier, LENGTH - 1), XTLS_ERR_SPACE);
    xtls_srp_free(client);
    xtls_srp_free(server);
    xtls_srp_free(NULL);
}

/* --- without randomness or memory ------------------------------------------------------ */

static void without_randomness(void)
{
    size_t before = xtls_heap_used();
    xtls_srp *srp = NULL;

    xtls_native.has_randomness = 0;
    EXPECT_EQUAL(xtls_srp_client(USER, USER, USER, &srp), XTLS_ERR_RANDOM);
    xtls_native.has_randomness = 1;
    EXPECT(srp == NULL);
    EXPECT_EQUAL(xtls_heap_used(), before);
}

static int whole_run(void)
{
    xtls_srp *client = NULL, *server = NULL;
    int status;

    if ((status = xtls_srp_verifier(USER, BYTES("p"), BYTES("salt"), verifier, LENGTH)) > 0 &&
        (status = xtls_srp_client(USER, BYTES("p"), BYTES("salt"), &client)) == XTLS_OK &&
        (status = xtls_srp_server(verifier, LENGTH, &server)) == XTLS_OK &&
        (status = xtls_srp_public(client, client_public, LENGTH)) > 0 &&
        (status = xtls_srp_public(server, server_public, LENGTH)) > 0 &&
        (status = xtls_srp_agree(client, server_public, LENGTH)) == XTLS_OK &&
        (status = xtls_srp_agree(server, client_public, LENGTH)) == XTLS_OK) {
        status = xtls_srp_prove(server, USER, proofs[0], XTLS_SRP_PROOF);
    }
    xtls_srp_free(client);
    xtls_srp_free(server);
    return status;
}

static void without_memory(void)
{
    size_t before = xtls_heap_used();
    int status = XTLS_ERR_MEMORY;
    long n;

    for (n = 0; n < 200 && status == XTLS_ERR_MEMORY; n++) {
        xtls_native.allocations = n;
        status = whole_run();
        EXPECT_EQUAL(xtls_heap_used(), before);
    }
    xtls_native.allocations = -1;
    EXPECT_EQUAL(status, XTLS_SRP_PROOF);
    EXPECT(n > 20);
}

int main(void)
{
    run("computes k, x and u as RFC 5054 appendix B has them", vectors_of_hashes);
    run("computes v, A, B and both premaster secrets as RFC 5054 appendix B has them", vectors_of_formulas);
    run("tells elements of the group from zero, N and more", judges_elements);
    run("refuses u = 0 at both ends", refuses_u_of_zero);
    run("refuses A and B that are zero modulo N", refuses_multiples_of_n);
    run("agrees on a key with one password, and not with two", agrees);
    run("proves what was said and nothing else", proves_what_was_said);
    run("sends other public values every time", differs_every_time);
    run("refuses public values outside the group and proves nothing then", refuses_public_values);
    run("refuses verifiers that would let anybody in", refuses_verifiers);
    run("agrees once", agrees_once);
    run("fails typed without randomness", without_randomness);
    run("fails typed and leaks nothing when memory runs out", without_memory);
    return verdict();
}
