/* SPDX-License-Identifier: Apache-2.0 */
/* read_html: documents for the tests of html.h, and what is read of them, whole and in pieces.
 *
 * Expected values are what browsers show; line ends in them stand for blocks. */
#ifndef FURUI_TESTS_READ_HTML_H
#define FURUI_TESTS_READ_HTML_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "proto/base/utf8.h"
#include "worker/text/html.h"
#include "worker/text/odd.h"

enum {
    HID = 1,   /* HIDDEN_TEXT */
    SPLIT = 2, /* SPLIT_WORD */
    MIS = 4,   /* URL_MISMATCH */
    SCRIPT = 8,
    FORM = 16,
    IP = 32,
    USER = 64,
    OBS = 128,
    BACK = 256, /* BIDI */
};

struct html_case {
    const char *html, *visible, *hidden, *urls; /* urls: hosts and paths, parted by a space */
    unsigned odd;
};

struct reading {
    struct arena a;
    struct text visible, hidden, other;
    struct url_list urls;
    struct html_shape shape;
    uint64_t odd;
};

static inline void setup(struct reading *r, size_t bytes)
{
    *r = (struct reading){0};
    assert_int_equal(arena_open(&r->a, bytes), ERR_OK);
    text_init(&r->visible, &r->a, 4096);
    text_init(&r->hidden, &r->a, 4096);
    text_init(&r->other, &r->a, 4096);
    url_list_init(&r->urls, &r->a, 16);
}

static inline void read_html(struct reading *r, span html)
{
    html_read(html, &r->visible, &r->hidden, &r->other, &r->urls, &r->shape, &r->odd);
}

/* A document handed out in pieces of at most `most` bytes, whole characters. */
struct cutter {
    span rest;
    size_t most;
};

static inline span next_piece(void *from)
{
    struct cutter *c = from;
    span piece = utf8_cut(c->rest, c->most);
    while (piece.n < c->rest.n && (piece.n == 0 || (c->rest.p[piece.n] & 0xC0) == 0x80)) piece.n++;
    c->rest = span_from(c->rest, piece.n);
    return piece;
}

static inline void read_pieces(struct reading *r, span html, size_t most)
{
    struct cutter c = {html, most};
    uint8_t *room = malloc(HTML_PIECE_MAX + HTML_UNFINISHED_MAX);
    assert_non_null(room);
    struct html_pieces in = {next_piece, &c, room};
    html_read_pieces(&in, &r->visible, &r->hidden, &r->other, &r->urls, &r->shape, &r->odd);
    free(room);
}

/* 1 when a case reads otherwise than it should: whole (piece 0) or in pieces of so many bytes. */
static inline unsigned differs(const struct html_case *c, size_t piece)
{
    static const struct {
        unsigned bit;
        uint64_t odd;
    } BITS[] = {{HID, ODD(HIDDEN_TEXT)},    {SPLIT, ODD(SPLIT_WORD)}, {MIS, ODD(URL_MISMATCH)},
                {SCRIPT, ODD(HTML_SCRIPT)}, {FORM, ODD(HTML_FORM)},   {IP, ODD(URL_IP)},
                {USER, ODD(URL_USERINFO)},  {OBS, ODD(URL_OBSCURED)}, {BACK, ODD(BIDI)}};
    unsigned failed = 0;
    struct reading r;
    setup(&r, 1 << 16);
    if (piece)
        read_pieces(&r, span_cstr(c->html), piece);
    else
        read_html(&r, span_cstr(c->html));
    char urls[1024] = "";
    for (size_t k = 0, n = 0; k < r.urls.n; k++)
        n += (size_t)snprintf(urls + n, sizeof urls - n, "%s%.*s%.*s", k ? " " : "", SPAN_ARG(r.urls.v[k].host),
                              SPAN_ARG(r.urls.v[k].path));
    unsigned odd = 0;
    for (size_t k = 0; k < sizeof BITS / sizeof *BITS; k++)
        if ((r.odd | r.urls.odd) & BITS[k].odd) odd |= BITS[k].bit;
    span visible = text_span(&r.visible), hidden = text_span(&r.hidden);
    if (!span_eq(visible, span_cstr(c->visible)) || !span_eq(hidden, span_cstr(c->hidden)) ||
        strcmp(urls, c->urls) != 0 || odd != c->odd)
        failed++, print_error("%s, pieces of %zu\n  visible \"%.*s\"\n  hidden \"%.*s\"\n  urls \"%s\" odd %u\n",
                              c->html, piece, SPAN_ARG(visible), SPAN_ARG(hidden), urls, odd);
    arena_close(&r.a);
    return failed;
}

/* How many of cases[n] read otherwise than they should: whole, and in pieces. */
static inline unsigned count_wrong(const struct html_case *cases, size_t n)
{
    static const size_t PIECES[] = {0, 1, 2, 3, 5, 8, 13, 64};
    unsigned failed = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof PIECES / sizeof *PIECES; k++) failed += differs(&cases[i], PIECES[k]);
    return failed;
}

#endif
