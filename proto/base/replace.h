/* SPDX-License-Identifier: Apache-2.0 */
/* replace: write a file beside the one that it shall replace, then rename: a full disk or a power cut leaves the old
 * file or the new one, never half of one. */
#ifndef FURUI_BASE_REPLACE_H
#define FURUI_BASE_REPLACE_H

#include "proto/base/err.h"
#include "proto/base/span.h"

#include <stdio.h>

enum { REPLACE_FAULT_BYTES = 256 };

struct replace {
    int fd;     /* to write into; owned */
    char *temp; /* name of the new file until it is in place; owned, NULL when there is none */
    const char *path;
    char *target; /* where it goes: `path`, or what that is a symbolic link to; owned, NULL: `path` */
};

/* Create a new file beside `path`, which is lent until replace_close. Errors: ERR_IO, ERR_MEMORY; fault_out then is
 * "PATH: what is wrong", and nothing is to be closed. */
enum err replace_open(struct replace *r, const char *path, char *fault_out);

/* All is written (`written`: without an error; errno tells which it was): sync it, and put it in its place, with the
 * permissions of the file that was there. */
enum err replace_done(struct replace *r, bool written, char *fault_out);

/* Remove the new file if it is not in its place. */
void replace_close(struct replace *r);

/* The three of them, for bytes that are all there. */
enum err replace_write(const char *path, span bytes, char *fault_out);

/* Are these two names of one file? Whoever writes where he reads from, by a slip of the finger, loses it. */
bool replace_same(const char *a, const char *b);

/* Could a file be written there? Asked before long work. */
enum err replace_place(const char *path, char *fault_out);

/* The same for text that is printed to a stream; a pipe or a device, which cannot be replaced, is written to. Errors of
 * the stream are looked for here. */
typedef void replace_text_fn(FILE *to, const void *arg);
enum err replace_text(const char *path, replace_text_fn *print, const void *arg, char *fault_out);
enum err replace_text_place(const char *path, char *fault_out);

#endif
