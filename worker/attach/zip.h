/* SPDX-License-Identifier: Apache-2.0 */
/* zip: what a ZIP archive holds, by its directories (PKWARE APPNOTE 6.3). */
#ifndef FURUI_ATTACH_ZIP_H
#define FURUI_ATTACH_ZIP_H

#include "worker/attach/inside.h"

enum {
    ZIP_FILES_MAX = 1 << 16,    /* entries of all directories that are read */
    ZIP_DIRECTORIES_MAX = 4,    /* ends of a directory that are followed */
    ZIP_WITHIN_MAX = 16,        /* archives within, stored as they are, whose names are read */
    ZIP_WITHIN_FILES = 1 << 10, /* ... and their entries in all */
    ZIP_END_MAX = 22 + 0xFFFF,  /* the end of a directory and its comment */
};

/* Does a directory's end stand where a ZIP archive has it, whatever the file begins with? */
bool zip_ends(const struct view *v);

/* Read the names; programs, macros, encryption go to in->out->odd, and in->out->kind says OOXML, ODF or JAVA where the
 * names do. Unpackers differ in which directory they believe, so of several each is read, and the names that stand
 * before the files themselves count as much as those in the directory. Without a directory (cut off, or out of sight)
 * these are all there is, and in->out->partial says so. Names of archives within that are stored as they are count as
 * its own, but not as its files; what is compressed stays shut. O(ZIP_FILES_MAX + what is in sight). */
void zip_read(struct inside *in);

#endif
