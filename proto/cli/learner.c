/* SPDX-License-Identifier: Apache-2.0 */
/* learner: `furui learner show|freeze|thaw|rewind`: the operator's hand on what is learnt from reports.
 *
 * An order goes through the operator's door to this host's learner, and with the reports to those of all hosts
 * (docs/feedback.md). */
#define _GNU_SOURCE
#include "proto/base/clock.h"
#include "proto/cli/cli.h"
#include "proto/cli/operator.h"
#include "proto/cli/told.h"

#include <getopt.h>

struct wish {
    const char *ask, *done; /* the word at the door; what to say when it is done */
    struct operator_options o;
    char to[ADMIN_PLACE_MAX];
};

static bool read_options(int argc, char **argv, struct wish *w)
{
    static const struct option OPTIONS[] = {OPERATOR_WHERE_LONG, OPERATOR_WHO_LONG, {0}};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;)
        if (!operator_option(&w->o, "learner", c, optarg)) return false;
    return true;
}

static int ask(const struct operator_door *d, const struct wish *w)
{
    struct pairs request = {0}, answer;
    pairs_put(&request, "do", "learner");
    pairs_put(&request, "ask", w->ask);
    if (w->to[0]) pairs_put(&request, "to", w->to);
    if (w->done) operator_put_who(&request, &w->o);
    int status = operator_ask(d, "learner", &request, -1, &answer);
    if (status != CLI_OK) return status;
    char word[16], why[ADMIN_WHY_MAX], place[ADMIN_PLACE_MAX];
    bool kept = operator_said(&answer, "status", word, sizeof word) && strcmp(word, "kept") == 0;
    if (w->o.json) {
        told_json(&answer);
    } else if (kept && operator_said(&answer, "why", why, sizeof why)) {
        fputs("kept, not obeyed yet: ", stdout);
        cli_print(stdout, span_cstr(why));
        putchar('\n');
    } else if (w->done && operator_said(&answer, "place", place, sizeof place)) {
        printf("%s%s%s, at %s of the stream; each host that shares the Redis obeys when it meets that\n", w->done,
               w->to[0] ? " to " : "", w->to, place);
        if (w->to[0])
            puts("verdicts follow when the stream was read again since then: 'furui learner show', rewinding");
    } else {
        told_text(&answer);
    }
    pairs_close(&answer);
    return kept ? OPERATOR_KEPT : CLI_OK;
}

/* Is the word behind this one its value? */
static bool wants_value(const char *word)
{
    return strncmp(word, "--", 2) == 0 && strcmp(word, "--") != 0 && strcmp(word, "--json") != 0 && !strchr(word, '=');
}

/* How long ago looks like an option: take it out of the line before those are read. NULL: there is none. */
static const char *take_ago(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (argv[i][0] != '-' || !ascii_digit((uint8_t)argv[i][1]) || wants_value(argv[i - 1])) continue;
        const char *ago = argv[i];
        memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
        --*argc;
        return ago;
    }
    return NULL;
}

static int run(int argc, char **argv, const char *verb, const char *word, const char *done)
{
    struct wish w = {.ask = word, .done = done};
    struct operator_door d;
    bool rewinds = strcmp(word, "rewind") == 0;
    const char *to = rewinds ? take_ago(&argc, argv) : NULL;
    if (!read_options(argc, argv, &w)) return cli_usage(verb);
    if (rewinds && !to && optind < argc) to = argv[optind++];
    if (optind < argc) {
        cli_fail(CLI_USAGE, verb, "takes %s: '%s'", rewinds ? "one place" : "no argument but options", argv[optind]);
        return cli_usage(verb);
    }
    if (rewinds && !to) {
        cli_fail(CLI_USAGE, verb, "back to where?");
        return cli_usage(verb);
    }
    if (to && !told_place(to, clock_wall_us() / 1000, w.to))
        return cli_fail(CLI_USAGE, verb,
                        "'%s' is no place: write 2026-11-22T10:00 (UTC), -2h, or MS-N as 'furui learner show' has them",
                        to);
    int status = operator_find(&d, "learner", &w.o);
    d.tells = done ? "furui learner show" : NULL;
    return status ? status : ask(&d, &w);
}

static int run_show(int argc, char **argv)
{
    return run(argc, argv, "learner show", "show", NULL);
}

static int run_freeze(int argc, char **argv)
{
    return run(argc, argv, "learner freeze", "freeze", "frozen");
}

