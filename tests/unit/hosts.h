/* SPDX-License-Identifier: Apache-2.0 */
/* hosts: learners without intake and relay, over a real redis-server, and the stream that a test fills for them; times
 * are those of the entries. */
#ifndef FURUI_TESTS_HOSTS_H
#define FURUI_TESTS_HOSTS_H

#include "models/live/course.h"
#include "tests/unit/own_redis.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { PATIENCE_US = 30000000, HOUR_MS = 3600000 };
static const uint64_t BEGIN_MS = UINT64_C(1790000000000);
static const span KEY = {(const uint8_t *)"t:2:{reports}", 13}, DEAD = {(const uint8_t *)"t:2:{reports}:dead", 18};

/* A learner without intake and relay. */
struct host {
    char dir[64];
    struct live live;
    struct store *store, *reader;
    struct course *course;
    struct secret secret;
    uint64_t number, taken, calls, drops;
    bool missing; /* words, that a bucket had up to an entry */
    struct follow_place missing_upto;
    int told_again, went_on;
};

static struct store *teller;
static uint64_t told; /* the number of the newest entry in the stream */

/* --- a host ------------------------------------------------------------------------------------------------------- */

static inline void on_report(void *ctx, const struct feedback *r, struct follow_place at)
{
    struct host *h = ctx;
    struct voices_effect e;
    struct control_order o;
    char why[CONTROL_WHY_MAX];
    h->taken++;
    if (r->kind == FEEDBACK_CONTROL) {
        if (live_obey(&h->live, r, at, &o, why) == CONTROL_REWOUND) course_rewind(h->course, at, o.to);
        return;
    }
    live_take(&h->live, r, at, &e);
}

static inline bool is_told(void *ctx)
{
    (void)ctx;
    return true;
}

static inline uint64_t calls(void *ctx)
{
    return ((struct host *)ctx)->calls;
}

static inline void lost(void *ctx)
{
    ((struct host *)ctx)->drops++;
}

static inline bool missing(void *ctx, struct follow_place *upto_out)
{
    const struct host *h = ctx;
    *upto_out = h->missing_upto;
    return h->missing;
}

static inline void again(void *ctx, bool all)
{
    struct host *h = ctx;
    h->missing = false;
    ++*(all ? &h->told_again : &h->went_on);
}

static unsigned rewind_days;
static uint64_t stream_bytes;

static inline void begin(struct host *h)
{
    struct course_options o = {.dir = h->dir,
                               .key = KEY,
                               .dead_key = DEAD,
                               .prefix = "t",
                               .secret = &h->secret,
                               .host = h->number,
                               .save_s = 86400,
                               .rewind_days = rewind_days,
                               .stream_bytes = stream_bytes,
                               .share_s = 1,
                               .share_bytes = 64 << 20};
    struct course_ops ops = {.ctx = h,
                             .report = on_report,
                             .told = is_told,
                             .calls = calls,
                             .lost = lost,
                             .missing = missing,
                             .again = again};
    assert_int_equal(live_open(&h->live, &(struct live_rules){.guard = {1, 0}, .bits = 16}), ERR_OK);
    h->store = own_redis_store();
    h->reader = own_redis_store();
    assert_int_equal(course_open(&h->live, h->store, h->reader, &o, &ops, &h->course), ERR_OK);
    h->taken = 0;
}

static inline void end(struct host *h)
{
    course_close(h->course);
    store_close(h->store);
    store_close(h->reader);
    live_close(&h->live);
}

static inline void come(struct host *h, uint64_t number)
{
    *h = (struct host){.number = number};
    snprintf(h->dir, sizeof h->dir, "/tmp/furui-course.XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    memset(&h->secret, 7, sizeof h->secret);
    begin(h);
}

static inline void go(struct host *h)
{
    char command[128];
    end(h);
    snprintf(command, sizeof command, "rm -rf %s", h->dir);
    assert_int_equal(system(command), 0);
}

static inline void turn(struct host *h)
{
    struct store_reply r;
    store_pump(h->store);
    while (store_next(h->store, &r))
        if (course_owns(r.tag)) course_reply(h->course, &r, clock_us());
    if (!course_turn(h->course, clock_us())) usleep(200);
}

#define UNTIL(h, condition)                                                                                  \
    for (int64_t until_us_ = clock_us() + PATIENCE_US; !(condition);) {                                      \
        turn(h);                                                                                             \
        if (clock_us() > until_us_) fail_msg("host %d waited in vain for %s", (int)(h)->number, #condition); \
    }

static uint64_t late_ms; /* when entries are added once more */

static inline struct follow_place place(uint64_t number)
{
    return (struct follow_place){BEGIN_MS + late_ms + number * HOUR_MS / 50, 1};
}

static inline bool is_at(const struct host *h, uint64_t number)
{
    return follow_place_cmp(h->live.follow.place, place(number)) == 0 && !course_replays(h->course);
}

/* Take all up to an entry, and save. */
static inline void follow_to(struct host *h, uint64_t number)
{
    UNTIL(h, is_at(h, number));
    UNTIL(h, course_leave(h->course));
}

/* --- the stream --------------------------------------------------------------------------------------------------- */

static inline const char *ask(const span *words, size_t n)
{
    static char text[4096];
    struct store_reply r;
    while (!store_put(teller, KEY, words, n, 99)) {
        store_pump(teller);
        while (store_next(teller, &r)) {
        }
        usleep(500);
    }
    for (;; usleep(200)) {
        store_pump(teller);
        while (store_next(teller, &r)) {
            size_t at = 0;
            if (r.tag != 99) continue;
            text[0] = 0;
            for (size_t i = 0; i < r.n && at < sizeof text - 100; i++) {
                if (r.v[i].kind == STORE_INTEGER)
                    at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PRIi64, at ? " " : "", r.v[i].integer);
                else if (r.v[i].kind != STORE_LIST)
                    at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s", at ? " " : "",
                                           SPAN_ARG(span_head(r.v[i].text, 90)));
            }
            return text;
        }
    }
}
#define ASK(...) ask((span[]){__VA_ARGS__}, sizeof((span[]){__VA_ARGS__}) / sizeof(span))

