/* SPDX-License-Identifier: Apache-2.0 */
/* The client library against a service of the test's own: whatever the service does (answers out of order, twice,
 * wrongly, never; dies and comes back), each request comes back exactly once and in time. */
#define _GNU_SOURCE
#include "proto/furui.h"

#include "proto/base/clock.h"
#include "proto/bus.h"
#include "proto/wire.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/furui-client.XXXXXX";

/* A service: a thread that does with each request what the first bytes of its mail say. */
struct service {
    pthread_t thread;
    char endpoint[128];
    atomic_bool ready, stop;
    atomic_int received;
    atomic_bool mute; /* take requests and say nothing */
};

static void answer(struct bus_sock *s, struct bus_frame *to, const struct wire_buf *b)
{
    struct bus_frame out[2];
    bus_frame_share(&out[0], to);
    bus_frame_copy_in(&out[1], span_of(b->p, b->n));
    bus_send(s, out, 2);
    for (int i = 0; i < 2; i++) bus_frame_close(&out[i]);
}

static void obey(struct bus_sock *s, struct bus_msg *m, struct arena *a, struct wire_buf *b)
{
    static const span WORD[] = {{(const uint8_t *)"bad-base64", 10}, {(const uint8_t *)"bare-cr", 7}};
    struct wire_request r;
    char fault[WIRE_FAULT_MAX];
    arena_reset(a);
    assert_true(m->n >= 2);
    assert_int_equal(wire_parse_request(bus_frame_span(&m->frame[1]), a, &r, fault), ERR_OK);
    span mail = m->n > 2 ? bus_frame_span(&m->frame[2]) : SPAN_NONE;
    if (r.kind == WIRE_PING) wire_put_pong(b, r.id);
    if (r.kind == WIRE_STAT) wire_put_stat(b, r.id, SPAN("{\"workers\":2}"));
    if (r.kind != WIRE_CLASSIFY) {
        answer(s, &m->frame[0], b);
        return;
    }
    assert_int_equal(m->n, 3);
    if (span_istarts(mail, SPAN("never"))) return;
    const struct wire_reason reason = {r.rcpt_count ? r.rcpt_to[r.rcpt_count - 1] : r.helo, 1.5};
    wire_put_verdict(b, &(struct wire_verdict){.id = r.id,
                                               .klass = WIRE_SPAM,
                                               .p = 0.875,
                                               .score = 2,
                                               .bayes = (double)mail.n,
                                               .action = r.tenant,
                                               .reasons = &reason,
                                               .reason_count = r.explain,
                                               .oddities = WORD,
                                               .oddity_count = 2,
                                               .model = r.auth.dkim_domain,
                                               .ticket = r.client_ip,
                                               .time_us = r.deadline_ms});
    if (span_istarts(mail, SPAN("refuse"))) wire_put_refusal(b, &(struct wire_refused){r.id, WIRE_POISON, SPAN("x")});
    if (span_istarts(mail, SPAN("garbage"))) b->n = 20;
    if (span_istarts(mail, SPAN("other"))) b->n = 0, wire_put_pong(b, r.id ^ 1 << 20);
    answer(s, &m->frame[0], b);
    if (span_istarts(mail, SPAN("twice"))) answer(s, &m->frame[0], b);
}

static void *serve(void *user)
{
    struct service *sv = user;
    struct bus *bus = bus_open(1);
    struct bus_sock *s = bus_socket(bus, BUS_ROUTER, &(struct bus_options){.mandatory = true});
    while (bus_bind(s, sv->endpoint) == ERR_BUSY) usleep(1000);
    bus_last_endpoint(s, sv->endpoint, sizeof sv->endpoint);
    sv->ready = true;
    struct arena a;
    struct wire_buf b = {0};
    static const int HOLD = 64; /* answers go out in bursts, last first */
    struct bus_msg *held = calloc((size_t)HOLD, sizeof *held);
    int n = 0;
    assert_int_equal(arena_open(&a, 1 << 20), ERR_OK);
    while (!sv->stop) {
        uint64_t ready;
        bus_wait(&s, 1, NULL, 0, 5, &ready);
        while (n < HOLD && bus_recv(s, &held[n])) {
            sv->received++;
            if (!sv->mute) n++;
        }
        while (n > 0) obey(s, &held[--n], &a, &b);
    }
    for (int i = 0; i < HOLD; i++) bus_msg_close(&held[i]);
    free(held);
    wire_buf_close(&b);
    arena_close(&a);
    bus_sock_close(s, sv->mute ? 0 : 1000);
    bus_close(bus);
    return NULL;
}

