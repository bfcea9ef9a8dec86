/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inproc: `furui bench inproc`: what it costs to judge a mail, by stage; see inproc.h. */
#include "bench/commands.h"
#include "bench/inproc.h"
#include "bench/live_random.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"
#include "proto/config.h"
#include "worker/simd/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <unistd.h>

static int inproc_run(int argc, char **argv);

const struct verb verb_bench_inproc = {
    .name = "inproc",
    .summary = "judging mails in this process: CPU time, by stage",
    .help =
        "usage: furui bench inproc [OPTION…] --index INDEX | FILE|DIR|MBOX…\n"
        "\n"
        "furui bench inproc judges the mails in this process, by one thread, out of memory: CPU time a mail, mails and "
        "MB\n"
        "a core-second, the best and the median of some rounds, and what each stage costs when it is done once more. "
        "The\n"
        "check is the same for builds that see the same features and give the same scores.\n"
        "\n"
        "options:\n"
        "  --index INDEX     the mails that an index names\n"
        "  --bundle B        judge by this model (default: the starter bundle, as furuid's)\n"
        "  --rounds N        how often all mails are judged (5)\n"
        "  --no-stages       leave the stages out\n"
        "  --live TABLE      add what a live model says: a table as furuid's workers have it (/proc/PID/fd/N), or "
        "random\n"
        "  --tenant NAME     … of mail of this tenant\n"
        "  --json            one JSON object\n"
        "\n"
        "exit status: 0 done; 64 wrong usage; 65 a bad bundle; 66 no mail to judge\n",
    .run = inproc_run,
};

enum { BAD_BUNDLE = 65 };

struct plan {
    const char *index, *bundle, *live, *tenant;
    long rounds;
    bool stages, json;
};

static int stages(const struct plan *p)
{
    return p->live ? INPROC_STAGES : INPROC_LIVE;
}

static void show_text(const struct inproc *r, const struct mails *m, const struct plan *p)
{
    double n = (double)m->n, mb = (double)m->bytes / 1e6, sum = 0;
    printf("mails        %zu, mean %.1f KB, %.0f features a mail, %zu rounds, %s\n", m->n, mb * 1e3 / n,
           (double)r->features / n, r->rounds, cpu_level_name(scan->level));
    printf("a mail       %.2f us best, %.2f us median\n", r->best_s * 1e6 / n, r->median_s * 1e6 / n);
    printf("a core-s     %.0f mails, %.1f MB; %.0f, %.1f median\n", n / r->best_s, mb / r->best_s, n / r->median_s,
           mb / r->median_s);
    printf("check        %016" PRIx64 "\n", r->check);
    if (!p->stages) return;
    for (int i = 0; i < INPROC_STAGES; i++) sum += r->stage_s[i];
    for (int i = 0; i < stages(p); i++)
        printf("  %-10s %6.2f us a mail %5.1f%%\n", INPROC_STAGE_NAME[i], r->stage_s[i] * 1e6 / n,
               sum > 0 ? r->stage_s[i] * 100 / sum : 0);
}

static void show_json(const struct inproc *r, const struct mails *m, const struct plan *p)
{
    double n = (double)m->n, mb = (double)m->bytes / 1e6;
    char check[17];
    struct json j;
    snprintf(check, sizeof check, "%016" PRIx64, r->check);
    json_init(&j);
    json_open_object(&j, NULL);
    json_uint(&j, "mails", m->n);
    json_uint(&j, "mail_bytes", m->bytes);
    json_uint(&j, "features", r->features);
    json_str(&j, "simd", span_cstr(cpu_level_name(scan->level)));
    json_uint(&j, "rounds", r->rounds);
    json_num(&j, "us_per_mail", r->best_s * 1e6 / n, 3);
    json_num(&j, "us_per_mail_median", r->median_s * 1e6 / n, 3);
    json_num(&j, "mails_per_core_s", n / r->best_s, 1);
    json_num(&j, "mails_per_core_s_median", n / r->median_s, 1);
    json_num(&j, "mb_per_core_s", mb / r->best_s, 3);
    json_num(&j, "mb_per_core_s_median", mb / r->median_s, 3);
    json_str(&j, "check", span_cstr(check));
    if (p->stages) {
        json_open_object(&j, "stage_us");
        for (int i = 0; i < stages(p); i++) json_num(&j, INPROC_STAGE_NAME[i], r->stage_s[i] * 1e6 / n, 3);
        json_close_object(&j);
    }
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int open_live(const char *path, struct livesum *live)
{
    int fd = strcmp(path, "random") == 0 ? live_random() : open(path, O_RDONLY | O_CLOEXEC);
    enum err e = fd < 0 ? ERR_IO : livesum_open(fd, live);
    if (fd >= 0) close(fd);
    if (e == ERR_OK) return CLI_OK;
    return cli_fail(CLI_NO_INPUT, "bench", "%s: %s", path, e == ERR_IO ? strerror(errno) : "no table of a live model");
}

static int run(const struct plan *p, const struct mails *m)
{
    struct config defaults;
    struct model *model = NULL;
    struct inproc result;
    char fault[MODEL_FAULT_MAX];
    const char *simd = scan_init();
    if (simd) return cli_fail(CLI_UNAVAILABLE, "bench", "%s", simd);
    config_init(&defaults);
    enum err e = model_open(p->bundle ? p->bundle : defaults.bundle, &model, fault);
    config_close(&defaults);
    if (e) return cli_fail(BAD_BUNDLE, "bench", "%s", fault);
    struct livesum live = {0};
    struct inproc_by by = {model, &live, p->tenant ? span_cstr(p->tenant) : SPAN_NONE};
    int status = p->live ? open_live(p->live, &live) : CLI_OK;
    if (status == CLI_OK && inproc_measure(m, &by, (size_t)p->rounds, p->stages, &result))
        (p->json ? show_json : show_text)(&result, m, p);
    else if (status == CLI_OK)
        status = cli_fail(CLI_UNAVAILABLE, "bench", "no memory for an arena");
    livesum_close(&live);
    model_close(model);
    return status;
}

static bool options(int argc, char **argv, struct plan *p)
{
    static const struct option OPTIONS[] = {
        {"index", required_argument, NULL, 'i'},  {"bundle", required_argument, NULL, 'b'},
        {"rounds", required_argument, NULL, 'r'}, {"no-stages", no_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},         {"live", required_argument, NULL, 'l'},
        {"tenant", required_argument, NULL, 't'}, {0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        bool ok = c != '?';
        switch (c) {
        case 'i': p->index = optarg; break;
        case 'b': p->bundle = optarg; break;
        case 's': p->stages = false; break;
        case 'j': p->json = true; break;
        case 'l': p->live = optarg; break;
        case 't': p->tenant = optarg; break;
        case 'r': ok = cli_number("bench", "--rounds", optarg, 1, 100000, &p->rounds); break;
        }
        if (!ok) return false;
    }
    return true;
}

static int inproc_run(int argc, char **argv)
{
    struct plan p = {.rounds = 5, .stages = true};
    if (!options(argc, argv, &p)) return cli_usage("bench");
    char **rest = argv + optind;
    if (!p.index == !*rest) {
        cli_fail(CLI_USAGE, "bench", "wants either --index or mails");
        return cli_usage("bench");
    }
    struct mails m = {0};
    int status = CLI_NO_INPUT;
    if (p.index ? mails_from_index(&m, p.index) : mails_from_paths(&m, rest))
        status = m.n ? run(&p, &m) : cli_fail(CLI_NO_INPUT, "bench", "no mail to judge");
    mails_close(&m);
    return status;
}
