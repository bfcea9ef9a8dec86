/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of proto/link.c and engine/outbox.c: the same records come out at the other end, however the stream is cut. */
#include "engine/outbox.h"
#include "proto/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROOM = 64 << 10, MAX = 1 << 20 };

static void pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static uint8_t byte_at(uint64_t job, size_t i)
{
    return (uint8_t)(job * 31 + i * 7);
}

static uint8_t *bytes_of(uint64_t job, size_t n)
{
    uint8_t *p = malloc(n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) p[i] = byte_at(job, i);
    return p;
}

static void check(const struct link_record *r, uint64_t job, size_t a, size_t b)
{
    assert_int_equal(r->word.job, job);
    assert_int_equal(r->part[0].n, a);
    assert_int_equal(r->part[1].n, b);
    for (size_t i = 0; i < a; i++) assert_int_equal(r->part[0].p[i], byte_at(job, i));
    for (size_t i = 0; i < b; i++) assert_int_equal(r->part[1].p[i], byte_at(job + 1, i));
}

/* Lengths of two parts; among them none, exactly the room, and more than the room. */
static const size_t SIZES[][2] = {{0, 0},          {1, 0},      {0, 1},
                                  {33, 34},        {300, 8000}, {ROOM - sizeof(struct backend_word), 0},
                                  {100, 3 * ROOM}, {5, 5},      {MAX - 100, 68}};
enum { SIZE_COUNT = sizeof SIZES / sizeof *SIZES };

/* The stream comes in pieces of each of these lengths. */
static void records_survive_any_cut(void **state)
{
    (void)state;
    static const size_t CUTS[] = {1, 7, 39, 4096, SIZE_MAX};
    for (size_t c = 0; c < sizeof CUTS / sizeof *CUTS; c++) {
        int to[2], from[2];
        struct link put, get;
        struct link_record r;
        pair(to);
        pair(from);
        assert_int_equal(link_open(&put, to[0], ROOM, MAX), ERR_OK);
        assert_int_equal(link_open(&get, from[1], ROOM, MAX), ERR_OK);
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            size_t a = SIZES[i][0], b = SIZES[i][1];
            if (CUTS[c] < 39 && a + b > 9000) continue;
            uint8_t *first = bytes_of(i, a), *second = bytes_of(i + 1, b);
            struct backend_word word = {.type = BACKEND_JOB, .job = i};
            assert_int_equal(link_put(&put, word, span_of(first, a), span_of(second, b)), ERR_OK);
            free(first);
            free(second);
            for (size_t sent = 0; sent < put.out_n;) {
                size_t n = put.out_n - sent < CUTS[c] ? put.out_n - sent : CUTS[c];
                ssize_t wrote = send(from[0], put.out + sent, n, MSG_DONTWAIT);
                sent += wrote > 0 ? (size_t)wrote : 0;
                assert_int_equal(link_read(&get), ERR_OK);
                if (sent == put.out_n) break;
                assert_int_equal(link_next(&get, &r), ERR_BUSY);
                assert_int_equal(link_settle(&get), ERR_OK);
            }
            put.out_n = 0;
            enum err e;
            while ((e = link_next(&get, &r)) == ERR_BUSY) {
                assert_int_equal(link_settle(&get), ERR_OK);
                assert_int_equal(link_read(&get), ERR_OK);
            }
            assert_int_equal(e, ERR_OK);
            check(&r, i, a, b);
            assert_int_equal(link_next(&get, &r), ERR_BUSY);
            assert_int_equal(link_settle(&get), ERR_OK);
            assert_int_equal(link_read(&get), ERR_BUSY);
            assert_int_equal(get.cap, ROOM); /* what a large record took was given back */
        }
        close(from[0]);
        assert_int_equal(link_read(&get), ERR_CLOSED);
        link_close(&put);
        link_close(&get);
        close(to[1]);
    }
}

