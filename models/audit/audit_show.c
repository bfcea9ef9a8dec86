/* SPDX-License-Identifier: Apache-2.0 */
/* audit_show: an audit in words, as JSON, and as lists for furui eval --exclude; see audit.h. */
#include "models/audit/audit.h"

#include "proto/base/fixmath.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"

#include <stdlib.h>

enum { KIND_LOOKS = 64, MEMBERS_SHOWN = 3 };

static const char *label(bool spam)
{
    return spam ? "spam" : "ham";
}

/* Which input mail i came by: the last that begins at or before it. */
static size_t input_of(const struct audit *a, size_t i)
{
    size_t k = a->g->inputs - 1;
    while (k > 0 && a->signs.first[k] > i) k--;
    return k;
}

/* What names the place that a mail's line and path belong to. */
static span place_of(const struct audit *a, size_t i)
{
    const struct gather_input *in = &a->g->input[input_of(a, i)];
    if (in->index) return span_cstr(in->index);
    if (in->counts) return span_cstr(in->counts);
    return span_cstr(a->c->mail[i]->spam ? in->spam : in->ham);
}

/* How the two labels of a group are alike: the closest of a few pairs. */
static enum twins_kind kind_of(const struct audit *a, size_t at, size_t n)
{
    const uint32_t *member = a->member + at;
    enum twins_kind best = TWINS_NONE;
    unsigned looks = 0;
    for (size_t i = 0; i < n && looks < KIND_LOOKS; i++)
        for (size_t j = i + 1; j < n && looks < KIND_LOOKS; j++) {
            if (a->c->mail[member[i]]->spam == a->c->mail[member[j]]->spam) continue;
            enum twins_kind k = twins_kind(&a->twins, a->c, member[i], member[j]);
            if (k > best) best = k;
            looks++;
        }
    return best;
}

static const char *kind_word(enum twins_kind k)
{
    return k == TWINS_MAIL ? "same mail" : k == TWINS_TEXT ? "same text" : "nearly the same text";
}

/* A source's name, or its number, counted from 1. */
static span source_name(const struct audit *a, uint32_t source, char room[24])
{
    if (a->c->name[source].n) return a->c->name[source];
    int n = snprintf(room, 24, "%u", source + 1);
    return span_of(room, (size_t)n);
}

/* A sign's text; that of SIGN_SOURCE is a number. */
static span sign_text(const struct audit *a, const struct sign *s, char room[24])
{
    return s->kind == SIGN_SOURCE ? source_name(a, (uint32_t)strtoul(s->what, NULL, 10), room) : span_cstr(s->what);
}

/* --- for people --------------------------------------------------------------------------------------------------- */

static void put_place(FILE *to, const struct audit *a, size_t i)
{
    const struct counts_mail *m = a->c->mail[i];
    const struct gather_input *in = &a->g->input[input_of(a, i)];
    if (in->index || in->counts) {
        cli_print(to, place_of(a, i));
        fprintf(to, ":%u  ", m->line);
    }
    cli_print(to, counts_path(m));
    if (!in->index && !in->counts && m->line) fprintf(to, ":%u", m->line); /* MBOX:N, as furui show takes it */
    fputc('\n', to);
}

static void text_disputed(FILE *to, const struct audit *a, size_t most)
{
    if (!a->disputes) {
        fprintf(to, "\nno label is disputed: all are more probable than %g%%\n", 100 * AUDIT_DOUBT);
        return;
    }
    fprintf(to, "\n%zu label%s disputed: less probable than %g%%\n    against it  p of spam  label  where\n",
            a->disputes, a->disputes == 1 ? " is" : "s are", 100 * AUDIT_DOUBT);
    for (size_t k = 0; k < a->disputes && k < most; k++) {
        size_t i = a->disputed[k];
        fprintf(to, "    %10.2f  %9.4f  %-5s  ", audit_dispute(a, i), fix_sigmoid(a->score[i]),
                label(a->c->mail[i]->spam));
        put_place(to, a, i);
    }
    if (a->disputes > most) fprintf(to, "    %zu more\n", a->disputes - most);
}

