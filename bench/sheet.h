/* SPDX-License-Identifier: Apache-2.0 */
/* sheet: a csv file of bench/results in memory: a line of names, then a row for each measurement.
 *
 * RFC 4180 with LF: cells in quotes may hold commas, line ends and "" for a quote. Columns are added to a file over the
 * years, so a row may be shorter than the names: it has nothing there. */
#ifndef FURUI_BENCH_SHEET_H
#define FURUI_BENCH_SHEET_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum { SHEET_NAME_MAX = 64, SHEET_FAULT_MAX = 256 };

/* Owned: sheet_close. */
struct sheet {
    char name[SHEET_NAME_MAX]; /* of the file, without .csv */
    uint8_t *text;
    span *cell; /* [rows + 1][columns]; row 0 are the names */
    size_t columns, rows;
};

/* Read a file. ERR_IO, ERR_SYNTAX (no names, a row of too many cells, an open quote), ERR_TOO_BIG: *s is empty then, and
 * fault_out[SHEET_FAULT_MAX] a line with the path. */
enum err sheet_open(const char *path, struct sheet *s, char *fault_out);
void sheet_close(struct sheet *s);

/* Rows count from 0. An unknown column's cells are empty; a cell that is no number is NaN. */
span sheet_cell(const struct sheet *s, size_t row, const char *column);
double sheet_number(const struct sheet *s, size_t row, const char *column);
bool sheet_has(const struct sheet *s, const char *column);

/* Is the cell this word? */
bool sheet_is(const struct sheet *s, size_t row, const char *column, const char *word);

/* Were both rows measured in one run: the same date, machine and commit? */
bool sheet_same_run(const struct sheet *s, size_t a, size_t b);
/* Is it of the newest state: the commit and machine of the last row? */
bool sheet_newest(const struct sheet *s, size_t row);

#endif
