/* SPDX-License-Identifier: Apache-2.0 */
/* view: the list of plots, and how rows are gathered for them; see view.h. */
#include "bench/view.h"

#include "bench/picture.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum view_kind {
    BARS,   /* of the newest rows: one for each thing; a colour for each column, or for each word of `split` */
    LINES,  /* of the newest rows: `x` across, a line for each thing */
    HISTORY /* of all rows: commits across, a line for each thing */
};

struct view {
    const char *sheet;
    enum view_kind kind;
    const char *where[2];                /* only such rows */
    const char *keys[3];                 /* columns that name a bar or a line */
    const char *split;                   /* of bars */
    const char *column[PICTURE_COLOURS]; /* of values */
    const char *name[PICTURE_COLOURS];   /* of these columns */
    const char *x;
    struct picture picture;
};

#define SCALE(word, words, x_words, y, y_words)                                                                        \
    {                                                                                                                  \
        .sheet = "scale", .kind = LINES, .where = {"what", word}, .keys = {"corpus", "way"}, .column = {y}, .x = "at", \
        .picture = {                                                                                                   \
            .id = "scale-" word,                                                                                       \
            .title = words,                                                                                            \
            .unit = y_words,                                                                                           \
            .x_title = x_words,                                                                                        \
            .x_log = true                                                                                              \
        }                                                                                                              \
    }

