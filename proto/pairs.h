/* SPDX-License-Identifier: Apache-2.0 */
/* pairs: lines of key=value: what furuid keeps of its models, and what `furui model` and furuid say to each other.
 *
 * Keys are of [a-z0-9_.-]. Bytes of a value that are not printable ASCII, and backslashes, are written \xNN, as in a
 * bundle's manifest: a line stays a line whatever a person called his file, and a terminal may show it. An empty line
 * ends a record. */
#ifndef FURUI_PAIRS_H
#define FURUI_PAIRS_H

#include "proto/base/span.h"

/* A text that grows. */
struct pairs {
    char *p; /* owned; not NUL-terminated */
    size_t n, cap;
};
void pairs_close(struct pairs *f);

/* Out of memory is an assert: a few kilobytes. */
void pairs_put(struct pairs *f, const char *key, const char *value);
void pairs_put_number(struct pairs *f, const char *key, uint64_t value);
void pairs_end_record(struct pairs *f);
/* Lines that are text already, as they are. */
void pairs_put_lines(struct pairs *f, span lines);

/* The next line of *rest, which moves on behind it.
 *
 *   key_out    lent; empty: the line was empty, a record ends
 *   value_out  lent, as it is written
 *
 * False at the end, and for a line that is not key=value or has no end: *rest is not empty then. */
bool pairs_next(span *rest, span *key_out, span *value_out);

/* A value as it was put, NUL-terminated. False when it has `cap` bytes or more, holds a NUL or is malformed. */
bool pairs_text(span value, char *out, size_t cap);
/* False when it is no decimal number below 2^64. */
bool pairs_number(span value, uint64_t *out);

#endif
