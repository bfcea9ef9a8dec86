/* SPDX-License-Identifier: Apache-2.0 */
/* file: the parts of a mail that are files, handed to worker/attach.
 *
 * What needs no decoding is looked at where it lies; base64 and quoted-printable go by in pieces. */
#include "worker/mime/file.h"

#include "worker/attach/password.h"
#include "worker/mime/codec.h"
#include "worker/mime/stream.h"

#include <assert.h>

enum { RTF_HEAD = 64 }; /* of a body in which its mark is looked for, behind white space */

static bool is_text(const struct mail_part *p)
{
    return span_eq(p->type, SPAN("text"));
}

bool file_is_card(const struct mail_part *p)
{
    static const span KINDS[] = {SPAN("calendar"), SPAN("vcard"), SPAN("x-vcard"), SPAN("directory")};
    for (size_t k = 0; is_text(p) && k < sizeof KINDS / sizeof *KINDS; k++)
        if (span_eq(p->subtype, KINDS[k])) return true;
    return false;
}

bool file_is_rtf(const struct mail_part *p)
{
    if (!is_text(p) || !(span_eq(p->subtype, SPAN("rtf")) || span_eq(p->subtype, SPAN("x-rtf")))) return false;
    span body = span_trim(span_head(p->body, RTF_HEAD));
    return p->encoding == MAIL_BASE64 ? span_starts(body, SPAN("e1xydG")) : span_starts(body, SPAN("{\\rtf"));
}

static bool is_file(const struct mail_part *p)
{
    if (span_eq(p->type, SPAN("multipart"))) return false;
    return p->attachment || !is_text(p) || file_is_card(p) || file_is_rtf(p);
}

/* Bytes that a part can decode to, and what a window is short of before it is full. */
static size_t most_bytes(const struct mail_part *p)
{
    return (p->encoding == MAIL_BASE64 ? p->body.n / 4 * 3 : p->body.n) + STREAM_ROOM_MIN + 3;
}

static void take_room(const struct mail *m, struct attach_room *room, struct arena *a)
{
    size_t largest = 0;
    for (size_t i = 0; i < m->part_count; i++) {
        const struct mail_part *p = &m->parts[i];
        if (is_file(p) && most_bytes(p) > largest) largest = most_bytes(p);
    }
    attach_room_init(room, a, largest);
}

static_assert((int)ATTACH_PIECE_MIN >= (int)STREAM_ROOM_MIN, "a piece is large enough for the decoder");
static size_t next(void *from, uint8_t *out, size_t cap)
{
    return stream_next(from, out, cap);
}

void file_read(struct mail *m, struct mail_part *p, bool shown, struct attach_room *room, struct url_list *urls,
               struct arena *a)
{
    if (shown ? !file_is_card(p) : !is_file(p)) return;
    if (!room->taken) take_room(m, room, a);
    struct stream s;
    struct attach_bytes bytes = {.whole = p->body};
    if (stream_can(p->encoding)) {
        stream_init(&s, p->encoding, p->body);
        bytes = (struct attach_bytes){.next = next, .from = &s};
    } else if (p->encoding == MAIL_UUENCODE || p->encoding == MAIL_YENC) {
        uint64_t ignored = 0;
        uint8_t *mark = arena_alloc(a, 0);
        span block = codec_decode(p->encoding, p->body, room->cap, a, &ignored);
        if (block.n) memcpy(room->window, block.p, block.n);
        bytes.whole = span_of(room->window, block.n);
        if (mark) arena_trim(a, mark, 0);
    }
    attach_look(p->name, p->type, p->subtype, bytes, room, urls, a, &p->file);
    p->decoded = p->file.bytes;
    m->odd |= p->file.odd;
}

void file_password(struct mail *m)
{
    if (!(m->odd & ODD(ENCRYPTED))) return;
    if (password_spoken(m->folded.subject) || password_spoken(m->folded.text) || password_spoken(m->folded.other))
        m->odd |= ODD(PASSWORD);
}
