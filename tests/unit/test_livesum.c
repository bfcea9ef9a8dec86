/* SPDX-License-Identifier: Apache-2.0 */
/* The live model's table from its writer to its readers: sums as a plain reference has them, whatever the table holds; a
 * head that lies; a reader who cannot write; writer and readers at once. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/live_memory.h"
#include "models/live/publish.h"
#include "proto/base/log.h"
#include "worker/score/livesum.h"

enum { BITS = LIVETABLE_BITS_MIN, VIEW_MOST = 700, ROUNDS = 200 };

static struct live_memory memory;
static struct publish writer;
static struct livesum reader;
static uint64_t dice = 1;

static uint32_t throw(void)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 32);
}

static int start(void **state)
{
    (void)state;
    assert_int_equal(live_memory_open(&memory, BITS), ERR_OK);
    assert_int_equal(publish_open(&writer, memory.write_fd, BITS, FEATURE_VERSION, PUBLISH_STEP), ERR_OK);
    assert_int_equal(livesum_open(memory.read_fd, &reader), ERR_OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    livesum_close(&reader);
    publish_close(&writer);
    live_memory_close(&memory);
    return 0;
}

static void put(uint32_t hash, float weight)
{
    publish_cells(&writer, hash % (1 << BITS), &weight, 1);
}

static void say(uint64_t learnt, const char *tenant)
{
    uint64_t filter[LIVETABLE_TENANT_BITS / 64] = {0};
    uint32_t bit = livetable_tenant_bit(livetable_tenant(span_cstr(tenant)));
    if (*tenant) filter[bit / 64] |= UINT64_C(1) << bit % 64;
    publish_head(&writer, learnt, false, filter);
}

/* Random features, as many as they come. */
static void make_features(struct features *f, uint32_t *room)
{
    memset(f, 0, sizeof *f);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        size_t n = throw() % 3 ? throw() % VIEW_MOST : throw() % 3;
        for (size_t i = 0; i < n; i++) room[i] = throw();
        f->view[v].v = room;
        f->view[v].n = n;
        room += n;
    }
}

static double plain(const struct livetable *t, const struct features *f, uint32_t tenant)
{
    double live = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double sum = 0;
        for (size_t i = 0; i < f->view[v].n; i++) {
            uint32_t hash = f->view[v].v[i], own = (hash ^ tenant) * 0x9E3779B1u;
            sum += t->cell[hash % (1 << BITS)];
            if (tenant) sum += t->cell[(own ^ own >> 15) % (1 << BITS)];
        }
        if (f->view[v].n) live += sum / sqrt((double)f->view[v].n);
    }
    live *= (double)t->step;
    return live * fmax(0, 1 - 2.25 / (live * live));
}

static void sums_are_those_of_the_formula(void **state)
{
    static uint32_t room[VIEW_COUNT * VIEW_MOST];
    (void)state;
    struct features f;
    struct livesum_by all, own, other;
    for (uint32_t i = 0; i < 1 << BITS; i++) put(i, ((float) throw() / 0x1p31f - 1) * 20);
    say(1, "example.net");
    assert_true(livesum_begin(&reader, SPAN_NONE, VIEWS_ALL, &all) &&
                livesum_begin(&reader, SPAN("example.net"), VIEWS_ALL, &own) &&
                livesum_begin(&reader, SPAN("example.com"), VIEWS_ALL, &other));
    assert_true(own.tenant == livetable_tenant(SPAN("example.net")) && other.tenant == 0 && all.tenant == 0);
    for (int round = 0; round < ROUNDS; round++) {
        make_features(&f, room);
        double want = plain(reader.t, &f, 0), got = livesum_score(&all, &f);
        assert_true(fabs(want - got) <= 1e-9 * (1 + fabs(want)));
        assert_true(got == livesum_score(&other, &f));
        want = plain(reader.t, &f, own.tenant);
        got = livesum_score(&own, &f);
        assert_true(fabs(want - got) <= 1e-9 * (1 + fabs(want)));
    }
    memset(&f, 0, sizeof f);
    assert_true(livesum_score(&own, &f) == 0);
}

static void what_is_little_is_chance(void **state)
{
    (void)state;
    static const struct {
        double sum, told;
    } T[] = {{0, 0}, {0.2, 0}, {1.5, 0}, {-1.5, 0}, {3, 2.25}, {-3, -2.25}, {12, 11.8125}, {1e9, 1e9}};
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) assert_true(fabs(livetable_told(T[i].sum) - T[i].told) < 1e-6);
}