static void text_group(FILE *to, const struct audit *a, size_t at)
{
    size_t count[2], n = audit_group(a, at, count);
    bool rare = count[1] < count[0];
    fprintf(to, "    %zu spam and %zu ham: %s\n", count[1], count[0], kind_word(kind_of(a, at, n)));
    for (unsigned k = 0; k < 2; k++) {
        bool spam = k ? !rare : rare;
        size_t shown = 0;
        for (size_t i = 0; i < n && shown < MEMBERS_SHOWN; i++) {
            if (a->c->mail[a->member[at + i]]->spam != spam) continue;
            fprintf(to, "        %-4s  ", label(spam));
            put_place(to, a, a->member[at + i]);
            shown++;
        }
        if (count[spam] > shown) fprintf(to, "        %zu more %s\n", count[spam] - shown, label(spam));
    }
}

static void text_contraries(FILE *to, const struct audit *a, size_t most)
{
    fprintf(to, a->contraries ? "\n%zu group%s of like mails with both labels\n" : "\nno like mails have both labels\n",
            a->contraries, a->contraries == 1 ? "" : "s");
    for (size_t k = 0; k < a->contraries && k < most; k++) text_group(to, a, a->contrary[k]);
    if (a->contraries > most) fprintf(to, "    %zu more\n", a->contraries - most);
}

/* The heading of a comparison. In a source of one label every sign of the source is one of the label. */
static void text_contest(FILE *to, const struct audit *a, const struct sign *s)
{
    char room[24];
    size_t count[2] = {0, 0};
    for (size_t i = 0; i < a->c->n; i++) count[a->c->mail[i]->spam] += a->c->source[i] == s->source;
    fputs("    ", to);
    if (s->by_source || s->source != SIGNS_ALL) {
        fputs("source ", to);
        cli_print(to, source_name(a, s->source, room));
        fputs(s->by_source ? " against all others" : ", ", to);
        if (s->by_source && (!count[0] || !count[1])) fprintf(to, " (it holds %s only)", label(count[1] > 0));
        if (s->by_source) fputc(':', to);
    }
    fputs(s->by_source ? "\n" : "spam against ham:\n", to);
}

static void text_signs(FILE *to, const struct audit *a)
{
    const struct signs *g = &a->signs;
    bool alone = false;
    if (g->read < a->c->n)
        fprintf(to, "\n%zu mails came as counts, which hold no headers: no signs are looked for in them\n",
                a->c->n - g->read);
    fputs(g->n ? "\nsigns that alone tell so many apart (the mean of both sides)\n" : "\nno single sign tells much\n",
          to);
    for (size_t k = 0; k < g->n; k++) {
        const struct sign *s = &g->v[k];
        char room[24];
        if (k == 0 || s->by_source != s[-1].by_source || s->source != s[-1].source) text_contest(to, a, s);
        bool up = s->speaks_for_1;
        fprintf(to, "    %s%5.1f%%  %-16s  ", s->right >= SIGNS_ALONE ? "!" : " ", 100 * s->right, sign_word(s->kind));
        cli_print(to, sign_text(a, s, room));
        fprintf(to, "  (%zu of %zu %s, %zu of %zu %s)\n", s->with[up], s->of[up],
                s->by_source ? up ? "in it" : "elsewhere" : label(up), s->with[!up], s->of[!up],
                s->by_source ? !up ? "in it" : "elsewhere" : label(!up));
        alone |= !s->by_source && s->right >= SIGNS_ALONE;
    }
    if (alone) fputs("! how good a filter looks on these mails says little about others\n", to);
}

