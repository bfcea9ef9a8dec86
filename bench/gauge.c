/* SPDX-License-Identifier: Apache-2.0 */
/* gauge: the list of what is watched, and how two rows are compared; see gauge.h. */
#include "bench/gauge.h"

#include <math.h>
#include <stdio.h>

const struct gauge GAUGES[] = {
    {.sheet = "inproc",
     .keys = {"corpus", "bundle", "simd"},
     .figure = "us_per_mail",
     .by_yardstick = true,
     .within_pct = 5,
     .says = "CPU time a mail in one process, by the yardstick"},
    {.sheet = "load",
     .where = {"what", "peak"},
     .keys = {"corpus", "workers"},
     .figure = "mails_per_core_s",
     .by_yardstick = true,
     .more = true,
     .within_pct = 7,
     .says = "mails a core-second of the service, by the yardstick"},
    {.sheet = "load",
     .where = {"what", "peak"},
     .keys = {"corpus", "workers"},
     .figure = "null_ratio",
     .more = true,
     .within_pct = 7,
     .says = "its rate by that of null workers"},
    {.sheet = "peers",
     .where = {"peer", "bogofilter"},
     .keys = {"corpus", "peer"},
     .figure = "furui_ratio",
     .more = true,
     .within_pct = 10,
     .says = "mails a core-second in one process by bogofilter's"},
    {.sheet = "peers",
     .where = {"peer", "rspamd-bayes"},
     .keys = {"corpus", "peer"},
     .figure = "furui_ratio",
     .more = true,
     .within_pct = 10,
     .says = "mails a core-second in one process by rspamd's"},
    {.sheet = "peers",
     .where = {"peer", "rspamd-bayes"},
     .keys = {"corpus", "peer"},
     .figure = "furui_service_ratio",
     .more = true,
     .within_pct = 10,
     .says = "mails a core-second of the service by rspamd's"},
    {.sheet = "scale",
     .keys = {"corpus", "what", "way", "at"},
     .figure = "growth",
     .within_pct = 15,
     .says = "cost by the least at smaller ones"},
    {.sheet = "kernels",
     .keys = {"corpus", "kernel", "input", "variant"},
     .figure = "gb_per_s",
     .by = {"kernel", "xxh3"},
     .more = true,
     .within_pct = 10,
     .says = "GB a second by XXH3's"},
    {.sheet = "hostile",
     .where = {"class", "all"},
     .keys = {"options"},
     .figure = "ms_per_mb",
     .by_yardstick = true,
     .within_pct = 5,
     .says = "CPU time a MB of hostile mail, by the yardstick"},
    {.sheet = "hostile",
     .where = {"class", "all"},
     .keys = {"options"},
     .figure = "worst_ms_per_mb",
     .by_yardstick = true,
     .within_pct = 15,
     .says = "the same of the worst mail"},
    {.sheet = "soak",
     .keys = {"corpus", "workers"},
     .figure = "private_most_mb",
     .within_pct = 5,
     .says = "most private memory of a worker"},
    {.sheet = "accuracy",
     .keys = {"what", "train", "corpus"},
     .figure = "one_minus_roca_pct",
     .within_pct = 2,
     .says = "1-ROCA%"},
    {.sheet = "oracle",
     .keys = {"set"},
     .figure = "sound_equal_pct",
     .more = true,
     .within_pct = 0.05,
     .says = "texts read as GMime reads them"},
};
const size_t GAUGE_COUNT = sizeof GAUGES / sizeof *GAUGES;

static bool counts(const struct gauge *g, const struct sheet *s, size_t row)
{
    return !g->where[0] || sheet_is(s, row, g->where[0], g->where[1]);
}

static bool same_thing(const struct gauge *g, const struct sheet *s, size_t a, size_t b)
{
    for (size_t i = 0; i < GAUGE_KEYS && g->keys[i]; i++)
        if (!span_eq(sheet_cell(s, a, g->keys[i]), sheet_cell(s, b, g->keys[i]))) return false;
    return span_eq(sheet_cell(s, a, "machine"), sheet_cell(s, b, "machine"));
}

