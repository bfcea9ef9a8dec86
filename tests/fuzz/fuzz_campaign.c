/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of an index of campaigns, as somebody else may have left them in Redis, and subjects: what is read has its
 * bounds, rows have each mail once, and what is to be shown holds nothing that could move a cursor. */
#include "proto/cli/campaign_rows.h"

#include "proto/base/utf8.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES = 64 };

static void check_subject(span text)
{
    uint8_t out[CAMPAIGN_SUBJECT_BYTES], again[CAMPAIGN_SUBJECT_BYTES];
    size_t n = campaign_subject(text, out), bytes;
    for (span rest = span_of(out, n); rest.n; rest = span_from(rest, bytes)) {
        uint32_t c;
        bytes = utf8_len(rest);
        assert(bytes);
        utf8_get(rest, &c);
        assert(utf8_harmless(c));
    }
    size_t m = campaign_subject(span_of(out, n), again);
    assert(span_eq(span_of(out, n), span_of(again, m)));
}

/* A byte says how long the next entry is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};
    static struct campaign v[ENTRIES];
    static struct campaign_row row[ENTRIES];
    size_t n = 0;
    double all = 0, sum = 0;
    check_subject(span_of(data, size));
    for (span rest = span_of(data, size); rest.n && n < ENTRIES;) {
        span one = span_head(span_from(rest, 1), rest.p[0]);
        struct campaign *c = &v[n];
        c->band = rest.p[0] % 16;
        rest = span_from(rest, 1 + one.n);
        if (!campaign_read(one, c)) continue;
        assert(c->with_count <= CAMPAIGN_WITH && c->subject.n <= CAMPAIGN_SUBJECT_BYTES);
        for (size_t i = 0; i < c->with_count; i++) c->with[i] %= 32;
        all += c->seen.sum[RECORD_FAST][SUM_VOLUME];
        n++;
    }
    size_t rows = campaign_rows(v, n, row);
    assert(rows <= n && (n == 0 || rows > 0));
    for (size_t i = 0; i < rows; i++) {
        assert(row[i].band_count <= CAMPAIGN_ROW_BANDS && row[i].entry[0]);
        sum += row[i].seen.sum[RECORD_FAST][SUM_VOLUME];
        campaign_row_add(&row[i], row[i].band_count - 1, &row[i].seen);
        campaign_row_finish(&row[i], &LIVES);
        assert(isfinite(row[i].growth) && row[i].growth > 0);
    }
    campaign_rows_sort(row, rows);
    assert(fabs(all - sum) <= 1e-6 * all);
    return 0;
}
