/* SPDX-License-Identifier: Apache-2.0 */
/* bench_page: the order of the page, and its tables; see bench_page.h. */
#include "bench/bench_page.h"

#include "bench/goals.h"
#include "bench/view.h"
#include "models/report/webpage.h"

#include <math.h>
#include <stdio.h>

static const struct {
    const char *sheet, *heading, *says;
} SECTIONS[] = {
    {"inproc", "In one process", "Judging a mail without transport and reputation: <code>bench/inproc</code>."},
    {"load", "The service under load",
     "Engine, workers and Redis, with requests over ZeroMQ: <code>bench/load</code>."},
    {"throughput", "The service, an older series", "A closed loop through the C client library; no longer measured."},
    {"peers", "Other filters",
     "On the same mails in the same run: <code>bench/peers</code>; bench/peers.d has what each "
     "runs with."},
    {"scale", "When one thing grows", "The cost of a mail should stay flat: <code>bench/scale</code>."},
    {"calls", "Calls", "What engine and worker ask of the kernel and of malloc: <code>bench/calls</code>."},
    {"kernels", "Kernels", "Each for every instruction set of this CPU: <code>bench/kernels</code>."},
    {"hostile", "Hostile mail", "10,000 made mails that are meant to be slow: <code>bench/hostile</code>."},
    {"soak", "For long", "Memory and latency under a steady load, and whether they grow: <code>bench/soak</code>."},
    {"accuracy-peers", "Accuracy beside other filters", "One protocol for all: <code>bench/accuracy/peer</code>."},
    {"accuracy", "Accuracy", "Our own figures: <code>bench/accuracy/furui</code>; docs/measuring.md defines them."},
    {"oracle", "The reader beside GMime", "<code>tests/oracle/compare.py --write</code>; docs/oracle.md."},
    {"fuzz", "Fuzzing", "<code>tests/fuzz/run --write</code>."},
};

/* What every table leaves to its caption, or to nobody. */
static const char *const ASIDE[] = {"date", "machine", "commit", "load_before", "yardstick_ns", "command"};

static const struct sheet *find(const struct bench_page *p, const char *name)
{
    for (size_t i = 0; i < p->sheets; i++)
        if (strcmp(p->sheet[i].name, name) == 0 && p->sheet[i].rows) return &p->sheet[i];
    return NULL;
}

static void number(struct markup *m, double v)
{
    if (!isfinite(v))
        markup_put(m, "–");
    else if (fabs(v) >= 1000)
        markup_count(m, (uint64_t)llround(v), "", "");
    else
        markup_format(m, "%.3g", v);
}

/* --- goals and verdicts ------------------------------------------------------------------------------------------- */

static void goals(struct markup *m, const struct bench_page *p)
{
    markup_put(m,
               "<h2>What it shall do</h2>\n<div class=\"wide\"><table id=\"goals\"><thead><tr><th class=\"l\">what</th>"
               "<th>measured</th><th>wanted</th><th class=\"l\">unit</th><th>reached</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < GOAL_COUNT; i++) {
        const struct sheet *s = find(p, GOALS[i].sheet);
        double v = s ? goal_measured(&GOALS[i], s) : NAN;
        markup_format(m, "<tr><th class=\"l\" scope=\"row\">%s</th><td>", GOALS[i].says);
        number(m, v);
        markup_put(m, GOALS[i].at_most ? "</td><td>≤ " : "</td><td>≥ ");
        number(m, GOALS[i].limit);
        markup_format(m, "</td><td class=\"l\">%s</td>", GOALS[i].unit);
        if (!isfinite(v))
            markup_put(m, "<td>not measured</td></tr>\n");
        else if (goal_met(&GOALS[i], v))
            markup_put(m, "<td class=\"better\">yes</td></tr>\n");
        else
            markup_put(m, "<td class=\"worse\">no</td></tr>\n");
    }
    markup_put(m, "</tbody></table></div>\n");
}

static void cards(struct markup *m, const struct bench_page *p)
{
    size_t count[GAUGE_NONE + 1] = {0}, reached = 0, measured = 0;
    for (size_t i = 0; i < p->readings; i++) count[p->reading[i].verdict]++;
    for (size_t i = 0; i < GOAL_COUNT; i++) {
        const struct sheet *s = find(p, GOALS[i].sheet);
        double v = s ? goal_measured(&GOALS[i], s) : NAN;
        measured += isfinite(v);
        reached += isfinite(v) && goal_met(&GOALS[i], v);
    }
    char words[32], below[64];
    webpage_cards_open(m);
    snprintf(words, sizeof words, "%zu of %zu", reached, measured);
    snprintf(below, sizeof below, "%zu not measured", GOAL_COUNT - measured);
    webpage_card(m, "goals reached", words, below);
    static const struct {
        enum gauge_verdict v;
        const char *name, *below;
    } CARDS[] = {{GAUGE_WORSE, "became worse", "than the last run of another commit"},
                 {GAUGE_BETTER, "became better", ""},
                 {GAUGE_SAME, "stayed the same", "within noise"},
                 {GAUGE_NONE, "without a run before", "that had a yardstick"}};
    for (size_t i = 0; i < sizeof CARDS / sizeof *CARDS; i++) {
        snprintf(words, sizeof words, "%zu", count[CARDS[i].v]);
        webpage_card(m, CARDS[i].name, words, CARDS[i].below);
    }
    webpage_cards_close(m);
}

