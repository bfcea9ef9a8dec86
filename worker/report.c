/* SPDX-License-Identifier: Apache-2.0 */
/* report: see report.h. */
#include "worker/report.h"

#include "proto/base/clock.h"
#include "proto/base/hash.h"
#include "worker/arf.h"
#include "worker/score/livesum.h"
#include "worker/verdict.h"

#include <stdlib.h>

_Static_assert((int)FEATURE_VERSION == (int)FEEDBACK_FEATURES, "the learner knows these features");
_Static_assert((int)VIEW_COUNT <= (int)FEEDBACK_VIEWS_MAX, "a record has room for all views");
_Static_assert((int)REP_NAMES_MAX <= (int)FEEDBACK_NAMES_MAX, "… names");
_Static_assert((int)FINGERPRINT_MAX <= (int)FEEDBACK_ALIKE_MAX, "… and bands");

bool report_is_trap(const struct config *c, const span *rcpt_to, size_t n)
{
    span trap[CONFIG_HOSTS_MAX];
    size_t traps = config_hosts(c->traps, trap);
    for (size_t i = 0; i < traps; i++)
        for (size_t k = 0; k < n; k++)
            if (span_ieq(trap[i], rcpt_to[k])) return true;
    return false;
}

/* The same for each recipient's copy: what the author wrote, not what hosts on the way have put on top. */
static void digest(const struct mail *m, uint64_t out[2])
{
    static const enum mail_field FIELDS[] = {FIELD_MESSAGE_ID, FIELD_DATE, FIELD_FROM, FIELD_SUBJECT};
    struct hash_stream h;
    hash_stream_init(&h);
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        const struct mail_header *f = mail_find(m, FIELDS[i]);
        hash_stream_add(&h, f ? span_trim(f->raw) : SPAN_NONE);
        hash_stream_add(&h, SPAN("\n"));
    }
    if (m->part_count) hash_stream_add(&h, m->parts[0].body);
    hash_stream_end(&h, out);
}

static int by_value(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

/* Each view's hashes in ascending order, none twice. */
static void sort_views(const struct features *f, struct arena *a, struct feedback *out)
{
    uint32_t *v = arena_alloc(a, features_count(f) * sizeof *v);
    if (!v) return;
    for (size_t i = 0; i < VIEW_COUNT; i++) {
        const struct feature_list *from = &f->view[i];
        size_t n = 0;
        if (from->n) memcpy(v, from->v, from->n * sizeof *v);
        qsort(v, from->n, sizeof *v, by_value);
        for (size_t k = 0; k < from->n && n < FEEDBACK_VIEW_MAX; k++)
            if (v[k] && (n == 0 || v[k] != v[n - 1])) v[n++] = v[k];
        out->view[i] = (struct feedback_view){v, n};
        v += from->n;
    }
    out->view_count = VIEW_COUNT;
    out->learns = true;
}

/* Without those of its text, if so wished: they are the bands, in hex. */
static void add_names(const struct rep_names *names, const struct fingerprint *print, bool text, struct feedback *out)
{
    for (size_t i = 0; i < names->n; i++)
        if (text || names->v[i].kind != NAME_TEXT)
            out->names[out->name_count++] = (struct feedback_name){(uint8_t)names->v[i].kind, names->v[i].name};
    for (size_t i = 0; i < print->n; i++) out->alike[i] = print->band[i];
    out->alike_count = print->n;
}

/* What must be known of the mail itself. */
static void learn_from(const struct report_maker *maker, span raw, const struct mail_context *c, span client_ip,
                       bool whole, struct arena *a, struct rep_names *names, struct feedback *out)
{
    static struct mail m;
    struct features f;
    struct fingerprint print;
    struct scores scores;
    mail_read(&m, raw, c, a);
    features_extract_views(&m, a, livesum_views(maker->model), &f);
    fingerprint_make(f.told, f.told_count, &print);
    rep_names(&m, client_ip, c->mail_from, names);
    rep_names_text(names, &print);
    model_score(maker->model, &f, &scores);
    out->score = scores.score;
    out->features = FEATURE_VERSION;
    digest(&m, out->digest);
    add_names(names, &print, true, out);
    if (whole) sort_views(&f, a, out);
}

bool report_sample(const struct mail *m, unsigned views, double score, struct arena *a, span *out)
{
    static struct feedback r;
    struct features f;
    r = (struct feedback){
        .kind = FEEDBACK_SAMPLE, .wall_ms = clock_wall_us() / 1000, .score = score, .features = FEATURE_VERSION};
    features_extract_views(m, a, views, &f);
    digest(m, r.digest);
    sort_views(&f, a, &r);
    uint8_t *bytes = arena_alloc(a, FEEDBACK_BYTES_MAX);
    size_t n = bytes && r.learns ? feedback_pack(&r, bytes, FEEDBACK_BYTES_MAX) : 0;
    *out = span_of(bytes, n);
    return n > 0;
}

size_t report_ticket(const struct mail *m, const struct rep_names *names, const struct fingerprint *print, double score,
                     span tenant, uint8_t *to)
{
    static struct feedback r;
    r = (struct feedback){.score = score, .features = FEATURE_VERSION, .tenant = tenant};
    digest(m, r.digest);
    add_names(names, print, false, &r);
    return feedback_pack(&r, to, REPORT_TICKET_MAX);
}

const char *report_make(const struct report_maker *maker, const struct wire_request *q, const struct mail_context *c,
                        span raw, struct arena *a, span *out)
{
    static struct rep_names names;
    static struct feedback r;
    static struct mail envelope;
    char ticket[TICKET_BYTES];
    struct mail_context inner = *c;
    struct arf arf = {.whole = true};
    span client_ip = q->client_ip, reporter = q->reporter;
    r = (struct feedback){.says = q->says, .wall_ms = clock_wall_us() / 1000, .tenant = q->tenant};
    if (q->says == WIRE_SAY_ARF) {
        mail_read(&envelope, raw, NULL, a);
        const char *wrong = arf_read(&envelope, a, &arf);
        if (wrong) return wrong;
        r.says = arf.says;
        raw = arf.mail;
        if (!reporter.n) reporter = arf.reporter;
        if (!client_ip.n) client_ip = arf.client_ip;
        if (!inner.mail_from.n) inner.mail_from = arf.mail_from;
        r.trap = report_is_trap(maker->config, &arf.reporter, 1);
    }
    r.trap = r.trap || report_is_trap(maker->config, q->rcpt_to, q->rcpt_count);
    r.reporter = reporter.n ? secret_number(maker->secret, SPAN("reporter"), reporter) : 0;
    if (raw.n) {
        learn_from(maker, raw, &inner, client_ip, arf.whole, a, &names, &r);
        ticket_make(raw, clock_wall_us(), ticket);
    }
    r.ticket = q->ticket.n ? q->ticket : raw.n ? span_of(ticket, sizeof ticket) : SPAN_NONE;
    uint8_t *bytes = arena_alloc(a, FEEDBACK_BYTES_MAX);
    size_t n = bytes ? feedback_pack(&r, bytes, FEEDBACK_BYTES_MAX) : 0;
    if (n == 0 && r.learns) { /* more features than a record holds: the names alone */
        r.learns = false;
        r.view_count = 0;
        n = bytes ? feedback_pack(&r, bytes, FEEDBACK_BYTES_MAX) : 0;
    }
    if (n == 0) return "the report does not fit into memory with its mail";
    *out = span_of(bytes, n);
    return NULL;
}
