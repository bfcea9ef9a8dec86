/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bench: `furui bench load`: how many mails a running service judges, and what each costs.
 *
 * A closed loop: a fixed number of requests in flight through the client library, each answer replaced by the next
 * mail at once. Warm-up first; then answers, latencies and the service's own CPU time are counted over one window. */
#include "bench/commands.h"
#include "bench/cpu_time.h"
#include "bench/mails.h"
#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"
#include "proto/cli/service.h"

#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

static int bench_run(int argc, char **argv);

const struct verb verb_bench = {
    .name = "bench",
    .summary = "measure: a running service, judging in this process, its kernels, the reader on hostile mail",
    .help = "usage: furui bench load [OPTION…] FILE|DIR|MBOX…\n"
            "       furui bench load [OPTION…] --index INDEX\n"
            "       furui bench inproc [OPTION…] --index INDEX | FILE|DIR|MBOX…\n"
            "       furui bench kernels [--json]\n"
            "       furui bench hostile [OPTION…] [FILE|DIR|MBOX…]\n"
            "\n"
            "furui bench load sends the mails round and round, many in flight, and prints mails a second, latency, and "
            "what the\n"
            "service's processes used.\n"
            "\n"
            "options:\n"
            "  --endpoint E      tcp://HOST:PORT or ipc://PATH; default: as 'furui stat'\n"
            "  --in-flight N     requests in flight (256)\n"
            "  --seconds N       length of the window that is measured (10)\n"
            "  --warm-up N       seconds before it (2)\n"
            "  --service-pid P   process id of furuid: count the CPU time of it and of all that it started\n"
            "  --explain         ask for reasons\n"
            "  --json            one JSON object\n"
            "\n"
            "exit status: 0 every request was answered; 1 some were refused or not answered; 64 wrong usage;\n"
            "66 no mail to send; 69 no service\n"
            "\n"
            "example: furui bench load --service-pid \"$(pidof furuid)\" Maildir/\n"
            "\n" BENCH_INPROC_HELP "\n" BENCH_HOSTILE_HELP,
    .run = bench_run,
};

struct plan {
    const char *endpoint, *index;
    long in_flight, seconds, warm_up, pid;
    bool explain, json;
};

struct slot {
    int64_t sent_us;
    size_t mail;
};

struct load {
    const struct plan *plan;
    const struct mails *mails;
    struct furui_client *client;
    struct slot *slots, **idle; /* [in_flight] */
    size_t idle_count, next;
    uint64_t too_large; /* not sent: the client refused them */
    /* counted in the window */
    bool counting;
    uint64_t verdicts, degraded, bytes, refused[FURUI_UNANSWERED + 1];
    uint32_t *latency_us; /* grows */
    size_t latencies, latency_cap;
};

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void submit(struct load *l)
{
    while (l->idle_count) {
        struct slot *s = l->idle[l->idle_count - 1];
        span mail = l->mails->v[l->next];
        s->sent_us = clock_us();
        s->mail = l->next;
        struct furui_request r = {.explain = l->plan->explain, .tag = s};
        enum furui_status status = furui_client_submit(l->client, mail.p, mail.n, &r, NULL);
        if (status == FURUI_OK)
            l->idle_count--;
        else if (status != FURUI_TOO_LARGE)
            return;
        else if (++l->too_large >= l->mails->n) /* not one of them fits */
            return;
        l->next = (l->next + 1) % l->mails->n;
    }
}

static void count(struct load *l, const struct furui_answer *a, const struct slot *s)
{
    if (a->type == FURUI_REFUSAL) l->refused[a->why]++;
    if (a->type != FURUI_VERDICT) return;
    l->verdicts++;
    l->degraded += a->verdict.degraded_count > 0;
    l->bytes += l->mails->v[s->mail].n;
    if (l->latencies == l->latency_cap) {
        l->latency_cap = l->latency_cap * 2 + 65536;
        l->latency_us = realloc(l->latency_us, l->latency_cap * sizeof *l->latency_us);
        assert(l->latency_us && "out of memory");
    }
    l->latency_us[l->latencies++] = (uint32_t)(clock_us() - s->sent_us);
}

