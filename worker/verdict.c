/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: one answer out of scores, reputation, oddities and a tenant's policy.
 *
 * Reasons of content, of reports and of reputation stand in one list, heaviest first. */
#include "worker/verdict.h"

#include "proto/base/fixmath.h"
#include "proto/base/hash.h"
#include "proto/store/ticket.h"

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

static const char *const NAME_WORDS[NAME_KIND_COUNT] = {
    [NAME_IP] = "address",
    [NAME_NET] = "network",
    [NAME_SENDER] = "envelope sender domain",
    [NAME_FROM] = "From domain",
    [NAME_DKIM] = "signing domain",
    [NAME_URL] = "link domain",
    [NAME_FILE] = "file",
    [NAME_TEXT] = "text with fingerprint",
    [NAME_USER] = "user",
    [NAME_TENANT] = "tenant",
};

/* A count for people: fractions while they matter. */
static int put_count(char *to, const char *before, double x)
{
    return sprintf(to, x < 1000 ? "%s%.4g" : "%s%.0f", before, x);
}

/* "reputation: address 192.0.2.1 called spam 3, ham 0 times; content found spam in 12 of 40 mails" */
static span reputation_reason(const struct rep_names *names, const struct rep_score *rep, enum name_kind kind,
                              char *text)
{
    span name = names->v[rep->from[kind].name].name;
    const double *sum = rep->from[kind].record.sum[RECORD_SLOW];
    int n = snprintf(text, REP_REASON_BYTES, "reputation: %s %.*s", NAME_WORDS[kind], SPAN_ARG(name));
    bool said = sum[SUM_SAID_SPAM] + sum[SUM_SAID_HAM] > 0;
    if (said) {
        n += put_count(text + n, " called spam ", sum[SUM_SAID_SPAM]);
        n += put_count(text + n, ", ham ", sum[SUM_SAID_HAM]);
        n += sprintf(text + n, " times");
    }
    if (sum[SUM_HAM] + sum[SUM_SPAM] > 0) {
        n += put_count(text + n, said ? "; content found spam in " : ": content found spam in ", sum[SUM_SPAM]);
        n += put_count(text + n, " of ", sum[SUM_VOLUME]);
        n += sprintf(text + n, " mails");
    }
    return span_of(text, (size_t)n);
}

/* "reputation: likely stolen account: in 6 hours 2031 mails (usually 12), 1900 recipients new that day (usually 20)" */
static span outbound_reason(const struct outbound *o, const struct config *c, char *text)
{
    static const char *const WHAT[OUT_SIGNS] = {[OUT_MAILS] = "mails",
                                                [OUT_SPAM] = "mails that content finds spam",
                                                [OUT_RECIPIENTS] = "recipients new that day",
                                                [OUT_NETWORKS] = "networks never used before"};
    int n = sprintf(text, "reputation: likely stolen account: in %d hours", c->redis_fast_hours);
    const char *comma = "";
    for (int sign = 0; sign < OUT_SIGNS; sign++) {
        if (o->by_sign[sign] == 0) continue;
        n += sprintf(text + n, "%s %.0f %s (usually %.0f)", comma, o->now[sign], WHAT[sign], o->usual[sign]);
        comma = ",";
    }
    return span_of(text, (size_t)n);
}

static size_t put_reasons(const struct judged *j, const struct rep_score *rep, const struct config *c,
                          struct verdict_space *space)
{
    size_t n = 0;
    if (!j->explain) return 0;
    for (size_t i = 0; i < j->reason_count; i++)
        add_reason(space->reasons, &n, j->reasons[i].what, j->reasons[i].weight);
    for (size_t k = 0; k < NAME_KIND_COUNT; k++) {
        if (rep->by_kind[k] == 0) continue;
        span what = k == NAME_USER && rep->outbound.log_odds > 0
                        ? outbound_reason(&rep->outbound, c, space->rep_reason[k])
                        : reputation_reason(&j->names, rep, (enum name_kind)k, space->rep_reason[k]);
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

struct tally_seen verdict_seen(const struct config *c, const struct scores *s)
{
    enum wire_class klass = config_class(config_policy_for(c, SPAN_NONE), s->p);
    return (struct tally_seen){.mails = 1, .ham = klass == WIRE_HAM, .spam = klass == WIRE_SPAM};
}

double verdict_p(const struct scores *s, double live, const struct rep_score *rep)
{
    return live == 0 && rep->log_odds == 0 ? s->p : fix_sigmoid(s->score + live + rep->log_odds);
}

enum wire_class verdict_class(const struct config *c, span tenant, const struct scores *s, double live,
                              const struct rep_score *rep)
{
    return config_class(config_policy_for(c, tenant), verdict_p(s, live, rep));
}

void verdict_build(const struct judged *j, const struct rep_score *rep, const struct config *c, const char *model_id,
                   int64_t now_us, struct verdict_space *space, struct wire_verdict *out)
{
    const struct config_policy *policy = config_policy_for(c, j->tenant);
    double p = verdict_p(&j->scores, j->live, rep);
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
        .live = j->live,
        .reasons = space->reasons,
        .reason_count = put_reasons(j, rep, c, space),
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
    uint64_t hash[2];
    uint8_t raw[20], *end = raw;
    uint32_t bits = 0;
    int have = 0;
    hash128(mail, hash);
    end = put_big_endian(end, hash[1], 8);
    end = put_big_endian(end, hash[0], 8);
    put_big_endian(end, (uint64_t)(wall_us / (1000000 / TICKET_MOMENTS)), 4);
    for (size_t i = 0, n = 0; i < sizeof raw; i++) {
        bits = bits << 8 | raw[i];
        for (have += 8; have >= 5; have -= 5) out[n++] = ALPHABET[bits >> (have - 5) & 31];
    }
}
