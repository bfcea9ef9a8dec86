/* SPDX-License-Identifier: Apache-2.0 */
/* furui model merge: counts of many runs to one bundle, without the mails; or without some of them. */
#include "models/commands.h"
#include "models/train_run.h"

#include <getopt.h>
#include <stdlib.h>

static int run_merge(int argc, char **argv)
{
    static const struct option list[] = {
        {"output", required_argument, NULL, 'o'},
        {"quiet", no_argument, NULL, 'q'},
        {"counts", required_argument, NULL, 'c'},
        {"without", required_argument, NULL, 'w'},
        TRAIN_OPTIONS,
        {0},
    };
    struct train_run run = {.verb = "model merge"};
    struct gather_input *input = calloc((size_t)argc + 1, sizeof *input);
    const char **without = calloc((size_t)argc + 1, sizeof *without);
    int status = input && without ? CLI_OK : cli_fail(CLI_UNAVAILABLE, run.verb, "%s", err_str(ERR_MEMORY));
    fit_plan_init(&run.plan);
    optind = 1;
    for (int c; !status && (c = getopt_long(argc, argv, "o:q", list, NULL)) != -1;) switch (c) {
        case 'o': run.output = optarg; break;
        case 'q': run.plan.quiet = true; break;
        case 'c': run.gather.keep = optarg; break;
        case 'w': without[run.gather.withouts++] = optarg; break;
        case TRAIN_OPT_BITS:
        case TRAIN_OPT_EPOCHS:
        case TRAIN_OPT_HALF_LIFE:
        case TRAIN_OPT_THREADS:
            if (!train_option(&run.plan, run.verb, c, optarg)) status = CLI_USAGE;
            break;
        default: status = cli_usage(run.verb);
        }
    for (int i = optind; !status && i < argc; i++) input[run.gather.inputs++].counts = argv[i];
    if (!status && !run.gather.inputs) status = cli_fail(CLI_USAGE, run.verb, "no counts files");
    if (!status && !run.output && !run.gather.keep)
        status = cli_fail(CLI_USAGE, run.verb, "no --output, and no --counts");
    run.gather.input = input;
    run.gather.without = without;
    if (!status) status = train_run(&run);
    free(input);
    free(without);
    return status;
}

const struct verb verb_model_merge = {
    .name = "merge",
    .summary = "train on what was counted before",
    .help = "usage: furui model merge COUNTS… -o BUNDLE [--counts FILE] [--without COUNTS]…\n"
            "\n"
            "Trains on what 'furui train --counts' counted: the same bundle, to the bit, as one furui train over the\n"
            "same mails in the same order.\n"
            "  -o, --output BUNDLE   where the bundle goes; without it nothing is trained\n"
            "      --counts FILE     keep the counts of all as one file\n"
            "      --without COUNTS  unlearn: leave out the mails that this file holds, byte for byte the same, as if\n"
            "                        they had never been there (may be repeated)\n" TRAIN_HELP
            "  -q, --quiet           print nothing but errors\n"
            "\n"
            "Exit status: 0 done, 64 wrong usage, 65 counts that cannot be trained on, 66 an input cannot be read,\n"
            "74 something cannot be written.\n"
            "\n"
            "example: furui model merge part-*.counts -o my.bundle\n",
    .run = run_merge,
};