static void weights_become_cells(void **state)
{
    static const struct {
        float weight;
        int cell;
    } T[] = {{0, 0},         {PUBLISH_STEP, 1}, {-2.4f * PUBLISH_STEP, -2}, {15.99f, 32748},   {16, 32767},
             {1e30f, 32767}, {-16, -32767},     {-1e30f, -32767},           {INFINITY, 32767}, {NAN, 0}};
    (void)state;
    for (uint32_t i = 0; i < sizeof T / sizeof *T; i++) {
        put(i, T[i].weight);
        assert_int_equal(reader.t->cell[i], T[i].cell);
    }
}

static void nothing_is_learnt_until_the_head_says_so(void **state)
{
    (void)state;
    struct livesum_by by;
    struct livesum none = {0};
    assert_false(livesum_begin(&none, SPAN_NONE, VIEWS_ALL, &by));
    put(5, 1);
    assert_false(livesum_begin(&reader, SPAN_NONE, VIEWS_ALL, &by));
    say(1, "");
    assert_true(livesum_begin(&reader, SPAN_NONE, VIEWS_ALL, &by));
    say(0, "");
    assert_false(livesum_begin(&reader, SPAN_NONE, VIEWS_ALL, &by));
}

/* A learner that starts again finds what it left; one of another build begins with zeros. */
static void a_table_outlives_its_writer(void **state)
{
    (void)state;
    struct publish again;
    put(5, 1);
    say(3, "");
    assert_int_equal(publish_open(&again, memory.write_fd, BITS, FEATURE_VERSION, PUBLISH_STEP), ERR_OK);
    assert_true(reader.t->learnt == 3 && reader.t->cell[5] == 2048);
    publish_close(&again);
    assert_int_equal(publish_open(&again, memory.write_fd, BITS, FEATURE_VERSION + 1, PUBLISH_STEP), ERR_OK);
    assert_true(reader.t->learnt == 0 && reader.t->cell[5] == 0);
    publish_close(&again);
    assert_int_equal(publish_open(&again, memory.write_fd, BITS + 1, FEATURE_VERSION, PUBLISH_STEP), ERR_MODEL);
}

/* Whatever stands in the head: no live part, or a finite number. */
static void a_head_that_lies(void **state)
{
    static uint32_t room[VIEW_COUNT * VIEW_MOST];
    (void)state;
    struct features f;
    struct livesum_by by;
    make_features(&f, room);
    struct livetable *t = writer.t;
    const struct livetable good = {.magic = LIVETABLE_MAGIC,
                                   .version = LIVETABLE_VERSION,
                                   .bits = BITS,
                                   .features = FEATURE_VERSION,
                                   .step = PUBLISH_STEP};
    log_setup("test", false, false, LEVEL_ERROR); /* the first of them is told */
    for (int wrong = 0; wrong < 10; wrong++) {
        static const float STEP[] = {0, -1, 2, NAN, INFINITY};
        struct livetable h = good;
        reader.told = wrong > 0;
        h.magic += wrong == 0;
        h.version += wrong == 1;
        h.bits += wrong == 2 ? 1 : wrong == 3 ? 8 : wrong == 4 ? 64 : 0;
        if (wrong >= 5) h.step = STEP[wrong - 5];
        memcpy(t, &h, offsetof(struct livetable, frozen));
        say(1, "");
        assert_false(livesum_begin(&reader, SPAN_NONE, VIEWS_ALL, &by));
        assert_true(reader.told);
    }
    memcpy(t, &good, offsetof(struct livetable, frozen));
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof *t / 4; i++) ((uint32_t *)t)[i] = throw();
        if (round % 2) memcpy(t, &good, offsetof(struct livetable, frozen));
        if (round % 4 == 3) memset(&t->cell, throw(), 2u << BITS);
        if (livesum_begin(&reader, SPAN("example.net"), VIEWS_ALL, &by)) assert_true(isfinite(livesum_score(&by, &f)));
    }
}

/* What a worker holds can be made writable by no call of its own. */
static void a_reader_cannot_write(void **state)
{
    (void)state;
    size_t bytes = livetable_bytes(BITS);
    assert_true(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.read_fd, 0) == MAP_FAILED);
    assert_int_equal(errno, EACCES);
    assert_true(mprotect((void *)reader.t, bytes, PROT_READ | PROT_WRITE) != 0);
    assert_int_equal(errno, EACCES);
    assert_true(write(memory.read_fd, "x", 1) < 0 && ftruncate(memory.read_fd, 0) != 0);
    assert_true(ftruncate(memory.write_fd, 0) != 0 && ftruncate(memory.write_fd, 2 * (off_t)bytes) != 0);
    assert_int_equal(errno, EPERM); /* sealed: nobody's mapping ends under him */
}