/* The nearest row above of that word, or below, in the same run. */
static double reference(const struct gauge *g, const struct sheet *s, size_t row)
{
    for (size_t i = row + 1; i-- > 0 && sheet_same_run(s, row, i);)
        if (sheet_is(s, i, g->by[0], g->by[1])) return sheet_number(s, i, g->figure);
    for (size_t i = row + 1; i < s->rows && sheet_same_run(s, row, i); i++)
        if (sheet_is(s, i, g->by[0], g->by[1])) return sheet_number(s, i, g->figure);
    return NAN;
}

static double ratio(const struct gauge *g, const struct sheet *s, size_t row)
{
    double v = sheet_number(s, row, g->figure);
    if (g->by[0]) return v / reference(g, s, row);
    if (!g->by_yardstick) return v;
    double yardstick = sheet_number(s, row, "yardstick_ns");
    return g->more ? v * yardstick : v / yardstick;
}

static void name(const struct gauge *g, const struct sheet *s, size_t row, char *out, size_t cap)
{
    size_t n = 0;
    out[0] = 0;
    for (size_t i = 0; i < GAUGE_KEYS && g->keys[i]; i++) {
        span cell = sheet_cell(s, row, g->keys[i]);
        if (!cell.n || n >= cap) continue;
        int k = snprintf(out + n, cap - n, "%s%.*s", n ? ", " : "", SPAN_ARG(cell));
        n += k > 0 ? (size_t)k : 0;
    }
}

/* The last row of the same thing before `row` at another commit that has such a figure. */
static size_t base_of(const struct gauge *g, const struct sheet *s, size_t row)
{
    for (size_t i = row; i-- > 0;)
        if (counts(g, s, i) && same_thing(g, s, i, row) && !sheet_newest(s, i) && isfinite(ratio(g, s, i))) return i;
    return GAUGE_NO_ROW;
}

static void compare(struct gauge_reading *r, const struct sheet *s, double within_pct)
{
    const struct gauge *g = r->gauge;
    if (within_pct < 0) within_pct = g->within_pct;
    r->now = ratio(g, s, r->row);
    r->base = base_of(g, s, r->row);
    r->before = r->base == GAUGE_NO_ROW ? NAN : ratio(g, s, r->base);
    r->verdict = GAUGE_NONE;
    if (!isfinite(r->now) || !isfinite(r->before) || r->before <= 0 || r->now <= 0) return;
    /* Of what is better when it is more, the inverse is a cost. */
    double cost = g->more ? r->before / r->now : r->now / r->before;
    r->pct = 100 * (1 - cost);
    r->verdict = r->pct < -within_pct ? GAUGE_WORSE : r->pct > within_pct ? GAUGE_BETTER : GAUGE_SAME;
}

size_t gauge_read(const struct gauge *g, const struct sheet *s, double within_pct, struct gauge_reading *out,
                  size_t max)
{
    size_t n = 0;
    for (size_t row = 0; row < s->rows && n < max; row++) {
        if (!counts(g, s, row) || !sheet_newest(s, row)) continue;
        bool later = false; /* measured again since: that one speaks */
        for (size_t i = row + 1; i < s->rows && !later; i++)
            later = counts(g, s, i) && sheet_newest(s, i) && same_thing(g, s, i, row);
        if (later || !isfinite(sheet_number(s, row, g->figure))) continue;
        out[n] = (struct gauge_reading){.gauge = g, .row = row};
        name(g, s, row, out[n].key, sizeof out[n].key);
        compare(&out[n++], s, within_pct);
    }
    return n;
}

void gauge_words(const struct gauge_reading *r, char out[32])
{
    switch (r->verdict) {
    case GAUGE_SAME: snprintf(out, 32, "same"); return;
    case GAUGE_BETTER: snprintf(out, 32, "better by %.*f%%", r->pct < 10, r->pct); return;
    case GAUGE_WORSE: snprintf(out, 32, "WORSE by %.*f%%", -r->pct < 10, -r->pct); return;
    case GAUGE_NONE: break;
    }
    snprintf(out, 32, "nothing to compare with");
}
