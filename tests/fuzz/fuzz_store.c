/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_store: whatever servers, sentinels and clusters answer: every command that was taken gets one reply.
 *
 * The first byte says what kind of store it is, the second in pieces of how many bytes the rest comes, over each
 * connection in turn. */
#define _GNU_SOURCE
#include "proto/store/store.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { PEERS = 8, TURNS = 400, COMMANDS = 64 };

static int door = -1;
static struct sockaddr_in here = {.sin_family = AF_INET};

/* In place of the system's: every port of loopback is ours, and nothing else is there. */
int connect(int fd, const struct sockaddr *to, socklen_t bytes)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)to;
    if (bytes >= sizeof here && in->sin_family == AF_INET && in->sin_addr.s_addr == here.sin_addr.s_addr)
        return (int)syscall(SYS_connect, fd, &here, sizeof here);
    errno = ECONNREFUSED;
    return -1;
}

static void open_door(void)
{
    socklen_t bytes = sizeof here;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert(door >= 0 && bind(door, (struct sockaddr *)&here, sizeof here) == 0 && listen(door, PEERS) == 0);
    assert(getsockname(door, (struct sockaddr *)&here, &bytes) == 0);
}

struct count {
    uint64_t put;
    uint8_t got[COMMANDS];
};

static void hear(struct store *s, struct count *c)
{
    struct store_reply r;
    store_pump(s);
    while (store_next(s, &r)) {
        assert(r.tag < c->put && c->got[r.tag]++ == 0 && r.n >= 1);
        size_t sum = 0;
        for (size_t i = 0; i < r.n; i++)
            for (size_t k = 0; k < r.v[i].text.n; k++) sum += r.v[i].text.p[k];
        assert(sum <= 255u * STORE_REPLY_BYTES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const KINDS[] = {"tcp:127.0.0.1:1", "sentinel:m@127.0.0.1:1", "cluster:127.0.0.1:1"};
    static const span KEYS[] = {SPAN("{00}"), SPAN("{01}"), SPAN("a"), SPAN_NONE};
    struct store *s;
    struct count c = {0};
    int peer[PEERS], peers = 0;
    if (n < 2) return 0;
    if (door < 0) open_door();
    assert(store_open(&(struct store_options){.where = KINDS[data[0] % 3]}, &s) == ERR_OK);
    store_script(s, "return 1");
    size_t piece = 1 + data[1], at = 2;
    for (int turn = 0; turn < TURNS && (at < n || turn < 8); turn++) {
        hear(s, &c);
        int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && peers < PEERS)
            peer[peers++] = fd;
        else if (fd >= 0)
            close(fd);
        for (int i = 0; i < peers && at < n; i++) {
            char heard[4096];
            size_t left = n - at < piece ? n - at : piece;
            if (recv(peer[i], heard, sizeof heard, 0) <= 0 && errno != EAGAIN) continue;
            if (send(peer[i], data + at, left, MSG_NOSIGNAL) > 0) at += left;
        }
        span key = KEYS[turn % 4], words[] = {SPAN("GET"), key};
        if (c.put < COMMANDS && store_put(s, key, words, 2, c.put)) c.put++;
        if (c.put < COMMANDS && store_eval(s, 0, &KEYS[turn % 3], 1, NULL, 0, c.put)) c.put++;
    }
    for (int i = 0; i < peers; i++) close(peer[i]);
    for (int i = 0; i < 4; i++) hear(s, &c); /* what they owed is lost */
    for (uint64_t i = 0; i < c.put; i++) assert(c.got[i] == 1);
    store_close(s);
    for (int fd; (fd = accept4(door, NULL, NULL, SOCK_CLOEXEC)) >= 0;) close(fd);
    return 0;
}
