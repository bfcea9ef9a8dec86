/* SPDX-License-Identifier: Apache-2.0 */
/* cli: the front of the `furui` command: verbs, and what they share.
 *
 * A verb lives beside what it commands and is listed once, in proto/cli/furui.c. Options are read by getopt_long. */
#ifndef FURUI_CLI_CLI_H
#define FURUI_CLI_CLI_H

#include "proto/base/span.h"

struct verb {
    const char *name;
    const char *summary; /* one line, for `furui --help` */
    const char *help;    /* the whole text of `furui VERB --help`: usage, options, exit status, an example */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit status */
};

/* Exit statuses shared by all verbs. 0 is success; each verb's help names more. */
enum { CLI_OK = 0, CLI_USAGE = 64, CLI_NO_INPUT = 66, CLI_UNAVAILABLE = 69, CLI_IO = 74 };

/* "furui VERB: message" on standard error; returns `status`, so that a verb can `return cli_fail(...)`. */
int cli_fail(int status, const char *verb, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* --help anywhere on the line? Then it was printed and the verb returns CLI_OK. */
bool cli_help(const struct verb *v, int argc, char **argv);

/* A progress bar on standard error: only on a terminal, only after two seconds, redrawn at most ten times a second,
 * gone when done. */
struct progress {
    const char *what;
    uint64_t total; /* 0: unknown */
    int64_t start_us, drawn_us;
    bool shown;
};
void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_at(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif
