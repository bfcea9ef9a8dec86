/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_load: `furui bench load`: a service under load, its own or one that runs, and the same with null workers. */
#include "bench/commands.h"
#include "bench/load_options.h"
#include "bench/load_show.h"

#include <unistd.h>

enum { REFUSED = 1, INTERRUPTED = 130 };

static int load_run(int argc, char **argv);

const struct verb verb_bench_load = {
    .name = "load",
    .summary = "a service under load: latency, the highest rate that holds it, CPU a mail",
    .help =
        "usage: furui bench load [OPTION…] --index INDEX | FILE|DIR|MBOX…\n"
        "\n"
        "Sends the mails round and round and says what came back: goodput, refusals, latency, and the CPU that each "
        "part\n"
        "of the service took a mail. Without --endpoint it starts a service of its own, and stops it after.\n"
        "\n"
        "how much is sent:\n"
        "  (neither)         search: the peak, with 256 in flight; the highest rate at which 99 of 100 mails have a\n"
        "                    verdict within --p99-ms and none is refused; half of it; twice the peak, to see what is\n"
        "                    refused; and the peak with null workers, which answer at once and look at nothing\n"
        "  --rate R          R mails a second, each sent when it is due, whatever became of the others; latency "
        "counts\n"
        "                    from when it was due\n"
        "  --in-flight N     N mails under way, each answer replaced at once: the peak\n"
        "\n"
        "options:\n"
        "  --p99-ms N        what the search holds (5)\n"
        "  --seconds N       length of what is measured (10)\n"
        "  --warm-up N       seconds before it (2)\n"
        "  --null            null workers too, with --rate and --in-flight; --no-null: not, when "
        "searching\n" LOAD_OPTIONS_HELP "\n"
        "exit status: 0 done; 1 some mails were refused or not answered, or no rate holds; 64 wrong usage; 66 no "
        "mail\n"
        "to send; 69 no service\n"
        "\n"
        "examples:\n"
        "  furui bench load --index trec07a/index\n"
        "  furui bench load --rate 5000 --clients 1000 --poisson Maildir/\n"
        "  furui bench load --endpoint tcp://127.0.0.1:7711 --in-flight 512 --seconds 60 mails/\n",
    .run = load_run,
};

struct plan {
    struct load_options o;
    long in_flight, p99_ms, seconds, warm_up;
    bool null, no_null;
};

/* What was measured; large, so not on the stack. */
static struct {
    struct load_result peak, best, half, overload, null;
    bool has_peak, has_half, has_overload, has_null;
} result;

static bool searching(const struct plan *p)
{
    return !p->o.rate && !p->in_flight;
}

/* --- what came out ------------------------------------------------------------------------------------------------ */

static double null_ratio(const struct load_result *real)
{
    double null = load_goodput(&result.null);
    return null > 0 ? load_goodput(real) / null : 0;
}

/* What engine and sockets take of the CPU that a mail costs; 0 when CPU was not counted. */
static double transport_share(const struct load_result *real)
{
    double null = load_mails_per_core_s(&result.null);
    return null > 0 ? load_mails_per_core_s(real) / null : 0;
}

static const struct load_result *beside_null(const struct plan *p)
{
    return searching(p) ? &result.peak : &result.best;
}

static void show_text(const struct plan *p, const struct mails *m, const struct target *t)
{
    printf("mails        %zu, mean %.1f KB; %ld client%s, %ld a request", m->n, (double)m->bytes / 1e3 / (double)m->n,
           p->o.clients, p->o.clients == 1 ? "" : "s", p->o.batch);
    if (t->workers) printf("; %d worker%s", t->workers, t->workers == 1 ? "" : "s");
    putchar('\n');
    if (result.has_peak) load_text("peak", &result.peak);
    if (!searching(p))
        load_text(p->o.rate ? "rate" : "closed loop", &result.best);
    else if (result.has_half) {
        load_text("highest rate", &result.best);
        load_text("half of it", &result.half);
    } else
        printf("highest rate: none holds %ld ms at 99%%\n", p->p99_ms);
    if (result.has_overload) load_text("overload", &result.overload);
    if (!result.has_null) return;
    load_text("null workers", &result.null);
    printf("null ratio   %.3f of the mails a second that null workers do\n", null_ratio(beside_null(p)));
    printf("transport    %.1f %% of a mail's CPU\n", 100 * transport_share(beside_null(p)));
}

static void part(struct json *j, const char *key, const struct load_result *r)
{
    json_open_object(j, key);
    load_json(j, r);
    json_close_object(j);
}

static void show_json(const struct plan *p, const struct mails *m, const struct target *t)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_str(&j, "mode", span_cstr(searching(p) ? "search" : p->o.rate ? "rate" : "in_flight"));
    json_uint(&j, "mails", m->n);
    json_uint(&j, "mail_bytes", m->bytes);
    json_int(&j, "clients", p->o.clients);
    json_int(&j, "batch", p->o.batch);
    if (t->workers) json_int(&j, "workers", t->workers);
    json_bool(&j, "poisson", p->o.poisson);
    if (searching(p)) json_int(&j, "p99_limit_us", p->p99_ms * 1000);
    load_json(&j, &result.best);
    if (result.has_half) part(&j, "half", &result.half);
    if (result.has_peak) part(&j, "peak", &result.peak);
    if (result.has_overload) part(&j, "overload", &result.overload);
    if (result.has_null) {
        part(&j, "null", &result.null);
        json_num(&j, "null_ratio", null_ratio(beside_null(p)), 4);
        json_num(&j, "transport_share", transport_share(beside_null(p)), 4);
    }
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

/* --- measuring ---------------------------------------------------------------------------------------------------- */

enum { PEAK_IN_FLIGHT = 256 };
static const double ABOVE_PEAK = 1.05, OVERLOAD = 2, TRY_S = 2, TRY_WARM_UP_S = 0.5;

static double least(double a, double b)
{
    return a < b ? a : b;
}

static struct load_plan as_asked(const struct plan *p, const struct target *t)
{
    return (struct load_plan){.rate_per_s = (double)p->o.rate,
                              .poisson = p->o.poisson,
                              .in_flight = (size_t)p->in_flight,
                              .warm_up_s = (double)p->warm_up,
                              .seconds = (double)p->seconds,
                              .service = t->pid};
}

static void tell(const struct load_result *r, bool holds)
{
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "  %6.0f mails/s for %.0f s: %7.2f ms at 99%%, %llu refused: %s\n", r->plan.rate_per_s, r->seconds,
            (double)hdr_quantile(&r->tally.latency, 0.99) / 1e3, (unsigned long long)gen_tally_refused(&r->tally),
            holds ? "holds" : "does not hold");
}

static enum err search(const struct plan *p, struct gen *g, const struct target *t)
{
    struct load_plan plan = as_asked(p, t);
    plan.in_flight = PEAK_IN_FLIGHT;
    enum err e = load_measure(g, &plan, &result.peak);
    result.has_peak = true;
    if (e != ERR_OK || target_stopped) return e;
    plan.warm_up_s = least(TRY_WARM_UP_S, plan.warm_up_s);
    e = load_search(g, &plan, (uint64_t)p->p99_ms * 1000, ABOVE_PEAK * load_goodput(&result.peak),
                    least(TRY_S, plan.seconds), tell, &result.best);
    if (e == ERR_OK && result.best.plan.rate_per_s > 0) {
        plan.rate_per_s = result.best.plan.rate_per_s / 2;
        e = load_measure(g, &plan, &result.half);
        result.has_half = e == ERR_OK;
    }
    if (e != ERR_OK || target_stopped) return e;
    plan.warm_up_s = (double)p->warm_up; /* for the queues to fill */
    plan.rate_per_s = OVERLOAD * load_goodput(&result.peak);
    result.has_overload = true;
    return load_measure(g, &plan, &result.overload);
}

