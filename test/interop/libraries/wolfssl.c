/*
 * An end of TLS on wolfSSL: what ../library-programs.ts tells it by the environment it
 * insists on, standard input is sent, what is received goes to standard output.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#define GROUPS_MAX 3
#define BUFFER_SIZE 20000

static const struct {
    const char *name;
    int number;
} groups[] = {
    { "X25519", WOLFSSL_ECC_X25519 },
    { "P-256", WOLFSSL_ECC_SECP256R1 },
    { "P-384", WOLFSSL_ECC_SECP384R1 },
};

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return value == NULL ? "" : value;
}

static int is(const char *name, const char *value)
{
    return strcmp(setting(name), value) == 0;
}

static void die(const char *what)
{
    printf("error: %s\n", what);
    exit(1);
}

/* What went wrong, and which alert the other end sent, if it did. */
static int report(WOLFSSL *ssl, int result)
{
    WOLFSSL_ALERT_HISTORY alerts = { 0 };
    const char *name;
    char text[80];

    wolfSSL_ERR_error_string((unsigned long) wolfSSL_get_error(ssl, result), text);
    wolfSSL_get_alert_history(ssl, &alerts);
    name = wolfSSL_alert_desc_string_long(alerts.last_rx.code);
    printf("error: %s, alert %d received: %s\n", text, alerts.last_rx.code, name == NULL ? "unknown" : name);
    return -1;
}

static WOLFSSL_METHOD *method(int is_server)
{
    if (is("TLS_VERSION", "1.2")) {
        return is_server ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
    }
    return is_server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
}