/* Answers in, next mails out, until `until_us`. */
static void turn(struct load *l, int64_t until_us, bool sending)
{
    struct furui_answer a;
    for (int64_t now = clock_us(); now < until_us; now = clock_us()) {
        if (sending) submit(l);
        if (!sending && furui_client_in_flight(l->client) == 0) return;
        int wait_ms = (int)((until_us - now) / 1000) + 1;
        /* Take all that is there before sending again: one wake-up serves many answers. */
        for (int got = furui_client_poll(l->client, wait_ms, &a); got == 1; got = furui_client_poll(l->client, 0, &a)) {
            struct slot *s = a.tag;
            if (l->counting) count(l, &a, s);
            l->idle[l->idle_count++] = s;
            if (sending && l->idle_count >= 64) submit(l);
        }
    }
}

/* --- what came out ------------------------------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double latency_ms(const struct load *l, double share)
{
    if (!l->latencies) return 0;
    return l->latency_us[(size_t)(share * (double)(l->latencies - 1))] / 1000.0;
}

static uint64_t refused(const struct load *l)
{
    uint64_t n = 0;
    for (int i = 0; i <= FURUI_UNANSWERED; i++) n += l->refused[i];
    return n;
}

static void show_text(const struct load *l, double seconds, const struct cpu_used *cpu, size_t cpus, double cpu_s)
{
    double n = (double)l->verdicts;
    printf("mails        %zu, mean %.1f KB, %ld in flight, %.1f s\n", l->mails->n,
           (double)l->mails->bytes / 1e3 / (double)l->mails->n, l->plan->in_flight, seconds);
    printf("verdicts     %" PRIu64 ", %" PRIu64 " of them degraded\n", l->verdicts, l->degraded);
    for (int i = 0; i <= FURUI_UNANSWERED; i++)
        if (l->refused[i])
            printf("refused      %" PRIu64 " %s\n", l->refused[i], furui_refusal_name((enum furui_refusal)i));
    if (l->too_large) printf("not sent     %" PRIu64 ", larger than the client's limit\n", l->too_large);
    printf("mails/s      %.0f (%.1f MB/s)\n", n / seconds, (double)l->bytes / 1e6 / seconds);
    printf("latency      %.2f ms median, %.2f ms at 99%%, %.2f ms at 99.9%%, %.2f ms longest\n", latency_ms(l, 0.5),
           latency_ms(l, 0.99), latency_ms(l, 0.999), latency_ms(l, 1));
    if (!cpus) return;
    printf("mails/core-s %.0f of the service's CPU\n", cpu_s > 0 ? n / cpu_s : 0);
    for (size_t i = 0; i < cpus; i++)
        printf("  %-15s %d process%s, %.2f s, %.1f us a mail\n", cpu[i].name, cpu[i].procs,
               cpu[i].procs == 1 ? "" : "es", cpu[i].seconds, n > 0 ? cpu[i].seconds * 1e6 / n : 0);
}

static void show_json(const struct load *l, double seconds, const struct cpu_used *cpu, size_t cpus, double cpu_s)
{
    double n = (double)l->verdicts;
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_uint(&j, "mails", l->mails->n);
    json_uint(&j, "mail_bytes", l->mails->bytes);
    json_int(&j, "in_flight", l->plan->in_flight);
    json_num(&j, "seconds", seconds, 3);
    json_uint(&j, "verdicts", l->verdicts);
    json_uint(&j, "degraded", l->degraded);
    json_open_object(&j, "refused");
    for (int i = 0; i <= FURUI_UNANSWERED; i++) json_uint(&j, furui_refusal_name((enum furui_refusal)i), l->refused[i]);
    json_close_object(&j);
    json_uint(&j, "not_sent", l->too_large);
    json_num(&j, "mails_per_s", n / seconds, 1);
    json_num(&j, "mb_per_s", (double)l->bytes / 1e6 / seconds, 3);
    json_num(&j, "latency_ms_50", latency_ms(l, 0.5), 3);
    json_num(&j, "latency_ms_99", latency_ms(l, 0.99), 3);
    json_num(&j, "latency_ms_99_9", latency_ms(l, 0.999), 3);
    json_num(&j, "latency_ms_max", latency_ms(l, 1), 3);
    if (cpus) {
        json_num(&j, "mails_per_core_s", cpu_s > 0 ? n / cpu_s : 0, 1);
        json_open_object(&j, "cpu_s");
        for (size_t i = 0; i < cpus; i++) json_num(&j, cpu[i].name, cpu[i].seconds, 2);
        json_close_object(&j);
    }
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int measure(struct load *l)
{
    const struct plan *p = l->plan;
    static struct cpu_snap before, after;
    struct cpu_used cpu[CPU_TIME_NAMES];
    size_t cpus = 0;
    turn(l, clock_us() + p->warm_up * 1000000, true);
    if (p->pid && cpu_snap((pid_t)p->pid, &before) != ERR_OK)
        return cli_fail(CLI_UNAVAILABLE, "bench", "cannot read the CPU time of process %ld", p->pid);
    l->counting = true;
    int64_t start_us = clock_us();
    turn(l, start_us + p->seconds * 1000000, true);
    double seconds = (double)(clock_us() - start_us) / 1e6;
    l->counting = false;
    if (p->pid) {
        if (cpu_snap((pid_t)p->pid, &after) != ERR_OK)
            return cli_fail(CLI_UNAVAILABLE, "bench", "process %ld is gone", p->pid);
        cpus = cpu_used(&before, &after, cpu);
    }
    turn(l, clock_us() + 30000000, false); /* let what is in flight come home */
    double cpu_s = 0;
    for (size_t i = 0; i < cpus; i++) cpu_s += cpu[i].seconds;
    if (l->latencies) qsort(l->latency_us, l->latencies, sizeof *l->latency_us, by_size);
    (p->json ? show_json : show_text)(l, seconds, cpu, cpus, cpu_s);
    return refused(l) || !l->verdicts || furui_client_in_flight(l->client) ? 1 : CLI_OK;
}

