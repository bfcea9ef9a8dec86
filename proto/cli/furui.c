/* SPDX-License-Identifier: Apache-2.0 */
/* furui: the person's command: one list of verbs, nothing else.
 *
 * Verbs live beside what they command (scan and stat here, train and eval in models/, …), above this folder, so they
 * are named by `extern` instead of by an include that would point up. */
#include "proto/cli/cli.h"

extern const struct verb verb_scan, verb_stat, verb_reputation, verb_campaigns, verb_reporter, verb_learner; /* here */
extern const struct verb verb_bench;                                                /* bench/ */
extern const struct verb verb_train, verb_eval, verb_model, verb_show, verb_report; /* models/ */

static int help_run(int argc, char **argv);
static const struct verb verb_help = {
    .name = "help",
    .summary = "explain a verb, or list them all",
    .help = "usage: furui help [VERB [SUBVERB]]\n",
    .run = help_run,
};

/* In the order that `furui --help` shows. */
static const struct verb *const verbs[] = {
    &verb_scan,       &verb_show,      &verb_report,   &verb_train,   &verb_eval,  &verb_model, &verb_stat,
    &verb_reputation, &verb_campaigns, &verb_reporter, &verb_learner, &verb_bench, &verb_help};
enum { VERBS = sizeof verbs / sizeof *verbs };

static void list(FILE *to)
{
    fputs("usage: furui VERB [OPTION…] [ARGUMENT…]\n\nverbs:\n", to);
    for (size_t i = 0; i < VERBS; i++) fprintf(to, "  %-10s  %s\n", verbs[i]->name, verbs[i]->summary);
    fputs("\n'furui VERB --help' explains a verb; 'furui --version' names this build.\n", to);
}

/* The verb of `v` of that name, or NULL. */
static const struct verb *find_sub(const struct verb *v, const char *word)
{
    for (size_t i = 0; v->subs && v->subs[i]; i++)
        if (strcmp(word, v->subs[i]->name) == 0) return v->subs[i];
    return NULL;
}

/* The verb of that name, or NULL after a complaint. */
static const struct verb *find(const char *word)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++) {
        names[i] = verbs[i]->name;
        if (strcmp(word, names[i]) == 0) return verbs[i];
    }
    const char *near = cli_nearest(word, names, VERBS);
    if (near)
        cli_fail(CLI_USAGE, NULL, "no verb '%s'; did you mean '%s'?", word, near);
    else
        cli_fail(CLI_USAGE, NULL, "no verb '%s'; 'furui --help' lists them", word);
    return NULL;
}

static int help_run(int argc, char **argv)
{
    if (argc < 2) {
        list(stdout);
        return CLI_OK;
    }
    const struct verb *v = find(argv[1]);
    if (!v) return CLI_USAGE;
    const struct verb *sub = argc > 2 ? find_sub(v, argv[2]) : NULL;
    fputs((sub ? sub : v)->help, stdout);
    return CLI_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        list(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        list(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("furui " FURUI_VERSION);
        return CLI_OK;
    }
    const struct verb *v = find(argv[1]);
    if (!v) return CLI_USAGE;
    const struct verb *sub = argc > 2 ? find_sub(v, argv[2]) : NULL;
    char name[64]; /* what getopt_long puts before its complaints */
    snprintf(name, sizeof name, "furui %s%s%s", v->name, sub ? " " : "", sub ? sub->name : "");
    int skip = sub ? 2 : 1;
    if (sub) v = sub;
    if (cli_help(v, argc - skip, argv + skip)) return CLI_OK;
    argv[skip] = name;
    return v->run(argc - skip, argv + skip);
}
