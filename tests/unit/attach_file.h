/* SPDX-License-Identifier: Apache-2.0 */
/* attach_file: files for the tests of worker/attach, built byte by byte, and what is seen of them.
 *
 * One file at a time stands in `file`; what attach_look says of it in `got` and `urls`. */
#ifndef FURUI_TESTS_ATTACH_FILE_H
#define FURUI_TESTS_ATTACH_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "worker/attach/attach.h"
#include "worker/text/domain.h"
#include "worker/text/odd.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { MB = 1 << 20, FILE_MAX = 16 * MB };

static struct arena arena;
static struct url_list urls;
static struct attach_room room;
static struct attachment got;
static uint8_t file[FILE_MAX];
static size_t file_n; /* bytes of it */

/* --- writing files ------------------------------------------------------------------------------------------------ */

static inline void put(const void *p, size_t bytes)
{
    assert_true(bytes <= FILE_MAX - file_n);
    memcpy(file + file_n, p, bytes);
    file_n += bytes;
}

static inline void put_span(span s)
{
    put(s.p, s.n);
}

static inline void put_zeros(size_t bytes)
{
    assert_true(bytes <= FILE_MAX - file_n);
    memset(file + file_n, 0, bytes);
    file_n += bytes;
}

/* A number of `bytes` bytes, the lowest first. */
static inline void put_number(uint64_t v, size_t bytes)
{
    for (; bytes; bytes--, v >>= 8) put(&(uint8_t){(uint8_t)v}, 1);
}

static inline void poke(size_t at, uint64_t v, size_t bytes)
{
    for (; bytes; bytes--, v >>= 8) file[at++] = (uint8_t)v;
}

/* --- writing archives and compound files -------------------------------------------------------------------------- */

struct zip {
    size_t base, directory; /* where the archive begins, and its directory */
    uint32_t files;
    size_t at[8]; /* of the first files */
};

static inline void zip_file(struct zip *z, const char *name, uint16_t flags)
{
    if (z->files < COUNT(z->at)) z->at[z->files] = file_n;
    z->files++;
    put("PK\3\4\x14\0", 6);
    put_number(flags, 2);
    put_zeros(10);
    put_number(1, 4);
    put_number(1, 4);
    put_number(strlen(name), 2);
    put_number(0, 2);
    put(name, strlen(name));
    put("x", 1);
}

static inline void zip_entry(const struct zip *z, size_t k, const char *name, uint16_t flags)
{
    put("PK\1\2\x14\0\x14\0", 8);
    put_number(flags, 2);
    put_zeros(18);
    put_number(strlen(name), 2);
    put_zeros(12);
    put_number(k < COUNT(z->at) ? z->at[k] - z->base : 0, 4);
    put(name, strlen(name));
}

static inline void zip_end(const struct zip *z)
{
    size_t at = file_n;
    put("PK\5\6\0\0\0\0", 8);
    put_number(z->files & 0xFFFF, 2);
    put_number(z->files & 0xFFFF, 2);
    put_number(at - z->directory, 4);
    put_number(z->directory - z->base, 4);
    put_number(0, 2);
}

/* An archive of names, parted by spaces. */
static inline void zip(const char *names, uint16_t flags)
{
    char copy[512], *words[8];
    struct zip z = {.base = file_n};
    size_t count = 0;
    snprintf(copy, sizeof copy, "%s", names);
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " ")) words[count++] = w;
    for (size_t k = 0; k < count; k++) zip_file(&z, words[k], flags);
    z.directory = file_n;
    for (size_t k = 0; k < count; k++) zip_entry(&z, k, words[k], flags);
    zip_end(&z);
}

/* A header of 512 bytes, one FAT sector, and room for a directory of `sectors` sectors from sector 1 on. */
static inline void ole_begin(size_t sectors)
{
    file_n = 0;
    put_span(SPAN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"));
    put_zeros(504 + 512 + sectors * 512);
    poke(30, 9, 2);
    poke(48, 1, 4);
    memset(file + 76, 0xFF, 436);
    poke(76, 0, 4);
    memset(file + 512, 0xFF, 512);
    for (size_t k = 1; k < sectors && k < 127; k++) poke(512 + 4 * k, k + 1, 4);
    if (sectors < 128) poke(512 + 4 * sectors, 0xFFFFFFFE, 4);
}

static inline void ole_entry(size_t k, const char *name, uint8_t type, uint32_t sector, uint32_t bytes)
{
    size_t at = 1024 + k * 128, units = 0;
    for (; name[units]; units++) file[at + 2 * units] = (uint8_t)name[units];
    poke(at + 64, 2 * units + 2, 2);
    file[at + 66] = type;
    poke(at + 116, sector, 4);
    poke(at + 120, bytes, 4);
}

/* --- looking at them ---------------------------------------------------------------------------------------------- */

struct pieces {
    span rest;
    size_t each;
};

static inline size_t next(void *from, uint8_t *out, size_t cap)
{
    struct pieces *p = from;
    span s = span_head(p->rest, p->each < cap ? p->each : cap);
    if (s.n) memcpy(out, s.p, s.n);
    p->rest = span_from(p->rest, s.n);
    return s.n;
}

/* As a part of that name and type, decoded in pieces of `each` bytes, or where it lies when that is 0. */
static inline void look_as(const char *name, span type, span subtype, size_t each)
{
    arena_reset(&arena);
    url_list_init(&urls, &arena, 256);
    attach_room_init(&room, &arena, file_n + 256);
    struct pieces p = {span_of(file, file_n), each};
    struct attach_bytes bytes = {.whole = p.rest};
    if (each) bytes = (struct attach_bytes){.next = next, .from = &p};
    attach_look(span_cstr(name), type, subtype, bytes, &room, &urls, &arena, &got);
}

static inline void look(void)
{
    look_as("", SPAN("application"), SPAN("octet-stream"), 0);
}

static inline void want(const char *what, enum attach_kind kind, uint64_t odd, uint32_t files, const char *inner)
{
    if (got.kind != kind) fail_msg("%s: is %s", what, attach_kind_word(got.kind));
    for (enum odd_bit b = 0; b < ODD_COUNT; b++)
        if ((got.odd ^ odd) >> b & 1) fail_msg("%s: %s is %d", what, odd_word(b), (int)(got.odd >> b & 1));
    if (got.files != files) fail_msg("%s: %u files", what, got.files);
    if (!span_eq(got.inner, span_cstr(inner))) fail_msg("%s: inner %.*s", what, SPAN_ARG(got.inner));
}

static inline int open_arena(void **state)
{
    (void)state;
    domain_init();
    return arena_open(&arena, 4 * MB);
}

static inline int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

#endif
