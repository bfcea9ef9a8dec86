/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line an event: when, how grave, what happened, and the facts as key=value.
 *
 *     LOG(LEVEL_WARN, "worker_died", L_INT("worker", 3), L_STR("why", "signal 9"));
 *
 * To standard error or syslog, as text or JSON, by `log_setup`. Bytes of a mail never go in raw: values are
 * escaped, so nobody can forge a line. A line is one write(2), so lines of several processes do not mix. */
#ifndef FURUI_BASE_LOG_H
#define FURUI_BASE_LOG_H

#include "proto/base/span.h"

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_NOTE, LEVEL_DEBUG };

struct log_field {
    const char *key; /* NULL ends the list */
    enum { LOG_FIELD_STR, LOG_FIELD_INT } kind;
    span str;
    int64_t num;
};

#define L_STR(k, s)  ((struct log_field){.key = (k), .kind = LOG_FIELD_STR, .str = span_cstr(s)})
#define L_SPAN(k, s) ((struct log_field){.key = (k), .kind = LOG_FIELD_STR, .str = (s)})
#define L_INT(k, i)  ((struct log_field){.key = (k), .kind = LOG_FIELD_INT, .num = (int64_t)(i)})

#define LOG(level, event, ...) log_event((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})

/* Write one event; `fields` ends with a field whose key is NULL. Never fails, never blocks for long. */
void log_event(enum log_level level, const char *event, const struct log_field *fields);

/* program: shown in each line, static. Before the first call: text to standard error, LEVEL_NOTE and graver. */
void log_setup(const char *program, bool to_syslog, bool json, enum log_level least);

/* A level by its name in the config ("error", "warn", "note", "debug"); false if there is none. */
bool log_level_by_name(const char *name, enum log_level *out);

#endif
