/* SPDX-License-Identifier: Apache-2.0 */
/* shadow: a candidate's verdicts beside the serving model's, counted, and when they have said enough.
 *
 * Logic only. Workers score a share of the mails with both models; the classes that the tenant's policy makes of the
 * two are counted here, serving model by row, candidate by column: off the diagonal are the flips.
 *
 * When enough mails were seen, the share of flips alone decides. Before that the candidate goes only when its true
 * share is beyond the limit all but surely, however often one looks: with k flips in n mails, the likelihood of a
 * uniform mix of shares against that of the limit q,
 *
 *     M(n) = B(k + 1, n - k + 1) / (q^k (1 - q)^(n - k)),
 *
 * is a martingale when q is the truth, so it ever reaches 1 / a with probability a at most (Ville, Étude critique de la
 * notion de collectif, 1939; Robbins, Ann. Math. Statist. 41, 1970); a is SHADOW_ERROR. That takes mails for
 * independent, and a mailing to twenty people is not: so not before SHADOW_EARLY_MAILS. There is no hurry, a candidate
 * in shadow does no harm. With q = 5%, 17 flips of 100 mails are too many, or 79 of 900. */
#ifndef FURUI_ENGINE_SHADOW_H
#define FURUI_ENGINE_SHADOW_H

#include "proto/admin.h"
#include "proto/wire.h"

#define SHADOW_ERROR 0.001

enum {
    SHADOW_EARLY_MAILS = 100,
    SHADOW_DEATHS_MAX = 3, /* workers that die in shadow; the candidate goes with the next */
    SHADOW_MAILS_MAX = 1000000000,
};

struct shadow {
    uint32_t share_ppm, max_flips_ppm;
    uint64_t mails_wanted;
    uint64_t count[3][3]; /* [serving][candidate], enum wire_class */
    unsigned deaths;
};

enum shadow_word { SHADOW_GOES_ON, SHADOW_PROMOTE, SHADOW_ROLL_BACK };

uint64_t shadow_mails(const struct shadow *s);
uint64_t shadow_flips(const struct shadow *s);

/* What is to be done now.
 *
 *   why_out  for PROMOTE and ROLL_BACK: in one line; ADMIN_WHY_MAX bytes
 *
 * O(1). */
enum shadow_word shadow_judge(const struct shadow *s, char *why_out);

#endif
