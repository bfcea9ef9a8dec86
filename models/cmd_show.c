/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_show: `furui show`: one mail at a time through reader and model, as a worker does it, and all of it laid open.
 *
 * Needs no service. Nothing of a mail goes anywhere but to standard output. */
#include "models/commands.h"
#include "models/corpus/trust.h"
#include "models/show/show.h"
#include "proto/cli/mailbox.h"
#include "worker/simd/scan.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

static int show_run(int argc, char **argv);

const struct verb verb_show = {
    .name = "show",
    .summary = "lay open what the engine sees in a mail, and why it judges so",
    .help =
        "usage: furui show [OPTION…] FILE|DIR|MBOX|MBOX:N|-…\n"
        "\n"
        "Print the verdict on a mail and all that it comes from: the features that weighed and how much, oddities,\n"
        "authentication, decoded header, parts, visible and hidden text, links. Needs no running service.\n"
        "A file is a mail, or an mbox when it begins with \"From \"; MBOX:N is its N-th mail; - is standard input.\n"
        "\n"
        "  -b, --bundle BUNDLE   judge by this model (default: the starter bundle, as furuid's)\n"
        "  -c, --config FILE     furuid's settings: bundle, thresholds of [policy], [mail]; options win over them\n"
        "  -a, --all             cut nothing: all weights, texts, fields and links\n"
        "  -j, --json            a JSON object a line for each mail, whole (docs/show.md)\n"
        "\n"
        "what a gateway would know about the mail:\n"
        "      --spf, --dkim, --dmarc, --arc RESULT  --dkim-domain D  --mail-from ADDRESS\n" TRUST_HELP "\n"
        "Control characters, direction overrides and the like are printed as <U+202E>, bytes that are no text as\n"
        "<0x1B>: nothing in a mail reaches the terminal.\n"
        "Exit status: 0 every mail was shown; 64 wrong usage; 65 a bad bundle or config; 66 a mail cannot be read\n"
        "(the others are shown); 74 standard output takes no more.\n"
        "\n"
        "example: furui show suspicious.eml | less\n",
    .run = show_run,
};

enum { OPT_SPF = 256, OPT_DKIM, OPT_DMARC, OPT_ARC, OPT_DKIM_DOMAIN, OPT_MAIL_FROM };

struct options {
    const char *bundle, *config;
    bool all, json;
    struct trust trust;
    span auth[AUTH_METHOD_COUNT], dkim_domain, mail_from;
};

/* What stays the same from mail to mail. */
struct session {
    struct options o;
    struct config config;
    struct model *model;
    const char *bundle;
    struct mail_context context;
    struct arena mail, words;
    size_t shown;
    int status;
};

static int parse(int argc, char **argv, struct options *o)
{
    static const struct option LIST[] = {
        {"bundle", required_argument, NULL, 'b'},
        {"config", required_argument, NULL, 'c'},
        {"all", no_argument, NULL, 'a'},
        {"json", no_argument, NULL, 'j'},
        {"spf", required_argument, NULL, OPT_SPF},
        {"dkim", required_argument, NULL, OPT_DKIM},
        {"dmarc", required_argument, NULL, OPT_DMARC},
        {"arc", required_argument, NULL, OPT_ARC},
        {"dkim-domain", required_argument, NULL, OPT_DKIM_DOMAIN},
        {"mail-from", required_argument, NULL, OPT_MAIL_FROM},
        TRUST_OPTIONS,
        {0},
    };
    *o = (struct options){0};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "b:c:aj", LIST, NULL)) != -1;) switch (c) {
        case 'b': o->bundle = optarg; break;
        case 'c': o->config = optarg; break;
        case 'a': o->all = true; break;
        case 'j': o->json = true; break;
        case OPT_SPF: o->auth[AUTH_SPF] = span_cstr(optarg); break;
        case OPT_DKIM: o->auth[AUTH_DKIM] = span_cstr(optarg); break;
        case OPT_DMARC: o->auth[AUTH_DMARC] = span_cstr(optarg); break;
        case OPT_ARC: o->auth[AUTH_ARC] = span_cstr(optarg); break;
        case OPT_DKIM_DOMAIN: o->dkim_domain = span_cstr(optarg); break;
        case OPT_MAIL_FROM: o->mail_from = span_cstr(optarg); break;
        case TRUST_OPT_HOST:
        case TRUST_OPT_OWN:
            if (!trust_option(&o->trust, "show", c, optarg)) return CLI_USAGE;
            break;
        default: return cli_usage("show");
        }
    if (optind < argc) return CLI_OK;
    cli_fail(CLI_USAGE, "show", "name a file, a directory, an mbox, or - for standard input");
    return cli_usage("show");
}

/* --- one mail ----------------------------------------------------------------------------------------------------- */

