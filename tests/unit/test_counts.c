/* SPDX-License-Identifier: Apache-2.0 */
/* test_counts: what is written is read back, whatever is cut or changed is found, words are numbered as the plainest
 * counting would, with any number of threads. */
#define _GNU_SOURCE
#include "models/corpus/corpus.h"
#include "models/corpus/counts.h"
#include "models/train/age.h"
#include "models/train/vocabulary.h"
#include "proto/base/hash.h"
#include "proto/base/threads.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAILS = 300, PER_VIEW = 60 };

static char folder[64], path[96], part[112];
static char why[COUNTS_FAULT_BYTES];
static uint64_t rng = 1;

static uint32_t random32(void)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(rng >> 32);
}

static struct toy {
    uint32_t hash[VIEW_COUNT][PER_VIEW];
    struct features f;
    char path[16];
    struct counts_mail facts; /* last, since its lists have no end; they stand in f */
} toy[MAILS];

/* Common words and rare ones; some mails have empty views. */
static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/furui-test-counts.XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/c", folder);
    snprintf(part, sizeof part, "%s/c.part", folder);
    for (size_t k = 0; k < MAILS; k++) {
        struct toy *t = &toy[k];
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            size_t n = k % 7 == v ? 0 : PER_VIEW;
            for (size_t i = 0; i < n; i++) {
                uint32_t word = i < 30 ? i * 50 + random32() % 50 : random32() % 1000000 + 2000 * (uint32_t)i;
                t->hash[v][i] = hash_mix32(word * VIEW_COUNT + v + 1) | 1;
            }
            t->f.view[v] = (struct feature_list){t->hash[v], n};
        }
        for (unsigned i = 0; i < NUMBER_COUNT; i++) t->f.number[i] = (float)(i + k) / (NUMBER_COUNT + MAILS);
        t->facts = (struct counts_mail){.source = k % 2,
                                        .digest = {k / 2 * 2 + 1, 7}, /* each mail twice */
                                        .body = k,
                                        .date = k == 3 ? COUNTS_NO_DATE : (int64_t)k - 5,
                                        .line = (uint32_t)k + 1,
                                        .spam = k % 3 == 0};
        snprintf(t->path, sizeof t->path, "mails/%zu", k);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(part);
    return rmdir(folder);
}

static const span HOST = {(const uint8_t *)"mx.example.net", 14};

static struct counts_plan plan(uint64_t job)
{
    static const span NAME[2] = {{(const uint8_t *)"our own", 7}, {NULL, 0}};
    static struct trust trust;
    trust = (struct trust){.host = {HOST}, .hosts = 1, .own_received = 12};
    return (struct counts_plan){.source = NAME, .sources = 2, .trust = &trust, .job = job};
}

static void write_toys(const char *to, size_t n, struct counts *out)
{
    struct counts_plan p = plan(1);
    struct counts_writer w;
    assert_int_equal(counts_create(to, folder, &p, &w, why), ERR_OK);
    for (size_t k = w.mails; k < n; k++)
        assert_int_equal(counts_add(&w, &toy[k].facts, &toy[k].f, span_cstr(toy[k].path), why), ERR_OK);
    assert_int_equal(counts_finish(&w, out, why), ERR_OK);
    counts_writer_close(&w);
}

static void check_toys(const struct counts *c, size_t n)
{
    size_t at = 0;
    assert_int_equal(c->mails, n);
    for (size_t k = 0; k < n; k++) {
        const struct counts_mail *m = counts_next(c, &at), *want = &toy[k].facts;
        assert_non_null(m);
        assert_int_equal((uintptr_t)m % COUNTS_ALIGN, 0);
        assert_int_equal(m->source, want->source);
        assert_memory_equal(m->digest, want->digest, sizeof m->digest);
        assert_int_equal(m->body, want->body);
        assert_int_equal(m->date, want->date);
        assert_int_equal(m->line, want->line);
        assert_int_equal(m->spam, want->spam);
        assert_true(span_eq(counts_path(m), span_cstr(toy[k].path)));
        struct features f;
        counts_features(m, &f);
        assert_memory_equal(f.number, toy[k].f.number, sizeof f.number);
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            assert_int_equal(f.view[v].n, toy[k].f.view[v].n);
            assert_memory_equal(f.view[v].v, toy[k].hash[v], f.view[v].n * sizeof(uint32_t));
        }
    }
    assert_null(counts_next(c, &at));
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct counts c;
    struct trust trust;
    for (unsigned named = 0; named < 2; named++) {
        write_toys(named ? path : NULL, MAILS, &c);
        check_toys(&c, MAILS);
        assert_true(span_eq(counts_source(&c, 0), SPAN("our own")));
        assert_int_equal(counts_source(&c, 1).n, 0);
        counts_trust(&c, &trust);
        assert_int_equal(trust.hosts, 1);
        assert_true(span_eq(trust.host[0], HOST));
        assert_int_equal(trust.own_received, 12);
        counts_close(&c);
    }
    assert_int_equal(counts_open(path, &c, why), ERR_OK);
    check_toys(&c, MAILS);
    counts_close(&c);
    write_toys(NULL, 0, &c);
    check_toys(&c, 0);
    counts_close(&c);
}

