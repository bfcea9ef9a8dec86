/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_attach: a file of any bytes under any name.
 *
 * Beyond not crashing: handed out in pieces through a window that holds all of it, a file is what it is where it lies;
 * through a small window it has the same digest. Names are valid UTF-8 in the arena, links keep to their limit. The
 * first byte picks name and type, the second the size of the pieces. */
#include <assert.h>
#include <stdlib.h>

#include "worker/attach/attach.h"
#include "worker/attach/name.h"
#include "worker/attach/password.h"
#include "worker/text/charset.h"
#include "worker/text/domain.h"
#include "worker/text/odd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    span name, type, subtype;
} GIVEN[] = {
    {SPAN(""), SPAN("application"), SPAN("octet-stream")},
    {SPAN("invoice.pdf"), SPAN("application"), SPAN("pdf")},
    {SPAN("letter.doc"), SPAN("application"), SPAN("msword")},
    {SPAN("files.zip"), SPAN("application"), SPAN("zip")},
    {SPAN("photo.jpg"), SPAN("image"), SPAN("jpeg")},
    {SPAN("page.html"), SPAN("text"), SPAN("html")},
    {SPAN("meeting.ics"), SPAN("text"), SPAN("calendar")},
    {SPAN("a.pdf.exe"), SPAN("application"), SPAN("x-msdownload")},
};

struct pieces {
    span rest;
    size_t each;
};

static size_t next(void *from, uint8_t *out, size_t cap)
{
    struct pieces *p = from;
    assert(cap >= ATTACH_PIECE_MIN);
    span s = span_head(p->rest, p->each < cap ? p->each : cap);
    if (s.n) memcpy(out, s.p, s.n);
    p->rest = span_from(p->rest, s.n);
    return s.n;
}

static struct arena arena;

static struct attachment look(size_t given, struct attach_bytes bytes, size_t window)
{
    struct attach_room room;
    struct url_list urls;
    struct attachment out;
    url_list_init(&urls, &arena, 256);
    attach_room_init(&room, &arena, window);
    attach_look(GIVEN[given].name, GIVEN[given].type, GIVEN[given].subtype, bytes, &room, &urls, &arena, &out);
    assert(out.kind > ATTACH_NONE && out.kind < ATTACH_KIND_COUNT);
    assert(utf8_valid(out.inner));
    assert(out.inner.n == 0 || (out.inner.p >= arena.base && out.inner.p + out.inner.n <= arena.base + arena.used));
    assert(out.links <= ATTACH_LINKS_MAX && out.links == urls.n && urls.cap == 256);
    for (size_t i = 0; i < urls.n; i++) assert(urls.v[i].place == URL_IN_FILE);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    domain_init();
    if (!arena.base && arena_open(&arena, 8u << 20) != ERR_OK) abort();
    size_t given = data[0] % (sizeof GIVEN / sizeof *GIVEN), each = (size_t)data[1] * 37 + 1;
    /* An exact copy, so that a sanitiser sees one byte read past it. */
    uint8_t *copy = malloc(size - 2 + (size == 2));
    memcpy(copy, data + 2, size - 2);
    span file = span_of(copy, size - 2);

    struct attachment whole = look(given, (struct attach_bytes){.whole = file}, file.n + 256);
    struct pieces p = {file, each};
    struct attachment same = look(given, (struct attach_bytes){.next = next, .from = &p}, file.n + 256);
    assert(whole.bytes == same.bytes && memcmp(whole.digest, same.digest, sizeof whole.digest) == 0);
    assert(whole.kind == same.kind && whole.odd == same.odd && whole.files == same.files);
    assert(whole.links == same.links && span_eq(whole.inner, same.inner) && whole.partial == same.partial);
    p.rest = file;
    struct attachment windowed = look(given, (struct attach_bytes){.next = next, .from = &p}, 0);
    assert(whole.bytes == windowed.bytes && memcmp(whole.digest, windowed.digest, sizeof whole.digest) == 0);

    attach_name_odd(file);
    password_spoken(file);
    arena_reset(&arena);
    free(copy);
    return 0;
}
