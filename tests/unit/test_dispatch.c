/* SPDX-License-Identifier: Apache-2.0 */
/* test_dispatch: credit, turns, limits, deadlines and blame, as scripts of events.
 *
 * A script is a line of words; after each the test looks at what every worker has in hand and what was answered. The
 * idea: dispatch has no socket and no clock, so whole disasters fit on one line. */
#include "engine/dispatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT = 4096, SEATS = 8, JOBS = 4096, LARGE = 3 * DISPATCH_MAIL_BYTES };

struct world {
    struct dispatch d;
    int64_t now_ms;
    uint64_t hand[SEATS][64]; /* numbers given, by seat, in order */
    size_t in_hand[SEATS];
    char said[TEXT]; /* what happened since it was last looked at */
    int alone_most;  /* most jobs in hand of a seat that has a suspect */
    size_t header_bytes;
};

static void say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct world *w, const char *format, ...)
{
    size_t n = strlen(w->said);
    va_list args;
    va_start(args, format);
    vsnprintf(w->said + n, TEXT - n, format, args);
    va_end(args);
}

/* "w0:a" a mail went to a worker. Mails are single letters; a capital one is followed by LARGE bytes. */
static void on_give(void *ctx, int seat, uint64_t number, int64_t deadline_us, struct bus_frame *header,
                    struct bus_frame *mail)
{
    struct world *w = ctx;
    span m = bus_frame_span(mail);
    (void)deadline_us, (void)header;
    w->hand[seat][w->in_hand[seat]++] = number;
    say(w, "w%d:%c ", seat, m.p[0]);
}

/* "7=ok,late" request 7 is answered. */
static void on_answer(void *ctx, struct request *r)
{
    struct world *w = ctx;
    say(w, "%d=", (int)r->id);
    for (size_t i = 0; i < r->count; i++) {
        span s = bus_frame_span(&r->job[i].answer);
        const char *word = "ok";
        struct arena a;
        struct wire_answer answer;
        char fault[WIRE_FAULT_MAX];
        assert_int_equal(arena_open(&a, 4096), ERR_OK);
        if (wire_parse_answer(s, &a, &answer, fault) == ERR_OK) word = wire_refusal_name(answer.refusal.why);
        say(w, "%s%s", i ? "," : "", word);
        arena_close(&a);
    }
    say(w, " ");
}

static void on_poison(void *ctx, uint64_t id, span mail)
{
    say(ctx, "poison(%d,%.*s) ", (int)id, SPAN_ARG(mail));
}

static struct request *request(struct world *w, int id, const char *client, const char *mails, int deadline_ms)
{
    struct request *r = request_new(strlen(mails));
    r->id = (uint64_t)id;
    r->received_us = w->now_ms * 1000;
    r->deadline_us = (w->now_ms + deadline_ms) * 1000;
    bus_frame_copy_in(&r->identity, span_cstr(client));
    bus_frame_copy_in(&r->header, span_head(SPAN("hhhhhhhh"), w->header_bytes));
    for (size_t i = 0; mails[i]; i++) {
        static char text[1 + LARGE];
        text[0] = mails[i];
        bus_frame_copy_in(&r->job[i].mail, span_of(text, mails[i] >= 'A' && mails[i] <= 'Z' ? sizeof text : 1));
    }
    return r;
}

static void admit(struct world *w, int id, const char *client, const char *mails, int deadline_ms)
{
    enum wire_refusal why;
    const char *detail;
    struct request *r = request(w, id, client, mails, deadline_ms);
    if (dispatch_admit(&w->d, r, w->now_ms * 1000, &why, &detail)) return;
    say(w, "%d!%s ", id, wire_refusal_name(why));
    request_free(r);
}

