/* SPDX-License-Identifier: Apache-2.0 */
/* zmtp: see zmtp.h. The greeting is 64 bytes either way; then each side says READY; then frames. */
#include "bench/zmtp.h"

#include "proto/base/clock.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MORE = 1, LONG = 2, COMMAND = 4 };
enum { GREETING = 64, IN_FIRST = 16384, IN_MAX = 8 << 20 /* an answer is at most some 4 MB */ };

/* --- connecting --------------------------------------------------------------------------------------------------- */

static int connect_ipc(const char *path, char *fault_out)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path) {
        snprintf(fault_out, ZMTP_FAULT_MAX, "longer than a socket's path");
        return -1;
    }
    memcpy(to.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    snprintf(fault_out, ZMTP_FAULT_MAX, "%s", strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
}

static int connect_tcp(const char *where, char *fault_out)
{
    char host[256];
    const char *colon = strrchr(where, ':');
    size_t n = colon ? (size_t)(colon - where) : 0;
    if (!n || n >= sizeof host) {
        snprintf(fault_out, ZMTP_FAULT_MAX, "not tcp://HOST:PORT");
        return -1;
    }
    bool brackets = where[0] == '[' && where[n - 1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(n - 2 * brackets), where + brackets);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int rc = getaddrinfo(host, colon + 1, &hints, &list), fd = -1;
    if (rc) {
        snprintf(fault_out, ZMTP_FAULT_MAX, "%s", gai_strerror(rc));
        return -1;
    }
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0) break;
        snprintf(fault_out, ZMTP_FAULT_MAX, "%s", strerror(errno));
        if (fd >= 0) close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

/* --- shaking hands ------------------------------------------------------------------------------------------------ */

/* Read until `n` bytes wait. */
static bool await(struct zmtp *z, size_t n, int64_t until_us)
{
    while (z->in_n - z->in_at < n) {
        int64_t left_us = until_us - clock_us();
        struct pollfd p = {.fd = z->fd, .events = POLLIN};
        if (left_us <= 0 || poll(&p, 1, (int)(left_us / 1000) + 1) < 0 || !zmtp_fill(z)) return false;
    }
    return true;
}

static bool shake_hands(struct zmtp *z, int64_t until_us)
{
    static const uint8_t READY[] = "\4\51\5READY\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0\0";
    uint8_t hello[GREETING + sizeof READY - 1] = {0xFF, [9] = 0x7F, 3, 1, 'N', 'U', 'L', 'L'};
    memcpy(hello + GREETING, READY, sizeof READY - 1);
    if (write(z->fd, hello, sizeof hello) != (ssize_t)sizeof hello || !await(z, GREETING + 2, until_us)) return false;
    const uint8_t *peer = z->in + z->in_at;
    if (peer[0] != 0xFF || peer[9] != 0x7F || peer[10] < 3 || peer[GREETING] != COMMAND) return false;
    size_t n = peer[GREETING + 1]; /* a short command, as a READY is */
    if (!await(z, GREETING + 2 + n, until_us)) return false;
    bool ready = n >= 6 && memcmp(z->in + z->in_at + GREETING + 2, "\5READY", 6) == 0;
    z->in_at += GREETING + 2 + n;
    return ready;
}

enum err zmtp_open(struct zmtp *z, const char *endpoint, int timeout_ms, char *fault_out)
{
    *z = (struct zmtp){.fd = -1};
    int64_t until_us = clock_us() + (int64_t)timeout_ms * 1000;
    snprintf(fault_out, ZMTP_FAULT_MAX, "neither tcp://HOST:PORT nor ipc://PATH");
    if (strncmp(endpoint, "ipc://", 6) == 0)
        z->fd = connect_ipc(endpoint + 6, fault_out);
    else if (strncmp(endpoint, "tcp://", 6) == 0)
        z->fd = connect_tcp(endpoint + 6, fault_out);
    else
        return ERR_SYNTAX;
    if (z->fd < 0) return ERR_IO;
    fcntl(z->fd, F_SETFL, O_NONBLOCK);
    if (shake_hands(z, until_us)) return ERR_OK;
    snprintf(fault_out, ZMTP_FAULT_MAX, "no service answers there by ZMTP 3");
    zmtp_close(z);
    return ERR_CLOSED;
}

void zmtp_close(struct zmtp *z)
{
    if (z->fd >= 0) close(z->fd);
    free(z->in);
    *z = (struct zmtp){.fd = -1};
}

/* --- frames ------------------------------------------------------------------------------------------------------- */

size_t zmtp_head(uint8_t out[ZMTP_HEAD_MAX], size_t n, bool more)
{
    out[0] = more ? MORE : 0;
    if (n < 256) {
        out[1] = (uint8_t)n;
        return 2;
    }
    out[0] |= LONG;
    uint64_t big = htobe64(n);
    memcpy(out + 1, &big, 8);
    return 9;
}

bool zmtp_fill(struct zmtp *z)
{
    if (z->in_at) {
        memmove(z->in, z->in + z->in_at, z->in_n - z->in_at);
        z->in_n -= z->in_at;
        z->in_at = 0;
    }
    if (z->in_n == z->in_cap) {
        size_t cap = z->in_cap ? z->in_cap * 2 : IN_FIRST;
        uint8_t *grown = cap <= IN_MAX ? realloc(z->in, cap) : NULL;
        if (!grown) return false;
        z->in = grown;
        z->in_cap = cap;
    }
    ssize_t got;
    do {
        got = recv(z->fd, z->in + z->in_n, z->in_cap - z->in_n, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return errno == EAGAIN;
    z->in_n += (size_t)got;
    return got > 0;
}

bool zmtp_next(struct zmtp *z, span *frame_out, bool *more_out)
{
    for (;;) {
        const uint8_t *p = z->in + z->in_at;
        size_t have = z->in_n - z->in_at, head = 2;
        if (have < head) return false;
        uint64_t n = p[1];
        if (p[0] & LONG) {
            head = 9;
            if (have < head) return false;
            memcpy(&n, p + 1, 8);
            n = be64toh(n);
        }
        if (have - head < n) return false;
        z->in_at += head + (size_t)n;
        if (p[0] & COMMAND) continue;
        *frame_out = span_of(p + head, (size_t)n);
        *more_out = p[0] & MORE;
        return true;
    }
}
