/* SPDX-License-Identifier: Apache-2.0 */
/* source: bytes that are read line by line: the mail, or an encoded message within it, decoded.
 *
 * A line ends with LF, or with CR in bytes that hold no LF at all; CRs before an LF belong to the line end. */
#ifndef FURUI_MIME_SOURCE_H
#define FURUI_MIME_SOURCE_H

#include "proto/base/span.h"

struct source {
    span raw;
    uint8_t eol; /* '\n', or '\r' where there is no '\n' at all */
    size_t pos;  /* start of the line to read next */
    int base;    /* the walk's: entities below it belong to outer sources, their boundaries mean nothing here */
};

/* The line at `at` without its line end; *next is where the one after it starts. */
static inline span source_line(const struct source *s, size_t at, size_t *next)
{
    span rest = span_from(s->raw, at);
    size_t n = span_find(rest, s->eol);
    *next = at + n + (n < rest.n);
    while (n && s->eol == '\n' && rest.p[n - 1] == '\r') n--; /* more than one, too */
    return span_head(rest, n);
}

#endif
