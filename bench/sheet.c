/* SPDX-License-Identifier: Apache-2.0 */
/* sheet: cells are cut out of the text in place; see sheet.h. */
#include "bench/sheet.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const size_t BYTES_MAX = 64u << 20;

static enum err read_all(const char *path, struct sheet *s, size_t *n_out, char *fault_out)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        snprintf(fault_out, SHEET_FAULT_MAX, "%.180s: %s", path, strerror(errno));
        return ERR_IO;
    }
    size_t cap = 1 << 16, n = 0;
    s->text = malloc(cap);
    assert(s->text && "out of memory");
    for (size_t got; (got = fread(s->text + n, 1, cap - n, f)) > 0;) {
        n += got;
        if (n < cap) continue;
        s->text = realloc(s->text, cap *= 2);
        assert(s->text && "out of memory");
    }
    bool bad = ferror(f) != 0;
    fclose(f);
    *n_out = n;
    if (bad) snprintf(fault_out, SHEET_FAULT_MAX, "%.180s: cannot be read", path);
    if (!bad && n > BYTES_MAX) snprintf(fault_out, SHEET_FAULT_MAX, "%.180s: over 64 MB", path);
    return bad ? ERR_IO : n > BYTES_MAX ? ERR_TOO_BIG : ERR_OK;
}

/* The cell at *at, which then stands behind it and its comma or line end; quotes are taken off where they are. */
static bool next_cell(uint8_t *p, size_t n, size_t *at, span *out, bool *last_out)
{
    size_t i = *at, begin = i, end;
    if (i < n && p[i] == '"') {
        size_t to = begin;
        for (i++;; i++) {
            if (i >= n) return false;
            if (p[i] == '"' && (i + 1 >= n || p[i + 1] != '"')) break;
            if (p[i] == '"') i++;
            p[to++] = p[i];
        }
        end = to;
        i++;
        if (i < n && p[i] == '\r') i++;
        if (i < n && p[i] != ',' && p[i] != '\n') return false;
    } else {
        while (i < n && p[i] != ',' && p[i] != '\n') i++;
        end = i > begin && p[i - 1] == '\r' ? i - 1 : i;
    }
    *out = span_of(p + begin, end - begin);
    *last_out = i >= n || p[i] == '\n';
    *at = i < n ? i + 1 : n;
    return true;
}

/* All cells, row by row; the number of the line that is wrong, or 0. */
static size_t cut(struct sheet *s, size_t n)
{
    size_t cap = 0, cells = 0, line = 0;
    for (size_t at = 0; at < n;) {
        size_t column = 0;
        bool last = false;
        line++;
        while (!last) {
            span cell;
            if (!next_cell(s->text, n, &at, &cell, &last)) return line;
            if (line == 1) s->columns++;
            if (column == 0 && last && cell.n == 0) break; /* an empty line is no row */
            if (line > 1 && column >= s->columns) return line;
            if (cells == cap) {
                cap = cap * 2 + 1024;
                s->cell = realloc(s->cell, cap * sizeof *s->cell);
                assert(s->cell && "out of memory");
            }
            s->cell[cells++] = cell;
            column++;
        }
        if (column == 0) continue;
        for (; column < s->columns; column++) {
            if (cells == cap) {
                cap = cap * 2 + 1024;
                s->cell = realloc(s->cell, cap * sizeof *s->cell);
                assert(s->cell && "out of memory");
            }
            s->cell[cells++] = SPAN_NONE;
        }
    }
    if (!cells) return 1;
    s->rows = cells / s->columns - 1;
    return 0;
}

enum err sheet_open(const char *path, struct sheet *s, char *fault_out)
{
    *s = (struct sheet){0};
    size_t n = 0;
    enum err e = read_all(path, s, &n, fault_out);
    size_t wrong = e ? 0 : cut(s, n);
    if (wrong) {
        snprintf(fault_out, SHEET_FAULT_MAX, "%.180s:%zu: no row of a csv file", path, wrong);
        e = ERR_SYNTAX;
    }
    if (e) {
        sheet_close(s);
        return e;
    }
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    snprintf(s->name, sizeof s->name, "%.*s", (int)(dot ? dot - base : (long)strlen(base)), base);
    return ERR_OK;
}

void sheet_close(struct sheet *s)
{
    free(s->text);
    free(s->cell);
    *s = (struct sheet){0};
}

static size_t column_of(const struct sheet *s, const char *column)
{
    size_t c = 0;
    while (c < s->columns && !span_eq(s->cell[c], span_cstr(column))) c++;
    return c;
}

span sheet_cell(const struct sheet *s, size_t row, const char *column)
{
    size_t c = column_of(s, column);
    assert(row < s->rows);
    return c < s->columns ? s->cell[(row + 1) * s->columns + c] : SPAN_NONE;
}

double sheet_number(const struct sheet *s, size_t row, const char *column)
{
    span cell = sheet_cell(s, row, column);
    char text[64], *end;
    if (cell.n == 0 || cell.n >= sizeof text) return NAN;
    memcpy(text, cell.p, cell.n);
    text[cell.n] = 0;
    double v = strtod(text, &end);
    return *end == 0 && isfinite(v) ? v : NAN;
}

bool sheet_has(const struct sheet *s, const char *column)
{
    return column_of(s, column) < s->columns;
}

bool sheet_is(const struct sheet *s, size_t row, const char *column, const char *word)
{
    return span_eq(sheet_cell(s, row, column), span_cstr(word));
}

static bool same(const struct sheet *s, size_t a, size_t b, const char *column)
{
    return span_eq(sheet_cell(s, a, column), sheet_cell(s, b, column));
}

bool sheet_same_run(const struct sheet *s, size_t a, size_t b)
{
    return same(s, a, b, "date") && same(s, a, b, "machine") && same(s, a, b, "commit");
}

bool sheet_newest(const struct sheet *s, size_t row)
{
    return same(s, row, s->rows - 1, "machine") && same(s, row, s->rows - 1, "commit");
}