static void what_is_no_table(void **state)
{
    static const size_t BYTES[] = {
        0, 1, 4096, sizeof(struct livetable) + (2 << BITS) - 1, sizeof(struct livetable) + (2 << BITS) + 1, 1 << 20};
    (void)state;
    struct livesum l;
    for (size_t i = 0; i < sizeof BYTES / sizeof *BYTES; i++) {
        int fd = memfd_create("test", MFD_CLOEXEC);
        assert_true(fd >= 0 && ftruncate(fd, (off_t)BYTES[i]) == 0);
        assert_int_equal(livesum_open(fd, &l), ERR_MODEL);
        assert_null(l.t);
        close(fd);
    }
    assert_int_equal(livesum_open(-1, &l), ERR_IO);
    struct live_memory none;
    assert_int_equal(live_memory_open(&none, 0), ERR_OK);
    assert_true(none.write_fd < 0 && none.read_fd < 0);
}

static void *read_on(void *arg)
{
    struct livesum l;
    struct livesum_by by;
    const struct features *f = arg;
    assert_int_equal(livesum_open(memory.read_fd, &l), ERR_OK);
    uint64_t seen = 0;
    while (seen < ROUNDS) {
        uint64_t before = atomic_load_explicit(&l.t->learnt, memory_order_acquire);
        assert_true(before >= seen);
        seen = before;
        if (!livesum_begin(&l, SPAN("example.net"), VIEWS_ALL, &by)) continue;
        /* Each cell is 0 or what some report made it: no half of one and half of another. */
        double live = livesum_score(&by, f);
        assert_true(live >= 0 && live <= 2 * VIEW_COUNT * sqrt(VIEW_MOST) * 0x1.01p-3);
    }
    livesum_close(&l);
    return NULL;
}

static void readers_beside_the_writer(void **state)
{
    static uint32_t room[VIEW_COUNT * VIEW_MOST];
    (void)state;
    struct features f;
    pthread_t thread[2];
    make_features(&f, room);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&thread[i], NULL, read_on, &f), 0);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            for (size_t i = 0; i < f.view[v].n; i++) put(f.view[v].v[i], round % 2 ? 0x1.01p-3f : 0x1.01p-5f);
        say(round, round % 3 ? "example.net" : "");
    }
    for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
}

static void in_words(void **state)
{
    static const char MAIL[] = "From: A <a@example.org>\r\nSubject: a great deal\r\n\r\nonly today, great deals\r\n";
    (void)state;
    struct arena a;
    struct mail m;
    struct features f;
    struct livesum_by by;
    struct model_reason reason[32];
    mail_init();
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    mail_read(&m, span_cstr(MAIL), NULL, &a);
    features_extract(&m, &a, &f);
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (size_t i = 0; i < f.view[v].n && v != VIEW_TEXT; i++) put(f.view[v].v[i], 0.0001f);
    for (size_t i = 0; i < f.view[VIEW_TEXT].n; i++) put(f.view[VIEW_TEXT].v[i], i % 2 ? 5.0f : -2.5f);
    say(1, "");
    assert_true(livesum_begin(&reader, SPAN_NONE, VIEWS_ALL, &by));
    double sum = 0, live = livesum_score(&by, &f);
    size_t n = livesum_explain(&by, &m, &a, reason, 32);
    assert_true(n > 5 && n <= 32 && live != 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(span_starts(reason[i].what, SPAN("reported lately: ")));
        assert_true(i == 0 || fabs(reason[i].weight) <= fabs(reason[i - 1].weight));
        sum += reason[i].weight;
    }
    if (n < 32) assert_true(fabs(sum - live) < 0.01);
    arena_close(&a);
    mail_close();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(sums_are_those_of_the_formula), TEST(what_is_little_is_chance),
        TEST(weights_become_cells),          TEST(nothing_is_learnt_until_the_head_says_so),
        TEST(a_table_outlives_its_writer),   TEST(a_head_that_lies),
        TEST(a_reader_cannot_write),         TEST(what_is_no_table),
        TEST(readers_beside_the_writer),     TEST(in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