static const struct view VIEWS[] = {
    {.sheet = "inproc",
     .kind = HISTORY,
     .keys = {"corpus", "bundle"},
     .column = {"us_per_mail"},
     .picture = {.id = "inproc-history",
                 .title = "A mail in one process",
                 .unit = "µs of CPU",
                 .x_title = "commit",
                 .how = "Lower is better. One thread, all mails in memory, the best of several rounds."}},
    {.sheet = "inproc",
     .kind = BARS,
     .keys = {"corpus", "bundle"},
     .column = {"us_walk", "us_decode", "us_text", "us_other", "us_tokens", "us_score"},
     .name = {"walk", "decode", "text", "other", "tokens", "score"},
     .picture = {.id = "inproc-stages",
                 .title = "By stage",
                 .unit = "µs of CPU a mail",
                 .how = "What a stage costs when it is done once more. Links and normal form are in the table."}},
    {.sheet = "load",
     .kind = BARS,
     .keys = {"corpus", "what"},
     .column = {"cpu_us_engine", "cpu_us_workers", "cpu_us_redis"},
     .name = {"engine", "workers", "Redis"},
     .picture = {.id = "load-cpu",
                 .title = "A mail in the service",
                 .unit = "µs of CPU a mail",
                 .how = "Lower is better. At low rates a mail costs more, as every process sleeps in between."}},
    {.sheet = "load",
     .kind = BARS,
     .keys = {"corpus", "what"},
     .column = {"p50_us", "p99_us", "p999_us"},
     .name = {"median", "99%", "99.9%"},
     .picture = {.id = "load-latency",
                 .title = "Latency",
                 .unit = "µs from when a request was due",
                 .log = true,
                 .how =
                     "Lower is better. <i>half</i> and <i>highest</i> are rates on a fixed schedule; <i>peak</i> and "
                     "<i>null</i> keep a queue full, so that their latency is that of the queue."}},
    {.sheet = "load",
     .kind = HISTORY,
     .where = {"what", "peak"},
     .keys = {"corpus", "workers"},
     .column = {"mails_per_core_s"},
     .picture = {.id = "load-history",
                 .title = "The whole service",
                 .unit = "mails a core-second",
                 .x_title = "commit",
                 .how = "Higher is better. Engine, workers and Redis all counted."}},
    {.sheet = "throughput",
     .kind = HISTORY,
     .keys = {"corpus", "workers"},
     .column = {"mails_per_core_s"},
     .picture = {.id = "throughput-history",
                 .title = "The whole service, an older series",
                 .unit = "mails a core-second",
                 .x_title = "commit",
                 .how = "Higher is better."}},
    {.sheet = "peers",
     .kind = BARS,
     .keys = {"corpus", "peer"},
     .column = {"mails_per_core_s"},
     .picture = {.id = "peers-rate",
                 .title = "Beside other filters",
                 .unit = "mails a core-second",
                 .log = true,
                 .how = "Higher is better; each grid line is ten times the one before. CPU time of a filter's own "
                        "processes, on the same mails in the same run."}},
    SCALE("workers", "By workers", "workers", "us_per_mail", "µs of CPU a mail"),
    SCALE("size", "By size of a mail", "bytes", "ns_per_byte", "ns of CPU a byte"),
    SCALE("model", "By size of the model", "bytes of the feature table", "us_per_mail", "µs of CPU a mail"),
    SCALE("queue", "By mails under way", "mails", "us_per_mail", "µs of CPU a mail"),
    SCALE("keys", "By names in Redis", "names", "us_per_mail", "µs of CPU a mail"),
    {.sheet = "calls",
     .kind = BARS,
     .keys = {"process", "call"},
     .split = "kind",
     .column = {"a_mail"},
     .picture = {.id = "calls-a-mail", .title = "Calls a mail", .unit = "calls", .how = "Lower is better."}},
    {.sheet = "kernels",
     .kind = BARS,
     .keys = {"corpus", "kernel", "input"},
     .split = "variant",
     .column = {"gb_per_s"},
     .picture = {.id = "kernels-gbs",
                 .title = "Loops over bytes",
                 .unit = "GB/s",
                 .log = true,
                 .how = "Higher is better; each grid line is ten times the one before. All of it in cache."}},
    {.sheet = "hostile",
     .kind = BARS,
     .keys = {"class"},
     .column = {"worst_ms_per_mb", "ms_per_mb"},
     .name = {"worst mail", "mean"},
     .picture = {.id = "hostile-worst",
                 .title = "Hostile mail",
                 .unit = "ms of CPU a MB",
                 .limit = 20,
                 .how = "Lower is better; the dashed line is what no mail may cost."}},
    {.sheet = "soak",
     .kind = BARS,
     .keys = {"corpus", "workers"},
     .column = {"private_most_mb"},
     .picture = {.id = "soak-private",
                 .title = "Most private memory of a worker",
                 .unit = "MB",
                 .limit = 16,
                 .how = "Beside the model, which all workers share."}},
    {.sheet = "accuracy-peers",
     .kind = BARS,
     .keys = {"what", "filter"},
     .column = {"one_minus_roca_pct"},
     .picture = {.id = "accuracy-roca",
                 .title = "1-ROCA%",
                 .unit = "1-ROCA%",
                 .log = true,
                 .how = "Lower is better: docs/measuring.md. All protocols and both treatments of foreign headers."}},
};

enum { MAX_THINGS = 96 };

struct gathered {
    char name[MAX_THINGS][PICTURE_LABEL_MAX];
    size_t n;
};

/* The number of a name, new or not; MAX_THINGS when there is no room. */
static size_t number_of(struct gathered *g, const char *name, size_t max)
{
    size_t i = 0;
    while (i < g->n && strcmp(g->name[i], name) != 0) i++;
    if (i < g->n) return i;
    if (g->n == max) return MAX_THINGS;
    snprintf(g->name[g->n], sizeof g->name[0], "%s", name);
    return g->n++;
}

static void label(const struct view *v, const struct sheet *s, size_t row, char out[PICTURE_LABEL_MAX])
{
    size_t n = 0;
    out[0] = 0;
    for (int i = 0; i < 3 && v->keys[i]; i++) {
        span cell = sheet_cell(s, row, v->keys[i]);
        if (!cell.n || n >= PICTURE_LABEL_MAX) continue;
        int k = snprintf(out + n, PICTURE_LABEL_MAX - n, "%s%.*s", n ? ", " : "", SPAN_ARG(cell));
        n += k > 0 ? (size_t)k : 0;
    }
}

