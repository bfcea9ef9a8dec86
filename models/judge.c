/* SPDX-License-Identifier: Apache-2.0 */
/* judge: what each_mail calls, by a bundle or by a filter that learns; see judge.h. */
#include "models/judge.h"

#include "models/each.h"
#include "models/online.h"

#include <stdio.h>

struct by_model {
    const struct model *model;
    double *score;
};

static enum err score_one(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    (void)m, (void)fault;
    struct by_model *b = arg;
    struct scores s;
    model_score(b->model, f, &s);
    b->score[i] = s.score;
    return ERR_OK;
}

enum err judge_by_model(const struct model *m, const struct mail_index *x, const struct mail_context *c,
                        double *score_out, char *fault_out)
{
    struct by_model b = {m, score_out};
    return each_mail(x, c, "judging", false, score_one, &b, fault_out);
}

struct immediate {
    const struct mail_index *x;
    struct online online;
    double *score;
};

static enum err score_and_learn(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    (void)m;
    struct immediate *im = arg;
    struct parts p;
    im->score[i] = online_score(&im->online, f, &p);
    enum err e = online_learn(&im->online, f, &p, im->score[i], im->x->entry[i].spam);
    if (e) snprintf(fault, INDEX_FAULT_BYTES, "%s", err_str(e));
    return e;
}

enum err judge_immediate(const struct mail_index *x, const struct mail_context *c, double *score_out, char *fault_out)
{
    struct immediate im = {.x = x, .score = score_out};
    enum err e = online_open(&im.online);
    if (e) {
        snprintf(fault_out, JUDGE_FAULT_BYTES, "%s", err_str(e));
        return e;
    }
    e = each_mail(x, c, "judging and learning", true, score_and_learn, &im, fault_out);
    online_close(&im.online);
    return e;
}