/* The worker answers the oldest job in its hand. */
static void answer(struct world *w, int seat, enum backend_outcome outcome)
{
    assert_true(w->in_hand[seat] > 0);
    struct backend_word word = {.type = BACKEND_ANSWER, .outcome = (uint8_t)outcome, .job = w->hand[seat][0]};
    memmove(w->hand[seat], w->hand[seat] + 1, --w->in_hand[seat] * sizeof w->hand[seat][0]);
    struct bus_frame f;
    bus_frame_copy_in(&f, SPAN("verdict"));
    assert_true(dispatch_answered(&w->d, seat, &word, &f, w->now_ms * 1000));
    bus_frame_close(&f);
    bus_frame_copy_in(&f, SPAN("verdict"));
    assert_false(dispatch_answered(&w->d, seat, &word, &f, w->now_ms * 1000)); /* once only */
    bus_frame_close(&f);
}

/* One word of a script:
 *   up N | leave N | die N   a worker
 *   N:CLIENT:MAILS[@MS]               a request
 *   ok N | skip N                     worker N answers its oldest job
 *   +MS                               time passes
 *   stop                              refuse all */
static void step(struct world *w, const char *word)
{
    int n, ms = 1000;
    char client[16], mails[80];
    if (sscanf(word, "up%d", &n) == 1)
        dispatch_up(&w->d, n);
    else if (sscanf(word, "leave%d", &n) == 1)
        dispatch_leave(&w->d, n);
    else if (sscanf(word, "die%d", &n) == 1) {
        w->in_hand[n] = 0;
        dispatch_down(&w->d, n, w->now_ms * 1000);
    } else if (sscanf(word, "ok%d", &n) == 1)
        answer(w, n, BACKEND_HAM);
    else if (sscanf(word, "skip%d", &n) == 1)
        answer(w, n, BACKEND_SKIPPED);
    else if (sscanf(word, "+%d", &n) == 1) {
        w->now_ms += n;
        dispatch_expire(&w->d, w->now_ms * 1000);
    } else if (strcmp(word, "stop") == 0)
        dispatch_refuse_all(&w->d, WIRE_BUSY, "shutting down", w->now_ms * 1000);
    else if (sscanf(word, "%d:%15[^:]:%79[^@]@%d", &n, client, mails, &ms) >= 3)
        admit(w, n, client, mails, ms);
    else
        fail_msg("no such word: %s", word);
    dispatch_pump(&w->d, w->now_ms * 1000);
}