static void start(struct service *sv, const char *endpoint)
{
    memset(sv, 0, sizeof *sv);
    snprintf(sv->endpoint, sizeof sv->endpoint, "%s", endpoint);
    assert_int_equal(pthread_create(&sv->thread, NULL, serve, sv), 0);
    while (!sv->ready) usleep(1000);
}

static void stop(struct service *sv)
{
    sv->stop = true;
    pthread_join(sv->thread, NULL);
}

static const char *endpoint_of(const char *name)
{
    static char text[4][128];
    static int turn;
    char *to = text[turn++ & 3];
    snprintf(to, sizeof text[0], "ipc://%s/%s", dir, name);
    return to;
}

static struct furui_client *client_of(const char *endpoint, int in_flight_max)
{
    struct furui_client *c;
    const struct furui_options o = {
        .endpoints = &endpoint, .endpoint_count = 1, .in_flight_max = in_flight_max, .deadline_ms = 5000};
    assert_int_equal(furui_client_open(&o, &c), FURUI_OK);
    return c;
}

static void submit(struct furui_client *c, const char *mail, void *tag, int deadline_ms)
{
    const struct furui_request r = {.tag = tag, .deadline_ms = deadline_ms};
    assert_int_equal(furui_client_submit(c, mail, strlen(mail), &r, NULL), FURUI_OK);
}

static void all_that_is_said(void **state)
{
    (void)state;
    struct service sv;
    start(&sv, endpoint_of("said"));
    struct furui_client *c = client_of(sv.endpoint, 0);
    struct furui_answer a;
    uint64_t id;
    int tag;
    const char *const rcpt[] = {"a@example.org", "b@example.org"};
    const struct furui_request r = {.tenant = "tenant",
                                    .client_ip = "192.0.2.1",
                                    .rcpt_to = rcpt,
                                    .rcpt_count = 2,
                                    .dkim_domain = "example.net",
                                    .deadline_ms = 1234,
                                    .explain = true,
                                    .tag = &tag};
    assert_int_equal(furui_client_submit(c, "mail\0mail", 9, &r, &id), FURUI_OK);
    assert_int_equal(furui_client_in_flight(c), 1);
    assert_int_equal(furui_client_poll(c, -1, &a), 1);
    assert_true(a.type == FURUI_VERDICT && a.id == id && a.tag == &tag);
    assert_true(a.verdict.klass == FURUI_SPAM && a.verdict.p == 0.875 && a.verdict.bayes == 9);
    assert_string_equal(a.verdict.action, "tenant");
    assert_int_equal(a.verdict.reason_count, 1);
    assert_string_equal(a.verdict.reasons[0].what, "b@example.org");
    assert_int_equal(a.verdict.oddity_count, 2);
    assert_string_equal(a.verdict.oddities[1], "bare-cr");
    assert_int_equal(a.verdict.degraded_count, 0);
    assert_string_equal(a.verdict.model, "example.net");
    assert_string_equal(a.verdict.ticket, "192.0.2.1");
    assert_int_equal(a.verdict.time_us, 1234);
    assert_int_equal(furui_client_in_flight(c), 0);
    assert_int_equal(furui_client_poll(c, -1, &a), 0);

    submit(c, "refuse", NULL, 0);
    assert_int_equal(furui_client_poll(c, -1, &a), 1);
    assert_true(a.type == FURUI_REFUSAL && a.why == FURUI_POISON);
    assert_string_equal(a.detail, "x");
    assert_int_equal(furui_client_ping(c, 0, &tag, NULL), FURUI_OK);
    assert_int_equal(furui_client_poll(c, -1, &a), 1);
    assert_true(a.type == FURUI_PONG && a.tag == &tag);
    assert_int_equal(furui_client_stat(c, 0, NULL, NULL), FURUI_OK);
    assert_int_equal(furui_client_poll(c, -1, &a), 1);
    assert_int_equal(a.type, FURUI_STAT);
    assert_string_equal(a.stat_json, "{\"workers\":2}");

    /* Half an answer: the service spoke, but nobody understands it. */
    submit(c, "garbage", NULL, 300);
    assert_int_equal(furui_client_poll(c, -1, &a), 1);
    assert_true(a.type == FURUI_REFUSAL && a.why == FURUI_UNANSWERED && a.detail[0]);
    furui_client_close(c);
    stop(&sv);
}

