/* SPDX-License-Identifier: Apache-2.0 */
/* bus: messages arrive whole or not at all, sockets that are taken stay taken, and frames are freed once. */
#define _GNU_SOURCE
#include "proto/bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/furui-bus.XXXXXX";
static struct bus *bus;

static bool recv_within(struct bus_sock *s, struct bus_msg *m, int ms)
{
    for (uint64_t ready; !bus_recv(s, m);) {
        bus_wait(&s, 1, NULL, 0, ms, &ready);
        if (!ready) return bus_recv(s, m);
    }
    return true;
}

static enum err send_text(struct bus_sock *s, const char *const *text, size_t n)
{
    static struct bus_frame out[BUS_FRAMES_MAX + 16];
    for (size_t i = 0; i < n; i++) assert_int_equal(bus_frame_copy_in(&out[i], span_cstr(text[i])), ERR_OK);
    enum err e = bus_send(s, out, n);
    for (size_t i = 0; i < n; i++) {
        if (e == ERR_OK) assert_int_equal(bus_frame_span(&out[i]).n, 0); /* gone */
        bus_frame_close(&out[i]);
    }
    return e;
}

static void endpoints(void **state)
{
    (void)state;
    const struct bus_options o = {0};
    struct bus_sock *a = bus_socket(bus, BUS_ROUTER, &o), *b = bus_socket(bus, BUS_ROUTER, &o);
    char at[128], tcp[128], path[80];
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(at, sizeof at, "ipc://%s", path);

    /* A socket file that nobody serves is replaced; one that is served is not. */
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memcpy(un.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    close(fd);
    assert_int_equal(bus_bind(a, at), ERR_OK);
    assert_int_equal(bus_bind(b, at), ERR_BUSY);
    assert_int_equal(bus_unbind(a, at), ERR_OK);

    assert_int_equal(bus_bind(a, "tcp://127.0.0.1:0"), ERR_OK);
    assert_int_equal(bus_last_endpoint(a, tcp, sizeof tcp), ERR_OK);
    assert_int_equal(strncmp(tcp, "tcp://127.0.0.1:", 16), 0);
    assert_int_equal(bus_last_endpoint(a, tcp, 5), ERR_TOO_BIG);
    assert_int_equal(bus_last_endpoint(a, tcp, sizeof tcp), ERR_OK);
    assert_int_equal(bus_bind(b, tcp), ERR_BUSY);

    static const char *const BAD[] = {"", "x", "udp://127.0.0.1:1", "tcp://127.0.0.1", "tcp://127.0.0.1:x"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) assert_int_equal(bus_bind(b, BAD[i]), ERR_SYNTAX);
    assert_int_equal(bus_bind(b, "ipc:///nowhere/at/all"), ERR_IO);
    char lengthy[200] = "ipc:///tmp/";
    memset(lengthy + 11, 'x', 150);
    assert_int_equal(bus_bind(b, lengthy), ERR_SYNTAX);
    bus_sock_close(a, 0);
    bus_sock_close(b, 0);
}

static void messages(void **state)
{
    (void)state;
    struct bus_sock *r = bus_socket(bus, BUS_ROUTER, &(struct bus_options){.mandatory = true, .frame_max = 1000});
    struct bus_sock *d = bus_socket(bus, BUS_DEALER, &(struct bus_options){.identity = "me"});
    struct bus_msg m = {0};
    char at[128], big[1002];
    snprintf(at, sizeof at, "ipc://%s/m", dir);
    assert_int_equal(bus_bind(r, at), ERR_OK);
    assert_int_equal(bus_connect(d, at), ERR_OK);
    assert_false(bus_recv(r, &m));

    assert_int_equal(send_text(d, (const char *const[]){"", "header", "mail"}, 3), ERR_OK);
    assert_true(recv_within(r, &m, 5000));
    assert_int_equal(m.n, 4);
    assert_false(m.cut);
    assert_true(span_eq(bus_frame_span(&m.frame[0]), SPAN("me")) && bus_frame_span(&m.frame[1]).n == 0);
    assert_true(span_eq(bus_frame_span(&m.frame[3]), SPAN("mail")));

    /* Back to where it came from, moved without a copy; closing what was sent is harmless. */
    assert_int_equal(bus_send(r, m.frame, m.n), ERR_OK);
    assert_true(recv_within(d, &m, 5000));
    assert_int_equal(m.n, 3);
    assert_true(span_eq(bus_frame_span(&m.frame[2]), SPAN("mail")));

    /* Nobody of that name: still ours. */
    struct bus_frame f[2];
    bus_frame_copy_in(&f[0], SPAN("stranger"));
    bus_frame_copy_in(&f[1], SPAN("x"));
    assert_int_equal(bus_send(r, f, 2), ERR_CLOSED);
    assert_true(span_eq(bus_frame_span(&f[0]), SPAN("stranger")));
    bus_frame_close(&f[0]);
    bus_frame_close(&f[1]);
    bus_frame_close(&f[1]);

    /* Too many frames: the first are kept, the rest is dropped, the next message is whole. */
    const char *many[BUS_FRAMES_MAX + 10];
    for (size_t i = 0; i < BUS_FRAMES_MAX + 10; i++) many[i] = "x";
    assert_int_equal(send_text(d, many, BUS_FRAMES_MAX + 10), ERR_OK);
    assert_int_equal(send_text(d, many, 2), ERR_OK);
    assert_true(recv_within(r, &m, 5000));
    assert_true(m.n == BUS_FRAMES_MAX && m.cut);
    assert_true(recv_within(r, &m, 5000));
    assert_true(m.n == 3 && !m.cut);

    /* A frame over the limit closes its connection, which comes back. */
    assert_int_equal(bus_watch(bus, d), ERR_OK);
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    assert_int_equal(send_text(d, (const char *const[]){big}, 1), ERR_OK);
    for (int i = 0; bus_losses(d) != 1; i++) {
        assert_true(i < 500);
        assert_false(recv_within(r, &m, 10));
    }
    assert_false(recv_within(r, &m, 10));
    assert_int_equal(bus_losses(d), 0);
    assert_int_equal(send_text(d, (const char *const[]){"again"}, 1), ERR_OK);
    assert_true(recv_within(r, &m, 5000));
    assert_true(span_eq(bus_frame_span(&m.frame[1]), SPAN("again")));

    bus_msg_close(&m);
    bus_sock_close(d, 0);
    bus_sock_close(r, 0);
}

/* Sanitisers see what is freed twice or never. */
static void frames_are_freed_once(void **state)
{
    (void)state;
    static const size_t SIZES[] = {0, 1, 33, 34, 1000};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        struct bus_frame a, b, c;
        char bytes[1000];
        memset(bytes, 'x', sizeof bytes);
        assert_int_equal(bus_frame_copy_in(&a, span_of(bytes, SIZES[i])), ERR_OK);
        bus_frame_share(&b, &a);
        bus_frame_move(&c, &a);
        assert_int_equal(bus_frame_span(&a).n, 0);
        assert_true(span_eq(bus_frame_span(&b), bus_frame_span(&c)));
        assert_int_equal(bus_frame_span(&c).n, SIZES[i]);
        bus_frame_close(&a);
        bus_frame_close(&c);
        assert_true(span_eq(bus_frame_span(&b), span_of(bytes, SIZES[i])));
        bus_frame_close(&b);
        bus_frame_close(&b);
        assert_int_equal(bus_frame_span(&b).n, 0);
    }
}

