/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: one answer out of scores, reputation, oddities and a tenant's policy.
 *
 * Reasons of content and of reputation stand in one list, heaviest first. */
#include "worker/verdict.h"

#include "proto/base/fixmath.h"
#include "proto/base/hash.h"

#include <math.h>
#include <stdio.h>

/* Keep the list ordered by weight, heaviest first; the lightest falls out when it is full. */
static void add_reason(struct wire_reason *list, size_t *n, span what, double weight)
{
    size_t at = *n;
    if (at == WIRE_REASON_MAX && fabs(weight) <= fabs(list[at - 1].weight)) return;
    if (at == WIRE_REASON_MAX) at--;
    for (; at > 0 && fabs(list[at - 1].weight) < fabs(weight); at--) list[at] = list[at - 1];
    list[at] = (struct wire_reason){.what = what, .weight = weight};
    if (*n < WIRE_REASON_MAX) ++*n;
}

static span reputation_reason(const struct rep_keys *keys, const struct rep_score *rep, enum rep_kind kind, char *text)
{
    static const char *const WORDS[] = {
        [REP_IP] = "address", [REP_FROM_DOMAIN] = "From domain", [REP_URL_DOMAIN] = "link domain"};
    span name = keys->v[rep->from[kind].key].name;
    int n = snprintf(text, REP_REASON_BYTES, "reputation: %s %.*s called spam %.6g, ham %.6g times", WORDS[kind],
                     SPAN_ARG(name), rep->from[kind].counts.spam, rep->from[kind].counts.ham);
    return span_of(text, (size_t)n);
}

static size_t put_reasons(const struct judged *j, const struct rep_score *rep, struct verdict_space *space)
{
    size_t n = 0;
    if (!j->explain) return 0;
    for (size_t i = 0; i < j->reason_count; i++)
        add_reason(space->reasons, &n, j->reasons[i].what, j->reasons[i].weight);
    for (size_t k = 0; k < REP_KIND_COUNT; k++) {
        if (rep->by_kind[k] == 0) continue;
        span what = reputation_reason(&j->keys, rep, (enum rep_kind)k, space->rep_reason[k]);
        add_reason(space->reasons, &n, what, rep->by_kind[k]);
    }
    return n;
}

static size_t put_oddities(uint64_t odd, span *words)
{
    size_t n = 0;
    for (int bit = 0; bit < ODD_COUNT; bit++)
        if (odd >> bit & 1) words[n++] = span_cstr(odd_word((enum odd_bit)bit));
    return n;
}

double verdict_p(const struct scores *s, const struct rep_score *rep)
{
    return rep->log_odds == 0 ? s->p : fix_sigmoid(s->score + rep->log_odds);
}

enum wire_class verdict_class(const struct config *c, span tenant, const struct scores *s, const struct rep_score *rep)
{
    return config_class(config_policy_for(c, tenant), verdict_p(s, rep));
}

void verdict_build(const struct judged *j, const struct rep_score *rep, const struct config *c, const char *model_id,
                   int64_t now_us, struct verdict_space *space, struct wire_verdict *out)
{
    const struct config_policy *policy = config_policy_for(c, j->tenant);
    double p = verdict_p(&j->scores, rep);
    enum wire_class klass = config_class(policy, p);
    int64_t took_us = now_us - j->begun_us;
    space->degraded[0] = SPAN("reputation");
    *out = (struct wire_verdict){
        .id = j->id,
        .klass = klass,
        .p = p,
        .score = j->scores.score,
        .action = span_cstr(policy->action[klass]),
        .bayes = j->scores.bayes,
        .linear = j->scores.linear,
        .net = j->scores.net,
        .reputation = rep->log_odds,
        .reasons = space->reasons,
        .reason_count = put_reasons(j, rep, space),
        .oddities = space->oddities,
        .oddity_count = put_oddities(j->odd, space->oddities),
        .degraded = space->degraded,
        .degraded_count = rep->known ? 0 : 1,
        .model = span_cstr(model_id),
        .time_us = took_us > 0 && took_us < UINT32_MAX ? (uint32_t)took_us : 0,
        .ticket = span_of(j->ticket, TICKET_BYTES),
    };
}

static uint8_t *put_big_endian(uint8_t *to, uint64_t x, int bytes)
{
    while (bytes--) *to++ = (uint8_t)(x >> (8 * bytes));
    return to;
}

void ticket_make(span mail, int64_t wall_us, char out[TICKET_BYTES])
{
    static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t raw[20], *end = raw;
    uint32_t bits = 0;
    int have = 0;
    end = put_big_endian(end, hash64(mail, 0), 8);
    end = put_big_endian(end, hash64(mail, 1), 8);
    put_big_endian(end, (uint64_t)(wall_us / 1000000), 4);
    for (size_t i = 0, n = 0; i < sizeof raw; i++) {
        bits = bits << 8 | raw[i];
        for (have += 8; have >= 5; have -= 5) out[n++] = ALPHABET[bits >> (have - 5) & 31];
    }
}
