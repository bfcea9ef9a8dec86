/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_soak: `furui bench soak`: does a service grow, or slow down, in the long run? See soak.h. */
#include "bench/commands.h"
#include "bench/load_options.h"
#include "bench/load_show.h"
#include "bench/soak.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { REFUSED = 1, INTERRUPTED = 130 };

static int soak_run(int argc, char **argv);

const struct verb verb_bench_soak = {
    .name = "soak",
    .summary = "a service under a steady load for minutes to days: do memory or latency grow?",
    .help =
        "usage: furui bench soak [OPTION…] --index INDEX | FILE|DIR|MBOX…\n"
        "\n"
        "Sends the mails round and round at a fixed rate, samples memory and latency every second, and says how they "
        "went:\n"
        "the slope with its standard error, and whether that is more than noise. Ctrl-C ends it early, with its "
        "report.\n"
        "Without --endpoint it starts a service of its own, and stops it after.\n"
        "\n"
        "options:\n"
        "  --rate R          mails a second (1000)\n"
        "  --for TIME        how long: 90s, 10m, 2h, 3d (10m)\n"
        "  --warm-up TIME    before that, and not counted: arenas and caches fill (30s)\n"
        "  --csv FILE        a line a second\n" LOAD_OPTIONS_HELP "\n"
        "exit status: 0 done; 1 some mails were refused or not answered, or processes of the service ended; 64 "
        "wrong\n"
        "usage; 66 no mail to send; 69 no service; 74 cannot write FILE\n"
        "\n"
        "examples:\n"
        "  furui bench soak --rate 10000 --for 17m --csv soak.csv --index trec07a/index\n"
        "  furui bench soak --endpoint tcp://127.0.0.1:7711 --rate 200 --for 3d Maildir/\n",
    .run = soak_run,
};

struct plan {
    struct load_options o;
    long seconds, warm_up;
    const char *csv;
};

static struct soak_result result; /* large */

/* --- what came out ------------------------------------------------------------------------------------------------ */

static void show_text(void)
{
    const struct soak_result *r = &result;
    static const double HOUR_S = 3600;
    load_text("soaked", &r->load);
    printf("  private      ");
    for (size_t i = 0; i < r->workers; i++) printf("%s%.1f", i ? ", " : "", r->worker_private_mb[i]);
    printf(" MB a worker beside what it shares, %.1f at most\n", r->worker_private_most_mb);
    if (r->ended) printf("  ENDED        %llu processes of the service\n", (unsigned long long)r->ended);
    printf("%-20s %10s %10s %10s %12s %12s\n", "", "first", "last", "most", "slope an hour", "error of it");
    for (int i = 0; i < SOAK_SERIES; i++) {
        const struct trend *t = &r->trend[i];
        printf("%-20s %10.2f %10.2f %10.2f %+13.3f %12.3f  %s\n", SOAK_SERIES_NAME[i], r->first[i], r->last[i],
               r->most[i], t->slope * HOUR_S, t->error * HOUR_S,
               trend_is_noise(t) ? "noise"
               : t->slope > 0    ? "GROWS"
                                 : "falls");
    }
}