static const struct script {
    const char *name, *does, *says;
    struct dispatch_limits limits; /* 0: generous */
    size_t header_bytes;
} SCRIPTS[] = {
    {.name = "one mail", "up0 1:A:a ok0", "w0:a 1=ok "},
    {.name = "nobody is there yet", "1:A:a up0 ok0", "w0:a 1=ok "},
    {.name = "a batch is answered whole, in its order", "up0 1:A:abc ok0 ok0 ok0", "w0:a w0:b w0:c 1=ok,ok,ok "},
    {.name = "small mails do not stand behind a large one",
     "up0 up1 1:A:Z 2:A:abcde ok0 3:A:f",
     "w0:Z w1:a w1:b w1:c w1:d w0:e 1=ok w0:f ",
     .limits = {.queue_bytes = 10 * LARGE}},
    {.name = "the least loaded gets it", "up0 up1 1:A:a 2:A:b ok1 3:A:c 4:A:d", "w0:a w1:b 2=ok w1:c w0:d "},
    {.name = "credit", "up0 1:A:abc ok0 ok0 ok0", "w0:a w0:b w0:c 1=ok,ok,ok ", .limits = {.credit = 2}},
    {.name = "clients take turns",
     "1:A:abcd 2:B:x 3:C:y up0 ok0 ok0 ok0 ok0",
     "w0:a w0:x 2=ok w0:y 3=ok w0:b w0:c ",
     .limits = {.credit = 1}},
    {.name = "too many wait", "1:A:ab 2:A:c", "2!busy ", .limits = {.queue_mails = 2}},
    {.name = "too many bytes", "1:A:ab 2:A:cd", "2!busy ", .limits = {.queue_bytes = 3}},
    {.name = "bytes count in a worker's hands too",
     "up0 1:A:ab 2:A:cd ok0 ok0 3:A:cd",
     "w0:a w0:b 2!busy 1=ok,ok w0:c w0:d ",
     .limits = {.queue_bytes = 3}},
    {.name = "bytes of headers count, until nobody has the request",
     "up0 1:A:ab@50 2:A:c ok0 3:A:c +60 4:A:c ok0 5:A:c",
     "w0:a w0:b 2!busy 3!busy 1=ok,late 4!busy w0:c ",
     .limits = {.queue_bytes = 6},
     .header_bytes = 4},
    {.name = "one client has too many", "1:A:ab 2:A:c 3:B:d", "2!busy ", .limits = {.client_mails = 2}},
    {.name = "late in the queue", "1:A:ab@50 2:A:c@80 +60 up0 ok0", "1=late,late w0:c 2=ok "},
    {.name = "late in a worker's hands; the verdict comes after",
     "up0 1:A:a@50 +60 ok0 2:A:b ok0",
     "w0:a 1=late w0:b 2=ok "},
    {.name = "half of a batch is late", "up0 1:A:ab@50 ok0 +60 ok0", "w0:a w0:b 1=ok,late "},
    {.name = "deadlines in any order", "1:A:a@90 2:A:b@10 3:A:c@50 +20 +40 +40", "2=late 3=late 1=late "},
    {.name = "the worker found it late first", "up0 1:A:a skip0", "w0:a 1=late "},
    {.name = "a leaving worker finishes", "up0 1:A:a leave0 2:A:b up1 ok0 ok1", "w0:a w1:b 1=ok 2=ok "},
    {.name = "stop", "up0 1:A:a 2:A:b stop ok0", "w0:a 1=busy 2=busy ", .limits = {.credit = 1}},

    {.name = "a death: tried once more", "up0 up1 1:A:a die0 ok1", "w0:a w1:a 1=ok "},
    {.name = "two deaths: poison", "up0 up1 1:A:a die0 die1", "w0:a w1:a poison(1,a) 1=poison "},
    {.name = "two workers killed from outside at once: nobody is blamed",
     "up0 up1 up2 1:A:ab die0 die1 +20 die2 up0 +40 +20 ok0 ok0",
     "w0:a w1:b w0:a w0:b 1=ok,ok ",
     .limits = {.rest_us = 50000}},
    {.name = "nobody is left: it waits", "up0 1:A:a die0 up1 ok1", "w0:a w1:a 1=ok "},
    {.name = "the second try is alone",
     "up0 1:A:abc die0 up1 2:B:x ok1 ok1 ok1 ok1",
     "w0:a w0:b w0:c w1:a w1:b w1:c 1=ok,ok,ok w1:x 2=ok "},
    {.name = "a neighbour of poison is innocent",
     "up0 1:A:abc die0 up1 ok1 die1 up0 ok0",
     "w0:a w0:b w0:c w1:a w1:b poison(1,b) w0:c 1=ok,poison,ok "},
    {.name = "the worker is emptied for it",
     "up0 up1 1:A:abcd die0 ok1 ok1 ok1 ok1",
     "w0:a w1:b w0:c w1:d w1:a w1:c 1=ok,ok,ok,ok "},
    {.name = "others flow on beside it",
     "up0 up1 up2 1:A:abc die0 2:B:xy ok2 ok2 ok2 ok1 ok1",
     "w0:a w1:b w2:c w2:x w2:y 2=ok,ok w1:a 1=ok,ok,ok "},
    {.name = "a suspect's deadline is its own",
     "up0 up1 1:A:a@50 2:A:b die0 +60 ok1 3:A:c ok1",
     "w0:a w1:b 1=late 2=ok w1:c 3=ok "},
    {.name = "poison comes again: refused at once",
     "up0 up1 1:A:a die0 die1 up0 2:A:ab ok0",
     "w0:a w1:a poison(1,a) 1=poison w0:b 2=poison,ok "},
    {.name = "hung until it was late, comes again: alone, poison",
     "up0 1:A:a@50 +60 die0 up1 2:A:ab die1 up0 ok0",
     "w0:a 1=late w1:a poison(2,a) w0:b 2=poison,ok "},
    {.name = "late during its second try",
     "up0 up1 1:A:a@50 die0 +60 die1 up0 2:A:a",
     "w0:a w1:a 1=late poison(1,a) 2=poison "},
    {.name = "a suspect that is fine is fine",
     "up0 1:A:a@50 +60 die0 up0 2:A:ab ok0 ok0 3:A:ab",
     "w0:a 1=late w0:a w0:b 2=ok,ok w0:a w0:b "},
};