/* A copy of a file of 5 mails. */
static uint8_t *small_file(size_t *n_out)
{
    struct counts c;
    write_toys(NULL, 5, &c);
    uint8_t *p = aligned_alloc(COUNTS_ALIGN, c.bytes);
    assert_non_null(p);
    memcpy(p, c.map, c.bytes);
    *n_out = c.bytes;
    counts_close(&c);
    return p;
}

static void what_is_cut_or_changed_is_found(void **state)
{
    (void)state;
    struct counts c;
    size_t n;
    uint8_t *p = small_file(&n), *q = aligned_alloc(COUNTS_ALIGN, n);
    assert_non_null(q);
    assert_int_equal(counts_parse(span_of(p, n), "x", &c, why), ERR_OK);
    for (size_t cut = 0; cut < n; cut += cut < 512 ? 1 : 61) {
        memcpy(q, p, cut); /* at a place of its own, so that a sanitiser sees a byte too many */
        assert_int_not_equal(counts_parse(span_of(q, cut), "x", &c, why), ERR_OK);
    }
    for (size_t at = 0; at < n; at += at < 1024 || at > n - 512 ? 1 : 37)
        for (unsigned bit = 0; bit < 8; bit += 3) {
            p[at] ^= (uint8_t)(1 << bit);
            if (counts_parse(span_of(p, n), "x", &c, why) == ERR_OK) fail_msg("byte %zu bit %u", at, bit);
            p[at] ^= (uint8_t)(1 << bit);
        }
    assert_int_equal(counts_parse(span_of(p, n), "x", &c, why), ERR_OK);
    free(p);
    free(q);
}

static void an_interrupted_file_goes_on(void **state)
{
    (void)state;
    struct counts c;
    struct counts_writer w, other;
    struct counts_plan p = plan(1), q = plan(2);
    assert_int_equal(counts_create(path, NULL, &p, &w, why), ERR_OK);
    for (size_t k = 0; k < 100; k++)
        assert_int_equal(counts_add(&w, &toy[k].facts, &toy[k].f, span_cstr(toy[k].path), why), ERR_OK);
    assert_int_equal(counts_create(path, NULL, &p, &other, why), ERR_IO);
    assert_non_null(strstr(why, "another furui train writes it"));
    counts_writer_close(&w);
    assert_int_equal(counts_create(path, NULL, &p, &w, why), ERR_OK);
    assert_int_equal(w.mails, 100);
    counts_writer_close(&w);
    write_toys(path, MAILS, &c);
    check_toys(&c, MAILS);
    counts_close(&c);
    assert_int_equal(counts_create(path, NULL, &p, &w, why), ERR_OK);
    assert_int_equal(counts_add(&w, &toy[0].facts, &toy[0].f, SPAN_NONE, why), ERR_OK);
    counts_writer_close(&w);
    assert_int_equal(counts_create(path, NULL, &q, &w, why), ERR_OK); /* another job */
    assert_int_equal(w.mails, 0);
    counts_writer_close(&w);
}

static void sources_and_mails_that_are_left_out(void **state)
{
    (void)state;
    struct corpus all = {0}, some = {0};
    struct corpus_without without = {0};
    struct counts a, b, gone;
    size_t again, both;
    write_toys(NULL, MAILS, &a);
    write_toys(NULL, 10, &b);
    write_toys(NULL, 4, &gone);
    assert_int_equal(corpus_add(&all, &a, &without), ERR_OK);
    assert_int_equal(corpus_add(&all, &b, &without), ERR_OK);
    assert_int_equal(all.n, MAILS + 10);
    assert_int_equal(all.sources, 3); /* "our own" is one, those without a name are two */
    assert_int_equal(all.count[0] + all.count[1], all.n);
    assert_int_equal(corpus_duplicates(&all, &again, &both), ERR_OK);
    assert_int_equal(again, MAILS / 2 + 10);
    assert_int_equal(both, 2 * MAILS / 6); /* of each six mails two pairs have both labels */
    assert_int_equal(corpus_leave_out(&without, &gone), ERR_OK);
    write_toys(NULL, MAILS, &a);
    assert_int_equal(corpus_add(&some, &a, &without), ERR_OK);
    assert_int_equal(without.left_out, 4);
    assert_int_equal(some.n, MAILS - 4);
    assert_int_equal(some.mail[0]->line, 5);
    assert_int_not_equal(some.hash, all.hash);
    counts_close(&gone);
    corpus_without_close(&without);
    corpus_close(&all);
    corpus_close(&some);
}

/* Words of two mails or more, counted by looking at everything. */
static size_t plain_count(uint32_t hash)
{
    size_t n = 0;
    for (size_t k = 0; k < MAILS; k++)
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            for (size_t i = 0; i < toy[k].f.view[v].n; i++) n += toy[k].hash[v][i] == hash;
    return n;
}

