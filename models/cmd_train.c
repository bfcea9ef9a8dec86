/* SPDX-License-Identifier: Apache-2.0 */
/* furui train: labelled mail in, a model bundle out; or counts, to make one of later. */
#include "models/commands.h"
#include "models/train_run.h"

#include "worker/score/bundle.h"

#include <getopt.h>
#include <stdlib.h>

static const char help[] =
    "usage: furui train INPUT… -o BUNDLE [--counts FILE]\n"
    "       furui train INPUT… --counts FILE\n"
    "       furui train --continue BUNDLE|COUNTS INPUT… -o BUNDLE [--counts FILE]\n"
    "       furui train --audit INPUT… [--json] [--counts FILE]\n"
    "\n"
    "Train a model bundle on labelled mail, or look at its labels first.\n"
    "\n"
    "INPUT is, as often as wanted:\n"
    "  -i, --index INDEX     a corpus in the TREC form: lines of 'spam PATH' or 'ham PATH', paths relative to INDEX\n"
    "      --ham PATH --spam PATH\n"
    "                        two places, or one: a directory of mails, a Maildir, an mbox, or a mail\n"
    "      --source NAME     the inputs behind this are of one source, with those of other counts of the same name.\n"
    "                        Without it each index, and each pair of places, is a source of its own: from three\n"
    "                        sources on, the models are weighed by how well they judge sources they have not seen\n"
    "\n"
    "  -o, --output BUNDLE   where the bundle goes; an old one there is replaced only by a whole new one\n"
    "      --counts FILE     keep what was counted of each mail: for 'furui model merge', and to train on from. An\n"
    "                        interrupted run goes on where it stopped; without -o nothing is trained\n"
    "      --continue FILE   train on from a bundle (its counts are expected in FILE.counts) or from counts: the same\n"
    "                        bundle, to the bit, as from all mails at once\n" TRAIN_HELP TRUST_HELP
    "      --audit           train nothing: list labels that models dispute which saw neither the mail nor one like "
    "it,\n"
    "                        like mails with both labels, and facts of headers that alone give the label away\n"
    "  -j, --json            with --audit: all of it as one JSON object\n"
    "      --disputed LIST   with --audit, behind an --index: list its doubtful mails as furui eval --exclude takes "
    "them\n"
    "  -q, --quiet           print nothing but errors\n"
    "\n"
    "The same mails in the same order give the same bundle, to the bit. Memory does not grow with the mails: what is\n"
    "counted of them, about 20 KB each, goes to FILE, or to a temporary file in TMPDIR or beside BUNDLE.\n"
    "Exit status: 0 done, 64 wrong usage, 65 the corpus or counts cannot be trained on, 66 an input cannot be read,\n"
    "74 the bundle, the counts or a list cannot be written.\n"
    "\n"
    "example: furui train --ham mail/archive --spam mail/junk -o my.bundle\n"
    "         furui train --index corpus/index -o my.bundle --counts my.bundle.counts\n"
    "         furui train --continue my.bundle --index new/index -o next.bundle --counts next.bundle.counts\n";

struct options {
    struct gather_input input[GATHER_INPUTS_MAX];
    size_t inputs;
    const char *source; /* of inputs that follow */
    const char *onward; /* --continue */
    char *beside;       /* its counts; owned */
    struct trust trust;
    bool trusts; /* any option of it was given */
    struct train_run run;
};

enum { OPT_HAM = 256, OPT_SPAM, OPT_SOURCE, OPT_COUNTS, OPT_CONTINUE, OPT_AUDIT, OPT_DISPUTED };

static struct gather_input *new_input(struct options *o)
{
    if (o->inputs == GATHER_INPUTS_MAX) {
        cli_fail(CLI_USAGE, "train", "more than %d inputs", GATHER_INPUTS_MAX);
        return NULL;
    }
    struct gather_input *in = &o->input[o->inputs++];
    in->source = o->source;
    return in;
}

/* A place joins the one before it, if that is of the other label and of the same source. */
static bool add_place(struct options *o, bool spam, const char *path)
{
    struct gather_input *last = o->inputs ? &o->input[o->inputs - 1] : NULL;
    bool pair = last && last->source == o->source && (spam ? last->ham && !last->spam : last->spam && !last->ham);
    if (!pair) last = new_input(o);
    if (!last) return false;
    if (spam)
        last->spam = path;
    else
        last->ham = path;
    return true;
}

/* The counts to train on from stand first. */
static int add_onward(struct options *o)
{
    const char *path = o->onward;
    if (o->inputs == GATHER_INPUTS_MAX) return cli_fail(CLI_USAGE, "train", "more than %d inputs", GATHER_INPUTS_MAX);
    if (train_begins(o->onward, BUNDLE_MAGIC)) {
        size_t n = strlen(path) + sizeof ".counts";
        o->beside = malloc(n);
        if (!o->beside) return cli_fail(CLI_UNAVAILABLE, "train", "%s", err_str(ERR_MEMORY));
        snprintf(o->beside, n, "%s.counts", path);
        path = o->beside;
        o->run.old = o->onward;
    }
    memmove(o->input + 1, o->input, o->inputs++ * sizeof *o->input);
    o->input[0] = (struct gather_input){.counts = path};
    return CLI_OK;
}