static void verdict_row(struct markup *m, const struct bench_page *p, const struct gauge_reading *r)
{
    const struct sheet *s = find(p, r->gauge->sheet);
    char words[32];
    gauge_words(r, words);
    markup_put(m, "<tr><th class=\"name\" scope=\"row\">");
    markup_text(m, span_cstr(r->key));
    markup_format(m, "</th><td class=\"l\">%s</td><td>", r->gauge->says);
    number(m, r->before);
    markup_put(m, "</td><td>");
    number(m, r->now);
    markup_put(m, "</td><td>");
    markup_text(m, r->base == GAUGE_NO_ROW ? SPAN("–") : sheet_cell(s, r->base, "commit"));
    markup_format(m, "</td><td class=\"%s\">%s</td></tr>\n",
                  r->verdict == GAUGE_WORSE    ? "worse"
                  : r->verdict == GAUGE_BETTER ? "better"
                                               : "",
                  words);
}

static void verdicts(struct markup *m, const struct bench_page *p)
{
    markup_put(m,
               "<h2>Against the run before</h2>\n<p>Ratios: each figure by what another piece of work took in the same "
               "run, so that a slower hour is no regression. What stayed the same, or has nothing to be compared with, "
               "is left out here; <code>furui bench report --all</code> lists it.</p>\n");
    size_t shown = 0;
    for (size_t i = 0; i < p->readings; i++) {
        const struct gauge_reading *r = &p->reading[i];
        if (r->verdict != GAUGE_WORSE && r->verdict != GAUGE_BETTER) continue;
        if (!shown++)
            markup_put(m,
                       "<div class=\"wide\"><table id=\"verdicts\"><thead><tr><th class=\"l\">of</th><th class=\"l\">"
                       "ratio</th><th>before</th><th>now</th><th>commit before</th><th>verdict</th></tr></thead>"
                       "<tbody>\n");
        verdict_row(m, p, r);
    }
    markup_put(m, shown ? "</tbody></table></div>\n" : "<p class=\"none\">Nothing became better or worse.</p>\n");
}

/* --- a file ------------------------------------------------------------------------------------------------------- */

static bool aside(span column)
{
    for (size_t i = 0; i < sizeof ASIDE / sizeof *ASIDE; i++)
        if (span_eq(column, span_cstr(ASIDE[i]))) return true;
    return false;
}

static void text_cell(struct markup *m, span cell, bool head)
{
    bool digit = cell.n && (ascii_digit(cell.p[0]) || cell.p[0] == '-');
    markup_put(m, head ? "<th" : "<td");
    if (!digit && !head) markup_put(m, " class=\"l\"");
    markup_put(m, ">");
    markup_text(m, cell);
    markup_put(m, head ? "</th>" : "</td>");
}

/* Rows of the newest state, in a fold: there may be many. */
static void table(struct markup *m, const struct sheet *s)
{
    size_t rows = 0, last = s->rows - 1;
    for (size_t i = 0; i < s->rows; i++) rows += sheet_newest(s, i);
    markup_put(m, "<details><summary>");
    markup_count(m, rows, "row", "rows");
    markup_put(m, " of commit ");
    markup_text(m, sheet_cell(s, last, "commit"));
    markup_put(m, ", ");
    markup_text(m, span_head(sheet_cell(s, last, "date"), 10));
    markup_put(m, "</summary>\n<p class=\"note\">On ");
    markup_text(m, sheet_cell(s, last, "machine"));
    if (sheet_has(s, "load_before")) {
        markup_put(m, "; load average before the last: ");
        markup_text(m, sheet_cell(s, last, "load_before"));
    }
    markup_put(m, ".</p>\n<div class=\"wide\"><table id=\"rows-");
    markup_text(m, span_cstr(s->name));
    markup_put(m, "\"><thead><tr>");
    for (size_t c = 0; c < s->columns; c++)
        if (!aside(s->cell[c])) text_cell(m, s->cell[c], true);
    markup_put(m, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < s->rows; i++) {
        if (!sheet_newest(s, i)) continue;
        markup_put(m, "<tr>");
        for (size_t c = 0; c < s->columns; c++)
            if (!aside(s->cell[c])) text_cell(m, s->cell[(i + 1) * s->columns + c], false);
        markup_put(m, "</tr>\n");
    }
    markup_put(m, "</tbody></table></div></details>\n");
}

static void section(struct markup *m, const struct sheet *s, const char *heading, const char *says)
{
    if (!s) return;
    markup_put(m, "<h2>");
    markup_text(m, span_cstr(heading));
    markup_format(m, "</h2>\n<p>%s</p>\n", says);
    view_draw(m, s);
    table(m, s);
}

static bool listed(const char *name)
{
    for (size_t i = 0; i < sizeof SECTIONS / sizeof *SECTIONS; i++)
        if (strcmp(SECTIONS[i].sheet, name) == 0) return true;
    return false;
}

void bench_page(struct markup *m, const struct bench_page *p)
{
    webpage_open(m, "Furui: what was measured");
    markup_put(m,
               "<h1>What was measured</h1>\n<p class=\"sub\">All of bench/results, the newest state of each file. How "
               "each figure comes about: bench/README.md.</p>\n");
    cards(m, p);
    goals(m, p);
    verdicts(m, p);
    for (size_t i = 0; i < sizeof SECTIONS / sizeof *SECTIONS; i++)
        section(m, find(p, SECTIONS[i].sheet), SECTIONS[i].heading, SECTIONS[i].says);
    for (size_t i = 0; i < p->sheets; i++)
        if (p->sheet[i].rows && !listed(p->sheet[i].name)) section(m, &p->sheet[i], p->sheet[i].name, "");
    webpage_close(m, "How each figure is measured: bench/README.md.");
}
