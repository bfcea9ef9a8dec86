/* SPDX-License-Identifier: Apache-2.0 */
/* freeze: a learner's cells to the 8-bit table of a bundle.
 *
 * Weights are rounded to steps of 1/127 of what a multiple of their root mean square reaches (or of the largest, if that
 * is less): measured, rounding costs nothing that 1-ROCA% shows. */
#include "models/train/learner.h"

#include "worker/score/table.h"

#include <math.h>
#include <stdlib.h>

enum weight { JOINT, VIEW, VOTE, WEIGHTS };

/* A candidate's weights as they are; the vote is NaN for one that is not frequent enough. */
struct weighed {
    float joint, view;
    double vote;
};

/* Weigh word[n] of one view, and choose what one step of each kind of weight is worth. */
static void weigh(const struct learner *l, const struct learner_word *word, size_t n, double least, struct weighed *out,
                  float step_out[WEIGHTS])
{
    double square[WEIGHTS] = {0}, most[WEIGHTS] = {0};
    size_t count = 0;
    bool votes = l->spams > 0 && l->hams > 0;
    for (size_t i = 0; i < n; i++) {
        const struct learner_cell *c = &l->cell[word[i].cell & l->mask];
        out[i].vote = NAN;
        if ((double)c->spam + (double)c->ham < least) continue;
        out[i] = (struct weighed){c->joint, c->view, votes ? part_vote(c->spam, c->ham, l->spams, l->hams) : 0};
        double w[WEIGHTS] = {(double)c->joint, (double)c->view, out[i].vote};
        count++;
        for (unsigned j = 0; j < WEIGHTS; j++) {
            square[j] += w[j] * w[j];
            if (fabs(w[j]) > most[j]) most[j] = fabs(w[j]);
        }
    }
    for (unsigned j = 0; j < WEIGHTS; j++) {
        double reach = count ? l->reach * sqrt(square[j] / (double)count) : 0;
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

/* The words of one view into their groups. */
static void put_view(const struct learner *l, const struct learner_word *word, size_t n, const struct weighed *w,
                     const float step[WEIGHTS], struct table_slot *slot, float *rank, uint32_t group_mask)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(w[i].vote)) continue;
        struct table_slot s = {table_check(word[i].hash), rounded((double)w[i].joint, step[JOINT]),
                               rounded((double)w[i].view, step[VIEW]), rounded(w[i].vote, step[VOTE])};
        uint32_t group = table_group(word[i].hash, group_mask);
        put(slot + group, rank + group, s, rank_of(&l->cell[word[i].cell & l->mask], s));
    }
}

enum err learner_freeze(const struct learner *l, const struct learner_word *word, size_t n, unsigned views,
                        unsigned bits, double least, span *section_out)
{
    size_t slots = (size_t)1 << bits, bytes = sizeof(struct table_head) + slots * sizeof(struct table_slot);
    uint8_t *p = calloc(1, bytes);
    float *rank = calloc(slots, sizeof *rank);
    struct weighed *w = malloc((n + 1) * sizeof *w);
    if (!p || !rank || !w) {
        free(p);
        free(rank);
        free(w);
        return ERR_MEMORY;
    }
    struct table_head *head = (void *)p;
    struct table_slot *slot = (void *)(p + sizeof *head);
    uint32_t group_mask = (uint32_t)(slots / TABLE_GROUP) - 1;
    head->magic = TABLE_MAGIC;
    head->version = TABLE_VERSION;
    head->bits = bits;
    for (size_t first = 0, end; first < n; first = end) {
        unsigned v = word[first].view;
        for (end = first + 1; end < n && word[end].view == v;) end++;
        if (!(views >> v & 1)) continue;
        float step[WEIGHTS];
        weigh(l, word + first, end - first, least, w, step);
        head->scale.joint[v] = step[JOINT];
        head->scale.view[v] = step[VIEW];
        head->scale.vote[v] = step[VOTE];
        put_view(l, word + first, end - first, w, step, slot, rank, group_mask);
    }
    free(rank);
    free(w);
    *section_out = span_of(p, bytes);
    return ERR_OK;
}
