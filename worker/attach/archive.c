/* SPDX-License-Identifier: Apache-2.0 */
/* archive: headers of RAR, 7z, gzip, tar, cabinet, TNEF and ISO 9660 files, walked one after the other.
 *
 * Sources: RAR 5.0 archive format and technote.txt of RAR 4 (rarlab.com), 7zFormat.txt (7-zip.org), RFC 1952, POSIX
 * ustar, [MS-CAB], [MS-OXTNEF], ECMA-119. Every step goes forward in the file, so a walk ends. */
#include "worker/attach/archive.h"

#include "worker/text/odd.h"

/* --- RAR 4 -------------------------------------------------------------------------------------------------------- */

static void rar4(struct inside *in)
{
    enum { MAIN = 0x73, FILE_HEADER = 0x74, END = 0x7B };
    uint64_t at = 7;
    for (uint32_t n = 0; n < ARCHIVE_FILES_MAX; n++) {
        span h = view_at(in->v, at, 7);
        if (!h.n) break;
        uint16_t flags = little16(h.p + 3), bytes = little16(h.p + 5);
        if (bytes < 7 || h.p[2] == END) return;
        if (h.p[2] == MAIN && flags & 0x80) { /* names are hidden too */
            in->out->odd |= ODD(ENCRYPTED);
            return;
        }
        h = view_at(in->v, at, bytes);
        if (!h.n) break;
        uint64_t data = flags & 0x8000 && bytes >= 11 ? little32(h.p + 7) : 0;
        if (h.p[2] == FILE_HEADER && bytes >= 32) {
            uint16_t name = little16(h.p + 26);
            size_t from = flags & 0x100 ? 40 : 32;
            if (flags & 0x100 && bytes >= 40) data |= (uint64_t)little32(h.p + 32) << 32;
            if (flags & 4) in->out->odd |= ODD(ENCRYPTED);
            inside_name(in, span_head(span_from(h, from), name));
        }
        if (data > in->v->size) break;
        at += bytes + data;
    }
    if (at < in->v->size) in->out->partial = true;
}

/* --- RAR 5 -------------------------------------------------------------------------------------------------------- */

/* A number of 7 bits a byte, lowest first; 0 at the end of `s`. */
static uint64_t varint(span *s)
{
    uint64_t v = 0;
    for (unsigned shift = 0; s->n && shift < 63; shift += 7) {
        uint8_t c = s->p[0];
        *s = span_from(*s, 1);
        v |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80) break;
    }
    return v;
}

/* A file's header behind its flags and sizes; `extra` is the area at its end. */
static void rar5_file(struct inside *in, span h, span extra)
{
    uint64_t flags = varint(&h);
    varint(&h); /* unpacked size */
    varint(&h); /* attributes */
    h = span_from(h, (flags & 2 ? 4 : 0) + (flags & 4 ? 4 : 0));
    varint(&h); /* compression */
    varint(&h); /* system */
    uint64_t name = varint(&h);
    inside_name(in, span_head(h, name < h.n ? (size_t)name : h.n));
    while (extra.n) {
        uint64_t bytes = varint(&extra);
        span record = extra;
        if (varint(&record) == 1) in->out->odd |= ODD(ENCRYPTED);
        if (bytes == 0 || bytes >= extra.n) break;
        extra = span_from(extra, (size_t)bytes);
    }
}

static void rar5(struct inside *in)
{
    enum { FILE_HEADER = 2, ENCRYPTION = 4, END = 5, HEADER_MAX = 1 << 21 };
    uint64_t at = 8;
    for (uint32_t n = 0; n < ARCHIVE_FILES_MAX; n++) {
        span size = view_some(in->v, at + 4, 3), before = size;
        uint64_t bytes = varint(&size);
        if (bytes == 0 || bytes > HEADER_MAX) break;
        uint64_t from = at + 4 + (before.n - size.n);
        span h = view_at(in->v, from, (size_t)bytes), whole = h;
        if (!h.n) break;
        uint64_t type = varint(&h), flags = varint(&h);
        uint64_t extra = flags & 1 ? varint(&h) : 0, data = flags & 2 ? varint(&h) : 0;
        if (type == END) return;
        if (type == ENCRYPTION) {
            in->out->odd |= ODD(ENCRYPTED);
            return;
        }
        if (type == FILE_HEADER) rar5_file(in, h, extra <= h.n ? span_from(whole, whole.n - (size_t)extra) : SPAN_NONE);
        if (data > in->v->size) break;
        at = from + bytes + data;
    }
    if (at < in->v->size) in->out->partial = true;
}

