/* SPDX-License-Identifier: Apache-2.0 */
/* dropout: the features are found by difference, so that whatever the reader makes of authentication is among them; see
 * dropout.h. */
#include "models/train/dropout.h"

#include "worker/mime/auth.h"
#include "worker/token/shape.h"

static void add(struct dropout *d, uint32_t v, bool odd)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i] == v) return;
    if (d->n == DROPOUT_MAX) return;
    d->maybe[v & 255] = true;
    d->odd[d->n] = odd;
    d->v[d->n++] = v;
}

static bool holds(const struct feature_list *list, uint32_t v)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i] == v) return true;
    return false;
}

/* Add what this context tells of a mail that says nothing itself. */
static void ask(struct dropout *d, const struct mail_context *c, struct arena *a)
{
    static const char MAIL[] = "From: a@example.org\n\n";
    struct mail m;
    struct features with, without;
    arena_reset(a);
    mail_read(&m, span_of(MAIL, sizeof MAIL - 1), NULL, a);
    features_extract(&m, a, &without);
    mail_read(&m, span_of(MAIL, sizeof MAIL - 1), c, a);
    features_extract_named(&m, a, &with);
    const struct feature_list *shape = &with.view[VIEW_SHAPE];
    for (size_t i = 0; with.names[VIEW_SHAPE] && i < shape->n; i++)
        if (!holds(&without.view[VIEW_SHAPE], shape->v[i]))
            add(d, shape->v[i], span_eq(with.names[VIEW_SHAPE][i].field, SPAN("odd")));
}

enum err dropout_open(struct dropout *d)
{
    static const span DOMAINS[] = {SPAN("example.org"), SPAN("example.net")}; /* From's, and another */
    static const span SENDERS[] = {SPAN("a@example.org"), SPAN("a@example.net")};
    struct arena a;
    *d = (struct dropout){.n = 0};
    enum err e = arena_open(&a, MAIL_ARENA_BYTES);
    if (e) return e;
    for (unsigned k = 0; k < AUTH_METHOD_COUNT; k++)
        for (unsigned r = AUTH_NONE; r < AUTH_RESULT_COUNT; r++)
            for (unsigned own = 0; own < 2; own++) {
                struct mail_context c = {.dkim_domain = DOMAINS[own], .mail_from = SENDERS[own]};
                c.auth[k] = span_cstr(auth_result_word((enum auth_result)r));
                ask(d, &c, &a);
            }
    mail_close();
    arena_close(&a);
    return ERR_OK;
}

void dropout_number(const struct dropout *d, const struct learner_word *word, size_t n, struct dropout *out)
{
    *out = (struct dropout){.n = 0};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; d->maybe[word[i].hash & 255] && k < d->n; k++)
            if (d->v[k] == word[i].hash) add(out, word[i].cell, d->odd[k]);
}

bool dropout_turn(const struct counts_mail *m, unsigned epoch)
{
    return (m->digest[0] >> 20 & 1) == (epoch & 1);
}

/* A count of oddities that shape_log wrote. */
static unsigned oddities(float number)
{
    unsigned n = 0;
    while (n < 64 && shape_log(n, 5) < number) n++;
    return n;
}

void dropout_apply(const struct dropout *d, struct features *f, uint32_t room[DROPOUT_SHAPE_MAX])
{
    const struct feature_list list = f->view[VIEW_SHAPE];
    size_t kept = 0;
    unsigned odd = 0;
    if (list.n > DROPOUT_SHAPE_MAX) return;
    for (size_t i = 0; i < list.n; i++) {
        bool drop = false;
        for (size_t k = 0; d->maybe[list.v[i] & 255] && !drop && k < d->n; k++)
            if ((drop = d->v[k] == list.v[i])) odd += d->odd[k];
        if (!drop) room[kept++] = list.v[i];
    }
    if (kept == list.n) return;
    f->view[VIEW_SHAPE] = (struct feature_list){room, kept};
    if (!odd) return;
    unsigned have = oddities(f->number[NUMBER_ODDITIES]);
    f->number[NUMBER_ODDITIES] = shape_log(have > odd ? have - odd : 0, 5);
}
