/* SPDX-License-Identifier: Apache-2.0 */
/* told: an answer of the learner's, for people and as JSON; see told.h. */
#define _GNU_SOURCE
#include "proto/cli/told.h"

#include "proto/base/json.h"
#include "proto/cli/cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { VALUE_MAX = 2048, KEY_WIDTH = 16, PLACE_MS_MIN_DIGITS = 12 };

/* --- times and places --------------------------------------------------------------------------------------------- */

void told_time(uint64_t ms, char out[TOLD_TIME_BYTES])
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    if (!gmtime_r(&t, &tm) || strftime(out, TOLD_TIME_BYTES, "%Y-%m-%d %H:%M:%SZ", &tm) == 0)
        snprintf(out, TOLD_TIME_BYTES, "?");
}

/* MS-N with a time that can be one; 0-0, the stream's beginning, is one too. */
static bool is_place(const char *text, uint64_t *ms_out)
{
    size_t a = strspn(text, "0123456789"), b = text[a] == '-' ? strspn(text + a + 1, "0123456789") : 0;
    if (a == 0 || b == 0 || text[a + 1 + b] || a > 19 || b > 19) return false;
    *ms_out = strtoull(text, NULL, 10);
    return a > PLACE_MS_MIN_DIGITS || *ms_out == 0;
}

static bool read_time(const char *text, uint64_t *ms_out)
{
    static const char *const FORMS[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, FORMS[i], &tm);
        if (!end || (*end && strcmp(end, "Z") != 0)) continue;
        time_t t = timegm(&tm);
        if (t < 0) return false;
        *ms_out = (uint64_t)t * 1000;
        return true;
    }
    return false;
}

static bool read_ago(const char *text, int64_t now_ms, uint64_t *ms_out)
{
    static const char UNITS[] = "smhd";
    static const int64_t UNIT_MS[] = {1000, 60000, 3600000, 86400000};
    char *end;
    if (text[0] != '-' || !ascii_digit((uint8_t)text[1]) || strlen(text) > 9) return false;
    int64_t n = strtoll(text + 1, &end, 10);
    const char *unit = *end ? strchr(UNITS, *end) : NULL;
    if (!unit || end[1] || n > now_ms / UNIT_MS[unit - UNITS]) return false;
    *ms_out = (uint64_t)(now_ms - n * UNIT_MS[unit - UNITS]);
    return true;
}

bool told_place(const char *text, int64_t now_ms, char out[ADMIN_PLACE_MAX])
{
    uint64_t ms;
    if (is_place(text, &ms)) {
        snprintf(out, ADMIN_PLACE_MAX, "%.45s", text);
        return true;
    }
    if (!read_time(text, &ms) && !read_ago(text, now_ms, &ms)) return false;
    snprintf(out, ADMIN_PLACE_MAX, "%" PRIu64 "-0", ms);
    return true;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static bool is_ours(span key) /* between furuid and furui */
{
    return span_eq(key, SPAN("v")) || span_eq(key, SPAN("status"));
}

static void print_value(span value)
{
    char text[VALUE_MAX], when[TOLD_TIME_BYTES];
    uint64_t ms;
    if (!pairs_text(value, text, sizeof text)) return;
    if (!*text) snprintf(text, sizeof text, "-");
    cli_print(stdout, span_cstr(text));
    if (!is_place(text, &ms)) return;
    if (ms)
        told_time(ms, when);
    else
        snprintf(when, sizeof when, "the stream's beginning");
    printf(" (%s)", when);
}

void told_text(const struct pairs *answer)
{
    span rest = span_of(answer->p, answer->n), key, value;
    bool first = true;
    size_t in_row = 0; /* values on this line */
    while (pairs_next(&rest, &key, &value)) {
        if (key.n == 0) {
            if (in_row) putchar('\n');
            first = false;
            in_row = 0;
        } else if (first && !is_ours(key)) {
            printf("%-*.*s ", KEY_WIDTH, SPAN_ARG(key));
            print_value(value);
            putchar('\n');
        } else if (!first && in_row == 0) { /* `kind` */
            printf("%-*.*s", KEY_WIDTH, SPAN_ARG(value));
            in_row++;
        } else if (!first && !span_eq(key, SPAN("id"))) {
            if (in_row++ == 1)
                putchar(' ');
            else
                printf("  %.*s ", SPAN_ARG(key));
            print_value(value);
        }
    }
    if (in_row) putchar('\n');
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

/* Whatever a person wrote is text, though it look like a number. */
static bool is_text(span key)
{
    static const char *const TEXTS[] = {"hash", "by", "note", "why", "how", "frozen_by", "frozen_note"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        if (span_eq(key, span_cstr(TEXTS[i]))) return true;
    return false;
}

static void put_value(struct json *j, span key, span value)
{
    char name[64], text[VALUE_MAX], *end;
    uint64_t n;
    snprintf(name, sizeof name, "%.*s", SPAN_ARG(span_head(key, sizeof name - 1)));
    if (!pairs_text(value, text, sizeof text)) text[0] = 0;
    double x = strtod(text, &end);
    bool number = (ascii_digit((uint8_t)text[0]) || text[0] == '-') && !*end && isfinite(x);
    if (is_text(key) || (!number && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0))
        json_str(j, name, span_cstr(text));
    else if (!number)
        json_bool(j, name, text[0] == 'y');
    else if (pairs_number(value, &n))
        json_uint(j, name, n);
    else
        json_num(j, name, x, 6);
}

/* The first line of a record that is not the first one: `kind`. Its array is opened, or goes on. */
static void open_row(struct json *j, span value, char kind[64])
{
    char next[64] = "";
    snprintf(next, sizeof next, "%.*ss", SPAN_ARG(span_head(value, sizeof next - 2)));
    if (strcmp(next, kind) != 0) {
        if (kind[0]) json_close_array(j);
        memcpy(kind, next, sizeof next);
        json_open_array(j, kind);
    }
    json_open_object(j, NULL);
}

void told_json(const struct pairs *answer)
{
    struct json j;
    span rest = span_of(answer->p, answer->n), key, value;
    char kind[64] = "";
    bool first = true, row = false;
    json_init(&j);
    json_open_object(&j, NULL);
    while (pairs_next(&rest, &key, &value)) {
        if (key.n == 0) {
            if (row) json_close_object(&j);
            first = row = false;
        } else if (first) {
            if (!span_eq(key, SPAN("v"))) put_value(&j, key, value);
        } else if (!row) {
            open_row(&j, value, kind);
            row = true;
        } else if (!span_eq(key, SPAN("id"))) {
            put_value(&j, key, value);
        }
    }
    if (row) json_close_object(&j);
    if (kind[0]) json_close_array(&j);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}
