/* SPDX-License-Identifier: Apache-2.0 */
/* cli: the front of the `furui` command: verbs, and what they share.
 *
 * A verb lives beside what it commands and is listed once, in proto/cli/furui.c. Options are read by getopt_long. */
#ifndef FURUI_CLI_CLI_H
#define FURUI_CLI_CLI_H

#include "proto/base/span.h"

#include <stdio.h>

struct verb {
    const char *name;
    const char *summary; /* one line, for `furui --help` */
    const char *help;    /* the whole text of `furui VERB --help`: usage, options, exit status, an example */
    int (*run)(int argc, char **argv); /* argv[0] is "furui VERB"; returns the exit status */
    const struct verb *const *subs;    /* verbs of its own, "furui VERB SUB", each with its help; ends with NULL */
};

/* Exit statuses shared by all verbs (sysexits.h). 0 is success; each verb's help names more. */
enum { CLI_OK = 0, CLI_USAGE = 64, CLI_NO_INPUT = 66, CLI_UNAVAILABLE = 69, CLI_IO = 74 };

/* "furui VERB: message" on standard error; returns `status`, so that a verb can `return cli_fail(...)`. */
int cli_fail(int status, const char *verb, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The line that ends every complaint about usage, after getopt_long has said what was wrong; returns CLI_USAGE. */
int cli_usage(const char *verb);

/* --help anywhere on the line, before a "--"? Then it was printed. main asks before it runs a verb; verbs need not. */
bool cli_help(const struct verb *v, int argc, char **argv);

/* A whole number in [least, most] from an option's text. False after a complaint that names the option. */
bool cli_number(const char *verb, const char *option, const char *text, long least, long most, long *out);

/* Print bytes that a stranger wrote. What could move a terminal's cursor, forge a line or hide (controls, U+0080 to
 * U+009F, direction overrides) and what is not UTF-8 comes out as \xNN; a backslash stays as it is. */
void cli_print(FILE *to, span bytes);

/* The candidate nearest to `word` by edits (Damerau, CACM 7(3), 1964: insert, delete, replace, swap neighbours), if it
 * is near enough to be a slip of the finger; NULL otherwise. */
const char *cli_nearest(const char *word, const char *const *candidates, size_t n);

/* How far a long job is, on standard error. On a terminal a bar: after two seconds, redrawn at most ten times a second,
 * gone when done. Elsewhere, a log or a pipe, a line each half minute. */
struct progress {
    const char *what;
    uint64_t total; /* 0: unknown */
    int64_t start_us, drawn_us;
    bool shown; /* a bar stands there */
    bool lines; /* standard error is no terminal */
};
void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_at(struct progress *p, uint64_t done);
/* Wipe the bar for the moment, so that a line can be printed; the next progress_at draws it again. */
void progress_hide(struct progress *p);
void progress_end(struct progress *p);

#endif
