/* SPDX-License-Identifier: Apache-2.0 */
/* log: a line made on the stack and written at once; see log.h. */
#include "proto/base/log.h"

#include "proto/base/clock.h"
#include "proto/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static struct {
    const char *program;
    bool to_syslog, json;
    enum log_level least;
} out = {"furui", false, false, LEVEL_NOTE};

static const char *const NAMES[] = {"error", "warn", "note", "debug"};
static const int SYSLOG_LEVEL[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

enum { LINE_MAX_BYTES = 4000 };

bool log_level_by_name(const char *name, enum log_level *level_out)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, NAMES[i]) != 0) continue;
        *level_out = (enum log_level)i;
        return true;
    }
    return false;
}

void log_setup(const char *program, bool to_syslog, bool json, enum log_level least)
{
    out.program = program;
    out.to_syslog = to_syslog;
    out.json = json;
    out.least = least;
}

static void put(char *line, size_t *n, const char *s)
{
    size_t len = strlen(s);
    if (len > LINE_MAX_BYTES - *n) len = LINE_MAX_BYTES - *n;
    memcpy(line + *n, s, len);
    *n += len;
}

/* A value as one word, or quoted when it is not one; bytes that could forge a line or move a terminal are escaped. */
static void put_value(char *line, size_t *n, span s)
{
    bool quote = s.n == 0;
    for (size_t i = 0; i < s.n && !quote; i++) quote = s.p[i] <= ' ' || s.p[i] == '"' || s.p[i] == '=';
    if (quote) put(line, n, "\"");
    for (size_t i = 0; i < s.n; i++) {
        char one[8];
        uint8_t c = s.p[i];
        bool escape = c < ' ' || c == '"' || c == '\\' || c >= 0x7F;
        snprintf(one, sizeof one, escape ? "\\x%02x" : "%c", c);
        put(line, n, one);
    }
    if (quote) put(line, n, "\"");
}

static size_t text_line(char *line, enum log_level level, const char *event, const struct log_field *f)
{
    size_t n = 0;
    char word[64];
    put(line, &n, event);
    if (level <= LEVEL_WARN) {
        put(line, &n, " level=");
        put(line, &n, NAMES[level]);
    }
    for (; f->key; f++) {
        put(line, &n, " ");
        put(line, &n, f->key);
        put(line, &n, "=");
        if (f->kind == LOG_FIELD_STR) {
            put_value(line, &n, f->str);
            continue;
        }
        snprintf(word, sizeof word, "%" PRId64, f->num);
        put(line, &n, word);
    }
    return n;
}

static size_t json_line(char *line, const char *when, enum log_level level, const char *event,
                        const struct log_field *f)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_str(&j, "time", span_cstr(when));
    json_str(&j, "program", span_cstr(out.program));
    json_int(&j, "pid", getpid());
    json_str(&j, "level", span_cstr(NAMES[level]));
    json_str(&j, "event", span_cstr(event));
    for (; f->key; f++) {
        if (f->kind == LOG_FIELD_STR)
            json_str(&j, f->key, span_head(f->str, 1000));
        else
            json_int(&j, f->key, f->num);
    }
    json_close_object(&j);
    size_t n = 0;
    put(line, &n, j.buf);
    json_close(&j);
    return n;
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level > out.least) return;
    char when[40];
    int64_t now_us = clock_wall_us();
    time_t s = (time_t)(now_us / 1000000);
    struct tm tm;
    gmtime_r(&s, &tm);
    size_t w = strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(when + w, sizeof when - w, ".%03dZ", (int)(now_us / 1000 % 1000));

    char line[LINE_MAX_BYTES + 1];
    size_t n = 0;
    if (!out.json && !out.to_syslog) {
        put(line, &n, when);
        char who[64];
        snprintf(who, sizeof who, " %s[%d] ", out.program, (int)getpid());
        put(line, &n, who);
    }
    char body[LINE_MAX_BYTES + 1];
    size_t m = out.json ? json_line(body, when, level, event, fields) : text_line(body, level, event, fields);
    body[m] = 0;
    put(line, &n, body);
    if (out.to_syslog) {
        syslog(LOG_MAIL | SYSLOG_LEVEL[level], "%.*s", (int)n, line);
        return;
    }
    line[n++] = '\n';
    (void)!write(STDERR_FILENO, line, n);
}
