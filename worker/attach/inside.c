/* SPDX-License-Identifier: Apache-2.0 */
/* inside: what readers of directories write down of one file.
 *
 * A program in an archive is judged by its name alone, as the reader who unpacks it and clicks would. */
#include "worker/attach/inside.h"

#include "worker/attach/name.h"
#include "worker/text/charset.h"
#include "worker/text/odd.h"

void inside_tell(struct inside *in, span name, enum telling telling)
{
    if (telling <= in->told) return;
    in->told = telling;
    uint64_t ignored = 0;
    if (name.n > ATTACH_INNER_MAX) { /* the end tells more */
        name = span_from(name, name.n - ATTACH_INNER_MAX);
        while (name.n && (name.p[0] & 0xC0) == 0x80) name = span_from(name, 1);
    }
    /* The window that it lies in is another file's next. */
    name = arena_copy(in->a, name);
    in->out->inner = charset_to_utf8(name, SPAN_NONE, in->a, &ignored);
}

/* Files that programs for Java and Android are made of. */
static void judge_java(struct inside *in, span name)
{
    span end = SPAN(".class");
    in->manifest |= span_eq(name, SPAN("META-INF/MANIFEST.MF")) || span_eq(name, SPAN("AndroidManifest.xml"));
    in->classes |= span_eq(name, SPAN("classes.dex")) || (name.n > end.n && span_ends(name, end));
}

void inside_name(struct inside *in, span name)
{
    in->out->files++;
    if (name.n == 0 || name.p[name.n - 1] == '/') return; /* a folder */
    judge_java(in, name);
    struct name n = attach_name(name);
    enum telling telling = n.archive ? TELL_ARCHIVE : TELL_NOTHING;
    if (n.macro) {
        in->out->odd |= ODD(MACRO);
        telling = TELL_MACRO;
    }
    if (n.odd & (ODD(DOUBLE_EXTENSION) | ODD(NAME_DIRECTION))) telling = TELL_HIDDEN;
    if (n.odd & ODD(EXECUTABLE)) telling = TELL_PROGRAM;
    in->out->odd |= n.odd & ~ODD(EXECUTABLE);
    if (n.odd & ODD(EXECUTABLE)) in->out->odd |= ODD(ARCHIVED_PROGRAM);
    if (telling) inside_tell(in, name, telling);
}

size_t inside_narrow(span units, bool big, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < units.n && n < cap; i += 2) {
        uint8_t low = units.p[i + big], high = units.p[i + 1 - big];
        if (!low && !high) break;
        out[n++] = high || low >= 0x80 ? '?' : low;
    }
    return n;
}

void inside_wide_name(struct inside *in, span units, bool big)
{
    uint8_t name[NAME_READ_MAX];
    inside_name(in, span_of(name, inside_narrow(units, big, name, sizeof name)));
}
