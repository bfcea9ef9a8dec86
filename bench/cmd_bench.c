/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bench: `furui bench`: the list of what can be measured, nothing else. */
#include "bench/commands.h"

static int bench_run(int argc, char **argv);

static const struct verb *const SUBS[] = {&verb_bench_load,     &verb_bench_soak,    &verb_bench_inproc,
                                          &verb_bench_kernels,  &verb_bench_hostile, &verb_bench_peers,
                                          &verb_bench_scale,    &verb_bench_report,  &verb_bench_yardstick,
                                          &verb_bench_campaign, &verb_bench_live,    NULL};

const struct verb verb_bench = {
    .name = "bench",
    .summary = "measure: a service under load, judging in this process, its kernels, the reader on hostile mail",
    .help = "usage: furui bench WHAT [OPTION…] [ARGUMENT…]\n"
            "\n"
            "  load      a service under load: latency, the highest rate that holds it, CPU a mail\n"
            "  soak      a service under a steady load for minutes to days: do memory or latency grow?\n"
            "  inproc    judging mails in this process: CPU time, by stage\n"
            "  kernels   the loops over bytes, for each instruction set, beside memcpy and XXH3\n"
            "  hostile   the reader on hostile mails: CPU time a MB, memory\n"
            "  peers     bogofilter, rspamd and SpamAssassin on the same mails as Furui\n"
            "  scale     the cost of a mail by workers, size of mail, of model, of queue, and reputation keys\n"
            "  campaign  fingerprints: do copies of a campaign meet, and good mails not?\n"
            "  live      what the live model learns from reports\n"
            "  report    all that was measured as one page, and what became worse\n"
            "  yardstick a fixed piece of work, by which figures of two days are compared\n"
            "\n"
            "'furui bench WHAT --help' explains each. What is measured by them and kept: bench/README.md\n",
    .run = bench_run,
    .subs = SUBS,
};

static int bench_run(int argc, char **argv)
{
    if (argc > 1)
        cli_fail(CLI_USAGE, "bench", "nothing to measure is called '%s'", argv[1]);
    else
        cli_fail(CLI_USAGE, "bench", "what is to be measured?");
    return cli_usage("bench");
}