/* Several records, of which some are whole: those given out stay where they are until they are settled. */
static void a_batch_stays_put(void **state)
{
    (void)state;
    int ends[2];
    struct link put, get;
    struct link_record r[40];
    pair(ends);
    assert_int_equal(link_open(&put, ends[0], ROOM, MAX), ERR_OK);
    assert_int_equal(link_open(&get, ends[1], ROOM, MAX), ERR_OK);
    for (uint64_t round = 0; round < 20; round++) {
        uint8_t *first = bytes_of(round, 900), *second = bytes_of(round + 1, 1100);
        for (size_t i = 0; i < 40; i++) {
            struct backend_word word = {.type = BACKEND_JOB, .job = round};
            assert_int_equal(link_put(&put, word, span_of(first, 900), span_of(second, 1100)), ERR_OK);
        }
        assert_int_equal(link_flush(&put), ERR_OK);
        for (size_t got = 0; got < 40;) {
            size_t n = 0;
            assert_int_equal(link_read(&get), ERR_OK);
            while (link_next(&get, &r[n]) == ERR_OK) n++;
            while (link_read(&get) == ERR_OK)
                while (link_next(&get, &r[n]) == ERR_OK) n++;
            for (size_t i = 0; i < n; i++) check(&r[i], round, 900, 1100);
            got += n;
            assert_true(got <= 40);
            assert_int_equal(link_settle(&get), ERR_OK);
        }
        free(first);
        free(second);
    }
    link_close(&get);
    assert_int_equal(link_put(&put, (struct backend_word){0}, SPAN("x"), SPAN_NONE), ERR_OK);
    assert_int_equal(link_flush(&put), ERR_CLOSED);
    link_close(&put);
}

/* Whoever says more than it may is found out by the word alone, and costs no memory. */
static void too_much_is_refused(void **state)
{
    (void)state;
    static const uint32_t LENGTHS[][2] = {{MAX, 0}, {0, MAX}, {MAX / 2, MAX / 2}, {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
        int ends[2];
        struct link l;
        struct link_record r;
        struct backend_word word = {.type = BACKEND_ANSWER, .bytes = {LENGTHS[i][0], LENGTHS[i][1]}};
        pair(ends);
        assert_int_equal(link_open(&l, ends[1], ROOM, MAX), ERR_OK);
        assert_int_equal(write(ends[0], &word, sizeof word), sizeof word);
        assert_int_equal(link_read(&l), ERR_OK);
        assert_int_equal(link_settle(&l), ERR_OK);
        assert_int_equal(link_next(&l, &r), ERR_TOO_BIG);
        assert_int_equal(l.cap, ROOM);
        link_close(&l);
        close(ends[0]);
    }
}

static void frame_of(struct bus_frame *f, uint64_t job, size_t n)
{
    uint8_t *p = bytes_of(job, n);
    assert_int_equal(bus_frame_copy_in(f, span_of(p, n)), ERR_OK);
    free(p);
}

/* Through a socket that takes little at a time; the frames may be gone at once, the records are kept in order. */
static void an_outbox_empties_as_it_can(void **state)
{
    (void)state;
    int ends[2];
    struct link get;
    struct link_record r;
    struct outbox out = {0};
    enum { ROUNDS = 40 };
    uint64_t put = 0, got = 0;
    pair(ends);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){8192}, sizeof(int)), 0);
    assert_int_equal(link_open(&get, ends[1], ROOM, MAX), ERR_OK);
    bool was_full = false;
    while (got < ROUNDS * SIZE_COUNT) {
        for (; put < ROUNDS * SIZE_COUNT && put < got + 100; put++) {
            struct bus_frame a, b;
            const size_t *size = SIZES[put % SIZE_COUNT];
            frame_of(&a, put, size[0]);
            frame_of(&b, put + 1, size[1]);
            struct backend_word word = {.type = BACKEND_JOB, .job = put};
            outbox_put(&out, word, size[0] ? &a : NULL, size[1] ? &b : NULL);
            bus_frame_close(&a);
            bus_frame_close(&b);
        }
        enum err e = outbox_write(&out, ends[0]);
        assert_int_equal(e, out.n ? ERR_BUSY : ERR_OK);
        was_full |= e == ERR_BUSY;
        while (link_read(&get) == ERR_OK) {
            for (; link_next(&get, &r) == ERR_OK; got++)
                check(&r, got, SIZES[got % SIZE_COUNT][0], SIZES[got % SIZE_COUNT][1]);
            assert_int_equal(link_settle(&get), ERR_OK);
        }
    }
    assert_true(was_full);
    link_close(&get);
    outbox_put(&out, (struct backend_word){.type = BACKEND_QUIT}, NULL, NULL);
    assert_int_equal(outbox_write(&out, ends[0]), ERR_CLOSED);
    assert_int_equal(out.n, 1);
    outbox_close(&out);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_survive_any_cut),
        cmocka_unit_test(a_batch_stays_put),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(an_outbox_empties_as_it_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
