/* SPDX-License-Identifier: Apache-2.0 */
/* eval_show: first all mails, then each slice that has any; a figure that means nothing is '-', and null in JSON. */
#define _GNU_SOURCE
#include "models/eval_show.h"

#include "models/figures/figures.h"
#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "proto/cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const POINT[METRICS_POINTS] = {"0.1", "0.05", "0.01"};

void eval_way(const struct eval_options *o, char out[EVAL_WAY])
{
    const size_t cap = EVAL_WAY;
    const struct judge_plan *p = &o->plan;
    char when[32];
    time_t at = (time_t)p->until;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&at));
    switch (p->way) {
    case JUDGE_IMMEDIATE: snprintf(out, cap, "immediate"); break;
    case JUDGE_DELAYED: snprintf(out, cap, "delayed:%zu", p->n); break;
    case JUDGE_FIRST: snprintf(out, cap, "first:%zu", p->n); break;
    case JUDGE_PARTIAL: snprintf(out, cap, "partial:%.10g%%", 100 * p->share); break;
    case JUDGE_ACTIVE: snprintf(out, cap, "active:%zu", p->n); break;
    case JUDGE_FOLDS: snprintf(out, cap, "folds:%zu", p->n); break;
    case JUDGE_SHARE: snprintf(out, cap, "train-until:%.10g%%", 100 * p->share); break;
    case JUDGE_UNTIL: snprintf(out, cap, "train-until:%s", when); break;
    default: snprintf(out, cap, "bundle"); break;
    }
}

/* --- for people --------------------------------------------------------------------------------------------------- */

/* A figure in a column of its own; '-' when there is none. */
static const char *cell(char out[24], double v, int digits)
{
    if (v == v)
        snprintf(out, 24, "%.*f", digits, v);
    else
        snprintf(out, 24, "-");
    return out;
}

/* The last `most` characters of a name, without what moves a terminal; corpus/index is corpus. */
static void print_name(const char *name, size_t most)
{
    char *safe = NULL;
    size_t n = 0, at = 0, count = 0;
    span s = span_cstr(name);
    FILE *f = open_memstream(&safe, &n);
    if (!f) return;
    if (s.n > 6 && span_eq(span_from(s, s.n - 6), SPAN("/index"))) s.n -= 6;
    cli_print(f, s);
    fclose(f);
    for (size_t i = 0; i < n; i++) count += ((uint8_t)safe[i] & 0xC0) != 0x80;
    for (; count > most; count--)
        for (at++; at < n && ((uint8_t)safe[at] & 0xC0) == 0x80;) at++;
    printf("%s%*s", safe + at, (int)(most - count), "");
    free(safe);
}

static void print_row(const char *name, const struct figures *f)
{
    char a[24], b[24], c[24];
    const struct metrics *m = &f->m;
    printf("  ");
    print_name(name, 22);
    printf("%8zu%8zu", m->ham, m->spam);
    printf("%9s%9s%9s", cell(a, m->roca_pct, 4), cell(b, f->roca.low, 4), cell(c, f->roca.high, 4));
    for (unsigned i = 0; i < METRICS_POINTS; i++) printf("%8s", cell(a, 100 * (1 - m->caught[i]), 2));
    printf("%8s%8s", cell(a, figures_pct(f->called[0][CALLED_SPAM], m->ham), 2),
           cell(b, figures_pct(f->called[1][CALLED_HAM], m->spam), 2));
    printf("%8s\n", cell(a, m->ece, 4));
}

static void print_all(const struct eval_options *o, const struct judged *d, const struct figures *f, double seconds)
{
    char a[24], b[24], c[24], way[EVAL_WAY];
    const struct metrics *m = &f->m;
    size_t excluded = d->n - m->ham - m->spam;
    eval_way(o, way);
    printf("mails            %zu (%zu ham, %zu spam", m->ham + m->spam, m->ham, m->spam);
    if (excluded) printf("; %zu more left out", excluded);
    printf(")\n");
    if (o->plan.way != JUDGE_BY_MODEL) {
        printf("protocol         %s: %zu labels learnt", way, d->learnt);
        if (o->plan.flip > 0) printf(", %zu of them wrong", d->flipped);
        printf("\n");
    }
    if (d->trained_alike)
        printf("trained on       as many ham and spam: if on these, the figures say how well it remembers them\n");
    if (m->ham && m->spam) {
        printf("1-ROCA%%          %s (95%% interval %s to %s)\n", cell(a, m->roca_pct, 4), cell(b, f->roca.low, 4),
               cell(c, f->roca.high, 4));
        printf("lam%%             %s\n", cell(a, m->lam_pct, 3));
        for (unsigned i = 0; i < METRICS_POINTS; i++)
            printf("spam missed      %s%% when %s%% of ham is called spam: %zu of %zu\n",
                   cell(a, 100 * (1 - m->caught[i]), 2), POINT[i], metrics_ham_at(m->ham, METRICS_FPR[i]), m->ham);
    } else {
        printf("1-ROCA%%          none, nor a share of spam missed: that takes mails of both labels\n");
    }
    for (unsigned label = 0; label < 2; label++) {
        size_t all = label ? m->spam : m->ham;
        if (!all) continue;
        printf("%-16s ham %s%%, unsure %s%%, spam %s%%\n", label ? "spam called" : "ham called",
               cell(a, figures_pct(f->called[label][CALLED_HAM], all), 2),
               cell(b, figures_pct(f->called[label][CALLED_UNSURE], all), 2),
               cell(c, figures_pct(f->called[label][CALLED_SPAM], all), 2));
    }
    printf("calibration      expected error %s, log loss %s\n", cell(a, m->ece, 4), cell(b, m->log_loss, 4));
    printf("time             %.1f s, %.0f mails/s\n", seconds, (double)d->n / (seconds > 0 ? seconds : 1e-9));
}

