/* SPDX-License-Identifier: Apache-2.0 */
/* markup: an HTML page in a buffer that grows; the markup is ours, the words may be anybody's.
 *
 * What strangers wrote (paths, names of sources, manifests) goes through markup_text and nothing else: no byte of it
 * can become markup, a control, or a change of direction, and what goes out is valid UTF-8. */
#ifndef FURUI_REPORT_MARKUP_H
#define FURUI_REPORT_MARKUP_H

#include "proto/base/span.h"

struct markup {
    char *buf; /* owned; NUL-terminated once something was put; zeroed at start */
    size_t n, cap;
};

void markup_close(struct markup *m);

/* Markup as it stands: only of our own writing. */
void markup_put(struct markup *m, const char *html);

/* The same with numbers in it. A %s is for our own words, never for a stranger's. */
void markup_format(struct markup *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes as they are, for a buffer that is text and not yet markup. */
void markup_bytes(struct markup *m, span bytes);

/* A stranger's words, for text between tags and for attributes in quotes. & < > " ' become entities; controls, marks
 * that change direction or line, characters that XML has no place for, and what is not UTF-8 come out as \xNN. */
void markup_text(struct markup *m, span words);

/* At most `most` bytes of it, then an ellipsis: of paths the end is kept, since it tells them apart. */
void markup_text_tail(struct markup *m, span words, size_t most);

/* A whole number with a thin space between each three digits, and the word for it: "25 000 mails", "1 mail". */
void markup_count(struct markup *m, uint64_t n, const char *one, const char *many);

#endif
