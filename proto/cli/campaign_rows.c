/* SPDX-License-Identifier: Apache-2.0 */
/* campaign_rows: see campaign_rows.h. */
#include "proto/cli/campaign_rows.h"

#include <math.h>
#include <stdlib.h>

/* Mails that nobody wonders about, so that three where none are usual are no threefold growth. */
static const double ALLOWED = 10;

static int by_mails(const void *a, const void *b)
{
    const struct campaign *x = a, *y = b;
    double m = x->seen.sum[RECORD_FAST][SUM_VOLUME], n = y->seen.sum[RECORD_FAST][SUM_VOLUME];
    if (m != n) return m > n ? -1 : 1;
    return x->band < y->band ? -1 : x->band > y->band;
}

static bool has(const struct campaign_row *r, uint64_t band)
{
    for (size_t i = 0; i < r->begun_with; i++)
        if (r->band[i] == band) return true;
    return false;
}

/* Does an entry share a band with the entry that a row began with? */
static bool belongs(const struct campaign_row *r, const struct campaign *c)
{
    bool yes = has(r, c->band);
    for (size_t i = 0; i < c->with_count && !yes; i++) yes = has(r, c->with[i]);
    return yes;
}

static void add_band(struct campaign_row *r, uint64_t band, bool entry)
{
    for (size_t i = 0; i < r->band_count; i++) {
        if (r->band[i] != band) continue;
        r->entry[i] = r->entry[i] || entry;
        return;
    }
    if (r->band_count == CAMPAIGN_ROW_BANDS) return;
    r->entry[r->band_count] = entry;
    r->band[r->band_count++] = band;
}

static void add_entry(struct campaign_row *r, const struct campaign *c)
{
    add_band(r, c->band, true);
    for (int speed = 0; speed < RECORD_SPEEDS; speed++)
        for (int k = 0; k < SUM_COUNT; k++) r->seen.sum[speed][k] += c->seen.sum[speed][k];
    if (c->first < r->first) r->first = c->first;
    if (!r->subject.n) r->subject = c->subject;
}

static void begin(struct campaign_row *r, const struct campaign *c)
{
    *r = (struct campaign_row){.first = c->first};
    add_band(r, c->band, true);
    for (size_t k = 0; k < c->with_count; k++) add_band(r, c->with[k], false);
    r->begun_with = r->band_count;
}

size_t campaign_rows(struct campaign *v, size_t n, struct campaign_row *rows)
{
    size_t count = 0;
    if (n) qsort(v, n, sizeof *v, by_mails);
    for (size_t i = 0; i < n; i++) {
        size_t r = 0;
        while (r < count && !belongs(&rows[r], &v[i])) r++;
        if (r == count) begin(&rows[count++], &v[i]);
        add_entry(&rows[r], &v[i]);
    }
    return count;
}

void campaign_row_add(struct campaign_row *row, size_t b, const struct record *record)
{
    row->said_ham = fmax(row->said_ham, record->sum[RECORD_SLOW][SUM_SAID_HAM]);
    row->said_spam = fmax(row->said_spam, record->sum[RECORD_SLOW][SUM_SAID_SPAM]);
    if (row->entry[b]) row->weeks = fmax(row->weeks, record->sum[RECORD_SLOW][SUM_VOLUME]);
}

void campaign_row_finish(struct campaign_row *row, const struct record_lives *lives)
{
    row->weeks = fmax(row->weeks, row->seen.sum[RECORD_SLOW][SUM_VOLUME]);
    row->mails = row->seen.sum[RECORD_FAST][SUM_VOLUME];
    row->usual = row->weeks * lives->minutes[RECORD_FAST] / lives->minutes[RECORD_SLOW];
    row->growth = (row->mails + ALLOWED) / (row->usual + ALLOWED);
}

static int by_growth(const void *a, const void *b)
{
    const struct campaign_row *x = a, *y = b;
    if (x->growth != y->growth) return x->growth > y->growth ? -1 : 1;
    return x->band[0] < y->band[0] ? -1 : x->band[0] > y->band[0];
}

void campaign_rows_sort(struct campaign_row *rows, size_t n)
{
    qsort(rows, n, sizeof *rows, by_growth);
}
