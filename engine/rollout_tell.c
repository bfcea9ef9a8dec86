/* SPDX-License-Identifier: Apache-2.0 */
/* rollout_tell: what is said of roll-outs, to an operator and in a stat answer; see rollout.h. */
#include "engine/engine.h"
#include "proto/base/clock.h"

const char *rollout_serves(const struct engine *e)
{
    const struct pool *p = &e->pool;
    for (int i = 0; i < p->wanted; i++)
        if (p->slot[i].now >= 0) return p->worker[p->slot[i].now].model;
    return "";
}

void rollout_answer(struct engine *e, uint64_t ticket, const char *status, const char *why, uint64_t number)
{
    struct pairs f = {0};
    pairs_put_number(&f, "v", ADMIN_VERSION);
    pairs_put(&f, "status", status);
    pairs_put(&f, "id", rollout_serves(e));
    if (number) pairs_put_number(&f, "number", number);
    if (why[0]) pairs_put(&f, "why", why);
    if (e->rollout.dirty)
        pairs_put(&f, "warning",
                  "the history could not be written, and is tried again; a restart before that would "
                  "not know of this");
    admin_answer(&e->admin, ticket, &f, clock_us());
}

void rollout_answer_history(struct engine *e, uint64_t ticket)
{
    struct rollout *r = &e->rollout;
    struct pairs f = {0};
    pairs_put_number(&f, "v", ADMIN_VERSION);
    pairs_put(&f, "status", "done");
    pairs_put(&f, "id", rollout_serves(e));
    if (!ledger_newest(&r->ledger, LEDGER_SERVING)) pairs_put(&f, "configured", e->config.bundle);
    pairs_end_record(&f);
    for (size_t i = r->ledger.n; i-- > 0;)
        if (r->ledger.row[i].number != r->old) ledger_put_row(&r->ledger.row[i], &f);
    admin_answer(&e->admin, ticket, &f, clock_us());
}

static void put_shadow(const struct shadow *s, struct json *j)
{
    static const char *const FLIP[3][3] = {{NULL, "ham_to_unsure", "ham_to_spam"},
                                           {"unsure_to_ham", NULL, "unsure_to_spam"},
                                           {"spam_to_ham", "spam_to_unsure", NULL}};
    uint64_t mails = shadow_mails(s), flips = shadow_flips(s);
    json_num(j, "share_pct", 100.0 * s->share_ppm / ADMIN_PPM, 4);
    json_uint(j, "mails", mails);
    json_uint(j, "mails_wanted", s->mails_wanted);
    json_uint(j, "flips", flips);
    json_num(j, "flips_pct", mails ? 100.0 * (double)flips / (double)mails : 0, 3);
    json_num(j, "max_flips_pct", 100.0 * s->max_flips_ppm / ADMIN_PPM, 4);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            if (FLIP[a][b]) json_uint(j, FLIP[a][b], s->count[a][b]);
}

void rollout_stat(const struct engine *e, struct json *j)
{
    static const char *const AIM[] = {"idle",      "pushing",        "entering shadow",
                                      "promoting", "leaving shadow", "rolling back"};
    const struct rollout *r = &e->rollout;
    json_open_object(j, "rollout");
    json_str(j, "state", span_cstr(r->aim == AIM_NONE && r->in_shadow ? "shadow" : AIM[r->aim]));
    if (r->aim != AIM_NONE || r->in_shadow) {
        for (size_t i = 0; i < r->ledger.n; i++) {
            if (r->ledger.row[i].number != r->candidate) continue;
            json_uint(j, "number", r->candidate);
            json_str(j, "candidate", span_cstr(r->ledger.row[i].id));
            json_str(j, "by", span_cstr(r->ledger.row[i].by));
        }
    }
    if (r->in_shadow) put_shadow(&e->pool.shadow, j);
    if (r->last) {
        json_str(j, "last", span_cstr(r->last));
        json_str(j, "last_id", span_cstr(r->last_id));
        json_str(j, "last_why", span_cstr(r->last_why));
    }
    json_bool(j, "history_written", !r->dirty);
    json_close_object(j);
}
