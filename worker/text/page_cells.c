/* SPDX-License-Identifier: Apache-2.0 */
/* page_cells: words taken apart into table cells, a letter each, are put together as the eye reads them.
 *
 * A row of letters is a word; a row of columns of letters (parted by <br>) is read line by line across the columns;
 * rows of one letter each are a word read downwards. Written over what was written of the row, and never longer. */
#include "proto/base/utf8.h"
#include "worker/text/odd.h"
#include "worker/text/page.h"

enum {
    LETTERS_LEAST = 4, /* cells of a letter each */
    SPLIT_LEAST = 8,   /* letters in one row that are no row of days or initials */
    ROW_MAX = 1024,    /* bytes of such a row */
    HAN_LEAD = 0xE2,   /* UTF-8 of scripts that are written downwards begins with more than that */
};

void page_begin_row(struct page *p, size_t at)
{
    p->row = (uint16_t)at;
    p->cells = 0;
}

void page_begin_cell(struct page *p)
{
    if (!p->row || p->depth - 2 != p->row) return;
    if (p->cells == CELLS_MAX)
        p->row = 0;
    else
        p->cell[p->cells++] = p->visible->n;
}

/* The bytes of the letter that s begins with, if only that is in this line; 0 for an empty line. -1: more is there. */
static int lone_letter(span line)
{
    size_t n = utf8_len(line);
    return n == line.n ? (int)n : -1;
}

static bool is_letter(span s)
{
    return s.n && (ascii_alpha(s.p[0]) || s.p[0] >= 0xC3) && s.p[0] != 0xE2 && s.p[0] != 0xEF;
}

static void shorten(struct page *p, size_t n)
{
    p->visible->n = n;
    if (p->free_text > n) p->free_text = n;
}

/* A row of one letter, at `at`: the fourth such row makes a word of them, and each that follows goes on with it. */
static void end_letter(struct page *p, size_t at)
{
    struct text *t = p->visible;
    bool next = p->column && p->column_end + 1 == at;
    if (!next) p->column = 0, p->column_at = at;
    if (p->column <= LETTERS_LEAST) p->column++;
    p->column_end = t->n;
    if (p->column < LETTERS_LEAST) return;
    size_t n = p->column == LETTERS_LEAST ? p->column_at : at - 1; /* from here on no line ends */
    for (size_t i = n; i < t->n; i++)
        if (t->p[i] != '\n') t->p[n++] = t->p[i];
    shorten(p, n);
    p->column_end = n;
    p->odd |= ODD(SPLIT_WORD);
}

void page_end_row(struct page *p)
{
    struct text *t = p->visible;
    span rest[CELLS_MAX];
    unsigned cells = p->cells, letters = 0, filled = 0;
    size_t lines = 0, start = 0;
    p->row = 0;
    if (!cells || p->in_link || t->n - p->cell[0] > ROW_MAX || t->n == p->cell[0]) return;
    for (unsigned k = 0; k < cells; k++) {
        size_t to = k + 1 < cells ? p->cell[k + 1] : t->n, n = 0;
        span s = span_of(t->p + p->cell[k], to - p->cell[k]);
        while (s.n && (s.p[0] == ' ' || s.p[0] == '\n')) s = span_from(s, 1);
        rest[k] = s;
        if (!s.n) continue;
        if (!filled++) start = (size_t)(s.p - t->p);
        for (; s.n; n++) {
            size_t end = span_find(s, '\n');
            span line = span_head(s, end);
            if (lone_letter(line) < 0) return;
            letters += is_letter(line);
            s = span_from(s, end + 1);
        }
        if (n > lines) lines = n;
    }
    if (cells == 1 && lines == 1 && letters) return end_letter(p, start);
    if (filled < LETTERS_LEAST || letters * 4 < filled * lines * 3) return;
    if (lines > 1 && rest[0].n && rest[0].p[0] > HAN_LEAD) return;
    uint8_t out[ROW_MAX + 1];
    size_t n = 0;
    for (size_t line = 0; line < lines; line++) {
        bool gap = false;
        for (unsigned k = 0; k < cells && n + 6 < sizeof out; k++) {
            size_t end = span_find(rest[k], '\n');
            if (end && gap && n && out[n - 1] != '\n') out[n++] = ' ';
            gap = !end;
            memcpy(out + n, rest[k].p, end);
            n += end;
            rest[k] = span_from(rest[k], end + 1);
        }
        if (line + 1 < lines && n) out[n++] = '\n';
    }
    if (n > t->n - start) return;
    memcpy(t->p + start, out, n);
    shorten(p, start + n);
    if (lines > 1 || letters >= SPLIT_LEAST) p->odd |= ODD(SPLIT_WORD);
}
