/*
 * Keeps a server that knows no addresses at home: preloaded, its bind() goes to a free port
 * of 127.0.0.1, with IPv6 too, and its listen() says to which ("loopback port N").
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

typedef int bind_function(int, const struct sockaddr *, socklen_t);
typedef int listen_function(int, int);

/* What IPv6 calls 127.0.0.1; a socket for IPv6 alone would refuse it. */
static void bring_home(int descriptor, struct sockaddr_in6 *address)
{
    int off = 0;

    (void) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    (void) inet_pton(AF_INET6, "::ffff:127.0.0.1", &address->sin6_addr);
    address->sin6_port = 0;
}

int bind(int descriptor, const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_storage copy;
    struct sockaddr_in *internet = (struct sockaddr_in *) &copy;
    bind_function *next = (bind_function *) dlsym(RTLD_NEXT, "bind");

    if (length > sizeof(copy)) {
        return -1;
    }
    memcpy(&copy, address, length);
    if (copy.ss_family == AF_INET) {
        internet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        internet->sin_port = 0;
    }
    if (copy.ss_family == AF_INET6) {
        bring_home(descriptor, (struct sockaddr_in6 *) &copy);
    }
    return next(descriptor, (struct sockaddr *) &copy, length);
}

/* Both families have the port in one place. */
int listen(int descriptor, int backlog)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    listen_function *next = (listen_function *) dlsym(RTLD_NEXT, "listen");
    int result = next(descriptor, backlog);

    if (getsockname(descriptor, (struct sockaddr *) &address, &length) == 0 && address.ss_family != AF_UNIX) {
        fprintf(stderr, "loopback port %d\n", ntohs(((struct sockaddr_in *) &address)->sin_port));
    }
    return result;
}