static void world_open(struct world *w, const struct dispatch_limits *l)
{
    memset(w, 0, sizeof *w);
    struct dispatch_limits limits = {.credit = l->credit ? l->credit : 8,
                                     .queue_mails = l->queue_mails ? l->queue_mails : 1000,
                                     .queue_bytes = l->queue_bytes ? l->queue_bytes : 1000,
                                     .client_mails = l->client_mails ? l->client_mails : 1000,
                                     .rest_us = l->rest_us};
    struct dispatch_ops ops = {w, on_give, on_answer, on_poison};
    dispatch_open(&w->d, &ops, &limits, 1);
}

static void scripts(void **state)
{
    (void)state;
    static struct world w;
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof *SCRIPTS; i++) {
        const struct script *s = &SCRIPTS[i];
        char does[256], *rest = does;
        world_open(&w, &s->limits);
        w.header_bytes = s->header_bytes;
        snprintf(does, sizeof does, "%s", s->does);
        for (char *word; (word = strtok_r(rest, " ", &rest));) step(&w, word);
        if (strcmp(w.said, s->says) != 0)
            fail_msg("%s\n  script %s\n  wanted %s\n  got    %s", s->name, s->does, s->says, w.said);
        dispatch_close(&w.d);
    }
}

static void flood(void **state)
{
    (void)state;
    static struct world w;
    static char mails[WIRE_BATCH_MAX + 1];
    memset(mails, 'm', WIRE_BATCH_MAX);
    world_open(&w, &(struct dispatch_limits){.queue_mails = 400, .queue_bytes = 100000});
    for (int id = 1; id <= 8; id++) admit(&w, id, "flooder", mails, 1000);
    assert_string_equal(w.said, "5!busy 6!busy 7!busy 8!busy "); /* 300 for a crowd: four times 64 */
    w.said[0] = 0;
    admit(&w, 9, "polite", "mm", 1000);
    admit(&w, 10, "polite too", mails, 1000);
    assert_string_equal(w.said, "");
    admit(&w, 11, "one too many", mails + 1, 1000);
    admit(&w, 12, "one too many", mails + 1, 1000);
    assert_string_equal(w.said, "12!busy ");
    dispatch_close(&w.d);
}

/* Whatever happens, in any order: each request is answered once, and nothing is held at the end. */
static size_t answers_of[JOBS];

static void count_answer(void *ctx, struct request *r)
{
    (void)ctx;
    answers_of[r->id]++;
}

static void no_poison(void *ctx, uint64_t id, span mail)
{
    (void)ctx, (void)id, (void)mail;
}

