/* SPDX-License-Identifier: Apache-2.0 */
/* zip: what a ZIP archive holds, by its directories.
 *
 * Found from the end, as unpackers do: end record, directory, and beside each entry the header before the file itself.
 * Offsets count from where the archive begins, which junk before it moves; how far follows from where the directory is
 * and where it says to be. */
#define _GNU_SOURCE /* memrchr */
#include "worker/attach/zip.h"

#include "worker/text/odd.h"

enum { LOCAL = 30, ENTRY = 46, END = 22, END64 = 56, LOCATOR64 = 20, EXTRA_NAME = 0x7075 };
enum { NAME_MAX_READ = 1024, EXTRA_MAX_READ = 1024 };

struct walk {
    struct inside *in;
    uint32_t left;         /* entries that may still be read */
    uint32_t within;       /* archives within that may still be read */
    uint32_t within_files; /* ... and their entries */
    bool types;            /* [Content_Types].xml was met */
    bool office;           /* word/, xl/, ppt/, visio/ */
    bool odf;              /* its manifest */
    span macro;            /* a file that holds macros if this is ODF */
};

/* Names that say which kind of document this is, and what it can do. */
static void judge_document(struct walk *w, span name)
{
    struct inside *in = w->in;
    if (span_ieq(name, SPAN("[Content_Types].xml"))) w->types = true;
    if (span_istarts(name, SPAN("word/")) || span_istarts(name, SPAN("xl/")) || span_istarts(name, SPAN("ppt/")) ||
        span_istarts(name, SPAN("visio/")))
        w->office = true;
    if (span_eq(name, SPAN("META-INF/manifest.xml"))) w->odf = true;
    bool basic = span_istarts(name, SPAN("Basic/")) && span_iends(name, SPAN(".xml")) &&
                 !span_iends(name, SPAN("-lc.xml")) && !span_iends(name, SPAN("-lb.xml"));
    if (basic || (span_istarts(name, SPAN("Scripts/")) && !span_iends(name, SPAN("/")))) w->macro = name;
    if (span_iends(name, SPAN("vbaProject.bin")) || span_istarts(name, SPAN("xl/macrosheets/"))) {
        in->out->odd |= ODD(MACRO);
        inside_tell(in, name, TELL_MACRO);
    }
    if (span_search(name, SPAN("/embeddings/")) < name.n || span_search(name, SPAN("/activeX/")) < name.n)
        inside_tell(in, name, TELL_OBJECT);
}

/* One entry's name, flags and extra field. */
static void entry(struct walk *w, span name, uint16_t flags, span extra, bool count)
{
    struct inside *in = w->in;
    uint32_t files = in->out->files;
    /* Many entries may point at the same long names and fields. */
    if (name.n > NAME_MAX_READ) name = span_from(name, name.n - NAME_MAX_READ);
    extra = span_head(extra, EXTRA_MAX_READ);
    inside_name(in, name);
    judge_document(w, name);
    /* 1 a file is encrypted; 1 << 13 the directory's own names are hidden */
    if (flags & (1 | 1 << 13)) in->out->odd |= ODD(ENCRYPTED);
    while (extra.n >= 4) {
        uint16_t id = little16(extra.p), bytes = little16(extra.p + 2);
        span field = span_head(span_from(extra, 4), bytes);
        if (id == EXTRA_NAME && field.n > 5)
            inside_name(in, span_from(field, 5)); /* the name that newer unpackers use */
        extra = span_from(extra, (size_t)4 + bytes);
    }
    in->out->files = files + count;
}

/* The header before a file's own bytes: its name, where it is in sight. Returns the bytes of the header, or 0. */
static size_t local(struct walk *w, uint64_t at, span listed, bool count, uint64_t *next_out)
{
    span h = view_at(w->in->v, at, LOCAL);
    if (!span_starts(h, SPAN("PK\x03\x04"))) return 0;
    uint16_t flags = little16(h.p + 6), name_n = little16(h.p + 26), extra_n = little16(h.p + 28);
    span name = view_at(w->in->v, at + LOCAL, name_n);
    if (count || !span_eq(name, listed)) /* the same names tell the same */
        entry(w, name, flags, view_at(w->in->v, at + LOCAL + name_n, extra_n), count);
    else if (flags & 1)
        w->in->out->odd |= ODD(ENCRYPTED);
    *next_out = at + LOCAL + name_n + extra_n + (flags & 8 ? 0 : little32(h.p + 18));
    return LOCAL + (size_t)name_n;
}

static uint32_t directories(struct walk *w);

/* An entry's bytes, which are stored as they are: the names of the archive that they may be. */
static void within(struct walk *w, span bytes)
{
    struct inside *in = w->in;
    if (!span_starts(bytes, SPAN("PK\x03\x04"))) return;
    if (w->within == 0) {
        in->out->partial = true;
        return;
    }
    struct view v = {.head = bytes, .size = bytes.n};
    struct walk inner = {.in = in, .left = w->within_files};
    const struct view *outer = in->v;
    bool classes = in->classes, manifest = in->manifest;
    uint32_t files = in->out->files;
    in->v = &v;
    directories(&inner);
    in->v = outer;
    in->classes = classes;
    in->manifest = manifest;
    in->out->files = files;
    w->within_files = inner.left;
    w->within--;
}

