/* SPDX-License-Identifier: Apache-2.0 */
/* shadow: when a candidate has shown enough; see shadow.h. */
#include "engine/shadow.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

uint64_t shadow_mails(const struct shadow *s)
{
    uint64_t n = 0;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) n += s->count[a][b];
    return n;
}

uint64_t shadow_flips(const struct shadow *s)
{
    return shadow_mails(s) - s->count[0][0] - s->count[1][1] - s->count[2][2];
}

/* Is the true share beyond `limit`, all but surely? */
static bool surely_beyond(uint64_t flips, uint64_t mails, double limit)
{
    double k = (double)flips, n = (double)mails;
    if (mails < SHADOW_EARLY_MAILS || k <= limit * n) return false;
    if (limit == 0) return true;
    double log_mix = lgamma(k + 1) + lgamma(n - k + 1) - lgamma(n + 2);
    double log_limit = k * log(limit) + (n - k) * log1p(-limit);
    return log_mix - log_limit >= -log(SHADOW_ERROR);
}

enum shadow_word shadow_judge(const struct shadow *s, char *why_out)
{
    uint64_t mails = shadow_mails(s), flips = shadow_flips(s);
    double limit = (double)s->max_flips_ppm / ADMIN_PPM, share = mails ? (double)flips / (double)mails : 0;
    bool enough = mails >= s->mails_wanted, beyond = share > limit;
    if (s->deaths > SHADOW_DEATHS_MAX) {
        snprintf(why_out, ADMIN_WHY_MAX, "%u workers died while it was in shadow", s->deaths);
        return SHADOW_ROLL_BACK;
    }
    if (!enough && !surely_beyond(flips, mails, limit)) return SHADOW_GOES_ON;
    snprintf(why_out, ADMIN_WHY_MAX,
             "%" PRIu64 " of %" PRIu64 " mails flipped in shadow: %.3g%%, limit %.3g%% (%s; ham to unsure %" PRIu64
             ", to spam %" PRIu64 "; unsure to ham %" PRIu64 ", to spam %" PRIu64 "; spam to ham %" PRIu64
             ", to unsure %" PRIu64 ")",
             flips, mails, 100 * share, 100 * limit,
             !beyond  ? "within it"
             : enough ? "beyond it"
                      : "beyond it all but surely",
             s->count[WIRE_HAM][WIRE_UNSURE], s->count[WIRE_HAM][WIRE_SPAM], s->count[WIRE_UNSURE][WIRE_HAM],
             s->count[WIRE_UNSURE][WIRE_SPAM], s->count[WIRE_SPAM][WIRE_HAM], s->count[WIRE_SPAM][WIRE_UNSURE]);
    return beyond ? SHADOW_ROLL_BACK : SHADOW_PROMOTE;
}