static void waiting(void **state)
{
    (void)state;
    struct bus_sock *r = bus_socket(bus, BUS_ROUTER, &(struct bus_options){0});
    int pipe_fd[2];
    uint64_t ready;
    assert_int_equal(pipe(pipe_fd), 0);
    bus_wait(&r, 1, pipe_fd, 1, 1, &ready);
    assert_int_equal(ready, 0);
    assert_int_equal(write(pipe_fd[1], "x", 1), 1);
    bus_wait(&r, 1, pipe_fd, 1, 1000, &ready);
    assert_int_equal(ready, 2);
    bus_wait(NULL, 0, pipe_fd, 1, 1000, &ready);
    assert_int_equal(ready, 1);

    /* live_only: nothing is queued behind a connection that is not up. */
    struct bus_sock *d = bus_socket(bus, BUS_DEALER, &(struct bus_options){.live_only = true});
    char at[128];
    snprintf(at, sizeof at, "ipc://%s/nobody", dir);
    assert_int_equal(bus_connect(d, at), ERR_OK);
    assert_int_equal(send_text(d, (const char *const[]){"x", "y"}, 2), ERR_BUSY);
    assert_int_equal(bus_events(d), 0);
    bus_sock_close(d, 0);
    bus_sock_close(r, 0);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints),
        cmocka_unit_test(messages),
        cmocka_unit_test(frames_are_freed_once),
        cmocka_unit_test(waiting),
    };
    bus = bus_open(1);
    if (!bus || !mkdtemp(dir)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bus_close(bus);
    char rm[64];
    snprintf(rm, sizeof rm, "rm -rf %s", dir);
    return system(rm) != 0 || failed;
}
