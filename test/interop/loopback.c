/*
 * Keeps a server that knows no addresses on loopback: preloaded, its bind() goes
 * to 127.0.0.1 or ::1, and its listen() says on which port ("loopback port N").
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

int bind(int descriptor, const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_storage copy;
    bind_function *next = (bind_function *) dlsym(RTLD_NEXT, "bind");

    if (length > sizeof(copy)) {
        return -1;
    }
    memcpy(&copy, address, length);
    if (copy.ss_family == AF_INET) {
        ((struct sockaddr_in *) &copy)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (copy.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *) &copy)->sin6_addr = in6addr_loopback;
    }
    return next(descriptor, (struct sockaddr *) &copy, length);
}

int listen(int descriptor, int backlog)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    listen_function *next = (listen_function *) dlsym(RTLD_NEXT, "listen");
    int result = next(descriptor, backlog);

    if (getsockname(descriptor, (struct sockaddr *) &address, &length) == 0 && address.sin_family == AF_INET) {
        fprintf(stderr, "loopback port %d\n", ntohs(address.sin_port));
    }
    return result;
}