static void words_are_numbered_the_plain_way(void **state)
{
    (void)state;
    struct corpus c = {0};
    struct counts file;
    struct vocabulary one, five;
    write_toys(NULL, MAILS, &file);
    assert_int_equal(corpus_add(&c, &file, NULL), ERR_OK);
    threads_limit(1);
    assert_int_equal(vocabulary_open(&one, &c, VOCABULARY_LIMITS, folder, why), ERR_OK);
    threads_limit(5);
    assert_int_equal(vocabulary_open(&five, &c, VOCABULARY_LIMITS, folder, why), ERR_OK);
    threads_limit(0);
    assert_int_equal(one.n, five.n);
    assert_int_equal(one.map_bytes, five.map_bytes);
    assert_memory_equal(one.map, five.map, one.map_bytes);
    uint32_t *hash = malloc(one.n * sizeof *hash); /* of each number */
    assert_non_null(hash);
    for (size_t i = 0; i < one.n; i++) {
        assert_memory_equal(&one.word[i], &five.word[i], sizeof *one.word);
        assert_true(one.word[i].cell < one.n && (i == 0 || one.word[i].view >= one.word[i - 1].view));
        hash[one.word[i].cell] = one.word[i].hash;
        if (i % 16 == 0) assert_true(plain_count(one.word[i].hash) >= 2);
    }
    for (size_t k = 0; k < MAILS; k += 10) {
        struct features f;
        vocabulary_features(&one, k, &f);
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            size_t at = 0;
            for (size_t i = 0; i < toy[k].f.view[v].n; i++) {
                if (plain_count(toy[k].hash[v][i]) < 2) continue;
                assert_true(at < f.view[v].n);
                assert_int_equal(hash[f.view[v].v[at++]], toy[k].hash[v][i]);
            }
            assert_int_equal(at, f.view[v].n);
        }
    }
    free(hash);
    vocabulary_close(&one);
    vocabulary_close(&five);
    corpus_close(&c);
}

/* Tables of 64 slots, 32 words: what stays is true, with any number of threads. */
static void a_full_vocabulary_stays_within_its_limits(void **state)
{
    (void)state;
    struct corpus c = {0};
    struct counts file;
    struct vocabulary v, again;
    const struct vocabulary_limits few = {.words = 5, .slots = 6};
    write_toys(NULL, MAILS, &file);
    assert_int_equal(corpus_add(&c, &file, NULL), ERR_OK);
    assert_int_equal(vocabulary_open(&v, &c, few, folder, why), ERR_OK);
    threads_limit(7);
    assert_int_equal(vocabulary_open(&again, &c, few, folder, why), ERR_OK);
    threads_limit(0);
    assert_true(v.n <= 32 && v.n > 8 && v.n == again.n);
    size_t least = MAILS, seen = 0;
    for (size_t i = 0; i < v.n; i++) {
        assert_memory_equal(&v.word[i], &again.word[i], sizeof v.word[i]);
        size_t mails = plain_count(v.word[i].hash);
        if (mails < least) least = mails;
    }
    assert_true(least >= 2);
    for (size_t k = 0; k < MAILS; k++) {
        struct features f;
        vocabulary_features(&v, k, &f);
        for (unsigned j = 0; j < VIEW_COUNT; j++) {
            seen += f.view[j].n;
            for (size_t i = 0; i < f.view[j].n; i++) assert_true(f.view[j].v[i] < v.n);
        }
    }
    assert_true(seen >= v.n * least);
    vocabulary_close(&v);
    vocabulary_close(&again);
    corpus_close(&c);
}

/* docs/scoring.md, "Training": a = 2^(-age / half-life). */
static void age_is_told_as_the_formula_says(void **state)
{
    (void)state;
    enum { DAY = 86400 }; /* toy mail k came at day k - 5 */
    struct corpus c = {0};
    struct counts file;
    float weight[MAILS];
    for (size_t k = 0; k < MAILS; k++)
        if (toy[k].facts.date != COUNTS_NO_DATE) toy[k].facts.date *= DAY;
    write_toys(NULL, MAILS, &file);
    assert_int_equal(corpus_add(&c, &file, NULL), ERR_OK);
    assert_int_equal(age_weights(&c, 0, weight), ERR_OK);
    for (size_t k = 0; k < MAILS; k++) assert_true(weight[k] == 1);
    assert_int_equal(age_weights(&c, 20, weight), ERR_OK);
    double now = 299 - 5 - 2; /* of 299 dated mails, two may come later */
    for (size_t k = 0; k < MAILS; k++) {
        double day = k == 3 ? 1.0 - 5 : (double)k - 5; /* mail 3 has no date; its source's last was mail 1 */
        double want = day < now ? pow(2, (day - now) / 20) : 1;
        if (fabs((double)weight[k] - want) > 1e-6) fail_msg("mail %zu: %.9g, want %.9g", k, (double)weight[k], want);
    }
    corpus_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),          cmocka_unit_test(what_is_cut_or_changed_is_found),
        cmocka_unit_test(an_interrupted_file_goes_on),      cmocka_unit_test(sources_and_mails_that_are_left_out),
        cmocka_unit_test(words_are_numbered_the_plain_way), cmocka_unit_test(a_full_vocabulary_stays_within_its_limits),
        cmocka_unit_test(age_is_told_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