static void load_certificate(WOLFSSL_CTX *context)
{
    if (is("TLS_CERTIFICATE", "")) {
        return;
    }
    if (wolfSSL_CTX_use_certificate_file(context, setting("TLS_CERTIFICATE"), WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_use_PrivateKey_file(context, setting("TLS_KEY"), WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS) {
        die("the certificate");
    }
}

static int accept_all(int is_verified, WOLFSSL_X509_STORE_CTX *store)
{
    (void) is_verified;
    (void) store;
    return 1;
}

static void set_verification(WOLFSSL_CTX *context)
{
    if (is("TLS_ASK", "no")) {
        wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
    } else if (is("TLS_AUTHORITY", "")) {
        wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_all);
    } else {
        wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        if (wolfSSL_CTX_load_verify_locations(context, setting("TLS_AUTHORITY"), NULL) != WOLFSSL_SUCCESS) {
            die("the authority");
        }
    }
}

static void set_groups(WOLFSSL_CTX *context)
{
    int numbers[GROUPS_MAX];
    int count = 0;
    char names[80];
    char *name;
    size_t i;

    snprintf(names, sizeof(names), "%s", setting("TLS_GROUPS"));
    for (name = strtok(names, ":"); name != NULL; name = strtok(NULL, ":")) {
        for (i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
            if (strcmp(groups[i].name, name) == 0 && count < GROUPS_MAX) {
                numbers[count++] = groups[i].number;
            }
        }
    }
    if (count > 0 && wolfSSL_CTX_set_groups(context, numbers, count) != WOLFSSL_SUCCESS) {
        die("the groups");
    }
}

static WOLFSSL_CTX *create_context(int is_server)
{
    WOLFSSL_CTX *context = wolfSSL_CTX_new(method(is_server));

    if (context == NULL) {
        die("no context");
    }
    load_certificate(context);
    set_verification(context);
    set_groups(context);
    if (!is("TLS_SUITE", "") && wolfSSL_CTX_set_cipher_list(context, setting("TLS_SUITE")) != WOLFSSL_SUCCESS) {
        die("the suite");
    }
    return context;
}

static WOLFSSL *create_end(WOLFSSL_CTX *context, int is_server, int descriptor, WOLFSSL_SESSION *session)
{
    WOLFSSL *ssl = wolfSSL_new(context);
    char protocol[80];

    snprintf(protocol, sizeof(protocol), "%s", setting("TLS_ALPN"));
    if (ssl == NULL || wolfSSL_set_fd(ssl, descriptor) != WOLFSSL_SUCCESS ||
        wolfSSL_UseALPN(ssl, protocol, (unsigned int) strlen(protocol), WOLFSSL_ALPN_FAILED_ON_MISMATCH) !=
            WOLFSSL_SUCCESS) {
        die("no end");
    }
    if (is_server && !is("TLS_VERSION", "1.2") && wolfSSL_send_hrr_cookie(ssl, NULL, 0) != WOLFSSL_SUCCESS) {
        die("no cookie");
    }
    if (session != NULL && wolfSSL_set_session(ssl, session) != WOLFSSL_SUCCESS) {
        die("the session");
    }
    return ssl;
}

static void print_exported(WOLFSSL *ssl)
{
    unsigned char key[32];
    const char *label = setting("TLS_LABEL");
    size_t i;

    if (wolfSSL_export_keying_material(ssl, key, sizeof(key), label, strlen(label), NULL, 0, 0) != WOLFSSL_SUCCESS) {
        die("nothing exported");
    }
    printf("exported ");
    for (i = 0; i < sizeof(key); i++) {
        printf("%02x", key[i]);
    }
    printf("\n");
}

/* Prints what came. Returns 1 while there may be more, 0 after close_notify, -1 after an error. */
static int receive(WOLFSSL *ssl)
{
    char buffer[BUFFER_SIZE];
    int length;

    while ((length = wolfSSL_read(ssl, buffer, sizeof(buffer))) > 0) {
        fwrite(buffer, 1, (size_t) length, stdout);
    }
    switch (wolfSSL_get_error(ssl, length)) {
    case WOLFSSL_ERROR_WANT_READ:
    case WOLFSSL_ERROR_WANT_WRITE:
        return 1;
    case WOLFSSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        return report(ssl, length);
    }
}

/* Sends what was typed. Returns 0 at the end of the input. */
static int send_input(WOLFSSL *ssl)
{
    char buffer[BUFFER_SIZE];
    ssize_t length = read(STDIN_FILENO, buffer, sizeof(buffer));
    int sent = 0;

    while (sent < length) {
        int result = wolfSSL_write(ssl, buffer + sent, (int) length - sent);

        if (result <= 0 && wolfSSL_get_error(ssl, result) != WOLFSSL_ERROR_WANT_WRITE) {
            return report(ssl, result);
        }
        sent += result > 0 ? result : 0;
    }
    return length > 0;
}

/* Carries both ways until the other end closes; at the end of the input close_notify is sent, once. */
static void carry(WOLFSSL *ssl, int descriptor)
{
    struct pollfd watched[2] = { { descriptor, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };

    while (receive(ssl) > 0) {
        fflush(stdout);
        if (poll(watched, 2, -1) > 0 && watched[1].revents != 0 && send_input(ssl) <= 0) {
            wolfSSL_shutdown(ssl);
            watched[1].fd = -1;
        }
    }
    wolfSSL_shutdown(ssl);
}

/* One connection, from the handshake to its end; `session` is offered, and what came of it kept. */
static void converse(WOLFSSL_CTX *context, int is_server, int descriptor, WOLFSSL_SESSION **session)
{
    WOLFSSL *ssl = create_end(context, is_server, descriptor, *session);
    int result = is_server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);

    if (result == WOLFSSL_SUCCESS) {
        print_exported(ssl);
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        carry(ssl, descriptor);
        if (!is_server) {
            wolfSSL_SESSION_free(*session);
            *session = wolfSSL_get1_session(ssl);
        }
    } else {
        report(ssl, result);
    }
    fflush(stdout);
    wolfSSL_free(ssl);
    close(descriptor);
}

static int dial(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons((unsigned short) atoi(setting("TLS_PORT")));
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *) &address, sizeof(address)) != 0) {
        die("nobody answers");
    }
    return descriptor;
}

static int open_door(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    if (descriptor < 0 || bind(descriptor, (struct sockaddr *) &address, sizeof(address)) != 0 ||
        listen(descriptor, 4) != 0 || getsockname(descriptor, (struct sockaddr *) &address, &length) != 0) {
        die("no port");
    }
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return descriptor;
}

int main(void)
{
    int is_server = is("TLS_ROLE", "server");
    int visits = atoi(setting("TLS_VISITS"));
    int door = is_server ? open_door() : -1;
    WOLFSSL_SESSION *session = NULL;
    WOLFSSL_CTX *context;

    wolfSSL_Init();
    context = create_context(is_server);
    while (is_server || visits-- > 0) {
        converse(context, is_server, is_server ? accept(door, NULL, NULL) : dial(), &session);
    }
    wolfSSL_SESSION_free(session);
    wolfSSL_CTX_free(context);
    wolfSSL_Cleanup();
    return 0;
}