/* Collect `n` answers; each tag (an index) once. Returns how many were unanswered. */
static int collect(struct furui_client *c, int n, bool by_descriptor)
{
    char *seen = calloc((size_t)n, 1);
    int unanswered = 0;
    for (int got = 0; got < n;) {
        struct furui_answer a;
        struct pollfd fd = {.fd = by_descriptor ? furui_client_fd(c) : -1, .events = POLLIN};
        if (by_descriptor) assert_int_equal(poll(&fd, 1, 20000), 1);
        for (int rc; (rc = furui_client_poll(c, by_descriptor ? 0 : 20000, &a)) > 0; got++) {
            size_t i = (size_t)(uintptr_t)a.tag;
            assert_true(i < (size_t)n && !seen[i]);
            seen[i] = 1;
            unanswered += a.type == FURUI_REFUSAL && a.why == FURUI_UNANSWERED;
            if (furui_client_in_flight(c) == 0) {
                got++;
                break;
            }
        }
    }
    struct furui_answer more;
    assert_int_equal(furui_client_poll(c, 20, &more), 0);
    assert_int_equal(furui_client_in_flight(c), 0);
    free(seen);
    return unanswered;
}

static void many_in_flight(void **state)
{
    (void)state;
    static const char *const MAILS[] = {"plain", "twice", "refuse"};
    for (int by_descriptor = 0; by_descriptor < 2; by_descriptor++) {
        struct service sv;
        start(&sv, by_descriptor ? "tcp://127.0.0.1:*" : endpoint_of("many"));
        struct furui_client *c = client_of(sv.endpoint, 3000);
        if (by_descriptor) furui_client_fd(c);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 3000; i++) submit(c, MAILS[i % 3], (void *)(uintptr_t)i, 20000);
            assert_int_equal(furui_client_submit(c, "x", 1, NULL, NULL), FURUI_FULL);
            assert_int_equal(collect(c, 3000, by_descriptor), 0);
        }
        assert_int_equal(sv.received, 9000);
        furui_client_close(c);
        stop(&sv);
    }
}

static void a_service_that_dies(void **state)
{
    (void)state;
    for (int by_descriptor = 0; by_descriptor < 2; by_descriptor++) {
        struct service first, second;
        const char *endpoint = endpoint_of("dies");
        start(&first, endpoint);
        first.mute = true;
        struct furui_client *c = client_of(endpoint, 500);
        for (int i = 0; i < 500; i++) submit(c, "plain", (void *)(uintptr_t)i, 20000);
        struct furui_answer a;
        while (first.received < 500) assert_int_equal(furui_client_poll(c, 1, &a), 0);
        stop(&first);
        assert_int_equal(furui_client_poll(c, 200, &a), 0);
        start(&second, endpoint);
        assert_int_equal(collect(c, 500, by_descriptor), 0);
        furui_client_close(c);
        stop(&second);
    }
}

static void one_of_two_dies(void **state)
{
    (void)state;
    struct service sick, well;
    const char *const endpoints[] = {endpoint_of("sick"), endpoint_of("well")};
    start(&sick, endpoints[0]);
    start(&well, endpoints[1]);
    sick.mute = true;
    struct furui_client *c;
    struct furui_answer a;
    assert_int_equal(
        furui_client_open(&(struct furui_options){.endpoints = endpoints, .endpoint_count = 2, .deadline_ms = 20000},
                          &c),
        FURUI_OK);
    /* Both are connected once both have answered or swallowed something. */
    while (well.received == 0 || sick.received == 0) {
        assert_int_equal(furui_client_ping(c, 50, NULL, NULL), FURUI_OK);
        while (furui_client_poll(c, -1, &a) > 0) {
        }
    }
    for (int i = 0; i < 200; i++) submit(c, "plain", (void *)(uintptr_t)i, 0);
    while (sick.received < 90) usleep(1000);
    stop(&sick);
    assert_int_equal(collect(c, 200, false), 0);
    furui_client_close(c);
    stop(&well);
}