static bool counts(const struct view *v, const struct sheet *s, size_t row)
{
    if (v->kind != HISTORY && !sheet_newest(s, row)) return false;
    return !v->where[0] || sheet_is(s, row, v->where[0], v->where[1]);
}

static void draw_bars(struct markup *m, const struct view *v, const struct sheet *s)
{
    struct gathered *bars = calloc(1, sizeof *bars), *colours = calloc(1, sizeof *colours);
    struct picture_bar *bar = calloc(MAX_THINGS, sizeof *bar);
    assert(bars && colours && bar && "out of memory");
    for (size_t i = 0; i < MAX_THINGS; i++)
        for (size_t k = 0; k < PICTURE_COLOURS; k++) bar[i].value[k] = NAN;
    for (size_t k = 0; !v->split && k < PICTURE_COLOURS && v->column[k]; k++)
        number_of(colours, v->name[k] ? v->name[k] : v->column[k], PICTURE_COLOURS);
    for (size_t row = 0; row < s->rows; row++) {
        if (!counts(v, s, row)) continue;
        char name[PICTURE_LABEL_MAX], word[PICTURE_LABEL_MAX];
        label(v, s, row, name);
        size_t i = number_of(bars, name, MAX_THINGS);
        if (i == MAX_THINGS) break;
        snprintf(bar[i].label, sizeof bar[i].label, "%s", name);
        if (v->split) {
            span cell = sheet_cell(s, row, v->split);
            snprintf(word, sizeof word, "%.*s", SPAN_ARG(cell));
            size_t k = number_of(colours, cell.n ? word : "of libc or xxHash", PICTURE_COLOURS);
            if (k < PICTURE_COLOURS) bar[i].value[k] = sheet_number(s, row, v->column[0]);
            continue;
        }
        for (size_t k = 0; k < colours->n; k++) bar[i].value[k] = sheet_number(s, row, v->column[k]);
    }
    picture_bars(m, &v->picture, bar, bars->n, colours->name, colours->n ? colours->n : 1);
    free(bars);
    free(colours);
    free(bar);
}

static void draw_lines(struct markup *m, const struct view *v, const struct sheet *s)
{
    struct gathered *lines = calloc(1, sizeof *lines), *runs = calloc(1, sizeof *runs);
    struct picture_point *point = calloc(s->rows + 1, sizeof *point);
    assert(lines && runs && point && "out of memory");
    size_t n = 0;
    bool cut = false;
    for (size_t row = 0; row < s->rows; row++) {
        if (!counts(v, s, row)) continue;
        char name[PICTURE_LABEL_MAX], commit[PICTURE_LABEL_MAX];
        double x = v->x ? sheet_number(s, row, v->x) : 0, y = sheet_number(s, row, v->column[0]);
        label(v, s, row, name);
        size_t line = number_of(lines, name, PICTURE_COLOURS);
        cut = cut || line == MAX_THINGS;
        if (line == MAX_THINGS || !isfinite(y) || !isfinite(x) || (v->picture.x_log && x <= 0)) continue;
        if (!v->x) {
            snprintf(commit, sizeof commit, "%.*s", SPAN_ARG(sheet_cell(s, row, "commit")));
            size_t run = number_of(runs, commit, MAX_THINGS);
            if (run == MAX_THINGS) continue;
            x = (double)run;
        }
        point[n++] = (struct picture_point){x, y, line};
    }
    if (cut) markup_format(m, "<p class=\"note\">The first %d are drawn; there are more.</p>\n", PICTURE_COLOURS);
    if (n) picture_lines(m, &v->picture, point, n, lines->name, lines->n, v->x ? NULL : runs->name, runs->n);
    free(lines);
    free(runs);
    free(point);
}

void view_draw(struct markup *m, const struct sheet *s)
{
    for (size_t i = 0; s->rows && i < sizeof VIEWS / sizeof *VIEWS; i++) {
        const struct view *v = &VIEWS[i];
        if (strcmp(v->sheet, s->name) != 0) continue;
        if (v->kind == BARS)
            draw_bars(m, v, s);
        else
            draw_lines(m, v, s);
    }
}
