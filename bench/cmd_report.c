/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_report: `furui bench report`: all csv files of a directory, what became better or worse, and a page of them. */
#include "bench/bench_page.h"
#include "bench/commands.h"
#include "bench/gauge.h"
#include "proto/base/json.h"
#include "proto/base/replace.h"

#include <assert.h>
#include <dirent.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>

enum { SHEETS_MAX = 64, READINGS_MAX = 1024, BAD_FILE = 65 };

static int report_run(int argc, char **argv);

const struct verb verb_bench_report = {
    .name = "report",
    .summary = "all that was measured as one page, and what became worse",
    .help = "usage: furui bench report [OPTION…]\n"
            "\n"
            "Reads the csv files of bench/results and says what became better or worse since the last run of another\n"
            "commit on the same machine. Figures are compared as ratios, by what a fixed piece of work or another\n"
            "program took in the same run: a slower machine or hour is no regression.\n"
            "\n"
            "options:\n"
            "  --results DIR     the csv files (bench/results)\n"
            "  --html FILE       write a page of all of it: goals, verdicts, plots, tables; it needs nothing else\n"
            "  --within PCT      what is the same: so many percent (each figure has its own: 5 to 15)\n"
            "  --all             list what stayed the same, too\n"
            "  --json            one JSON object\n"
            "\n"
            "exit status: 0 nothing became worse; 1 something did; 64 wrong usage; 65 a file is no csv; 66 no files;\n"
            "74 the page cannot be written\n"
            "\n"
            "example: furui bench report --html build/bench.html\n",
    .run = report_run,
};

struct plan {
    const char *results, *html;
    long within;
    bool all, json;
};

struct work {
    struct sheet sheet[SHEETS_MAX];
    size_t sheets;
    struct gauge_reading reading[READINGS_MAX];
    size_t readings, count[GAUGE_NONE + 1];
};

static int is_csv(const struct dirent *d)
{
    return span_ends(span_cstr(d->d_name), SPAN(".csv")) && d->d_name[0] != '.';
}

static int open_all(const struct plan *p, struct work *w)
{
    struct dirent **names;
    char path[4096 + 256], fault[SHEET_FAULT_MAX];
    int n = scandir(p->results, &names, is_csv, alphasort), status = CLI_OK;
    if (n < 0) return cli_fail(CLI_NO_INPUT, "bench report", "%s: no such directory", p->results);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%.4000s/%s", p->results, names[i]->d_name);
        free(names[i]);
        if (status || w->sheets == SHEETS_MAX) continue;
        if (sheet_open(path, &w->sheet[w->sheets], fault) != ERR_OK)
            status = cli_fail(BAD_FILE, "bench report", "%s", fault);
        else
            w->sheets++;
    }
    free(names);
    if (!status && !w->sheets) status = cli_fail(CLI_NO_INPUT, "bench report", "%s: no csv files", p->results);
    return status;
}

static void read_all(const struct plan *p, struct work *w)
{
    for (size_t k = 0; k < GAUGE_COUNT; k++)
        for (size_t i = 0; i < w->sheets; i++)
            if (strcmp(w->sheet[i].name, GAUGES[k].sheet) == 0 && w->sheet[i].rows)
                w->readings += gauge_read(&GAUGES[k], &w->sheet[i], (double)p->within, w->reading + w->readings,
                                          READINGS_MAX - w->readings);
    for (size_t i = 0; i < w->readings; i++) w->count[w->reading[i].verdict]++;
}

static void show_text(const struct plan *p, const struct work *w)
{
    for (size_t i = 0; i < w->readings; i++) {
        const struct gauge_reading *r = &w->reading[i];
        if (!p->all && (r->verdict == GAUGE_SAME || r->verdict == GAUGE_NONE)) continue;
        char words[32];
        gauge_words(r, words);
        printf("%-9s ", r->gauge->sheet);
        cli_print(stdout, span_cstr(r->key));
        printf(": %s: ", r->gauge->says);
        if (isfinite(r->before)) printf("%.4g, now ", r->before);
        printf("%.4g: %s\n", r->now, words);
    }
    printf("%zu worse, %zu better, %zu the same, %zu with nothing to compare with\n", w->count[GAUGE_WORSE],
           w->count[GAUGE_BETTER], w->count[GAUGE_SAME], w->count[GAUGE_NONE]);
}

static void show_json(const struct work *w)
{
    static const char *const WORD[] = {
        [GAUGE_SAME] = "same", [GAUGE_BETTER] = "better", [GAUGE_WORSE] = "worse", [GAUGE_NONE] = "none"};
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    for (int v = 0; v <= GAUGE_NONE; v++) json_uint(&j, WORD[v], w->count[v]);
    json_open_array(&j, "readings");
    for (size_t i = 0; i < w->readings; i++) {
        const struct gauge_reading *r = &w->reading[i];
        json_open_object(&j, NULL);
        json_str(&j, "file", span_cstr(r->gauge->sheet));
        json_str(&j, "of", span_cstr(r->key));
        json_str(&j, "ratio", span_cstr(r->gauge->says));
        if (isfinite(r->before)) json_num(&j, "before", r->before, 6);
        if (isfinite(r->now)) json_num(&j, "now", r->now, 6);
        if (r->verdict != GAUGE_NONE) json_num(&j, "better_pct", r->pct, 2);
        json_str(&j, "verdict", span_cstr(WORD[r->verdict]));
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int write_page(const struct plan *p, const struct work *w)
{
    struct bench_page page = {.sheet = w->sheet, .sheets = w->sheets, .reading = w->reading, .readings = w->readings};
    struct markup m = {0};
    char fault[REPLACE_FAULT_BYTES];
    bench_page(&m, &page);
    enum err e = replace_write(p->html, span_of(m.buf, m.n), fault);
    markup_close(&m);
    return e ? cli_fail(CLI_IO, "bench report", "%s", fault) : CLI_OK;
}

static bool options(int argc, char **argv, struct plan *p)
{
    static const struct option OPTIONS[] = {
        {"results", required_argument, NULL, 'r'}, {"html", required_argument, NULL, 'h'},
        {"within", required_argument, NULL, 'w'},  {"all", no_argument, NULL, 'a'},
        {"json", no_argument, NULL, 'j'},          {0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        switch (c) {
        case 'r': p->results = optarg; break;
        case 'h': p->html = optarg; break;
        case 'a': p->all = true; break;
        case 'j': p->json = true; break;
        case 'w':
            if (!cli_number("bench report", "--within", optarg, 0, 1000, &p->within)) return false;
            break;
        default: return false;
        }
    }
    return !argv[optind];
}

static int report_run(int argc, char **argv)
{
    struct plan p = {.results = "bench/results", .within = -1};
    if (!options(argc, argv, &p)) return cli_usage("bench report");
    struct work *w = calloc(1, sizeof *w);
    assert(w && "out of memory");
    int status = open_all(&p, w);
    if (!status) {
        read_all(&p, w);
        if (p.json)
            show_json(w);
        else
            show_text(&p, w);
        if (p.html) status = write_page(&p, w);
        if (!status && w->count[GAUGE_WORSE]) status = 1;
    }
    for (size_t i = 0; i < w->sheets; i++) sheet_close(&w->sheet[i]);
    free(w);
    return status;
}