static void show_json(const struct plan *p, const struct mails *m, const struct target *target)
{
    const struct soak_result *r = &result;
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_str(&j, "mode", SPAN("soak"));
    json_uint(&j, "mails", m->n);
    json_uint(&j, "mail_bytes", m->bytes);
    json_int(&j, "clients", p->o.clients);
    json_int(&j, "batch", p->o.batch);
    if (target->workers) json_int(&j, "workers", target->workers);
    json_bool(&j, "poisson", p->o.poisson);
    load_json(&j, &r->load);
    json_uint(&j, "samples", r->samples);
    json_uint(&j, "ended", r->ended);
    json_open_array(&j, "private_mb");
    for (size_t i = 0; i < r->workers; i++) json_num(&j, NULL, r->worker_private_mb[i], 3);
    json_close_array(&j);
    json_num(&j, "private_most_mb", r->worker_private_most_mb, 3);
    json_open_object(&j, "trend");
    for (int i = 0; i < SOAK_SERIES; i++) {
        json_open_object(&j, SOAK_SERIES_NAME[i]);
        json_num(&j, "first", r->first[i], 3);
        json_num(&j, "last", r->last[i], 3);
        json_num(&j, "most", r->most[i], 3);
        json_num(&j, "slope_per_hour", r->trend[i].slope * 3600, 4);
        json_num(&j, "error_per_hour", r->trend[i].error * 3600, 4);
        json_num(&j, "growth", trend_growth(&r->trend[i]), 3);
        json_bool(&j, "noise", trend_is_noise(&r->trend[i]));
        json_close_object(&j);
    }
    json_close_object(&j);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

static int visit(const struct plan *p, const struct mails *m, const struct target *t, FILE *csv)
{
    static struct gen g;
    struct gen_options o = load_options_gen(&p->o, t);
    struct soak_plan plan = {.load = {.rate_per_s = (double)p->o.rate,
                                      .poisson = p->o.poisson,
                                      .warm_up_s = (double)p->warm_up,
                                      .seconds = (double)p->seconds,
                                      .service = t->pid},
                             .csv = csv};
    int status = CLI_OK;
    if (gen_open(&g, &o, m) != ERR_OK)
        status = cli_fail(CLI_UNAVAILABLE, p->o.verb, "%s", g.fault);
    else if (soak_measure(&g, &plan, &result) != ERR_OK)
        status = cli_fail(CLI_UNAVAILABLE, p->o.verb, "the service has gone after %zu s", result.samples);
    gen_close(&g);
    return status;
}

static int run(const struct plan *p, const struct mails *m)
{
    struct target t = {0};
    struct target_options o = load_options_target(&p->o);
    FILE *csv = p->csv ? fopen(p->csv, "we") : NULL;
    if (p->csv && !csv) return cli_fail(CLI_IO, p->o.verb, "%s: %s", p->csv, strerror(errno));
    int status = target_open(&t, &o);
    if (status == CLI_OK && !t.pid)
        status = cli_fail(CLI_USAGE, p->o.verb, "that service is not on this machine: its memory cannot be seen");
    if (status == CLI_OK) status = visit(p, m, &t, csv);
    target_close(&t);
    if (result.samples) {
        if (p->o.json)
            show_json(p, m, &t);
        else
            show_text();
    }
    if (csv && (fclose(csv) != 0)) return cli_fail(CLI_IO, p->o.verb, "%s: %s", p->csv, strerror(errno));
    if (status != CLI_OK) return status;
    if (!result.samples) return cli_fail(INTERRUPTED, p->o.verb, "ended within its warm-up: there is nothing to say");
    return gen_tally_refused(&result.load.tally) || result.ended ? REFUSED : CLI_OK;
}

/* "90s", "10m", "2h", "3d", or seconds without a letter. */
static bool duration(const struct plan *p, const char *option, const char *text, long least, long *out)
{
    static const char UNIT[] = "smhd";
    static const long SECONDS[] = {1, 60, 3600, 86400};
    char *end;
    long n = strtol(text, &end, 10);
    const char *unit = *end ? strchr(UNIT, *end) : UNIT;
    if (end == text || !unit || (*end && end[1]) || n < least || n > 100000) {
        cli_fail(CLI_USAGE, p->o.verb, "%s: '%s' is no time such as 90s, 10m, 2h, 3d", option, text);
        return false;
    }
    *out = n * SECONDS[unit - UNIT];
    return true;
}

static bool options(int argc, char **argv, struct plan *p)
{
    static const struct option OPTIONS[] = {
        LOAD_OPTIONS_LONG,
        {"for", required_argument, NULL, 'f'},
        {"warm-up", required_argument, NULL, 'w'},
        {"csv", required_argument, NULL, 'c'},
        {0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        bool ok = true;
        switch (c) {
        case 'c': p->csv = optarg; break;
        case 'f': ok = duration(p, "--for", optarg, 1, &p->seconds); break;
        case 'w': ok = duration(p, "--warm-up", optarg, 0, &p->warm_up); break;
        default: ok = load_option(&p->o, c);
        }
        if (!ok) return false;
    }
    return true;
}

static int soak_run(int argc, char **argv)
{
    struct plan p = {.o = LOAD_OPTIONS_INIT, .seconds = 600, .warm_up = 30};
    p.o.verb = "bench soak";
    p.o.rate = 1000;
    if (!options(argc, argv, &p)) return cli_usage(p.o.verb);
    char **rest = argv + optind;
    const char *wrong = load_options_wrong(&p.o, *rest != NULL);
    if (wrong) {
        cli_fail(CLI_USAGE, p.o.verb, "%s", wrong);
        return cli_usage(p.o.verb);
    }
    struct mails m = {0};
    int status = load_options_mails(&p.o, rest, &m);
    if (status == CLI_OK) status = run(&p, &m);
    mails_close(&m);
    return status;
}
