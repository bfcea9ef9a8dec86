/* SPDX-License-Identifier: Apache-2.0 */
/* reporter: `furui reporter show WHO…`: how much somebody's reports weigh, and why.
 *
 * The service knows people by keyed hashes alone; the learner, which has the secret, hashes the name that is asked for.
 * So there is no list of reporters to print: nobody could read it. docs/feedback.md has the rules. */
#define _GNU_SOURCE
#include "proto/cli/cli.h"
#include "proto/cli/operator.h"
#include "proto/cli/told.h"

#include <getopt.h>

enum { VALUE_MAX = 256 };

struct wish {
    struct operator_options o;
    const char *tenant;
};

/* A value of the answer, for people; "" when it is not there. Valid until the next call with this `slot`. */
static const char *said(const struct pairs *answer, const char *key, int slot)
{
    static char text[4][VALUE_MAX];
    if (!operator_said(answer, key, text[slot], VALUE_MAX)) text[slot][0] = 0;
    return text[slot];
}

static bool said_number(const struct pairs *answer, const char *key, uint64_t *out)
{
    return pairs_number(span_cstr(said(answer, key, 0)), out);
}

static void print_weight(const struct pairs *answer)
{
    static const struct {
        const char *standing, *words;
    } WORDS[] = {
        {"trusted", "named as `trusted` in [reports]: counts fully from the first word"},
        {"known", "has agreed with what is settled about mails often enough to be believed alone"},
        {"stranger", "under 0.5: strangers together give a mail, or a name within about a day, no more than 1"},
        {"newcomer", "nothing is known: a first word counts so much. Strangers (under 0.5) together give a mail,\n"
                     "            or a name within about a day, no more than 1"},
        {"equal", "`weigh = no` in [reports]: each word counts 1"},
    };
    const char *standing = said(answer, "standing", 1);
    bool by_rule = strcmp(standing, "trusted") == 0 || strcmp(standing, "equal") == 0;
    printf("weight      %s\n", said(answer, "weight", 0));
    if (!by_rule) printf("            = %s\n", said(answer, "how", 0));
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strcmp(standing, WORDS[i].standing) == 0) printf("            %s: %s\n", standing, WORDS[i].words);
}

static void print_words(const struct pairs *answer)
{
    char first[TOLD_TIME_BYTES], last[TOLD_TIME_BYTES];
    uint64_t words = 0, ms = 0;
    if (!said_number(answer, "words", &words) || words == 0) {
        puts("words       none that is remembered");
        return;
    }
    if (said_number(answer, "first_ms", &ms)) told_time(ms, first);
    if (said_number(answer, "last_ms", &ms)) told_time(ms, last);
    printf("words       %llu: the first %s, the last %s\n", (unsigned long long)words, first, last);
    printf("agreed      with %s settled mails, disagreed with %s; both fade as there are more\n",
           said(answer, "agreed", 0), said(answer, "disagreed", 1));
}

static void print_limit(const struct pairs *answer, const char *name, const char *a_minute, const char *left, bool none)
{
    printf("%-12s", name);
    if (none || strcmp(said(answer, a_minute, 0), "0") == 0)
        puts("none");
    else
        printf("%s reports a minute; %s may come now\n", said(answer, a_minute, 0), said(answer, left, 1));
}

static void print(const char *who, const struct pairs *answer, const struct wish *w)
{
    fputs("reporter    ", stdout);
    cli_print(stdout, *who ? span_cstr(who) : SPAN("the gateways themselves: reports without a name"));
    printf("\nhash        %s\n", said(answer, "hash", 0));
    print_weight(answer);
    print_words(answer);
    printf("next word   gives up to %s to its mail and to each name in it; of his words about one name each next\n"
           "            counts half, which is forgotten by half each day\n",
           said(answer, "weight", 0));
    print_limit(answer, "limit", "a_minute", "left", strcmp(said(answer, "unlimited", 0), "yes") == 0);
    if (w->tenant) print_limit(answer, "tenant's", "tenant_a_minute", "tenant_left", false);
}

static int ask(const struct operator_door *d, const struct wish *w, const char *who)
{
    struct pairs request = {0}, answer;
    pairs_put(&request, "do", "learner");
    pairs_put(&request, "ask", "reporter");
    pairs_put(&request, "who", who);
    if (w->tenant) pairs_put(&request, "tenant", w->tenant);
    int status = operator_ask(d, "reporter", &request, -1, &answer);
    if (status != CLI_OK) return status;
    if (w->o.json)
        told_json(&answer);
    else
        print(who, &answer, w);
    pairs_close(&answer);
    return CLI_OK;
}

static int run_show(int argc, char **argv)
{
    enum { TENANT = 256 };
    static const struct option OPTIONS[] = {{"tenant", required_argument, NULL, TENANT}, OPERATOR_WHERE_LONG, {0}};
    struct wish w = {0};
    struct operator_door d;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        bool fine = c == TENANT ? operator_fits("reporter", "--tenant", optarg, ADMIN_WHO_MAX)
                                : operator_option(&w.o, "reporter", c, optarg);
        if (!fine) return cli_usage("reporter show");
        if (c == TENANT) w.tenant = optarg;
    }
    if (optind == argc) {
        cli_fail(CLI_USAGE, "reporter show", "which reporter?");
        return cli_usage("reporter show");
    }
    for (int i = optind; i < argc; i++)
        if (!operator_fits("reporter", "a reporter's name", argv[i], ADMIN_WHO_MAX)) return CLI_USAGE;
    int status = operator_find(&d, "reporter", &w.o);
    for (int i = optind; i < argc && status == CLI_OK; i++) {
        if (i > optind && !w.o.json) putchar('\n');
        status = ask(&d, &w, argv[i]);
    }
    return status;
}

static const struct verb verb_show = {
    .name = "show",
    .summary = "how much somebody's reports weigh, and why",
    .help = "usage: furui reporter show [OPTION…] WHO…\n"
            "\n"
            "How much the reports of somebody weigh, and why; what he said so far; how near he is to his limit.\n"
            "\n"
            "  WHO               as the `reporter` of a report has it; capitals are no matter. '': the gateways\n"
            "                    themselves, which report without a name\n"
            "      --tenant T        show the limit of all reporters of this tenant, too\n" OPERATOR_WHERE_HELP "\n"
            "As furuid's own user, or root. Exit status: 0 shown; 1 refused; 64 wrong usage; 69 no service; 75 the\n"
            "learner is not there.\n"
            "\n"
            "example: furui reporter show hana@example.org\n",
    .run = run_show,
};

static const struct verb *const SUBS[] = {&verb_show, NULL};

static int reporter_run(int argc, char **argv)
{
    if (argc > 1)
        cli_fail(CLI_USAGE, "reporter", "'%s' is not show", argv[1]);
    else
        cli_fail(CLI_USAGE, "reporter", "what is to be done?");
    return cli_usage("reporter");
}

const struct verb verb_reporter = {
    .name = "reporter",
    .summary = "how much somebody's reports weigh, and why",
    .help = "usage: furui reporter show WHO…\n"
            "\n"
            "  show    how much somebody's reports weigh, and why\n"
            "\n"
            "'furui reporter show --help' explains it.\n",
    .run = reporter_run,
    .subs = SUBS,
};