static void any_order(void **state)
{
    (void)state;
    static struct world w;
    uint64_t seed = 42;
    for (int round = 0; round < 20; round++) {
        world_open(&w,
                   &(struct dispatch_limits){.credit = 3, .queue_mails = 40, .queue_bytes = 60, .client_mails = 20});
        w.d.ops.answer = count_answer;
        w.d.ops.poison = no_poison;
        memset(answers_of, 0, sizeof answers_of);
        bool up[SEATS] = {false};
        size_t refused = 0, asked = 0;
        for (int i = 0; i < 3000; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            unsigned dice = (unsigned)(seed >> 33) % 100, seat = (unsigned)(seed >> 50) % SEATS;
            w.said[0] = 0;
            if (dice < 40 && asked < JOBS) {
                static const char *const MAILS[] = {"a", "bc", "defg", "hijklmn"};
                static const char *const CLIENTS[] = {"A", "B", "C", "D", "E"};
                enum wire_refusal why;
                const char *detail;
                struct request *r =
                    request(&w, (int)asked, CLIENTS[seed >> 61 & 3], MAILS[seed >> 59 & 3], (int)(seed >> 40 & 63) + 1);
                if (!dispatch_admit(&w.d, r, w.now_ms * 1000, &why, &detail)) {
                    refused++;
                    answers_of[asked]++;
                    request_free(r);
                }
                asked++;
            } else if (dice < 80) {
                if (w.in_hand[seat]) answer(&w, (int)seat, dice & 1 ? BACKEND_SPAM : BACKEND_SKIPPED);
            } else if (dice < 88) {
                w.now_ms += dice - 80;
                dispatch_expire(&w.d, w.now_ms * 1000);
            } else if (up[seat]) {
                dispatch_down(&w.d, (int)seat, w.now_ms * 1000);
                w.in_hand[seat] = 0;
                up[seat] = false;
            } else {
                dispatch_up(&w.d, (int)seat);
                up[seat] = true;
            }
            dispatch_pump(&w.d, w.now_ms * 1000);
            for (int s = 0; s < SEATS; s++) {
                const struct seat *x = &w.d.seat[s];
                assert_int_equal(x->given.n, w.in_hand[s]);
                assert_true(x->given.n <= 3);
                if (x->given.n && x->given.head->alone) assert_int_equal(x->given.n, 1);
            }
        }
        assert_true(refused < asked);
        w.now_ms += 1000;
        dispatch_expire(&w.d, w.now_ms * 1000);
        for (size_t i = 0; i < asked; i++) assert_int_equal(answers_of[i], 1);
        for (int s = 0; s < SEATS; s++) dispatch_down(&w.d, s, w.now_ms * 1000);
        assert_int_equal(w.d.requests, 0);
        assert_int_equal(w.d.given, 0);
        assert_int_equal(w.d.held_bytes, 0);
        assert_int_equal(w.d.clients.n, 0);
        assert_int_equal(w.d.deadlines.n, 0);
        assert_int_equal(w.d.suspects.n, 0);
        dispatch_close(&w.d);
    }
}

/* Requests may wait in their socket only while each worker that takes mail has enough of it. */
static void sated(void **state)
{
    (void)state;
    static struct world w;
    static const struct {
        const char *script;
        bool want;
    } CASES[] = {
        {"", false},     {"up0 1:A:abcdefg", false}, {"1:B:h", true},  {"up1", false},   {"2:B:abcdefg", false},
        {"3:B:a", true}, {"ok1 ok1 ok1", false},     {"leave1", true}, {"leave0", true}, {"die0 die1", false},
    };
    world_open(&w, &(struct dispatch_limits){.credit = 32, .queue_mails = 99, .queue_bytes = 999, .client_mails = 99});
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[64], *rest = text;
        snprintf(text, sizeof text, "%s", CASES[i].script);
        for (char *word; (word = strsep(&rest, " "));)
            if (*word) step(&w, word);
        dispatch_pump(&w.d, w.now_ms * 1000);
        if (dispatch_sated(&w.d) != CASES[i].want) fail_msg("after '%s': not %d", CASES[i].script, CASES[i].want);
    }
    dispatch_close(&w.d);
}

static void histogram(void **state)
{
    (void)state;
    struct hist h = {0};
    assert_int_equal(hist_quantile(&h, 0.5), 0);
    for (int us = 1; us <= 10000; us++) hist_add(&h, us);
    static const double Q[] = {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 1};
    for (size_t i = 0; i < sizeof Q / sizeof *Q; i++) {
        double want = Q[i] * 10000, got = (double)hist_quantile(&h, Q[i]);
        if (got < want - 0.5 || got > want * 1.126) fail_msg("quantile %g: wanted about %g, got %g", Q[i], want, got);
    }
    hist_add(&h, -5);
    hist_add(&h, INT64_MAX);
    assert_true(hist_quantile(&h, 1) > 0);
    assert_int_equal(h.n, 10002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scripts), cmocka_unit_test(any_order), cmocka_unit_test(flood),
                                       cmocka_unit_test(sated), cmocka_unit_test(histogram)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