void audit_text(FILE *to, const struct audit *a, size_t most)
{
    fprintf(to,
            "%zu ham and %zu spam of %zu source%s, judged by models that saw neither the mail nor one like it (%u "
            "folds):\n1-ROCA%% %.4f, log loss %.4f\n",
            a->c->count[0], a->c->count[1], a->c->sources, a->c->sources == 1 ? "" : "s", a->held.folds,
            a->held.held_roca_pct, a->held.held_log_loss);
    text_disputed(to, a, most);
    text_contraries(to, a, most);
    text_signs(to, a);
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static void json_mail(struct json *j, const struct audit *a, size_t i)
{
    const struct counts_mail *m = a->c->mail[i];
    char room[24];
    json_open_object(j, NULL);
    json_str(j, "in", place_of(a, i));
    json_uint(j, "line", m->line);
    json_str(j, "path", counts_path(m));
    json_str(j, "source", source_name(a, a->c->source[i], room));
    json_str(j, "label", span_cstr(label(m->spam)));
    json_num(j, "p", fix_sigmoid(a->score[i]), 6);
    json_num(j, "dispute", audit_dispute(a, i), 4);
    json_close_object(j);
}

static void json_group(struct json *j, const struct audit *a, size_t at)
{
    size_t count[2], n = audit_group(a, at, count);
    json_open_object(j, NULL);
    json_str(j, "kind", span_cstr(kind_word(kind_of(a, at, n))));
    json_uint(j, "ham", count[0]);
    json_uint(j, "spam", count[1]);
    json_open_array(j, "mails");
    for (size_t i = 0; i < n; i++) json_mail(j, a, a->member[at + i]);
    json_close_array(j);
    json_close_object(j);
}

static void json_sign(struct json *j, const struct audit *a, const struct sign *s)
{
    char room[24];
    json_open_object(j, NULL);
    json_str(j, "tells", s->by_source ? SPAN("source") : SPAN("label"));
    if (s->by_source || s->source != SIGNS_ALL) json_str(j, "source", source_name(a, s->source, room));
    json_str(j, "kind", span_cstr(sign_word(s->kind)));
    json_str(j, "what", sign_text(a, s, room));
    json_num(j, "right", s->right, 4);
    json_str(j, "for", span_cstr(s->by_source ? s->speaks_for_1 ? "source" : "others" : label(s->speaks_for_1)));
    json_open_object(j, s->by_source ? "others" : "ham");
    json_uint(j, "with", s->with[0]);
    json_uint(j, "of", s->of[0]);
    json_close_object(j);
    json_open_object(j, s->by_source ? "in_source" : "spam");
    json_uint(j, "with", s->with[1]);
    json_uint(j, "of", s->of[1]);
    json_close_object(j);
    json_close_object(j);
}

void audit_json(FILE *to, const struct audit *a)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_uint(&j, "ham", a->c->count[0]);
    json_uint(&j, "spam", a->c->count[1]);
    json_uint(&j, "sources", a->c->sources);
    json_uint(&j, "folds", a->held.folds);
    json_num(&j, "roca_pct", a->held.held_roca_pct, 6);
    json_num(&j, "log_loss", a->held.held_log_loss, 6);
    json_open_array(&j, "disputed");
    for (size_t k = 0; k < a->disputes; k++) json_mail(&j, a, a->disputed[k]);
    json_close_array(&j);
    json_open_array(&j, "contrary");
    for (size_t k = 0; k < a->contraries; k++) json_group(&j, a, a->contrary[k]);
    json_close_array(&j);
    json_uint(&j, "headers_read", a->signs.read);
    json_open_array(&j, "signs");
    for (size_t k = 0; k < a->signs.n; k++) json_sign(&j, a, &a->signs.v[k]);
    json_close_array(&j);
    json_close_object(&j);
    fwrite(j.buf, 1, j.n, to);
    fputc('\n', to);
    json_close(&j);
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

static void list_mail(FILE *to, const struct audit *a, size_t i, const char *why)
{
    fprintf(to, "%u %s p %.4f, %s: ", a->c->mail[i]->line, label(a->c->mail[i]->spam), fix_sigmoid(a->score[i]), why);
    cli_print(to, counts_path(a->c->mail[i]));
    fputc('\n', to);
}

void audit_list(FILE *to, const struct audit *a, size_t k)
{
    const double least = fix_logit(1 - AUDIT_DOUBT);
    fputs("# line of the index, label, probability of spam, what is wrong: the most disputed first\n", to);
    for (size_t d = 0; d < a->disputes; d++)
        if (input_of(a, a->disputed[d]) == k) list_mail(to, a, a->disputed[d], "disputed");
    for (size_t g = 0; g < a->contraries; g++) {
        size_t count[2], n = audit_group(a, a->contrary[g], count);
        for (size_t i = 0; i < n; i++) {
            size_t mail = a->member[a->contrary[g] + i];
            bool spam = a->c->mail[mail]->spam;
            if (input_of(a, mail) == k && count[spam] < AUDIT_SURE * count[!spam] && audit_dispute(a, mail) < least)
                list_mail(to, a, mail, "both labels on like mails");
        }
    }
}
