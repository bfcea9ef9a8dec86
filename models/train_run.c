/* SPDX-License-Identifier: Apache-2.0 */
/* train_run: the way from mails or counts to a bundle, and its exit statuses; see train_run.h. */
#include "models/train_run.h"

#include "models/audit/audit.h"
#include "models/commands.h"
#include "models/train/bundle_write.h"
#include "proto/base/clock.h"
#include "proto/base/replace.h"
#include "proto/base/threads.h"
#include "worker/text/domain.h"

#include <fcntl.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

bool train_option(struct fit_plan *p, const char *verb, int option, const char *text)
{
    long n;
    switch (option) {
    case TRAIN_OPT_BITS:
        if (!cli_number(verb, "--table-bits", text, 10, 24, &n)) return false;
        p->table_bits = (unsigned)n;
        return true;
    case TRAIN_OPT_EPOCHS:
        if (!cli_number(verb, "--epochs", text, 1, 100, &n)) return false;
        p->epochs = (unsigned)n;
        return true;
    case TRAIN_OPT_THREADS:
        if (!cli_number(verb, "--threads", text, 1, THREADS_MAX, &n)) return false;
        threads_limit((unsigned)n);
        return true;
    default:
        if (!cli_number(verb, "--half-life", text, 1, 36500, &n)) return false;
        p->half_life_days = (unsigned)n;
        return true;
    }
}

static int status_of(enum err e, bool wrote)
{
    if (wrote) return CLI_IO;
    return e == ERR_MODEL || e == ERR_VERSION ? COMMANDS_BAD_DATA : e == ERR_MEMORY ? CLI_UNAVAILABLE : CLI_NO_INPUT;
}

/* Are the first counts those that the old bundle was trained from? */
static int check_old(const struct train_run *t)
{
    struct bundle b;
    struct counts file;
    struct corpus c = {0};
    char fault[COUNTS_FAULT_BYTES], want[17] = "", have[17];
    const char *path = t->gather.input[0].counts;
    enum err e = bundle_open(t->old, BUNDLE_ANY_FEATURES, &b, fault);
    if (e) return cli_fail(status_of(e, false), t->verb, "%s", fault);
    span key, value;
    for (size_t at = 0; bundle_manifest_next(&b, &at, &key, &value);)
        if (span_eq(key, SPAN("corpus"))) snprintf(want, sizeof want, "%.*s", SPAN_ARG(value));
    bundle_close(&b);
    if (access(path, R_OK) != 0)
        return cli_fail(CLI_NO_INPUT, t->verb,
                        "%s: no counts beside the bundle (%s); they are there when it was trained with --counts %s",
                        t->old, path, path);
    e = counts_open(path, &file, fault);
    if (e) return cli_fail(status_of(e, false), t->verb, "%s", fault);
    e = corpus_add(&c, &file, NULL);
    snprintf(have, sizeof have, "%016" PRIx64, c.hash);
    corpus_close(&c);
    if (e) return cli_fail(status_of(e, false), t->verb, "%s: %s", path, err_str(e));
    if (strcmp(have, want) != 0)
        return cli_fail(COMMANDS_BAD_DATA, t->verb, "%s: not the counts that %s was trained from", path, t->old);
    return CLI_OK;
}

static void tell_gathered(const struct train_run *t, const struct gathered *g, const struct corpus *c)
{
    size_t again, both;
    if (g->whole)
        printf("%s: all %zu mails are counted already\n", t->gather.keep, c->n);
    else if (g->resumed)
        printf("%s: went on behind %zu mails that an interrupted run had counted\n", t->gather.keep, g->resumed);
    if (t->gather.withouts) printf("%zu mail%s left out\n", g->left_out, g->left_out == 1 ? "" : "s");
    if (corpus_duplicates(c, &again, &both) == ERR_OK && again) {
        printf("%zu mail%s there more than once, byte for byte; each counts as often", again,
               again == 1 ? " is" : "s are");
        if (both) printf("; %zu of them both as ham and as spam: furui train --audit lists them", both);
        printf("\n");
    }
}

static int fit(struct train_run *t, const struct corpus *c, int64_t start_us)
{
    enum { FEW = 100 }; /* of a label: under that, one mail moves every figure by a percent */
    char fault[FIT_FAULT_BYTES];
    struct fit_report r;
    enum err e = fit_bundle(c, &t->plan, t->output, &r, fault);
    if (e) return cli_fail(e == ERR_IO ? CLI_IO : COMMANDS_BAD_DATA, t->verb, "%s", fault);
    if (!t->plan.quiet)
        printf("%s: model %s from %zu ham and %zu spam of %zu source%s in %.1f s\n"
               "judged by models that had not seen the mail's %s: 1-ROCA%% %.4f, log loss %.4f\n",
               t->output, r.id, c->count[0], c->count[1], c->sources, c->sources == 1 ? "" : "s",
               (double)(clock_us() - start_us) / 1e6, r.by_source ? "source" : "fold", r.held_roca_pct,
               r.held_log_loss);
    if (!t->plan.quiet && (c->count[0] < FEW || c->count[1] < FEW))
        printf("so few mails make a weak model, and its figures say little: have at least %d of each label\n", FEW);
    return CLI_OK;
}

