/* SPDX-License-Identifier: Apache-2.0 */
/* inside: what readers of directories write down of one file: names, counts, facts. */
#ifndef FURUI_ATTACH_INSIDE_H
#define FURUI_ATTACH_INSIDE_H

#include "worker/attach/attach.h"
#include "worker/attach/view.h"

/* How telling a name inside a file is; the first of the highest stays. */
enum telling { TELL_NOTHING, TELL_ARCHIVE, TELL_OBJECT, TELL_MACRO, TELL_HIDDEN, TELL_PROGRAM };

struct inside {
    const struct view *v;
    struct attachment *out;
    struct arena *a;
    enum telling told;      /* of out->inner */
    bool classes, manifest; /* that programs for Java and Android are made of were met */
};

/* Keep a name as the telling one, unless one that tells as much is kept. Any bytes: repaired to UTF-8. */
void inside_tell(struct inside *in, span name, enum telling telling);

/* One name of an archive's directory (any bytes): counted and judged. */
void inside_name(struct inside *in, span name);

/* The same in UTF-16, little endian or big: of `units` characters, of which at most NAME_READ_MAX are read. */
void inside_wide_name(struct inside *in, span units, bool big);

/* UTF-16 to ASCII, '?' for what is none; stops at NUL. Returns the bytes written, at most cap. */
size_t inside_narrow(span units, bool big, uint8_t *out, size_t cap);

#endif
