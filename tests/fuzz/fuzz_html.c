/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_html: any bytes as an HTML document.
 *
 * Beside what sanitisers find: texts hold no double space, no more than went in plus what references and attributes
 * give, every kept link has a host, and reading the same twice gives the same. In pieces it is read
 * too; that this shows the same is test_html's to say, case by case (rarely a cut falls where it is seen). */
#include <assert.h>
#include <stdlib.h>

#include "proto/base/hash.h"
#include "worker/text/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ARENA_BYTES = 1 << 20, TEXT_BYTES = 1 << 14 };

/* A document handed out in pieces of at most `most` bytes, whole characters. */
struct cutter {
    span rest;
    size_t most;
};

static span next_piece(void *from)
{
    struct cutter *c = from;
    size_t n = c->rest.n < c->most ? c->rest.n : c->most;
    while (n < c->rest.n && n < HTML_PIECE_MAX && (c->rest.p[n] & 0xC0) == 0x80) n++;
    span piece = span_head(c->rest, n);
    c->rest = span_from(c->rest, n);
    return piece;
}

/* Whole when `most` is 0. */
static uint64_t read_once(struct arena *a, span in, size_t most)
{
    static uint8_t room[HTML_PIECE_MAX + HTML_UNFINISHED_MAX];
    struct text visible, hidden, other;
    struct url_list urls;
    struct html_shape shape = {0};
    uint64_t odd = 0;
    arena_reset(a);
    text_init(&visible, a, TEXT_BYTES);
    text_init(&hidden, a, TEXT_BYTES);
    text_init(&other, a, TEXT_BYTES);
    url_list_init(&urls, a, 32);
    struct cutter c = {in, most};
    struct html_pieces pieces = {next_piece, &c, room};
    if (most)
        html_read_pieces(&pieces, &visible, &hidden, &other, &urls, &shape, &odd);
    else
        html_read(in, &visible, &hidden, &other, &urls, &shape, &odd);
    assert(visible.n <= in.n && hidden.n <= in.n && other.n <= in.n);
    for (size_t i = 1; i < visible.n; i++) assert(!ascii_space(visible.p[i]) || !ascii_space(visible.p[i - 1]));
    uint64_t h =
        hash_pair(hash64(text_span(&visible), odd), hash64(text_span(&hidden), hash64(text_span(&other), urls.odd)));
    for (size_t i = 0; i < urls.n; i++) {
        assert(urls.v[i].host.n && urls.v[i].domain.n && urls.v[i].whole.n);
        h = hash_pair(h, hash64(urls.v[i].whole, hash64(urls.v[i].host, 0)));
    }
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct arena a;
    if (!a.base && arena_open(&a, ARENA_BYTES) != ERR_OK) abort();
    uint8_t *copy = malloc(n ? n : 1); /* so that reading past the end is seen */
    if (n) memcpy(copy, data, n);
    uint64_t first = read_once(&a, span_of(copy, n), 0);
    assert(first == read_once(&a, span_of(copy, n), 0));
    read_once(&a, span_of(copy, n), 1 + n * 7 % 97);
    free(copy);
    return 0;
}
