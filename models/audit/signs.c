/* SPDX-License-Identifier: Apache-2.0 */
/* signs: facts are counted by source and label in one table, then tried one by one; see signs.h.
 *
 * A table at its limit forgets what under 1 of 100 mails of each source and label had so far (lossy counting: Manku,
 * Motwani, VLDB 2002): too rare to tell anything. */
#define _GNU_SOURCE
#include "models/audit/signs.h"

#include "models/corpus/each.h"
#include "proto/base/hash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    SLOTS_FIRST = 1 << 14,
    SLOTS_PRUNED = 1 << 18, /* from here on the rare are forgotten before there are more */
    WHAT_MAX = 80,          /* bytes of a fact */
    RARE = 100,
};

/* A fact in one source. */
struct slot {
    uint64_t fact;   /* hash of kind and what; 0: free */
    char *what;      /* owned */
    uint32_t source; /* of the corpus */
    uint32_t last;   /* the mail that had it last, counted from 1 */
    uint32_t with[2];
    uint8_t kind;
};

struct table {
    struct slot *v; /* owned; a power of two of them */
    size_t slots, used;
};

struct reading {
    const struct corpus *c;
    struct table table;
    size_t base;       /* of the index at hand, in the corpus */
    size_t (*seen)[2]; /* [sources]: mails read; owned */
};