static enum err measure(const struct plan *p, struct gen *g, const struct target *t)
{
    struct load_plan plan = as_asked(p, t);
    if (t->null) {
        if (searching(p)) plan.in_flight = PEAK_IN_FLIGHT;
        result.has_null = true;
        return load_measure(g, &plan, &result.null);
    }
    return searching(p) ? search(p, g, t) : load_measure(g, &plan, &result.best);
}

/* Connect to a service, measure, disconnect. */
static int visit(const struct plan *p, const struct mails *m, const struct target *t)
{
    static struct gen g;
    struct gen_options o = load_options_gen(&p->o, t);
    int status = CLI_OK;
    if (gen_open(&g, &o, m) != ERR_OK)
        status = cli_fail(CLI_UNAVAILABLE, p->o.verb, "%s", g.fault);
    else if (measure(p, &g, t) != ERR_OK && !target_stopped)
        status = cli_fail(CLI_UNAVAILABLE, p->o.verb, "the service has gone");
    gen_close(&g);
    return target_stopped ? INTERRUPTED : status;
}

static int run(const struct plan *p, const struct mails *m)
{
    struct target t, null = {0};
    struct target_options o = load_options_target(&p->o);
    int status = target_open(&t, &o);
    if (status == CLI_OK) status = visit(p, m, &t);
    target_close(&t);
    if (status == CLI_OK && (p->null || (searching(p) && !p->no_null && !p->o.endpoint))) {
        o.null = true;
        o.endpoint = NULL;
        status = target_open(&null, &o);
        if (status == CLI_OK) status = visit(p, m, &null);
        target_close(&null);
    }
    if (!result.best.seconds && !result.has_peak) return status;
    (p->o.json ? show_json : show_text)(p, m, &t);
    bool fine = result.best.tally.verdicts && !gen_tally_refused(&result.best.tally);
    return status != CLI_OK ? status : fine ? CLI_OK : REFUSED;
}

static bool options(int argc, char **argv, struct plan *p)
{
    static const struct option OPTIONS[] = {
        LOAD_OPTIONS_LONG,
        {"in-flight", required_argument, NULL, 'n'},
        {"p99-ms", required_argument, NULL, 'm'},
        {"seconds", required_argument, NULL, 's'},
        {"warm-up", required_argument, NULL, 'w'},
        {"null", no_argument, NULL, 'u'},
        {"no-null", no_argument, NULL, 'U'},
        {0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        bool ok = true;
        switch (c) {
        case 'u': p->null = true; break;
        case 'U': p->no_null = true; break;
        case 'n': ok = cli_number(p->o.verb, "--in-flight", optarg, 1, GEN_SLOTS, &p->in_flight); break;
        case 'm': ok = cli_number(p->o.verb, "--p99-ms", optarg, 1, 60000, &p->p99_ms); break;
        case 's': ok = cli_number(p->o.verb, "--seconds", optarg, 1, 86400, &p->seconds); break;
        case 'w': ok = cli_number(p->o.verb, "--warm-up", optarg, 0, 3600, &p->warm_up); break;
        default: ok = load_option(&p->o, c);
        }
        if (!ok) return false;
    }
    return true;
}

/* What does not go together, or NULL. */
static const char *contradiction(const struct plan *p)
{
    if (p->o.rate && p->in_flight) return "--rate and --in-flight are two ways to send; choose one";
    if (p->o.poisson && p->in_flight) return "--poisson goes with a rate";
    if (p->null && p->no_null) return "--null and --no-null contradict each other";
    if (p->null && p->o.endpoint) return "--null goes with a service of its own";
    return NULL;
}

static int load_run(int argc, char **argv)
{
    struct plan p = {.o = LOAD_OPTIONS_INIT, .p99_ms = 5, .seconds = 10, .warm_up = 2};
    p.o.verb = "bench load";
    if (!options(argc, argv, &p)) return cli_usage(p.o.verb);
    char **rest = argv + optind;
    const char *wrong = load_options_wrong(&p.o, *rest != NULL);
    if (!wrong) wrong = contradiction(&p);
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