static int name_source(struct options *o, const char *name)
{
    if (!*name || strlen(name) > COUNTS_NAME_MAX || strpbrk(name, "\r\n"))
        return cli_fail(CLI_USAGE, "train", "--source takes a name of 1 to %d bytes in one line", COUNTS_NAME_MAX);
    o->source = name;
    return CLI_OK;
}

/* Does what was asked for go together? */
static int check(const struct options *o)
{
    if (!o->inputs && !o->onward) return cli_fail(CLI_USAGE, "train", "no --index, --ham or --spam");
    for (size_t i = 0; !o->run.audit && i < o->inputs; i++)
        if (o->input[i].disputed) return cli_fail(CLI_USAGE, "train", "--disputed goes with --audit");
    if (o->run.json && !o->run.audit) return cli_fail(CLI_USAGE, "train", "--json goes with --audit");
    if (o->run.audit && o->run.output)
        return cli_fail(CLI_USAGE, "train",
                        "--audit trains nothing: without --output; --counts keeps what was counted");
    if (!o->run.output && !o->run.gather.keep && !o->run.audit)
        return cli_fail(CLI_USAGE, "train", "no --output, and no --counts");
    return CLI_OK;
}

static int parse(int argc, char **argv, struct options *o)
{
    static const struct option list[] = {
        {"index", required_argument, NULL, 'i'},
        {"output", required_argument, NULL, 'o'},
        {"quiet", no_argument, NULL, 'q'},
        {"ham", required_argument, NULL, OPT_HAM},
        {"spam", required_argument, NULL, OPT_SPAM},
        {"source", required_argument, NULL, OPT_SOURCE},
        {"counts", required_argument, NULL, OPT_COUNTS},
        {"continue", required_argument, NULL, OPT_CONTINUE},
        {"audit", no_argument, NULL, OPT_AUDIT},
        {"json", no_argument, NULL, 'j'},
        {"disputed", required_argument, NULL, OPT_DISPUTED},
        TRAIN_OPTIONS,
        TRUST_OPTIONS,
        {0},
    };
    struct train_run *run = &o->run;
    fit_plan_init(&run->plan);
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "i:o:jq", list, NULL)) != -1;) switch (c) {
        case 'i': {
            struct gather_input *in = new_input(o);
            if (!in) return CLI_USAGE;
            in->index = optarg;
            break;
        }
        case OPT_HAM:
        case OPT_SPAM:
            if (!add_place(o, c == OPT_SPAM, optarg)) return CLI_USAGE;
            break;
        case OPT_SOURCE:
            if (name_source(o, optarg)) return CLI_USAGE;
            break;
        case OPT_COUNTS: run->gather.keep = optarg; break;
        case OPT_CONTINUE: o->onward = optarg; break;
        case OPT_AUDIT: run->audit = true; break;
        case 'j': run->json = run->plan.quiet = true; break;
        case OPT_DISPUTED:
            if (!o->inputs || !o->input[o->inputs - 1].index)
                return cli_fail(CLI_USAGE, "train", "--disputed stands behind the --index whose mails it lists");
            o->input[o->inputs - 1].disputed = optarg;
            break;
        case 'o': run->output = optarg; break;
        case 'q': run->plan.quiet = true; break;
        case TRAIN_OPT_BITS:
        case TRAIN_OPT_EPOCHS:
        case TRAIN_OPT_HALF_LIFE:
        case TRAIN_OPT_THREADS:
            if (!train_option(&run->plan, "train", c, optarg)) return CLI_USAGE;
            break;
        case TRUST_OPT_HOST:
        case TRUST_OPT_OWN:
            if (!trust_option(&o->trust, "train", c, optarg)) return CLI_USAGE;
            o->trusts = true;
            break;
        default: return cli_usage("train");
        }
    if (optind < argc) return cli_fail(CLI_USAGE, "train", "unexpected argument '%s'", argv[optind]);
    return check(o);
}

static int run(int argc, char **argv)
{
    struct options *o = calloc(1, sizeof *o);
    if (!o) return cli_fail(CLI_UNAVAILABLE, "train", "%s", err_str(ERR_MEMORY));
    int status = parse(argc, argv, o);
    if (!status && o->onward) status = add_onward(o);
    o->run.verb = "train";
    o->run.gather.input = o->input;
    o->run.gather.inputs = o->inputs;
    o->run.gather.trust = o->onward && !o->trusts ? NULL : &o->trust; /* as the mails before were read */
    if (!status) status = train_run(&o->run);
    free(o->beside);
    free(o);
    return status;
}

const struct verb verb_train = {
    .name = "train", .summary = "train a model bundle on labelled mail", .help = help, .run = run};
