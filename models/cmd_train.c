/* SPDX-License-Identifier: Apache-2.0 */
/* furui train: labelled mail in, a model bundle out. */
#include "models/bundle_write.h"
#include "models/commands.h"
#include "models/fit.h"
#include "proto/base/clock.h"
#include "worker/text/domain.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: furui train --index INDEX [--index INDEX]… -o BUNDLE\n"
    "\n"
    "Train a model bundle on labelled mail.\n"
    "\n"
    "  -i, --index INDEX     a corpus in the TREC form: lines of 'spam PATH' or 'ham PATH', paths relative to INDEX.\n"
    "                        Give each source of mail an index of its own: from three sources on, the models are\n"
    "                        weighed by how well they judge sources they have not seen\n"
    "  -o, --output BUNDLE   where the bundle goes; an old one there is replaced only by a whole new one\n"
    "      --table-bits N    log2 of the feature table's slots, 4 bytes each (default 20: 4 MB)\n"
    "      --epochs N        passes of the linear models over the corpus (default 1)\n" TRUST_HELP
    "  -q, --quiet           print nothing but errors\n"
    "\n"
    "The same mails in the same order give the same bundle, to the bit. Memory: about 20 KB a mail and 400 MB.\n"
    "Exit status: 0 done, 64 wrong usage, 65 the corpus cannot be trained on, 66 an index or mail cannot be read,\n"
    "74 the bundle cannot be written.\n"
    "\n"
    "example: furui train --index corpus/index -o my.bundle\n";

struct options {
    const char *index[64], *output;
    size_t indexes;
    struct fit_plan plan;
};

enum { OPT_BITS = 256, OPT_EPOCHS };

static int parse(int argc, char **argv, struct options *o)
{
    static const struct option list[] = {
        {"index", required_argument, NULL, 'i'},
        {"output", required_argument, NULL, 'o'},
        {"table-bits", required_argument, NULL, OPT_BITS},
        {"epochs", required_argument, NULL, OPT_EPOCHS},
        {"quiet", no_argument, NULL, 'q'},
        TRUST_OPTIONS,
        {0},
    };
    long number;
    *o = (struct options){0};
    fit_plan_init(&o->plan);
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "i:o:q", list, NULL)) != -1;) switch (c) {
        case 'i':
            if (o->indexes == sizeof o->index / sizeof *o->index)
                return cli_fail(CLI_USAGE, "train", "more than %zu indexes", sizeof o->index / sizeof *o->index);
            o->index[o->indexes++] = optarg;
            break;
        case 'o': o->output = optarg; break;
        case 'q': o->plan.quiet = true; break;
        case OPT_BITS:
            if (!cli_number("train", "--table-bits", optarg, 10, 22, &number)) return CLI_USAGE;
            o->plan.table_bits = (unsigned)number;
            break;
        case OPT_EPOCHS:
            if (!cli_number("train", "--epochs", optarg, 1, 100, &number)) return CLI_USAGE;
            o->plan.epochs = (unsigned)number;
            break;
        case TRUST_OPT_HOST:
        case TRUST_OPT_OWN:
            if (!trust_option(&o->plan.trust, "train", c, optarg)) return CLI_USAGE;
            break;
        default: return cli_usage("train");
        }
    if (optind < argc) return cli_fail(CLI_USAGE, "train", "unexpected argument '%s'", argv[optind]);
    if (!o->indexes) return cli_fail(CLI_USAGE, "train", "no --index");
    if (!o->output) return cli_fail(CLI_USAGE, "train", "no --output");
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    struct options o;
    int status = parse(argc, argv, &o);
    if (status) return status;
    domain_init();
    char fault[FIT_FAULT_BYTES + INDEX_FAULT_BYTES];
    struct corpus c = {0};
    struct fit_report r;
    struct mail_context context = trust_context(&o.plan.trust);
    int64_t start = clock_us();
    if (bundle_place(o.output, fault)) return cli_fail(CLI_IO, "train", "%s", fault);
    for (size_t i = 0; !status && i < o.indexes; i++)
        if (corpus_add(&c, o.index[i], &context, fault)) status = cli_fail(CLI_NO_INPUT, "train", "%s", fault);
    if (!status) {
        enum err e = fit_bundle(&c, &o.plan, o.output, &r, fault);
        if (e) status = cli_fail(e == ERR_IO ? CLI_IO : COMMANDS_BAD_DATA, "train", "%s", fault);
    }
    if (!status && !o.plan.quiet)
        printf("%s: model %s from %zu ham and %zu spam of %zu source%s in %.1f s\n"
               "judged by models that had not seen the mail's %s: 1-ROCA%% %.4f, log loss %.4f\n",
               o.output, r.id, c.count[0], c.count[1], c.sources, c.sources == 1 ? "" : "s",
               (double)(clock_us() - start) / 1e6, r.by_source ? "source" : "fold", r.held_roca_pct, r.held_log_loss);
    corpus_close(&c);
    return status;
}

const struct verb verb_train = {"train", "train a model bundle on labelled mail", help, run};
