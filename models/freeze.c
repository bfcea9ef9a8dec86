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

static void weights_of(const struct learner *l, const struct learner_cell *c, double w_out[WEIGHTS])
{
    w_out[JOINT] = c->joint;
    w_out[VIEW] = c->view;
    w_out[VOTE] = part_vote(c->spam, c->ham, l->spams, l->hams);
}

/* The cell of a word of this view that is frequent enough, or NULL. */
static const struct learner_cell *wanted(const struct learner *l, const struct learner_word *word, unsigned view,
                                         double least)
{
    if (word->view != view) return NULL;
    const struct learner_cell *c = &l->cell[word->cell & l->mask];
    return (double)c->spam + (double)c->ham >= least ? c : NULL;
}

/* What one step of each kind of weight is worth, in one view. */
static void choose_scale(const struct learner *l, const struct learner_word *word, size_t n, unsigned view,
                         double least, float step_out[WEIGHTS])
{
    double square[WEIGHTS] = {0}, most[WEIGHTS] = {0}, w[WEIGHTS];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct learner_cell *c = wanted(l, &word[i], view, least);
        if (!c) continue;
        weights_of(l, c, w);
        count++;
        for (unsigned j = 0; j < WEIGHTS; j++) {
            square[j] += w[j] * w[j];
            if (fabs(w[j]) > most[j]) most[j] = fabs(w[j]);
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
static float rank_of(const struct learner_cell *c, struct table_slot s)
{
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

enum err learner_freeze(const struct learner *l, const struct learner_word *word, size_t n, unsigned views,
                        unsigned bits, double least, span *section_out)
{
    size_t slots = (size_t)1 << bits, bytes = sizeof(struct table_head) + slots * sizeof(struct table_slot);
    uint8_t *p = calloc(1, bytes);
    float *rank = calloc(slots, sizeof *rank);
    if (!p || !rank) {
        free(p);
        free(rank);
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
        choose_scale(l, word, n, v, least, step);
        head->scale.joint[v] = step[JOINT];
        head->scale.view[v] = step[VIEW];
        head->scale.vote[v] = step[VOTE];
        for (size_t i = 0; i < n; i++) {
            const struct learner_cell *c = wanted(l, &word[i], v, least);
            if (!c) continue;
            double w[WEIGHTS];
            weights_of(l, c, w);
            struct table_slot s = {table_check(word[i].hash), rounded(w[JOINT], step[JOINT]),
                                   rounded(w[VIEW], step[VIEW]), rounded(w[VOTE], step[VOTE])};
            uint32_t group = table_group(word[i].hash, group_mask);
            put(slot + group, rank + group, s, rank_of(c, s));
        }
    }
    free(rank);
    *section_out = span_of(p, bytes);
    return ERR_OK;
}
