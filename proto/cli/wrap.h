/* SPDX-License-Identifier: Apache-2.0 */
/* wrap: what strangers wrote, in lines of a given width, without any power over the terminal.
 *
 * Controls, direction marks, invisible characters and marks piled up on a letter come out as <U+202E>, bytes that are
 * no UTF-8 as <0x1B>: one can see that they are there, and nothing moves, hides or reverses. Wide characters (UAX #11)
 * count as two cells. */
#ifndef FURUI_CLI_WRAP_H
#define FURUI_CLI_WRAP_H

#include "proto/base/span.h"

#include <stdio.h>

enum { WRAP_WIDTH = 100, WRAP_MARKS_MAX = 3 /* combining marks in a row that are left as they are */ };

struct wrap {
    FILE *to;
    unsigned indent; /* cells before each line */
    unsigned column; /* cells of the line that is being written; 0: not begun */
    unsigned spaces; /* owed before the next word */
    unsigned marks;  /* combining marks in a row so far */
    bool inside;     /* a word: the line may not be broken here */
};

/* Begin at `column` of a line of which that much is written already; further lines begin at `indent`. */
void wrap_begin(struct wrap *w, FILE *to, unsigned column, unsigned indent);

/* Write text, breaking lines at spaces and between wide characters where that does, else anywhere. A '\n' ends the
 * line. O(text.n). */
void wrap_put(struct wrap *w, span text);

/* The same, of a C string of our own. */
void wrap_say(struct wrap *w, const char *text);

/* End the line if one was begun. */
void wrap_end(struct wrap *w);

#endif
