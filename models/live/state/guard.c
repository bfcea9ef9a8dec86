/* SPDX-License-Identifier: Apache-2.0 */
/* guard: see guard.h. */
#include "models/live/state/guard.h"

#include <math.h>

static const double SPAM_AT = 2.2; /* log-odds of a mail that everybody's policy calls spam, if it is as it comes */

enum { LOOKED_AT = 2, HOUR_MS = 3600000 };

static void add_up(struct guard *g, const struct learn *l)
{
    size_t n = kept_count(&l->samples), changed = 0;
    double moved = 0;
    for (size_t i = 0; i < n; i++) {
        const struct kept_mail *m = kept_at(&l->samples, i);
        changed += (m->mark >= SPAM_AT) != (m->now >= SPAM_AT);
        moved += fabs(m->now - m->mark);
    }
    g->samples = n;
    g->flips = n ? (double)changed / (double)n : 0;
    g->step = n ? moved / (double)n : 0;
}

void guard_forget(struct guard *g, struct learn *l)
{
    for (size_t i = 0, n = kept_count(&l->samples); i < n; i++) {
        struct kept_mail *m = learn_look(l, i);
        if (m) m->mark = m->now;
    }
    g->slow = 0;
    add_up(g, l);
}

void guard_tick(struct guard *g, struct learn *l, int64_t now_ms)
{
    int64_t hour = now_ms / HOUR_MS;
    if (hour <= g->hour) return;
    g->hour = hour;
    guard_forget(g, l);
}

bool guard_look(struct guard *g, const struct guard_rules *rules, struct learn *l)
{
    size_t n = kept_count(&l->samples);
    for (size_t i = 0; i < LOOKED_AT && i < n; i++) learn_look(l, (size_t)(g->turn++ % n));
    add_up(g, l);
    if (n < GUARD_SAMPLES_MIN) return false;
    if (rules->step_most > 0 && g->step > rules->step_most) g->slow = 1;
    return g->flips > rules->flips_most;
}