static void deadlines_hold(void **state)
{
    (void)state;
    struct service sv;
    struct furui_answer a;
    /* Nobody is there. */
    struct furui_client *c = client_of(endpoint_of("nobody"), 100);
    for (int by_descriptor = 0; by_descriptor < 2; by_descriptor++) {
        int64_t begin_us = clock_us();
        for (int i = 0; i < 100; i++) submit(c, "plain", (void *)(uintptr_t)i, 1 + i);
        assert_int_equal(collect(c, 100, by_descriptor), 100);
        int64_t took_ms = (clock_us() - begin_us) / 1000;
        assert_true(took_ms >= 100 && took_ms < 3000);
    }
    furui_client_close(c);

    /* Somebody is there and never says a word about this one; another gets an id that nobody asked about. */
    start(&sv, endpoint_of("never"));
    c = client_of(sv.endpoint, 0);
    submit(c, "plain", (void *)3, 20000);
    submit(c, "never", (void *)1, 100);
    submit(c, "other", (void *)2, 100);
    for (uintptr_t left = 3, seen = 0, tag; left > 0; left--, seen |= 1u << tag) { /* in what order is the machine's */
        assert_int_equal(furui_client_poll(c, 20000, &a), 1);
        tag = (uintptr_t)a.tag;
        assert_true(tag >= 1 && tag <= 3 && !(seen >> tag & 1));
        assert_int_equal(a.type, tag == 3 ? FURUI_VERDICT : FURUI_REFUSAL);
        if (tag == 3) continue;
        assert_int_equal(a.why, FURUI_UNANSWERED);
        assert_string_equal(a.detail, "no answer within the deadline");
    }
    furui_client_close(c);
    stop(&sv);
}

static void what_cannot_be_asked(void **state)
{
    (void)state;
    struct furui_client *c;
    static const char *const BAD[] = {"", "localhost:7711", "udp://127.0.0.1:1", "tcp://127.0.0.1"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        const struct furui_options o = {.endpoints = &BAD[i], .endpoint_count = 1};
        assert_int_equal(furui_client_open(&o, &c), FURUI_BAD_ENDPOINT);
        assert_null(c);
    }
    assert_int_equal(furui_client_open(&(struct furui_options){.mail_max_bytes = 10, .in_flight_max = 1}, &c),
                     FURUI_OK);
    static const char *rcpt[1001];
    char *big = malloc(300000);
    memset(big, 'x', 299999);
    big[299999] = 0;
    for (int i = 0; i < 1001; i++) rcpt[i] = "x";
    assert_int_equal(furui_client_submit(c, "01234567890", 11, NULL, NULL), FURUI_TOO_LARGE);
    assert_int_equal(furui_client_submit(c, "", 0, &(struct furui_request){.rcpt_to = rcpt, .rcpt_count = 1001}, NULL),
                     FURUI_TOO_LARGE);
    assert_int_equal(furui_client_submit(c, "", 0, &(struct furui_request){.helo = big}, NULL), FURUI_TOO_LARGE);
    assert_int_equal(furui_client_in_flight(c), 0);
    assert_int_equal(furui_client_submit(c, NULL, 0, NULL, NULL), FURUI_OK);
    assert_int_equal(furui_client_submit(c, NULL, 0, NULL, NULL), FURUI_FULL);
    free(big);
    furui_client_close(c);
    furui_client_close(NULL);
    assert_string_equal(furui_refusal_name(FURUI_UNANSWERED), "unanswered");
    assert_string_equal(furui_refusal_name(FURUI_BAD_REQUEST), "bad_request");
    assert_string_equal(furui_class_name(FURUI_UNSURE), "unsure");
    assert_non_null(furui_strerror(FURUI_FULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_said), cmocka_unit_test(many_in_flight), cmocka_unit_test(a_service_that_dies),
        cmocka_unit_test(one_of_two_dies),  cmocka_unit_test(deadlines_hold), cmocka_unit_test(what_cannot_be_asked),
    };
    if (!mkdtemp(dir)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char rm[64];
    snprintf(rm, sizeof rm, "rm -rf %s", dir);
    return system(rm) != 0 || failed;
}