static void show_mail(struct session *s, const char *path, size_t number, span raw)
{
    struct mail m;
    struct features f;
    struct scores scores;
    struct weighing w;
    arena_reset(&s->mail);
    arena_reset(&s->words);
    mail_read(&m, raw, &s->context, &s->mail);
    /* In the memory that a worker has, for the score that it gives. */
    features_extract_views(&m, &s->mail, model_views(s->model), &f);
    model_score(s->model, &f, &scores);
    model_weigh(s->model, &m, &s->words, &w);
    const struct config_policy *policy = &s->config.policies[0];
    struct show show = {
        .path = path,
        .number = number,
        .bundle = s->bundle,
        .model_id = model_id(s->model),
        .m = &m,
        .context = &s->context,
        .scores = &scores,
        .w = &w,
        .klass = config_class(policy, scores.p),
        .unsure_at = policy->unsure_at,
        .spam_at = policy->spam_at,
        .odd = m.odd | (s->mail.full ? ODD(ARENA_FULL) : 0),
        .all = s->o.all,
        .a = &s->words,
    };
    if (s->o.json) {
        show_json(stdout, &show);
    } else {
        if (s->shown) fputs("\n----\n\n", stdout);
        show_text(stdout, &show);
    }
    s->shown++;
}

/* --- which mails -------------------------------------------------------------------------------------------------- */

static void fault(struct session *s, const char *path, size_t number, const char *why)
{
    if (number)
        s->status = cli_fail(CLI_NO_INPUT, "show", "%s:%zu: %s", path, number, why);
    else
        s->status = cli_fail(CLI_NO_INPUT, "show", "%s: %s", path, why);
}

/* "MBOX:N" of an mbox that is there: N, and the path's length in *n_out; else 0. */
static size_t mail_of_mbox(const char *word, size_t *n_out)
{
    const char *colon = strrchr(word, ':');
    char *end;
    if (access(word, F_OK) == 0 || !colon || colon == word || !ascii_digit((uint8_t)colon[1])) return 0;
    unsigned long number = strtoul(colon + 1, &end, 10);
    *n_out = (size_t)(colon - word);
    return *end ? 0 : number;
}

/* All mails that a word of the command line stands for. False when standard output takes no more. */
static bool show_word(struct session *s, const char *word)
{
    struct listing files = {0};
    struct mailbox box;
    struct mailbox_mail mail;
    size_t n = strlen(word), wanted = mail_of_mbox(word, &n), found = 0;
    char *path = strndup(word, wanted ? n : strlen(word));
    if (!path) {
        s->status = cli_fail(CLI_UNAVAILABLE, "show", "%s", err_str(ERR_MEMORY));
        return false;
    }
    listing_add(&files, path);
    mailbox_open(&box, &files);
    for (enum mailbox_got got; !ferror(stdout) && (got = mailbox_next(&box, &mail)) != MAILBOX_END;) {
        bool this = !wanted || mail.number == wanted;
        found += this;
        if (this && got == MAILBOX_FAULT) fault(s, mail.path, mail.number, mail.fault);
        if (this && got == MAILBOX_MAIL) show_mail(s, mail.path, mail.number, span_of(mail.bytes, mail.n));
        free(mail.bytes);
        if (wanted && found) break;
    }
    if (wanted && !found) fault(s, path, wanted, "the mbox has no such mail");
    mailbox_close(&box);
    listing_close(&files);
    free(path);
    return !ferror(stdout);
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static int prepare(struct session *s)
{
    char why[CONFIG_FAULT_MAX];
    const char *simd = scan_init();
    if (simd) return cli_fail(CLI_UNAVAILABLE, "show", "%s", simd);
    if (s->o.config && config_load(&s->config, s->o.config, why) != ERR_OK)
        return cli_fail(COMMANDS_BAD_DATA, "show", "%s", why);
    struct trust *t = &s->o.trust;
    if (!t->hosts) t->hosts = config_hosts(s->config.trusted_authserv, t->host);
    if (!t->own_received) t->own_received = (unsigned)s->config.own_received;
    s->context = trust_context(t);
    memcpy(s->context.auth, s->o.auth, sizeof s->o.auth);
    s->context.dkim_domain = s->o.dkim_domain;
    s->context.mail_from = s->o.mail_from;
    s->bundle = s->o.bundle ? s->o.bundle : s->config.bundle;
    if (model_open(s->bundle, &s->model, why) != ERR_OK) return cli_fail(COMMANDS_BAD_DATA, "show", "%s", why);
    mail_init();
    if (arena_open(&s->mail, MAIL_ARENA_BYTES) != ERR_OK || arena_open(&s->words, SHOW_ARENA_BYTES) != ERR_OK)
        return cli_fail(CLI_UNAVAILABLE, "show", "%s", err_str(ERR_MEMORY));
    return CLI_OK;
}

static int show_run(int argc, char **argv)
{
    struct session s = {0};
    int status = parse(argc, argv, &s.o);
    if (status) return status;
    config_init(&s.config);
    status = prepare(&s);
    for (int i = optind; !status && i < argc; i++)
        if (!show_word(&s, argv[i])) break;
    if (!status) status = s.status;
    if (fflush(stdout) || ferror(stdout)) status = cli_fail(CLI_IO, "show", "standard output: %s", strerror(errno));
    arena_close(&s.mail);
    arena_close(&s.words);
    model_close(s.model);
    mail_close();
    config_close(&s.config);
    return status;
}