/* --- 7z, gzip ----------------------------------------------------------------------------------------------------- */

/* The header at the end names the coders, its own too: AES among them asks for a password. Its names are packed nearly
 * always. */
static void sevenzip(struct inside *in)
{
    span h = view_at(in->v, 0, 32);
    if (!h.n) return;
    uint64_t offset = little64(h.p + 12), bytes = little64(h.p + 20);
    if (offset > in->v->size || bytes > in->v->size) {
        in->out->partial = true;
        return;
    }
    span end = view_some(in->v, 32 + offset, (size_t)bytes);
    if (end.n < bytes) in->out->partial = true;
    if (span_search(end, SPAN("\x06\xF1\x07\x01")) < end.n) in->out->odd |= ODD(ENCRYPTED);
}

static void gzip(struct inside *in)
{
    enum { EXTRA = 4, NAME = 8 };
    span h = span_head(in->v->head, 1 << 10);
    if (h.n < 12 || !(h.p[3] & NAME)) return;
    span name = span_from(h, h.p[3] & EXTRA ? (size_t)12 + little16(h.p + 10) : 10);
    inside_name(in, span_head(name, span_find(name, 0)));
}

/* --- tar ---------------------------------------------------------------------------------------------------------- */

static uint64_t octal(span s)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.n && v < UINT64_C(1) << 56; i++)
        if (s.p[i] >= '0' && s.p[i] <= '7') v = v * 8 + (s.p[i] - '0');
    return v;
}

static void tar(struct inside *in)
{
    span longer = SPAN_NONE; /* the next file's name, when it is too long for its header */
    uint64_t at = 0;
    for (uint32_t n = 0; n < ARCHIVE_FILES_MAX; n++) {
        span h = view_at(in->v, at, 512);
        if (!h.n || !span_eq(span_of(h.p + 257, 5), SPAN("ustar"))) {
            if (h.n ? h.p[0] != 0 : at < in->v->size) in->out->partial = true;
            return;
        }
        uint64_t bytes = octal(span_of(h.p + 124, 12));
        uint8_t type = h.p[156];
        if (type == 'L') { /* GNU */
            longer = view_some(in->v, at + 512, bytes < 4096 ? (size_t)bytes : 4096);
            longer = span_head(longer, span_find(longer, 0));
        } else if (type == 'x') { /* POSIX: "30 path=...\n" */
            span fields = view_some(in->v, at + 512, bytes < 4096 ? (size_t)bytes : 4096);
            longer = span_from(fields, span_search(fields, SPAN(" path=")) + 6);
            longer = span_head(longer, span_find(longer, '\n'));
        } else if (type != 'g' && type != 'K') {
            span name = span_of(h.p, 100);
            name = span_head(name, span_find(name, 0));
            inside_name(in, longer.n ? longer : name);
            longer = SPAN_NONE;
        }
        if (bytes > in->v->size) break;
        at += 512 + (bytes + 511) / 512 * 512;
    }
    in->out->partial = true;
}

/* --- cabinet ------------------------------------------------------------------------------------------------------ */

static void cabinet(struct inside *in)
{
    span h = view_at(in->v, 0, 36);
    if (!h.n) return;
    uint64_t at = little32(h.p + 16);
    for (uint32_t files = little16(h.p + 28), n = 0; n < files && n < ARCHIVE_FILES_MAX; n++) {
        span name = view_some(in->v, at + 16, 257);
        size_t bytes = span_find(name, 0);
        if (bytes == name.n) {
            in->out->partial = true;
            return;
        }
        inside_name(in, span_head(name, bytes));
        at += 16 + bytes + 1;
    }
}

/* --- TNEF --------------------------------------------------------------------------------------------------------- */