static enum err show_text(const struct eval_options *o, const struct judged *d, double seconds)
{
    static const char *const TITLE[FIGURES_BYS] = {"", "source", "language", "kind of mail"};
    struct figures f;
    enum err e = figures_of(d, FIGURES_ALL, 0, o->spam_at, o->unsure_at, &f);
    if (e) return e;
    print_all(o, d, &f, seconds);
    printf("\n%-24s%8s%8s%9s%18s%24s%8s%8s%8s\n", "", "", "", "", "95% interval", "spam missed, % at ham", "ham,%",
           "spam,%", "calibr.");
    printf("%-24s%8s%8s%9s%9s%9s%8s%8s%8s%8s%8s%8s\n", "", "ham", "spam", "1-ROCA%", "from", "to", "0.1%", "0.05%",
           "0.01%", "as spam", "as ham", "error");
    for (enum figures_by by = d->sources > 1 ? FIGURES_SOURCE : FIGURES_LANGUAGE; by < FIGURES_BYS; by++) {
        printf("%s\n", TITLE[by]);
        for (size_t i = 0; i < figures_slices(d, by); i++) {
            e = figures_of(d, by, i, o->spam_at, o->unsure_at, &f);
            if (e) return e;
            if (f.m.ham + f.m.spam) print_row(figures_name(d, by, i), &f);
        }
    }
    return ERR_OK;
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static void put_figures(struct json *j, const struct figures *f)
{
    static const char *const LABEL[2] = {"ham", "spam"}, *const CALL[CALLS] = {"ham", "unsure", "spam"};
    const struct metrics *m = &f->m;
    char key[40];
    json_num(j, "roca_pct", m->roca_pct, 6);
    json_num(j, "roca_low_pct", f->roca.low, 6);
    json_num(j, "roca_high_pct", f->roca.high, 6);
    json_num(j, "lam_pct", m->lam_pct, 6);
    for (unsigned i = 0; i < METRICS_POINTS; i++) {
        snprintf(key, sizeof key, "caught_at_%s_pct", POINT[i]);
        json_num(j, key, 100 * m->caught[i], 4);
        snprintf(key, sizeof key, "missed_at_%s_pct", POINT[i]);
        json_num(j, key, 100 * (1 - m->caught[i]), 4);
    }
    for (unsigned label = 0; label < 2; label++)
        for (unsigned call = 0; call < CALLS; call++) {
            snprintf(key, sizeof key, "%s_called_%s_pct", LABEL[label], CALL[call]);
            json_num(j, key, figures_pct(f->called[label][call], label ? m->spam : m->ham), 4);
        }
    json_num(j, "calibration_error", m->ece, 6);
    json_num(j, "brier", m->brier, 6);
    json_num(j, "log_loss", m->log_loss, 6);
}

static void put_counts(struct json *j, const struct figures *f)
{
    json_uint(j, "mails", f->m.ham + f->m.spam);
    json_uint(j, "ham", f->m.ham);
    json_uint(j, "spam", f->m.spam);
}

static enum err put_slices(struct json *j, const struct eval_options *o, const struct judged *d)
{
    static const char *const KEY[FIGURES_BYS] = {"", "sources", "languages", "kinds"};
    struct figures f;
    for (enum figures_by by = FIGURES_SOURCE; by < FIGURES_BYS; by++) {
        json_open_array(j, KEY[by]);
        for (size_t i = 0; i < figures_slices(d, by); i++) {
            enum err e = figures_of(d, by, i, o->spam_at, o->unsure_at, &f);
            if (e) return e;
            if (f.m.ham + f.m.spam == 0) continue;
            json_open_object(j, NULL);
            json_str(j, "name", span_cstr(figures_name(d, by, i)));
            put_counts(j, &f);
            put_figures(j, &f);
            json_close_object(j);
        }
        json_close_array(j);
    }
    return ERR_OK;
}

static enum err show_json(const struct eval_options *o, const struct judged *d, double seconds)
{
    struct figures f;
    struct json j;
    char way[EVAL_WAY];
    enum err e = figures_of(d, FIGURES_ALL, 0, o->spam_at, o->unsure_at, &f);
    if (e) return e;
    json_init(&j);
    json_open_object(&j, NULL);
    put_counts(&j, &f);
    json_uint(&j, "excluded", d->n - f.m.ham - f.m.spam);
    eval_way(o, way);
    json_str(&j, "protocol", span_cstr(way));
    if (d->model[0]) json_str(&j, "model", span_cstr(d->model));
    json_bool(&j, "trained_on_as_many", d->trained_alike);
    json_uint(&j, "learnt", d->learnt);
    json_uint(&j, "flipped", d->flipped);
    put_figures(&j, &f);
    json_num(&j, "seconds", seconds, 3);
    e = put_slices(&j, o, d);
    json_close_object(&j);
    if (!e) puts(j.buf);
    json_close(&j);
    return e;
}

enum err eval_show(const struct eval_options *o, const struct judged *d, double seconds)
{
    return o->json ? show_json(o, d, seconds) : show_text(o, d, seconds);
}
