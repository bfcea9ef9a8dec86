/* SPDX-License-Identifier: Apache-2.0 */
/* rep_score: from records to log-odds: shrunk by how little they hold, bounded by kind and in sum.
 *
 * The formula, and why each bound is there, stands in docs/reputation.md; tests/unit/test_rep_score.c holds the plain
 * reference. Volume is no evidence: without reports, and with few verdicts of content, everything here is 0. */
#include "worker/rep/rep.h"

#include "proto/base/fixmath.h"

#include <math.h>

/* What people say of a name of this kind: `prior` reports of each class that every name is born with, that many reports
 * count half, and how far they may go. What is one mail's alone (a text, a file) tells with fewer than what many share. */
struct trust {
    double prior, half, said_limit, seen_limit;
};

static const struct trust TRUST[NAME_KIND_COUNT] = {
    [NAME_IP] = {1, 5, 3, 1},     [NAME_NET] = {2, 10, 2, 0.5}, [NAME_SENDER] = {1, 5, 2, 0.5},
    [NAME_FROM] = {1, 5, 2, 1},   [NAME_DKIM] = {1, 5, 2, 0.5}, [NAME_URL] = {1, 5, 4, 1},
    [NAME_FILE] = {0.1, 1, 5, 1}, [NAME_TEXT] = {0.1, 1, 5, 1}, [NAME_USER] = {1, 5, 3, 0},
    [NAME_RCPTS] = {1, 1, 0, 0},  [NAME_NETS] = {1, 1, 0, 0},   [NAME_TENANT] = {1, 1, 0, 0},
};
static const double SUM_LIMIT = 6.0;
static const double SEEN_SUM_LIMIT = 1.5;
static const double SEEN_FROM = 20.0; /* verdicts of content below which nothing is made of them */
static const double SEEN_HALF = 50.0; /* so many more count half */

static double clamp(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

/* What people say: the last hours as far as they are enough to go by, the weeks for the rest. */
static double said(const struct record *r, const struct trust *t)
{
    double raw[RECORD_SPEEDS], n[RECORD_SPEEDS];
    if (r->sum[RECORD_SLOW][SUM_SAID_HAM] + r->sum[RECORD_SLOW][SUM_SAID_SPAM] <= 0) return 0;
    for (int speed = 0; speed < RECORD_SPEEDS; speed++) {
        double ham = r->sum[speed][SUM_SAID_HAM], spam = r->sum[speed][SUM_SAID_SPAM];
        n[speed] = ham + spam;
        raw[speed] = fix_log((spam + t->prior) / (ham + t->prior));
    }
    double now = n[RECORD_FAST] / (n[RECORD_FAST] + t->half);
    double x = now * raw[RECORD_FAST] + (1 - now) * raw[RECORD_SLOW];
    return clamp(x * n[RECORD_SLOW] / (n[RECORD_SLOW] + t->half), t->said_limit);
}

/* What content called the mails with this name. */
static double seen(const struct record *r, const struct trust *t)
{
    double ham = r->sum[RECORD_SLOW][SUM_HAM], spam = r->sum[RECORD_SLOW][SUM_SPAM], n = ham + spam - SEEN_FROM;
    if (n <= 0) return 0;
    return clamp(fix_log((spam + 1) / (ham + 1)) * n / (n + SEEN_HALF), t->seen_limit);
}

/* A name may speak for a mail only where whoever wrote the mail could not have taken it; against it, always. Whoever has
 * a user's password has all that is good of that user. */
static double believed(const struct rep_names *names, enum name_kind kind, double x)
{
    bool proven = true;
    if (kind == NAME_FROM) proven = names->from_proven;
    if (kind == NAME_SENDER) proven = names->sender_proven;
    if (kind == NAME_URL) proven = !names->urls_cut;
    if (kind == NAME_TEXT || kind == NAME_FILE || names->outbound) proven = false;
    return proven ? x : fmax(x, 0);
}

/* Somebody else in a user's name: the user's three records together. */
static void add_outbound(const struct rep_names *names, const struct record *records, const struct record_lives *lives,
                         struct rep_score *out)
{
    const struct record *of[NAME_KIND_COUNT] = {NULL};
    for (size_t i = 0; i < names->n; i++) of[names->v[i].kind] = &records[i];
    if (!of[NAME_USER] || !of[NAME_RCPTS] || !of[NAME_NETS]) return;
    outbound_score(of[NAME_USER], of[NAME_RCPTS], of[NAME_NETS], lives, &out->outbound);
    out->by_kind[NAME_USER] += out->outbound.log_odds;
    out->log_odds += out->outbound.log_odds;
}

void rep_score(const struct rep_names *names, const struct record *records, const struct record_lives *lives,
               struct rep_score *out)
{
    double said_of[NAME_KIND_COUNT] = {0}, seen_of[NAME_KIND_COUNT] = {0}, seen_sum = 0;
    bool met[NAME_KIND_COUNT] = {false};
    *out = (struct rep_score){.known = true};
    for (size_t i = 0; i < names->n; i++) {
        enum name_kind kind = names->v[i].kind;
        double a = said(&records[i], &TRUST[kind]), b = seen(&records[i], &TRUST[kind]);
        /* The worst of a kind speaks for all: good links are free for anyone to add. */
        if (met[kind] && a + b <= said_of[kind] + seen_of[kind]) continue;
        met[kind] = true;
        said_of[kind] = a;
        seen_of[kind] = b;
        out->from[kind].name = i;
        out->from[kind].record = records[i];
    }
    for (int k = 0; k < NAME_KIND_COUNT; k++) {
        said_of[k] = believed(names, (enum name_kind)k, said_of[k]);
        seen_of[k] = believed(names, (enum name_kind)k, seen_of[k]);
        seen_sum += seen_of[k];
    }
    double share = fabs(seen_sum) > SEEN_SUM_LIMIT ? SEEN_SUM_LIMIT / fabs(seen_sum) : 1;
    for (int k = 0; k < NAME_KIND_COUNT; k++) {
        out->by_kind[k] = said_of[k] + share * seen_of[k];
        out->log_odds += out->by_kind[k];
    }
    if (names->outbound) add_outbound(names, records, lives, out);
    out->log_odds = clamp(out->log_odds, SUM_LIMIT);
}
