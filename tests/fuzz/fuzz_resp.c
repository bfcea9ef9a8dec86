/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_resp: whatever a server says, over a real socket: values form whole trees, texts lie within, memory is bounded.
 *
 * The first byte says in pieces of how many bytes it comes. */
#define _GNU_SOURCE
#include "proto/store/redis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int door = -1;
static char path[64];
static struct redis *client;
static struct address here;

static void close_door(void)
{
    unlink(path);
    redis_close(client);
}

static void open_door(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "/tmp/furui-fuzz-resp.%ld", (long)getpid());
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    unlink(path);
    door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(door >= 0 && bind(door, (struct sockaddr *)&at, sizeof at) == 0 && listen(door, 8) == 0);
    assert(redis_open(false, &client) == ERR_OK && address_unix(span_cstr(path), &here) == ERR_OK);
    atexit(close_door);
}

/* A value with all that belongs to it; returns where the next one begins, or n when the reply was cut. */
static size_t walk(const struct store_value *v, size_t n, size_t at, unsigned depth)
{
    size_t sum = 0;
    if (at >= n) return n;
    assert(depth < 64);
    for (size_t i = 0; i < v[at].text.n; i++) sum += v[at].text.p[i];
    assert(sum <= 255 * v[at].text.n);
    size_t next = at + 1;
    if (v[at].kind == STORE_LIST)
        for (size_t i = 0; i < v[at].n && next < n; i++) next = walk(v, n, next, depth + 1);
    return next;
}

static void read_all(void)
{
    const struct store_value *v;
    size_t n;
    redis_pump(client);
    while ((n = redis_next(client, &v)) > 0) {
        assert(n <= STORE_VALUES_MAX);
        assert(walk(v, n, 0, 0) == n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0) return 0;
    if (door < 0) open_door();
    redis_connect(client, &here, NULL, "");
    int peer = accept4(door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert(peer >= 0);
    size_t piece = 1 + data[0];
    for (size_t at = 1; at < n && redis_state(client) == REDIS_UP; at += piece) {
        size_t left = n - at < piece ? n - at : piece;
        if (send(peer, data + at, left, MSG_NOSIGNAL) < 0) break;
        read_all();
    }
    close(peer);
    read_all();
    redis_drop(client);
    return 0;
}
