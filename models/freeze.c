/* SPDX-License-Identifier: Apache-2.0 */
/* freeze: a learner's cells to the 8-bit table of a bundle.
 *
 * Weights are rounded to steps of 1/127 of what 6 times their root mean square reaches (or of the largest, if that is
 * less): measured, rounding costs nothing that 1-ROCA% shows. */
#include "models/learner.h"

#include "worker/score/table.h"

#include <math.h>
#include <stdlib.h>

enum weight { JOINT, VIEW, VOTE, WEIGHTS };

static void weights_of(const struct learner *l, uint32_t hash, double w_out[WEIGHTS])
{
    const struct learner_cell *c = &l->cell[hash & l->mask];
    w_out[JOINT] = c->joint;
    w_out[VIEW] = c->view;
    w_out[VOTE] = part_vote(c->spam, c->ham, l->spams, l->hams);
}

/* One bit a cell: was it looked at already in this pass? Mails share most of what they hold. */
struct seen {
    uint64_t *bits; /* owned */
    size_t bytes;
};

/* Is this feature to be looked at: frequent enough, and not met before in this pass? */
static bool fresh(const struct learner *l, struct seen *seen, uint32_t hash, double least)
{
    uint32_t at = hash & l->mask;
    uint64_t bit = UINT64_C(1) << at % 64;
    if (seen->bits[at / 64] & bit) return false;
    seen->bits[at / 64] |= bit;
    return (double)l->cell[at].spam + (double)l->cell[at].ham >= least;
}

/* What one step of each kind of weight is worth, in one view. */
static void choose_scale(const struct learner *l, const struct features *const *f, size_t n, unsigned view,
                         double least, struct seen *seen, float step_out[WEIGHTS])
{
    double square[WEIGHTS] = {0}, most[WEIGHTS] = {0}, w[WEIGHTS];
    size_t count = 0;
    memset(seen->bits, 0, seen->bytes);
    for (size_t k = 0; k < n; k++) {
        if (!f[k]) continue;
        for (size_t i = 0; i < f[k]->view[view].n; i++) {
            uint32_t hash = f[k]->view[view].v[i];
            if (!fresh(l, seen, hash, least)) continue;
            weights_of(l, hash, w);
            count++;
            for (unsigned j = 0; j < WEIGHTS; j++) {
                square[j] += w[j] * w[j];
                if (fabs(w[j]) > most[j]) most[j] = fabs(w[j]);
            }
        }
    }
    for (unsigned j = 0; j < WEIGHTS; j++) {
        double reach = count ? 6 * sqrt(square[j] / (double)count) : 0;
        if (reach > most[j]) reach = most[j];
        step_out[j] = (float)(reach / 127);
    }
}

static int8_t rounded(double w, float step)
{
    if (!(step > 0)) return 0;
    double x = rint(w / step);
    return (int8_t)(x > 127 ? 127 : x < -127 ? -127 : x);
}

/* How much the table would lose without a feature: its weights, times the root of how many mails hold it. */
static float rank_of(const struct learner *l, uint32_t hash, struct table_slot s)
{
    const struct learner_cell *c = &l->cell[hash & l->mask];
    return (float)(abs(s.joint) + 2 * abs(s.view) + abs(s.vote)) * sqrtf(c->spam + c->ham);
}

/* `rank` stands beside the slots; 0 is a free one. */
static void put(struct table_slot *group, float *rank, struct table_slot s, float r)
{
    unsigned weakest = 0;
    for (unsigned i = 0; i < TABLE_GROUP; i++) {
        if (rank[i] > 0 && group[i].check == s.check) return; /* here already, or its double */
        if (rank[i] < rank[weakest]) weakest = i;
    }
    if (r <= rank[weakest]) return;
    group[weakest] = s;
    rank[weakest] = r;
}

enum err learner_freeze(const struct learner *l, const struct features *const *f, size_t n, unsigned views,
                        unsigned bits, double least, span *section_out)
{
    size_t slots = (size_t)1 << bits, bytes = sizeof(struct table_head) + slots * sizeof(struct table_slot);
    uint8_t *p = calloc(1, bytes);
    struct seen seen = {.bytes = ((size_t)l->mask + 64) / 64 * sizeof(uint64_t)};
    seen.bits = malloc(seen.bytes);
    float *rank = calloc(slots, sizeof *rank);
    if (!p || !seen.bits || !rank) {
        free(p);
        free(rank);
        free(seen.bits);
        return ERR_MEMORY;
    }
    struct table_head *head = (void *)p;
    struct table_slot *slot = (void *)(p + sizeof *head);
    uint32_t group_mask = (uint32_t)(slots / TABLE_GROUP) - 1;
    head->magic = TABLE_MAGIC;
    head->version = TABLE_VERSION;
    head->bits = bits;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (!(views >> v & 1)) continue;
        float step[WEIGHTS];
        choose_scale(l, f, n, v, least, &seen, step);
        memset(seen.bits, 0, seen.bytes);
        head->scale.joint[v] = step[JOINT];
        head->scale.view[v] = step[VIEW];
        head->scale.vote[v] = step[VOTE];
        for (size_t k = 0; k < n; k++) {
            if (!f[k]) continue;
            for (size_t i = 0; i < f[k]->view[v].n; i++) {
                uint32_t hash = f[k]->view[v].v[i];
                if (!fresh(l, &seen, hash, least)) continue;
                double w[WEIGHTS];
                weights_of(l, hash, w);
                struct table_slot s = {table_check(hash), rounded(w[JOINT], step[JOINT]), rounded(w[VIEW], step[VIEW]),
                                       rounded(w[VOTE], step[VOTE])};
                uint32_t group = table_group(hash, group_mask);
                put(slot + group, rank + group, s, rank_of(l, hash, s));
            }
        }
    }
    free(seen.bits);
    free(rank);
    *section_out = span_of(p, bytes);
    return ERR_OK;
}