static inline void add(const struct feedback *r)
{
    static uint8_t bytes[FEEDBACK_BYTES_MAX];
    char id[FOLLOW_PLACE_TEXT], now[24], previous[24], seal[SECRET_SEAL_HEX + 1];
    static const span HOST = {(const uint8_t *)"00000000000000aa", 16};
    struct secret secret;
    memset(&secret, 7, sizeof secret);
    size_t n = feedback_pack(r, bytes, sizeof bytes);
    assert_true(n > 0);
    snprintf(previous, sizeof previous, "%" PRIu64, told++);
    snprintf(now, sizeof now, "%" PRIu64, told);
    follow_place_write(place(told), id);
    follow_seal(&secret, HOST, span_cstr(now), span_cstr(previous), span_of(bytes, n), seal);
    const char *got = ASK(SPAN("XADD"), KEY, span_cstr(id), SPAN("h"), HOST, SPAN("n"), span_cstr(now), SPAN("p"),
                          span_cstr(previous), SPAN("r"), span_of(bytes, n), SPAN("s"), span_cstr(seal));
    assert_string_equal(got, id);
}

/* Reports up to an entry of the stream: 50 an hour. */
static inline void tell_to(uint64_t number)
{
    while (told < number) {
        uint64_t x = told + 1;
        uint32_t word[] = {(uint32_t)x % 13 + 1, (uint32_t)(x * 2654435761 >> 8 & 0xffffff) + 100};
        struct feedback r = {.says = x % 3 ? WIRE_SAY_SPAM : WIRE_SAY_HAM,
                             .learns = true,
                             .features = FEEDBACK_FEATURES,
                             .view = {{word, 2}},
                             .view_count = CELLS_VIEWS,
                             .digest = {x % 97 + 1, 1},
                             .reporter = x % 7 + 1,
                             .score = 1,
                             .names = {{0, SPAN("192.0.2.1")}},
                             .name_count = 1};
        add(&r);
    }
}

static inline void order(const char *what, uint64_t to)
{
    char text[128], id[FOLLOW_PLACE_TEXT];
    follow_place_write(place(to), id);
    snprintf(text, sizeof text, to ? "do=%s\nto=%s\n" : "do=%s\n", what, id);
    add(&(struct feedback){.kind = FEEDBACK_CONTROL, .order = span_cstr(text)});
}

/* --- the same --------------------------------------------------------------------------------------------------------- */

static inline size_t read_state(const struct host *h, char **out)
{
    char path[128], fault[SNAPSHOT_FAULT_MAX];
    snprintf(path, sizeof path, "%s/compared", h->dir);
    assert_int_equal(live_save(&h->live, path, fault), ERR_OK);
    FILE *f = fopen(path, "r");
    struct stat s;
    assert_int_equal(fstat(fileno(f), &s), 0);
    *out = malloc((size_t)s.st_size);
    assert_int_equal(fread(*out, 1, (size_t)s.st_size, f), s.st_size);
    fclose(f);
    return (size_t)s.st_size;
}

static inline bool same(const struct host *a, const struct host *b)
{
    char *x, *y;
    size_t n = read_state(a, &x), m = read_state(b, &y);
    bool is = n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return is;
}

static inline int set_up(void **unused)
{
    (void)unused;
    own_redis_start();
    teller = own_redis_store();
    told = 0;
    rewind_days = 7;
    stream_bytes = 256 << 20;
    late_ms = 0;
    return 0;
}

static inline int tear_down(void **unused)
{
    (void)unused;
    store_close(teller);
    own_redis_remove();
    own_redis_dir[0] = 0;
    return 0;
}

#endif
