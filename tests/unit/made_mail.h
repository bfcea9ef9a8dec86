/* SPDX-License-Identifier: Apache-2.0 */
/* made_mail: mails for the tests of worker/mime, written line by line, and what is read of them.
 *
 * One mail at a time stands in `raw`; what mail_read says of it in `mail`, until the next is read. */
#ifndef FURUI_TESTS_MADE_MAIL_H
#define FURUI_TESTS_MADE_MAIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "worker/mime/mail.h"
#include "worker/text/charset.h"
#include "worker/text/domain.h"

enum { MB = 1 << 20, ARENA = 48 * MB };

static struct arena arena;
static struct mail mail;

/* A mail being written. */
static char *raw;
static size_t raw_n, raw_cap;

static inline void put_n(const void *p, size_t n)
{
    if (raw_n + n > raw_cap) {
        raw_cap = (raw_n + n) * 2;
        raw = realloc(raw, raw_cap);
        assert_non_null(raw);
    }
    memcpy(raw + raw_n, p, n);
    raw_n += n;
}

static inline void put(const char *s)
{
    put_n(s, strlen(s));
}

__attribute__((format(printf, 1, 2))) static inline void putf(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    put(line);
}

static inline void fill(char c, size_t n)
{
    char block[4096];
    memset(block, c, sizeof block);
    for (; n; n -= n < sizeof block ? n : sizeof block) put_n(block, n < sizeof block ? n : sizeof block);
}

static inline void start(void)
{
    raw_n = 0;
    put("From: a@example.org\nSubject: s\nDate: d\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n");
}

/* CPU time of this thread: what a busy machine does not change. */
static inline int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Read what was written; at most `ms_per_mb`, generous for sanitisers, so that only the wrong order of growth fails. */
static inline void read_mail(void)
{
    enum { MS_PER_MB = 400, FLOOR_US = 100000 };
    arena_reset(&arena);
    /* Exactly as many bytes as there are, so that a sanitiser sees one read past them. */
    uint8_t *exact = malloc(raw_n ? raw_n : 1);
    memcpy(exact, raw, raw_n);
    static uint8_t *last;
    free(last);
    last = exact;
    int64_t t = cpu_us();
    mail_read(&mail, span_of(exact, raw_n), NULL, &arena);
    int64_t spent = cpu_us() - t, may = FLOOR_US + (int64_t)(raw_n / 1000) * MS_PER_MB;
    if (spent > may) fail_msg("%zu bytes took %lld us", raw_n, (long long)spent);
    assert_true(utf8_valid(mail.text));
}

static inline void want_odd(const char *what, uint64_t bits)
{
    for (enum odd_bit b = 0; b < ODD_COUNT; b++)
        if ((bits & ~mail.odd) >> b & 1) fail_msg("%s: not marked %s", what, odd_word(b));
}

static inline int open_arena(void **state)
{
    (void)state;
    domain_init();
    return arena_open(&arena, ARENA);
}

static inline int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    charset_close();
    free(raw);
    return 0;
}

#endif
