/* SPDX-License-Identifier: Apache-2.0 */
/* name: what a file says it is by its name, and how a name hides it. */
#ifndef FURUI_ATTACH_NAME_H
#define FURUI_ATTACH_NAME_H

#include "worker/attach/attach.h"

enum {
    NAME_READ_MAX = 256, /* bytes at a name's end that are read; its last extension is what counts */
    NAME_END_MAX = 64,   /* bytes at a name's end that stay when it is cut */
};

/* What a name tells. */
struct name {
    enum attach_family claim; /* of its last extension; FAMILY_NONE when it has none, or one that nobody lists */
    bool macro;               /* an extension of Office files that hold macros */
    bool archive;             /* an extension of archives and disk images */
    uint64_t odd;             /* ODD bits, as attach_name_odd */
};

/* Read a name (any bytes). What an operating system would do with it decides: direction controls and other invisible
 * characters are passed over, so the extension is the last one in logical order; dots and spaces at the end do not
 * count; folders before the name are cut off; of a name with NUL both the part before it and all of it are judged.
 * Characters that look like a dot are one. O(min(name.n, NAME_READ_MAX)). */
struct name attach_name(span name);

/* ODD bits of a file name: EXECUTABLE when its last extension is one that a desktop runs, DOUBLE_EXTENSION when such a
 * one, or one that a browser opens, hides behind a document's ("invoice.pdf.exe"), NAME_DIRECTION when it holds
 * direction controls. */
uint64_t attach_name_odd(span name);

/* A name (UTF-8) in at most `cap` bytes (at least 128): a longer one loses its middle, where U+2026 stands then, so
 * that no run of spaces hides an extension. The result is `name` itself, or in the arena. */
span attach_name_cut(span name, size_t cap, struct arena *a);

#endif