const char *sign_word(enum sign_kind k)
{
    static const char *const WORDS[SIGN_KINDS] = {"header field",     "Received by",       "mailer", "charset", "list",
                                                  "recipient's host", "Message-ID's host", "date",   "source"};
    return k < SIGN_KINDS ? WORDS[k] : "?";
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static struct slot *find(const struct table *t, uint64_t fact, uint32_t source)
{
    size_t mask = t->slots - 1;
    for (size_t i = hash_pair(fact, source) & mask;; i = (i + 1) & mask)
        if (!t->v[i].fact || (t->v[i].fact == fact && t->v[i].source == source)) return &t->v[i];
}

static bool is_rare(const struct reading *r, const struct slot *s)
{
    const size_t *seen = r->seen[s->source];
    return s->with[0] < seen[0] / RARE + 1 && s->with[1] < seen[1] / RARE + 1;
}

static enum err grow(struct reading *r)
{
    struct table *t = &r->table;
    bool prune = t->slots >= SLOTS_PRUNED;
    size_t kept = 0;
    for (size_t i = 0; i < t->slots; i++) kept += t->v[i].fact && !(prune && is_rare(r, &t->v[i]));
    struct table to = {.slots = t->slots ? t->slots : SLOTS_FIRST};
    while (to.slots < 4 * kept) to.slots *= 2;
    to.v = calloc(to.slots, sizeof *to.v);
    if (!to.v) return ERR_MEMORY;
    for (size_t i = 0; i < t->slots; i++) {
        struct slot *s = &t->v[i];
        if (s->fact && prune && is_rare(r, s)) {
            free(s->what);
        } else if (s->fact) {
            *find(&to, s->fact, s->source) = *s;
            to.used++;
        }
    }
    free(t->v);
    *t = to;
    return ERR_OK;
}

/* Mail `i` has this fact. */
static enum err note(struct reading *r, size_t i, enum sign_kind kind, span what)
{
    char text[WHAT_MAX + 1];
    size_t n = what.n < WHAT_MAX ? what.n : WHAT_MAX;
    for (size_t k = 0; k < n; k++) text[k] = what.p[k] ? (char)ascii_lower(what.p[k]) : '?';
    text[n] = 0;
    if (!n) return ERR_OK;
    struct table *t = &r->table;
    if (4 * t->used >= 3 * t->slots) {
        enum err e = grow(r);
        if (e) return e;
    }
    uint64_t fact = hash64(span_of(text, n), (uint64_t)kind + 1) | 1;
    struct slot *s = find(t, fact, r->c->source[i]);
    if (!s->fact) {
        *s = (struct slot){.fact = fact, .what = strdup(text), .source = r->c->source[i], .kind = (uint8_t)kind};
        if (!s->what) return ERR_MEMORY;
        t->used++;
    }
    if (s->last != (uint32_t)i + 1) s->with[r->c->mail[i]->spam]++;
    s->last = (uint32_t)i + 1;
    return ERR_OK;
}

/* --- facts of one mail -------------------------------------------------------------------------------------------- */

static bool host_byte(uint8_t c)
{
    return ascii_alnum(c) || c == '.' || c == '-' || c == '_';
}

static span host_at(span s)
{
    size_t n = 0;
    while (n < s.n && host_byte(s.p[n])) n++;
    return span_head(s, n);
}

/* The host behind the word "by" of a Received field. */
static span received_by(span value)
{
    for (size_t i = 0; i + 3 < value.n; i++)
        if ((i == 0 || ascii_space(value.p[i - 1])) && span_istarts(span_from(value, i), SPAN("by ")))
            return host_at(span_trim(span_from(value, i + 3)));
    return SPAN_NONE;
}

/* Up to its version: the first word that has a digit, or a bracket. */
static span product(span value)
{
    size_t n = 0;
    while (n < value.n && !ascii_digit(value.p[n]) && value.p[n] != '(' && value.p[n] != '[' && value.p[n] != '/') n++;
    return span_trim(span_head(value, n));
}

static span bracketed(span value)
{
    size_t from = span_find(value, '<');
    if (from == value.n) return value;
    value = span_from(value, from + 1);
    return span_head(value, span_find(value, '>'));
}

static enum err note_hosts(struct reading *r, size_t i, enum sign_kind kind, span value)
{
    enum err e = ERR_OK;
    for (size_t at; !e && (at = span_find(value, '@')) < value.n;) {
        value = span_from(value, at + 1);
        e = note(r, i, kind, host_at(value));
    }
    return e;
}

static enum err note_field(struct reading *r, size_t i, const struct mail_header *h)
{
    if (h->id == FIELD_IGNORED) return ERR_OK; /* no model looks at it */
    enum err e = note(r, i, SIGN_FIELD, h->name);
    if (e) return e;
    switch (h->id) {
    case FIELD_RECEIVED: return note(r, i, SIGN_RECEIVED, received_by(h->value));
    case FIELD_X_MAILER:
    case FIELD_USER_AGENT: return note(r, i, SIGN_MAILER, product(h->value));
    case FIELD_MESSAGE_ID: return note_hosts(r, i, SIGN_ID, h->value);
    case FIELD_TO:
    case FIELD_CC: return note_hosts(r, i, SIGN_RECIPIENT, h->value);
    default: break;
    }
    if (span_ieq(h->name, SPAN("delivered-to"))) return note_hosts(r, i, SIGN_RECIPIENT, h->value);
    if (span_ieq(h->name, SPAN("list-id"))) return note(r, i, SIGN_LIST, bracketed(h->value));
    return ERR_OK;
}

static enum err take(void *arg, size_t at, const struct mail *m, const struct features *f, char *fault)
{
    struct reading *r = arg;
    size_t i = r->base + at;
    enum err e = ERR_OK;
    (void)f;
    r->seen[r->c->source[i]][r->c->mail[i]->spam]++;
    for (size_t k = 0; !e && k < m->header_count; k++) e = note_field(r, i, &m->headers[k]);
    for (size_t k = 0; !e && k < m->part_count; k++) e = note(r, i, SIGN_CHARSET, m->parts[k].charset);
    if (e) snprintf(fault, INDEX_FAULT_BYTES, "%s", err_str(e));
    return e;
}

/* Read the mails of one input, which stand in the corpus from r->base on. */
static enum err read_input(struct reading *r, const struct gather_input *in, const struct mail_index *x, char *fault)
{
    static const struct mail_context nobody;
    if (x->n > r->c->n - r->base) {
        snprintf(fault, INDEX_FAULT_BYTES, "%.300s: has changed while it was read", in->index ? in->index : "a place");
        return ERR_SYNTAX;
    }
    enum err e = each_mail(x, &nobody, "looking for signs", true, take, r, fault);
    r->base += x->n;
    return e;
}

static enum err open_input(const struct gather_input *in, struct mail_index *x, char *fault)
{
    return in->index ? index_open(in->index, x, fault) : index_open_places(in->ham, in->spam, x, fault);
}

/* All inputs that are mails; the corpus ends with them. */
static enum err read_all(struct reading *r, const struct gather *g, size_t *first, char *fault)
{
    struct mail_index *x = calloc(g->inputs + 1, sizeof *x);
    size_t mails = 0, opened = 0;
    enum err e = x ? ERR_OK : ERR_MEMORY;
    if (e) snprintf(fault, INDEX_FAULT_BYTES, "%s", err_str(e));
    for (size_t k = 0; !e && k < g->inputs; k++, opened += !e) {
        if (!g->input[k].counts) e = open_input(&g->input[k], &x[k], fault);
        if (!e) mails += x[k].n;
    }
    r->base = mails < r->c->n ? r->c->n - mails : 0;
    for (size_t k = 0; !e && k < g->inputs; k++) {
        first[k] = g->input[k].counts ? 0 : r->base;
        if (x[k].n) e = read_input(r, &g->input[k], &x[k], fault);
    }
    first[g->inputs] = r->c->n;
    for (size_t k = 0; k < opened; k++) index_close(&x[k]);
    free(x);
    return e;
}

/* --- which facts tell --------------------------------------------------------------------------------------------- */

/* One comparison while its best signs are looked for. */
struct contest {
    struct sign best[SIGNS_EACH];
    size_t n;
    bool by_source;
    uint32_t source;
    size_t of[2];
    double least;
};

static double rate(size_t with, size_t of)
{
    return of ? (double)with / (double)of : 0;
}

/* Enter a fact; `what` is copied if it is among the best. */
static enum err enter(struct contest *k, enum sign_kind kind, const char *what, const size_t with[2])
{
    if (k->of[0] < SIGNS_LEAST || k->of[1] < SIGNS_LEAST) return ERR_OK;
    double apart = rate(with[1], k->of[1]) - rate(with[0], k->of[0]);
    struct sign s = {.kind = kind,
                     .by_source = k->by_source,
                     .source = k->source,
                     .with = {with[0], with[1]},
                     .of = {k->of[0], k->of[1]},
                     .right = 0.5 + fabs(apart) / 2,
                     .speaks_for_1 = apart > 0};
    if (s.right < k->least) return ERR_OK;
    size_t at = k->n;
    while (at > 0 && k->best[at - 1].right < s.right) at--;
    if (at == SIGNS_EACH) return ERR_OK;
    if (!(s.what = strdup(what))) return ERR_MEMORY;
    if (k->n == SIGNS_EACH) free(k->best[--k->n].what);
    memmove(&k->best[at + 1], &k->best[at], (k->n - at) * sizeof *k->best);
    k->best[at] = s;
    k->n++;
    return ERR_OK;
}

static enum err keep(struct signs *out, struct contest *k, enum err e)
{
    struct sign *grown = realloc(out->v, (out->n + k->n + 1) * sizeof *grown);
    if (!grown) e = ERR_MEMORY;
    if (grown) out->v = grown;
    for (size_t i = 0; i < k->n; i++) {
        if (grown)
            out->v[out->n++] = k->best[i];
        else
            free(k->best[i].what);
    }
    return e;
}

struct dated {
    int64_t date;
    uint32_t mail;
    bool of_1;
};

static int by_date(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    if (x->date != y->date) return x->date < y->date ? -1 : 1;
    return (x->mail > y->mail) - (x->mail < y->mail);
}

static void day(int64_t date, char out[16])
{
    time_t at = (time_t)date;
    struct tm tm;
    if (!gmtime_r(&at, &tm) || !strftime(out, 16, "%Y-%m-%d", &tm)) snprintf(out, 16, "?");
}

/* The range of days that is commonest in class `of` against the other: the largest sum over a row of dates (Kadane), a
 * mail of the class counting 1 / its mails, one of the other -1 / theirs. */
static enum err enter_range(struct contest *k, const struct dated *v, size_t n, bool of)
{
    double sum = 0, most = 0;
    size_t from = 0, first = 0, end = 0, with[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        if (sum <= 0) {
            sum = 0;
            from = i;
        }
        sum += v[i].of_1 == of ? 1 / (double)k->of[of] : -1 / (double)k->of[!of];
        bool whole = i + 1 == n || v[i + 1].date / 86400 != v[i].date / 86400;
        if (!whole || sum <= most) continue;
        most = sum;
        first = from;
        end = i + 1;
    }
    if (!end) return ERR_OK;
    while (first > 0 && v[first - 1].date / 86400 == v[first].date / 86400) first--;
    for (size_t i = first; i < end; i++) with[v[i].of_1]++;
    char a[16], b[16], what[48];
    day(v[first].date, a);
    day(v[end - 1].date, b);
    snprintf(what, sizeof what, "%s to %s", a, b);
    return enter(k, SIGN_DATE, what, with);
}

/* Is mail i in this comparison, and in which class? */
static bool in_contest(const struct contest *k, const struct corpus *c, size_t i, bool *of_1)
{
    *of_1 = k->by_source ? c->source[i] == k->source : c->mail[i]->spam;
    return k->by_source || k->source == SIGNS_ALL || c->source[i] == k->source;
}

static enum err enter_dates(struct contest *k, const struct corpus *c)
{
    struct dated *v = malloc((c->n + 1) * sizeof *v);
    size_t n = 0;
    if (!v) return ERR_MEMORY;
    for (size_t i = 0; i < c->n; i++) {
        bool of_1;
        if (!in_contest(k, c, i, &of_1) || c->mail[i]->date == COUNTS_NO_DATE) continue;
        v[n++] = (struct dated){c->mail[i]->date, (uint32_t)i, of_1};
    }
    if (n) qsort(v, n, sizeof *v, by_date);
    enum err e = enter_range(k, v, n, true);
    if (!e) e = enter_range(k, v, n, false);
    free(v);
    return e;
}

/* Facts of the table, each with its sources in a row. */
static int by_fact(const void *a, const void *b)
{
    const struct slot *x = *(const struct slot *const *)a, *y = *(const struct slot *const *)b;
    if (x->fact != y->fact) return x->fact < y->fact ? -1 : 1;
    return (x->source > y->source) - (x->source < y->source);
}

static enum err enter_facts(struct contest *k, const struct slot *const *s, size_t n)
{
    enum err e = ERR_OK;
    for (size_t i = 0, end; !e && i < n; i = end) {
        size_t with[2] = {0, 0};
        for (end = i; end < n && s[end]->fact == s[i]->fact; end++)
            for (unsigned label = 0; label < 2; label++) {
                bool own = s[end]->source == k->source;
                if (k->by_source)
                    with[own] += s[end]->with[label];
                else if (own || k->source == SIGNS_ALL)
                    with[label] += s[end]->with[label];
            }
        e = enter(k, (enum sign_kind)s[i]->kind, s[i]->what, with);
    }
    return e;
}

/* Is a mail's source already its label? */
static enum err enter_sources(struct contest *k, const struct corpus *c)
{
    enum err e = ERR_OK;
    for (uint32_t s = 0; !e && c->sources > 1 && c->sources <= SIGNS_SOURCES_MAX && s < c->sources; s++) {
        char what[16];
        size_t with[2] = {0, 0};
        for (size_t i = 0; i < c->n; i++)
            if (c->source[i] == s) with[c->mail[i]->spam]++;
        snprintf(what, sizeof what, "%u", s);
        e = enter(k, SIGN_SOURCE, what, with);
    }
    return e;
}

/* How many mails of each class there are: of those whose header was read, or of all. */
static void count_classes(struct contest *k, const struct reading *r, bool read)
{
    k->of[0] = k->of[1] = 0;
    for (size_t i = 0; !read && i < r->c->n; i++) {
        bool of_1;
        if (in_contest(k, r->c, i, &of_1)) k->of[of_1]++;
    }
    for (uint32_t s = 0; read && s < r->c->sources; s++) {
        bool own = s == k->source;
        for (unsigned label = 0; label < 2; label++)
            if (k->by_source || own || k->source == SIGNS_ALL) k->of[k->by_source ? own : label] += r->seen[s][label];
    }
}

static enum err compare(struct signs *out, const struct reading *r, const struct slot *const *s, size_t n,
                        bool by_source, uint32_t source)
{
    struct contest k = {.by_source = by_source, .source = source, .least = by_source ? SIGNS_SOURCE : SIGNS_LABEL};
    count_classes(&k, r, true);
    enum err e = enter_facts(&k, s, n);
    count_classes(&k, r, false);
    if (!e) e = enter_dates(&k, r->c);
    if (!e && !by_source && source == SIGNS_ALL) e = enter_sources(&k, r->c);
    return keep(out, &k, e);
}

static enum err find_signs(struct signs *out, const struct reading *r)
{
    const struct table *t = &r->table;
    const size_t sources = r->c->sources > 1 && r->c->sources <= SIGNS_SOURCES_MAX ? r->c->sources : 0;
    const struct slot **s = malloc((t->used + 1) * sizeof *s);
    size_t n = 0;
    if (!s) return ERR_MEMORY;
    for (size_t i = 0; i < t->slots; i++)
        if (t->v[i].fact) s[n++] = &t->v[i];
    if (n) qsort(s, n, sizeof *s, by_fact);
    enum err e = compare(out, r, s, n, false, SIGNS_ALL);
    for (uint32_t i = 0; !e && i < sources; i++) e = compare(out, r, s, n, false, i);
    for (uint32_t i = 0; !e && i < sources; i++) e = compare(out, r, s, n, true, i);
    free(s);
    return e;
}

enum err signs_open(const struct corpus *c, const struct gather *g, struct signs *out, char *fault_out)
{
    *out = (struct signs){.first = calloc(g->inputs + 1, sizeof *out->first)};
    struct reading r = {.c = c, .seen = calloc(c->sources + 1, sizeof *r.seen)};
    enum err e = out->first && r.seen ? grow(&r) : ERR_MEMORY;
    if (!e) e = read_all(&r, g, out->first, fault_out);
    if (!e) {
        for (size_t i = 0; i < c->sources; i++) out->read += r.seen[i][0] + r.seen[i][1];
        e = find_signs(out, &r);
        if (e) snprintf(fault_out, INDEX_FAULT_BYTES, "%s", err_str(e));
    } else if (e == ERR_MEMORY) {
        snprintf(fault_out, INDEX_FAULT_BYTES, "%s", err_str(e));
    }
    for (size_t i = 0; i < r.table.slots; i++) free(r.table.v[i].what);
    free(r.table.v);
    free(r.seen);
    if (e) signs_close(out);
    return e;
}

void signs_close(struct signs *s)
{
    for (size_t i = 0; i < s->n; i++) free(s->v[i].what);
    free(s->v);
    free(s->first);
    *s = (struct signs){0};
}