/* The directory at `at`, of archives that begin at `base`. Returns how many entries there were. */
static uint32_t directory(struct walk *w, uint64_t at, uint64_t base)
{
    const struct view *v = w->in->v;
    uint32_t n = 0;
    for (;; n++, w->left--) {
        span h = view_at(v, at, ENTRY);
        bool entries = span_starts(h, SPAN("PK\x01\x02"));
        if (!entries || w->left == 0) {
            if (entries || (!h.n && at + ENTRY <= v->size)) w->in->out->partial = true;
            return n;
        }
        uint16_t name_n = little16(h.p + 28), extra_n = little16(h.p + 30), comment_n = little16(h.p + 32);
        span name = view_some(v, at + ENTRY, name_n);
        entry(w, name, little16(h.p + 8), view_at(v, at + ENTRY + name_n, extra_n), true);
        uint64_t from = base + little32(h.p + 42), next;
        size_t header = local(w, from, name, false, &next);
        if (header && little16(h.p + 10) == 0)
            within(w, view_some(v, from + header + little16(view_at(v, from, LOCAL).p + 28), little32(h.p + 20)));
        at += (uint64_t)ENTRY + name_n + extra_n + comment_n;
    }
}

struct place {
    uint64_t at, base; /* of a directory, and of the archive that its offsets count from */
};

/* Where the directory is that the record at `end` closes: where it says, and directly before its end, which junk before
 * the archive moves elsewhere. Unpackers differ in which they try first. Returns how many places there are. */
static size_t find_directory(const struct view *v, uint64_t end, struct place out[2])
{
    span e = view_at(v, end, END);
    uint64_t bytes = little32(e.p + 12), offset = little32(e.p + 16), before = end;
    span loc = end >= LOCATOR64 ? view_at(v, end - LOCATOR64, LOCATOR64) : SPAN_NONE;
    if (span_starts(loc, SPAN("PK\x06\x07"))) {
        uint64_t at = little64(loc.p + 8); /* and this record stands directly before its locator too */
        span big = view_at(v, at, END64);
        if (!span_starts(big, SPAN("PK\x06\x06")) && end >= LOCATOR64 + END64) {
            at = end - LOCATOR64 - END64;
            big = view_at(v, at, END64);
        }
        if (span_starts(big, SPAN("PK\x06\x06")))
            bytes = little64(big.p + 40), offset = little64(big.p + 48), before = at;
    }
    const uint64_t tries[] = {bytes <= before ? before - bytes : before, offset};
    size_t n = 0;
    for (size_t k = 0; k < 2; k++) {
        if ((k && tries[1] == tries[0]) || !span_starts(view_at(v, tries[k], 4), SPAN("PK\x01\x02"))) continue;
        out[n++] = (struct place){tries[k], tries[k] - offset}; /* a base below 0 is nowhere */
    }
    return n;
}

/* Headers before files, from the first on; over what has no size or is out of sight to the next mark. */
static void locals(struct walk *w)
{
    span head = w->in->v->head;
    uint64_t at = 0;
    w->in->out->partial = true;
    for (; w->left && at < head.n; w->left--) {
        uint64_t next = at;
        size_t header = local(w, at, SPAN_NONE, true, &next);
        if (header && next > at + header && span_starts(view_at(w->in->v, next, 3), SPAN("PK\x03"))) {
            at = next;
            continue;
        }
        at += header ? header : 1;
        at += span_search(span_from(head, (size_t)at), SPAN("PK\x03\x04"));
    }
}

/* The last end record before `before` and not further than its comment can be long; or `before` when there is none. */
static uint64_t find_end(const struct view *v, uint64_t before)
{
    uint64_t low = v->size > ZIP_END_MAX ? v->size - ZIP_END_MAX : 0;
    span s = before > low ? view_some(v, low, (size_t)(before - low)) : SPAN_NONE;
    for (const uint8_t *p; s.n && (p = memrchr(s.p, 'P', s.n)); s.n = (size_t)(p - s.p)) {
        uint64_t at = low + (uint64_t)(p - s.p);
        if (span_starts(view_at(v, at, END), SPAN("PK\x05\x06"))) return at;
    }
    return before;
}

bool zip_ends(const struct view *v)
{
    struct place places[2];
    uint64_t end = find_end(v, v->size);
    return end < v->size && find_directory(v, end, places) > 0;
}

/* All directories that an unpacker may believe. Returns how many entries there were. */
static uint32_t directories(struct walk *w)
{
    const struct view *v = w->in->v;
    uint64_t end = v->size, seen[2 * ZIP_DIRECTORIES_MAX];
    size_t seen_n = 0;
    uint32_t listed = 0;
    for (size_t k = 0; k < ZIP_DIRECTORIES_MAX; k++) {
        uint64_t found = find_end(v, end);
        if (found == end) break;
        end = found;
        struct place places[2];
        for (size_t n = find_directory(v, end, places), i = 0; i < n; i++) {
            size_t known = 0;
            while (known < seen_n && seen[known] != places[i].at) known++;
            if (known < seen_n) continue;
            seen[seen_n++] = places[i].at;
            listed += directory(w, places[i].at, places[i].base);
        }
    }
    return listed;
}

void zip_read(struct inside *in)
{
    struct walk w = {.in = in, .left = ZIP_FILES_MAX, .within = ZIP_WITHIN_MAX, .within_files = ZIP_WITHIN_FILES};
    if (directories(&w) == 0) locals(&w);
    span mimetype = SPAN("mimetypeapplication/vnd.oasis.opendocument"); /* the first file, and its content */
    w.odf &= span_eq(view_at(in->v, LOCAL, mimetype.n), mimetype);
    if (w.types && w.office) in->out->kind = ATTACH_OOXML;
    if (w.odf) in->out->kind = ATTACH_ODF;
    if (in->classes && in->manifest) in->out->kind = ATTACH_JAVA;
    if (w.odf && w.macro.n) {
        in->out->odd |= ODD(MACRO);
        inside_tell(in, w.macro, TELL_MACRO);
    }
}