struct list {
    const struct audit *a;
    size_t input;
};

static void print_list(FILE *to, const void *arg)
{
    const struct list *l = arg;
    audit_list(to, l->a, l->input);
}

/* The lists that were asked for, each of an index. */
static int write_lists(const struct train_run *t, const struct audit *a)
{
    char fault[REPLACE_FAULT_BYTES];
    for (size_t k = 0; k < t->gather.inputs; k++) {
        const char *path = t->gather.input[k].disputed;
        if (path && replace_text(path, print_list, &(struct list){a, k}, fault))
            return cli_fail(CLI_IO, t->verb, "%s", fault);
    }
    return CLI_OK;
}

static int audit(const struct train_run *t, const struct corpus *c)
{
    enum { MOST_SHOWN = 20 };
    char fault[AUDIT_FAULT_BYTES];
    struct audit a;
    enum err e = audit_open(c, &t->gather, &t->plan, &a, fault);
    if (e) return cli_fail(status_of(e, false), t->verb, "%s", fault);
    int status = write_lists(t, &a);
    if (!status && t->json)
        audit_json(stdout, &a);
    else if (!status)
        audit_text(stdout, &a, MOST_SHOWN);
    audit_close(&a);
    if (!status && (fflush(stdout) || ferror(stdout)))
        status = cli_fail(CLI_IO, t->verb, "standard output: %s", strerror(errno));
    return status;
}

/* Counts are read in place. If somebody writes to such a file instead of replacing it, its end goes from under us. */
static void on_bus_error(int signal)
{
    static const char why[] = "furui: a counts file was cut short while it was read, or its disk failed\n";
    (void)signal;
    (void)!write(STDERR_FILENO, why, sizeof why - 1);
    _exit(CLI_IO);
}

bool train_begins(const char *path, const char *magic)
{
    uint8_t head[8] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool yes = fd >= 0 && read(fd, head, sizeof head) == sizeof head && memcmp(head, magic, sizeof head) == 0;
    if (fd >= 0) close(fd);
    return yes;
}

/* Counts may come back under their own name, with more in them. */
static bool is_read(const struct train_run *t, const char *path)
{
    for (size_t i = 0; i < t->gather.inputs; i++) {
        const struct gather_input *in = &t->gather.input[i];
        if (replace_same(path, in->index) || replace_same(path, in->ham) || replace_same(path, in->spam)) return true;
    }
    return false;
}

/* A slip of the finger must not replace counts by a bundle, nor a bundle by counts. */
static int check_places(const struct train_run *t)
{
    const char *counts = t->gather.keep;
    if (counts && t->output && strcmp(counts, t->output) == 0)
        return cli_fail(CLI_USAGE, t->verb, "%s: bundle and counts want a file each", counts);
    if (t->output && train_begins(t->output, COUNTS_MAGIC))
        return cli_fail(CLI_USAGE, t->verb, "%s: holds counts; a bundle does not replace them", t->output);
    if (counts && train_begins(counts, BUNDLE_MAGIC))
        return cli_fail(CLI_USAGE, t->verb, "%s: is a bundle; counts do not replace it", counts);
    for (size_t i = 0; i < t->gather.inputs; i++) {
        const char *lost = is_read(t, t->gather.input[i].disputed) ? t->gather.input[i].disputed
                           : is_read(t, t->output)                 ? t->output
                           : is_read(t, counts)                    ? counts
                                                                   : NULL;
        if (lost) return cli_fail(CLI_USAGE, t->verb, "%s: is read; what is written would replace it", lost);
    }
    return CLI_OK;
}

int train_run(struct train_run *t)
{
    signal(SIGBUS, on_bus_error);
    domain_init();
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is told like a full disk */
    char fault[GATHER_FAULT_BYTES];
    struct corpus c = {0};
    struct gathered g;
    bool wrote = false;
    int status = check_places(t);
    int64_t start_us = clock_us();
    if (status) return status;
    char *folder = t->output ? strdup(t->output) : NULL;
    if (t->output && bundle_place(t->output, fault)) status = cli_fail(CLI_IO, t->verb, "%s", fault);
    if (!status && t->old) status = check_old(t);
    t->gather.folder = folder ? dirname(folder) : NULL;
    t->gather.both = (t->output || t->audit) && !t->gather.keep; /* counts of one label are worth keeping */
    if (!status) {
        enum err e = gather(&t->gather, &c, &g, &wrote, fault);
        if (e) status = cli_fail(status_of(e, wrote), t->verb, "%s", fault);
    }
    if (!status && !t->plan.quiet) tell_gathered(t, &g, &c);
    if (!status && !t->plan.quiet && t->gather.keep)
        printf("%s: counts of %zu ham and %zu spam of %zu source%s, corpus %016" PRIx64 "\n", t->gather.keep,
               c.count[0], c.count[1], c.sources, c.sources == 1 ? "" : "s", c.hash);
    if (!status && t->audit) status = audit(t, &c);
    if (!status && t->output) {
        t->plan.trust = g.trust;
        status = fit(t, &c, start_us);
    }
    corpus_close(&c);
    free(folder);
    return status;
}