static int run_thaw(int argc, char **argv)
{
    return run(argc, argv, "learner thaw", "thaw", "thawed");
}

static int run_rewind(int argc, char **argv)
{
    return run(argc, argv, "learner rewind", "rewind", "rewound");
}

#define STATUS                                                                                               \
    "\nAs furuid's own user, or root. Exit status: 0 obeyed on this host; 1 refused, and a line says why;\n" \
    "3 kept, but not obeyed yet (Redis is away); 64 wrong usage; 69 no service; 75 the learner is not there.\n"

static const struct verb verb_show = {
    .name = "show",
    .summary = "what the learner of this host knows, whether it is frozen, what was ordered",
    .help = "usage: furui learner show [--json]\n"
            "\n"
            "How far the learner of this host has read the stream of reports, what waits, whether the content model\n"
            "is frozen (since when, by whom, why), the latest orders, and what rewinds have taken out. A place in the\n"
            "stream is MS-N: milliseconds since 1970 by Redis's clock, and a number.\n" OPERATOR_WHERE_HELP
            "\nAs furuid's own user, or root. Exit status: 0 shown; 64 wrong usage; 69 no service; 75 the learner is\n"
            "not there.\n"
            "\n"
            "example: furui learner show\n",
    .run = run_show,
};

static const struct verb verb_freeze = {
    .name = "freeze",
    .summary = "the content model stands still, on all hosts, until it is thawed",
    .help = "usage: furui learner freeze [--by WHO] [--note TEXT]\n"
            "\n"
            "The content model stands still, on all hosts that share the Redis. Reports are kept and weighed for\n"
            "reputation and trust as ever; what comes meanwhile is not learnt later.\n" OPERATOR_WHO_HELP
                OPERATOR_WHERE_HELP STATUS "\n"
            "example: furui learner freeze --note \"newsletters are called spam since noon\"\n",
    .run = run_freeze,
};

static const struct verb verb_thaw = {
    .name = "thaw",
    .summary = "the content model learns again",
    .help = "usage: furui learner thaw [--by WHO] [--note TEXT]\n"
            "\n"
            "The content model learns again, on all hosts that share the Redis, also when a guard has frozen "
            "it.\n" OPERATOR_WHO_HELP OPERATOR_WHERE_HELP STATUS "\n"
            "example: furui learner thaw --note \"the reporter is blocked\"\n",
    .run = run_thaw,
};

static const struct verb verb_rewind = {
    .name = "rewind",
    .summary = "what the content model learnt since then does not count any more",
    .help =
        "usage: furui learner rewind [--by WHO] [--note TEXT] TO\n"
        "\n"
        "What the content model learnt after TO, up to now, does not count any more, on all hosts that share the\n"
        "Redis. It goes on to learn from what comes now, unless it is frozen. What the same reports gave to\n"
        "reputation and trust stays.\n"
        "\n"
        "  TO                2026-11-22T10:00[:30] (UTC), 2026-11-22, -2h (s, m, h, d), or MS-N, a place of the\n"
        "                    stream as 'furui learner show' has them; 0-0: all that it ever learnt\n" OPERATOR_WHO_HELP
            OPERATOR_WHERE_HELP STATUS "\n"
        "example: furui learner rewind -2h --note \"a gateway sent its quarantine as ham\"\n",
    .run = run_rewind,
};

static const struct verb *const SUBS[] = {&verb_show, &verb_freeze, &verb_thaw, &verb_rewind, NULL};

static int learner_run(int argc, char **argv)
{
    if (argc > 1)
        cli_fail(CLI_USAGE, "learner", "'%s' is none of show, freeze, thaw, rewind", argv[1]);
    else
        cli_fail(CLI_USAGE, "learner", "what is to be done?");
    return cli_usage("learner");
}

const struct verb verb_learner = {
    .name = "learner",
    .summary = "what is learnt from reports: look at it, stop it, take it back",
    .help = "usage: furui learner WHAT …\n"
            "\n"
            "  show    what the learner of this host knows, whether it is frozen, what was ordered\n"
            "  freeze  the content model stands still, on all hosts, until it is thawed\n"
            "  thaw    the content model learns again\n"
            "  rewind  what the content model learnt since then does not count any more\n"
            "\n"
            "'furui learner WHAT --help' explains each.\n",
    .run = learner_run,
    .subs = SUBS,
};