static int run(const struct plan *p, const struct mails *m)
{
    struct load l = {.plan = p, .mails = m};
    struct furui_options o = {.in_flight_max = (int)p->in_flight};
    struct service s;
    int status = service_open(&s, "bench", p->endpoint, &o);
    if (status != CLI_OK) return status;
    l.client = s.client;
    l.slots = calloc((size_t)p->in_flight, sizeof *l.slots);
    l.idle = calloc((size_t)p->in_flight, sizeof *l.idle);
    assert(l.slots && l.idle && "out of memory");
    for (long i = 0; i < p->in_flight; i++) l.idle[l.idle_count++] = &l.slots[i];
    status = measure(&l);
    service_close(&s);
    free(l.slots);
    free(l.idle);
    free(l.latency_us);
    return status;
}

/* The options; false after a complaint. */
static bool options(int argc, char **argv, struct plan *p)
{
    static const struct option OPTIONS[] = {
        {"endpoint", required_argument, NULL, 'e'},
        {"index", required_argument, NULL, 'i'},
        {"in-flight", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 's'},
        {"warm-up", required_argument, NULL, 'w'},
        {"explain", no_argument, NULL, 'x'},
        {"service-pid", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        bool ok = c != '?';
        switch (c) {
        case 'e': p->endpoint = optarg; break;
        case 'i': p->index = optarg; break;
        case 'x': p->explain = true; break;
        case 'j': p->json = true; break;
        case 'n': ok = cli_number("bench", "--in-flight", optarg, 1, 65536, &p->in_flight); break;
        case 's': ok = cli_number("bench", "--seconds", optarg, 1, 86400, &p->seconds); break;
        case 'w': ok = cli_number("bench", "--warm-up", optarg, 0, 3600, &p->warm_up); break;
        case 'p': ok = cli_number("bench", "--service-pid", optarg, 1, 1 << 22, &p->pid); break;
        }
        if (!ok) return false;
    }
    return true;
}

static int bench_run(int argc, char **argv)
{
    struct plan p = {.in_flight = 256, .seconds = 10, .warm_up = 2};
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } OTHERS[] = {{"hostile", bench_hostile}, {"inproc", bench_inproc}, {"kernels", bench_kernels}};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (argc > 1 && strcmp(argv[1], OTHERS[i].name) == 0) return OTHERS[i].run(argc - 1, argv + 1);
    if (!options(argc, argv, &p)) return cli_usage("bench");
    char **rest = argv + optind;
    if (!*rest || strcmp(*rest, "load") != 0) {
        cli_fail(CLI_USAGE, "bench", "wants load, inproc, kernels or hostile");
        return cli_usage("bench");
    }
    rest++;
    if (!p.index == !*rest) {
        cli_fail(CLI_USAGE, "bench", "wants either --index or mails");
        return cli_usage("bench");
    }
    struct mails m = {0};
    int status = CLI_NO_INPUT;
    if (p.index ? mails_from_index(&m, p.index) : mails_from_paths(&m, rest))
        status = m.n ? run(&p, &m) : cli_fail(CLI_NO_INPUT, "bench", "no mail to send");
    mails_close(&m);
    return status;
}
