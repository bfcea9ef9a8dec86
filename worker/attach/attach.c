/* SPDX-License-Identifier: Apache-2.0 */
/* attach: one file: its bytes brought into sight and hashed, its kind found, its inside read.
 *
 * A file that has to be decoded goes through the mail's window: the first half of a long one stays, behind it the rest
 * moves past, so that at the end head and tail are in sight. Measured (AVX-512): 0.45 ms a MB of file in base64, 0.85
 * where its lines do not end with a group. */
#include "worker/attach/attach.h"

#include "proto/base/hash.h"
#include "worker/attach/archive.h"
#include "worker/attach/inside.h"
#include "worker/attach/kind.h"
#include "worker/attach/links.h"
#include "worker/attach/name.h"
#include "worker/attach/office.h"
#include "worker/attach/pdf.h"
#include "worker/attach/zip.h"
#include "worker/text/odd.h"

enum { WINDOW_MIN = 4096 };

void attach_room_init(struct attach_room *room, struct arena *a, size_t largest)
{
    *room = (struct attach_room){.taken = true};
    text_init(&room->visible, a, ATTACH_TEXT_MAX);
    text_init(&room->hidden, a, 0); /* what a page hides is nobody's */
    size_t cap = largest < WINDOW_MIN ? WINDOW_MIN : largest < ATTACH_WINDOW_MAX ? largest : ATTACH_WINDOW_MAX;
    size_t left = arena_left(a) / 2 & ~(size_t)15; /* the mail's text needs some too */
    if (cap > left) {
        a->full = true;
        cap = left;
    }
    if (cap < WINDOW_MIN) return;
    room->window = arena_alloc(a, cap);
    if (room->window) room->cap = cap;
}

/* Fill the window from `bytes`; the hash of all of them, and what is in sight. */
static struct view see(struct attach_bytes bytes, const struct attach_room *room, uint64_t digest[2])
{
    struct view v = {0};
    struct hash_stream h;
    if (!bytes.next) {
        hash128(bytes.whole, digest);
        return (struct view){.head = bytes.whole, .size = bytes.whole.n};
    }
    if (room->cap == 0) return v;
    size_t half = room->cap / 2, quarter = room->cap / 4, n = 0, got;
    hash_stream_init(&h);
    bool whole = true;
    for (;;) {
        if (room->cap - n < ATTACH_PIECE_MIN) { /* the newest quarter stays */
            memmove(room->window + half, room->window + n - quarter, quarter);
            n = half + quarter;
            whole = false;
        }
        got = bytes.next(bytes.from, room->window + n, room->cap - n);
        if (got == 0) break;
        hash_stream_add(&h, span_of(room->window + n, got));
        n += got;
        v.size += got;
    }
    hash_stream_end(&h, digest);
    v.head = span_of(room->window, whole ? n : half);
    if (!whole) v.tail = span_of(room->window + half, n - half);
    return v;
}

/* Kinds that are scanned from end to end, so that every byte may tell. */
static bool scanned(enum attach_kind kind)
{
    switch (kind) {
    case ATTACH_PDF:
    case ATTACH_RTF:
    case ATTACH_ONENOTE:
    case ATTACH_HTML:
    case ATTACH_HTA:
    case ATTACH_SVG:
    case ATTACH_TEXT: return true;
    default: return false;
    }
}

struct attach_links attach_links_begin(const struct attach_room *room, struct url_list *urls)
{
    struct attach_links before = {urls->n, urls->cap};
    size_t may = ATTACH_LINKS_MAX - room->links;
    if (before.from + may < before.cap) urls->cap = before.from + may;
    return before;
}

uint32_t attach_links_end(struct attach_room *room, struct url_list *urls, struct attach_links before)
{
    uint32_t added = (uint32_t)(urls->n - before.from);
    urls->cap = before.cap;
    room->links += added;
    for (size_t i = before.from; i < urls->n; i++) urls->v[i].place = URL_IN_FILE;
    return added;
}

void attach_look(span name, span type, span subtype, struct attach_bytes bytes, struct attach_room *room,
                 struct url_list *urls, struct arena *a, struct attachment *out)
{
    *out = (struct attachment){0};
    struct view v = see(bytes, room, out->digest);
    struct inside in = {.v = &v, .out = out, .a = a};
    struct name n = attach_name(name);
    out->bytes = v.size;
    out->odd = n.odd;
    out->kind = kind_of(&v);
    if (v.size == 0) {
        out->digest[0] = out->digest[1] = 0;
        return;
    }

    struct attach_links links = attach_links_begin(room, urls);
    bool joined =
        out->kind == ATTACH_UNKNOWN || out->kind == ATTACH_TEXT || out->kind == ATTACH_PE || n.claim == FAMILY_ARCHIVE;
    if (out->kind == ATTACH_ZIP) {
        zip_read(&in);
    } else if (joined && zip_ends(&v)) { /* something stands before it: unpackers do not mind */
        if (out->kind != ATTACH_PE) out->kind = ATTACH_ZIP;
        zip_read(&in);
    }
    archive_read(&in);
    office_read(&in);
    if (out->kind == ATTACH_PDF) pdf_read(&in, urls);
    links_read(&in, room, urls);
    if (scanned(out->kind) && v.head.n + v.tail.n < v.size) out->partial = true;
    out->links = attach_links_end(room, urls, links);

    if (kind_lies(out->kind, n.claim, kind_claim(type, subtype))) out->odd |= ODD(TYPE_MISMATCH);
    /* A "#!" runs nowhere by a click; what it hides behind is another matter. */
    if (attach_kind_family(out->kind) == FAMILY_PROGRAM && out->kind != ATTACH_SCRIPT) out->odd |= ODD(EXECUTABLE);
}
