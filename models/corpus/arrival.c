/* SPDX-License-Identifier: Apache-2.0 */
/* arrival: dates are read word by word, whatever stands between them; see arrival.h. */
#define _GNU_SOURCE
#include "models/corpus/arrival.h"

#include "worker/mime/address.h"

#include <time.h>

/* The next run of letters, or of digits, of *s; a sign before digits belongs to them. Empty at the end. */
static span next_word(span *s)
{
    while (s->n && !ascii_alnum(s->p[0]) && s->p[0] != '+' && s->p[0] != '-') *s = span_from(*s, 1);
    if (!s->n) return SPAN_NONE;
    size_t n = 1;
    bool digits = !ascii_alpha(s->p[0]);
    while (n < s->n && (digits ? ascii_digit(s->p[n]) : ascii_alpha(s->p[n]))) n++;
    span word = span_head(*s, n);
    *s = span_from(*s, n);
    return word;
}

/* Of up to 6 digits; -1 of anything else. */
static int number(span word)
{
    int v = 0;
    if (word.n == 0 || word.n > 6) return -1;
    for (size_t i = 0; i < word.n; i++) {
        if (!ascii_digit(word.p[i])) return -1;
        v = v * 10 + word.p[i] - '0';
    }
    return v;
}

/* 0 to 11, or -1. */
static int month(span word)
{
    static const char NAMES[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12 && word.n >= 3; i++)
        if (span_ieq(span_head(word, 3), span_of(NAMES + 3 * i, 3))) return i;
    return -1;
}

/* Seconds east of Greenwich. */
static int zone(span word)
{
    static const struct {
        span name;
        int hours;
    } OLD[] = {{SPAN("edt"), -4}, {SPAN("est"), -5}, {SPAN("cdt"), -5}, {SPAN("cst"), -6},
               {SPAN("mdt"), -6}, {SPAN("mst"), -7}, {SPAN("pdt"), -7}, {SPAN("pst"), -8}};
    int hhmm = word.n == 5 ? number(span_from(word, 1)) : -1;
    if (hhmm >= 0 && (word.p[0] == '+' || word.p[0] == '-') && hhmm % 100 < 60)
        return (hhmm / 100 * 3600 + hhmm % 100 * 60) * (word.p[0] == '-' ? -1 : 1);
    for (size_t i = 0; i < sizeof OLD / sizeof *OLD; i++)
        if (span_ieq(word, OLD[i].name)) return OLD[i].hours * 3600;
    return 0;
}

/* A day at the start of a text: "22 Nov 2026 07:47:15 +0900", a weekday before it or not. */
static bool parse(span s, int64_t *time_out)
{
    struct tm t = {0};
    span word = next_word(&s);
    if (word.n && ascii_alpha(word.p[0])) word = next_word(&s); /* the weekday */
    t.tm_mday = number(word);
    span name = next_word(&s);
    while (name.n > 1 && name.p[0] == '-') name = span_from(name, 1); /* 22-Nov-2026 */
    if (name.n == 1 && name.p[0] == '-') name = next_word(&s);
    t.tm_mon = month(name);
    word = next_word(&s);
    int year = number(word.n && word.p[0] == '-' ? span_from(word, 1) : word);
    t.tm_hour = number(next_word(&s));
    t.tm_min = number(next_word(&s));
    bool seconds = s.n && s.p[0] == ':';
    t.tm_sec = seconds ? number(next_word(&s)) : 0;
    if (year >= 0 && year < 1000) year += year < 50 ? 2000 : 1900;
    t.tm_year = year - 1900;
    if (t.tm_mday < 1 || t.tm_mday > 31 || t.tm_mon < 0 || year < 1970 || year > 9999) return false;
    if (t.tm_hour < 0 || t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59 || t.tm_sec < 0 || t.tm_sec > 60) return false;
    int east = zone(next_word(&s));
    *time_out = (int64_t)timegm(&t) - east;
    return true;
}

bool arrival_parse(span field, int64_t *time_out)
{
    for (size_t i = field.n; i > 0; i--)
        if (field.p[i - 1] == ';') return parse(span_from(field, i), time_out);
    return parse(field, time_out);
}

bool arrival_time(const struct mail *m, int64_t *time_out)
{
    const struct mail_header *received = mail_find(m, FIELD_RECEIVED), *date = mail_find(m, FIELD_DATE);
    return (received && arrival_parse(received->raw, time_out)) || (date && arrival_parse(date->raw, time_out));
}

static span first_address(const struct mail *m, span name, struct arena *a)
{
    for (size_t i = 0; i < m->header_count; i++) {
        span addr, who;
        uint64_t odd = 0;
        if (!span_ieq(m->headers[i].name, name)) continue;
        address_first(m->headers[i].raw, SPAN_NONE, a, &addr, &who, &odd);
        if (addr.n) return addr;
    }
    return SPAN_NONE;
}

span arrival_address(const struct mail *m, struct arena *a)
{
    static const span NAMES[] = {SPAN("delivered-to"), SPAN("x-original-to"), SPAN("envelope-to"), SPAN("to"),
                                 SPAN("cc")};
    span addr = SPAN_NONE;
    for (size_t i = 0; !addr.n && i < sizeof NAMES / sizeof *NAMES; i++) addr = first_address(m, NAMES[i], a);
    return addr;
}
