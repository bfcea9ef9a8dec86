/* SPDX-License-Identifier: Apache-2.0 */
/* campaign_rows: from the entries of an index of campaigns to one row a campaign.
 *
 * An entry that has a band in common with a larger one is of the same campaign, when the larger one begins a row: rows do
 * not grow by what they take in, so nothing is chained. Each mail was counted in one entry, so a row's is their sum.
 * Pure; docs/reputation.md, "Campaigns", has the formulas. */
#ifndef FURUI_CLI_CAMPAIGN_ROWS_H
#define FURUI_CLI_CAMPAIGN_ROWS_H

#include "proto/store/campaign.h"

enum { CAMPAIGN_ROW_BANDS = 24 };

struct campaign_row {
    uint64_t band[CAMPAIGN_ROW_BANDS]; /* the largest entry's own, then what it goes with, then other entries' */
    bool entry[CAMPAIGN_ROW_BANDS];    /* is it an entry's own? */
    size_t band_count, begun_with;     /* of them; how many the largest entry has */
    struct record seen;                /* sums of the entries; nothing said */
    uint32_t first;                    /* minute of the first mail of all */
    span subject;                      /* of the largest entry that has one */
    double said_ham, said_spam;        /* what people said in weeks: of the band that they said most of */
    double weeks;                      /* mails, faded by the slow half-life */
    double mails, usual, growth;       /* of hours: campaign_row_finish */
};

/* Entries, faded to the present, to rows; v is put into another order. `rows` has room for n. Returns how many. */
size_t campaign_rows(struct campaign *v, size_t n, struct campaign_row *rows);

/* Take in the record of a row's band number b, faded: what people said, and what is usual: an index only remembers
 * hours. Mails of the hours are the index's, which has each once. */
void campaign_row_add(struct campaign_row *row, size_t b, const struct record *record);

/* After the last record: how much it grows. */
void campaign_row_finish(struct campaign_row *row, const struct record_lives *lives);

/* In order of growth, the fastest first. */
void campaign_rows_sort(struct campaign_row *rows, size_t n);

#endif
