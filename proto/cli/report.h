/* SPDX-License-Identifier: Apache-2.0 */
/* report: a verdict in words: a line, a line with its reasons below it, or a JSON object.
 *
 * Everything that came out of a mail is printed by cli_print or as a JSON string; nothing raw reaches a terminal. */
#ifndef FURUI_CLI_REPORT_H
#define FURUI_CLI_REPORT_H

#include "proto/furui.h"

#include <stdio.h>

struct report_style {
    bool json;    /* one object a line */
    bool explain; /* reasons, oddities, parts */
    int column;   /* pad the mail's name to this many characters; 0: fields are separated by tabs */
};

/* The mail's name: its path, and its number within an mbox (0: the file is one mail). */
struct report_name {
    const char *path;
    size_t number;
};

void report_verdict(FILE *to, const struct report_style *s, struct report_name n, const struct furui_verdict *v);

/* A mail that was refused: why as a word and in words. Text style writes what belongs on standard error. */
void report_refusal(FILE *to, const struct report_style *s, struct report_name n, const char *why, const char *detail);

/* A mail that could not be read. */
void report_fault(FILE *to, const struct report_style *s, struct report_name n, const char *fault);

/* Characters that a terminal needs for a name; every character counts as one, so wide ones come out short. */
int report_name_width(struct report_name n);

#endif
