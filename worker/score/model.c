/* SPDX-License-Identifier: Apache-2.0 */
/* model: a bundle's sections loaded and checked against each other; see model.h. */
#include "worker/score/model.h"

#include "proto/base/fixmath.h"
#include "worker/score/loaded.h"

#include <stdio.h>
#include <stdlib.h>

enum err model_open(const char *path, struct model **model_out, char *fault_out)
{
    struct model *m = calloc(1, sizeof *m);
    if (!m) {
        snprintf(fault_out, MODEL_FAULT_MAX, "%s: %s", path, err_str(ERR_MEMORY));
        return ERR_MEMORY;
    }
    enum err e = bundle_open(path, FEATURE_VERSION, &m->bundle, fault_out);
    if (e) {
        free(m);
        return e;
    }
    const char *why = NULL, *section = "table";
    e = table_load(bundle_section(&m->bundle, section), &m->table, &why);
    if (!e) e = net_load(bundle_section(&m->bundle, section = "net"), &m->net, &why);
    if (!e && m->net.inputs != PART_INPUTS) {
        why = "the net is fed another number of inputs";
        e = ERR_MODEL;
    }
    if (!e) e = calib_load(bundle_section(&m->bundle, section = "calib"), &m->calib, &why);
    if (e) {
        snprintf(fault_out, MODEL_FAULT_MAX, "%s: section '%s': %s", path, section, why);
        model_close(m);
        return e;
    }
    *model_out = m;
    return ERR_OK;
}

void model_close(struct model *m)
{
    if (!m) return;
    bundle_close(&m->bundle);
    free(m);
}

const char *model_id(const struct model *m)
{
    return m->bundle.id;
}

unsigned model_views(const struct model *m)
{
    unsigned views = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) views |= (unsigned)table_knows(&m->table, v) << v;
    if (net_reads(&m->net, PART_COUNT + NUMBER_TOKENS)) views |= 1u << VIEW_TEXT;
    return views;
}

void model_score(const struct model *m, const struct features *f, struct scores *scores_out)
{
    struct parts p;
    float x[PART_INPUTS];
    table_score(&m->table, f, &p);
    part_squash_all(&p);
    part_inputs(&p, f, x);
    scores_out->linear = part_mean(&p, PART_JOINT, PART_BAYES);
    scores_out->bayes = part_mean(&p, PART_BAYES, PART_COUNT);
    scores_out->net = net_eval(&m->net, x);
    scores_out->score = calib_at(&m->calib, scores_out->net);
    scores_out->p = fix_sigmoid(scores_out->score);
}
