/* SPDX-License-Identifier: Apache-2.0 */
/* test_load: what a measurement under load rests on: quantiles against a plain sort, due times, frames on the wire, slopes with
 * their errors, memory. */
#include "bench/hdr.h"
#include "bench/memory.h"
#include "bench/schedule.h"
#include "bench/trend.h"
#include "bench/zmtp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t rng = 1;

static uint64_t random_bits(void)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return rng >> 16;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The true quantile, and at most 1/128 more; the maximum to the microsecond. */
static void quantiles(const struct hdr *h, uint64_t *v, size_t n)
{
    static const double Q[] = {0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    qsort(v, n, sizeof *v, by_size);
    for (size_t i = 0; i < sizeof Q / sizeof *Q; i++) {
        size_t rank = (size_t)ceil(Q[i] * (double)n);
        uint64_t want = v[rank ? rank - 1 : 0], got = hdr_quantile(h, Q[i]);
        if (got < want || got > want + want / 128)
            fail_msg("%g of %zu is %llu, not %llu", Q[i], n, (unsigned long long)got, (unsigned long long)want);
    }
    assert_int_equal(hdr_quantile(h, 1), v[n - 1]);
    assert_int_equal(h->max_us, v[n - 1]);
}

static void histogram_is_a_sort(void **state)
{
    (void)state;
    enum { MOST = 20000 };
    static uint64_t v[MOST];
    static struct hdr h, halves[2];
    for (unsigned bits = 1; bits <= 40; bits++) {
        size_t n = 1 + random_bits() % MOST;
        uint64_t sum = 0;
        memset(&h, 0, sizeof h);
        memset(halves, 0, sizeof halves);
        for (size_t i = 0; i < n; i++) {
            v[i] = random_bits() >> (random_bits() % 48) & ((UINT64_C(1) << bits) - 1);
            sum += v[i];
            hdr_add(&h, (int64_t)v[i]);
            hdr_add(&halves[i % 2], (int64_t)v[i]);
        }
        assert_int_equal(h.n, n);
        assert_int_equal(h.sum_us, sum);
        hdr_merge(&halves[0], &halves[1]);
        assert_memory_equal(&halves[0], &h, sizeof h);
        quantiles(&h, v, n);
    }
}

static void histogram_has_edges(void **state)
{
    (void)state;
    static struct hdr h;
    assert_int_equal(hdr_quantile(&h, 0.5), 0);
    hdr_add(&h, -5);
    assert_int_equal(hdr_quantile(&h, 1), 0);
    hdr_add(&h, INT64_MAX); /* past the last bucket: counted in it */
    assert_int_equal(h.n, 2);
    assert_true(hdr_quantile(&h, 1) > UINT64_C(1) << 40);
}

static void schedule_is_fixed(void **state)
{
    (void)state;
    struct schedule s;
    schedule_init(&s, 1000, 3, false, 1);
    for (uint64_t i = 0; i < 3000000; i++, schedule_next(&s)) /* no error adds up */
        if (schedule_due(&s) != 1000 + (int64_t)((double)i * 1e6 / 3)) fail_msg("request %llu", (unsigned long long)i);
    assert_int_equal(schedule_due(&s), 1000 + INT64_C(1000000) * 1000000);
}

/* Exponential gaps: their mean and their standard deviation are the gap; and they never go back. */
static void schedule_is_poisson(void **state)
{
    (void)state;
    enum { N = 200000, GAP_US = 250 };
    struct schedule s, again;
    double sum = 0, squares = 0, last = 0;
    schedule_init(&s, 0, 1e6 / GAP_US, true, 7);
    schedule_init(&again, 0, 1e6 / GAP_US, true, 7);
    for (int i = 0; i < N; i++) {
        schedule_next(&s);
        schedule_next(&again);
        assert_true(s.due_us == again.due_us && s.due_us >= last);
        sum += s.due_us - last;
        squares += (s.due_us - last) * (s.due_us - last);
        last = s.due_us;
    }
    double mean = sum / N, deviation = sqrt(squares / N - mean * mean);
    assert_true(fabs(mean - GAP_US) < GAP_US * 0.01);
    assert_true(fabs(deviation - GAP_US) < GAP_US * 0.02);
}

/* Frames of many lengths, in pieces of many lengths, come out whole. */
static void frames_come_whole(void **state)
{
    (void)state;
    static const size_t LENGTH[] = {0, 1, 255, 256, 70000, 3, 200000, 17};
    enum { FRAMES = sizeof LENGTH / sizeof *LENGTH };
    static uint8_t wire[400000];
    size_t n = 0, got = 0, sent = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        wire[n++] = 4; /* a command in between: passed over */
        wire[n++] = 2;
        n += 2;
        n += zmtp_head(wire + n, LENGTH[i], i % 2 == 0);
        memset(wire + n, (int)i + 1, LENGTH[i]);
        n += LENGTH[i];
    }
    int fd[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    struct zmtp z = {.fd = fd[0]};
    while (sent < n) {
        size_t piece = 1 + random_bits() % 50000;
        if (piece > n - sent) piece = n - sent;
        assert_int_equal(write(fd[1], wire + sent, piece), piece);
        sent += piece;
        span frame;
        bool more;
        for (bool all = false; !all;) { /* a fill reads what fits */
            size_t before = z.in_n - z.in_at;
            assert_true(zmtp_fill(&z));
            all = z.in_n - z.in_at == before;
            for (; zmtp_next(&z, &frame, &more); got++) {
                assert_int_equal(frame.n, LENGTH[got]);
                assert_int_equal(more, got % 2 == 0);
                for (size_t k = 0; k < frame.n; k++) assert_int_equal(frame.p[k], got + 1);
            }
        }
    }
    assert_int_equal(got, FRAMES);
    close(fd[1]);
    assert_false(zmtp_fill(&z));
    zmtp_close(&z);
}

/* Roughly normal, mean 0, deviation 1. */
static double normal(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += (double)(random_bits() & 0xFFFFFF) / 0x1000000;
    return sum;
}

static void slope_and_its_error(void **state)
{
    (void)state;
    enum { N = 1000, TIMES = 400 };
    static double y[N];
    for (int i = 0; i < N; i++) y[i] = 3 + 0.25 * i;
    struct trend t = trend_of(y, N);
    assert_true(fabs(t.slope - 0.25) < 1e-9 && t.error < 1e-6 && !trend_is_noise(&t));
    for (int i = 0; i < N; i++) y[i] = 8.29;
    t = trend_of(y, N);
    assert_true(t.slope == 0 && t.error == 0 && trend_is_noise(&t));
    assert_true(trend_growth(&t) == 0);
    t = trend_of(y, 2);
    assert_true(isinf(t.error) && trend_is_noise(&t));

    /* x = 1, 2, 3, 4 with y = 1, 2, 2, 4, by hand: slope 0.9, squares of residuals 0.7, sum of (x - mean)^2 5; the
     * residuals 0.1, 0.2, -0.7, 0.4 are correlated negatively, which counts as not. */
    t = trend_of((double[]){1, 2, 2, 4}, 4);
    assert_true(fabs(t.slope - 0.9) < 1e-12 && fabs(t.error - sqrt(0.7 / 2 / 5)) < 1e-12);
    assert_true(fabs(trend_growth(&t) - 0.9 / (4.303 * sqrt(0.07))) < 0.03); /* Student's t for 2: 4.303 */

    /* Of random series without a slope, whether or not samples resemble their neighbours, some 5 % seem to have one;
     * of series that grow by six errors all but few are found. */
    for (int alike = 0; alike < 3; alike++) {
        static const double KEPT[] = {0, 0.8, 0.95};
        int seeming = 0, missed = 0;
        for (int k = 0; k < TIMES; k++) {
            double last = 0;
            for (int i = 0; i < N; i++) y[i] = last = KEPT[alike] * last + normal();
            t = trend_of(y, N);
            seeming += !trend_is_noise(&t);
            double growth = 6 * t.error;
            for (int i = 0; i < N; i++) y[i] += growth * i;
            t = trend_of(y, N);
            missed += trend_is_noise(&t);
        }
        assert_true(seeming < TIMES / 10);
        assert_true(missed < TIMES / 100);
    }
}

static void memory_of_this_process(void **state)
{
    (void)state;
    enum { BYTES = 64 << 20 };
    struct memory before, after;
    assert_int_equal(memory_of(getpid(), &before), ERR_OK);
    char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    memset(p, 1, BYTES);
    assert_int_equal(memory_of(getpid(), &after), ERR_OK);
    assert_true(after.rss_kb >= before.rss_kb + BYTES / 1024 - 1024);
    assert_true(after.private_kb >= before.private_kb + BYTES / 1024 - 1024);
    assert_true(after.private_kb <= after.rss_kb);
    munmap(p, BYTES);
    assert_int_equal(memory_of(-1, &after), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram_is_a_sort),    cmocka_unit_test(histogram_has_edges),
        cmocka_unit_test(schedule_is_fixed),      cmocka_unit_test(schedule_is_poisson),
        cmocka_unit_test(frames_come_whole),      cmocka_unit_test(slope_and_its_error),
        cmocka_unit_test(memory_of_this_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