static void tnef(struct inside *in)
{
    enum { FILE_TITLE = 0x00018010, AROUND = 9 + 2 }; /* level, attribute, length; checksum */
    uint64_t at = 6;
    for (uint32_t n = 0; n < ARCHIVE_FILES_MAX && at + AROUND <= in->v->size; n++) {
        span h = view_at(in->v, at, 9);
        if (!h.n) break;
        uint32_t bytes = little32(h.p + 5);
        span title = view_some(in->v, at + 9, bytes < 512 ? bytes : 512);
        if (little32(h.p + 1) == FILE_TITLE) inside_name(in, span_head(title, span_find(title, 0)));
        at += AROUND + (uint64_t)bytes;
    }
    if (at + AROUND <= in->v->size) in->out->partial = true;
}

/* --- ISO 9660 ----------------------------------------------------------------------------------------------------- */

enum { SECTOR = 2048, RECORD = 33 };

struct folders {
    struct {
        uint32_t sector, bytes;
    } v[ARCHIVE_FOLDERS_MAX];
    uint32_t n, left; /* records that may still be read */
};

static void folder_add(struct folders *f, span record)
{
    uint32_t sector = little32(record.p + 2);
    for (uint32_t i = 0; i < f->n; i++)
        if (f->v[i].sector == sector) return; /* loops, and the folder itself and the one around it */
    if (f->n == ARCHIVE_FOLDERS_MAX) return;
    f->v[f->n].sector = sector;
    f->v[f->n++].bytes = little32(record.p + 10);
}

/* The records of one folder. They do not cross sectors. */
static void iso_folder(struct inside *in, struct folders *f, uint32_t k, bool wide)
{
    uint64_t begin = (uint64_t)f->v[k].sector * SECTOR, at = begin, end = begin + f->v[k].bytes;
    while (at < end && f->left) {
        span r = view_some(in->v, at, 256);
        if (!r.n) {
            in->out->partial = true;
            return;
        }
        uint8_t bytes = r.p[0];
        if (bytes <= RECORD || r.n < bytes) { /* on in the next sector */
            at += SECTOR - at % SECTOR;
            f->left--;
            continue;
        }
        span name = span_head(span_from(r, RECORD), r.p[32]);
        bool folder = r.p[25] & 2;
        if (folder) folder_add(f, r);
        /* ";1" is a version; one byte of 0 or 1 is this folder or the one around it. */
        if (wide)
            name = name.n > 4 && name.p[name.n - 3] == ';' ? span_head(name, name.n - 4) : name;
        else
            name = span_head(name, span_find(name, ';'));
        if (name.n > 1 && !folder) wide ? inside_wide_name(in, name, true) : inside_name(in, name);
        at += bytes;
        f->left--;
    }
}

/* Volume descriptors from sector 16 on: the primary one, and Joliet's with the longer names when there is one. */
static void iso(struct inside *in)
{
    span root = SPAN_NONE;
    bool wide = false;
    for (uint64_t sector = 16; sector < 32 && !wide; sector++) {
        span d = view_at(in->v, sector * SECTOR, 190);
        if (!d.n || !span_eq(span_of(d.p + 1, 5), SPAN("CD001")) || d.p[0] == 255) break;
        wide = d.p[0] == 2 && d.p[88] == '%' && d.p[89] == '/';
        if (d.p[0] == 1 || wide) root = span_of(d.p + 156, 34);
    }
    if (!root.n) {
        in->out->partial = true; /* UDF alone */
        return;
    }
    /* Folders may overlap; together they hold no more records than the file has room for. */
    size_t most = in->v->head.n / (RECORD + 1);
    struct folders f = {.left = most < ARCHIVE_FILES_MAX ? (uint32_t)most : ARCHIVE_FILES_MAX};
    folder_add(&f, root);
    for (uint32_t k = 0; k < f.n; k++) iso_folder(in, &f, k, wide);
    if (f.left == 0 || f.n == ARCHIVE_FOLDERS_MAX) in->out->partial = true;
}

void archive_read(struct inside *in)
{
    switch (in->out->kind) {
    case ATTACH_RAR: in->v->head.p[6] ? rar5(in) : rar4(in); break;
    case ATTACH_SEVENZIP: sevenzip(in); break;
    case ATTACH_GZIP: gzip(in); break;
    case ATTACH_TAR: tar(in); break;
    case ATTACH_CAB: cabinet(in); break;
    case ATTACH_TNEF: tnef(in); break;
    case ATTACH_ISO: iso(in); break;
    default: break;
    }
}
