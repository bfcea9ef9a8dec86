/* SPDX-License-Identifier: Apache-2.0 */
/* loop: a worker at work: takes what waits, judges it in batches, answers, shows signs of life.
 *
 * One thread. A mail is read, asked about and scored by itself and then forgotten but for `struct judged`, so memory
 * does not grow with the batch; only Redis is asked for the whole batch at once. proto/backend.h is the protocol. */
#ifndef FURUI_WORKER_LOOP_H
#define FURUI_WORKER_LOOP_H

#include "proto/config.h"
#include "proto/link.h"
#include "proto/store/secret.h"
#include "worker/rep/rep.h"
#include "worker/score/livesum.h"

#include <signal.h>

struct worker;

/* A model whose word is counted and not believed. */
struct worker_shadow {
    const struct model *model; /* NULL: none */
    uint32_t share_ppm;        /* mails of a million that it is shown */
};

/* What judges mail. */
struct worker_models {
    const struct model *model;
    struct worker_shadow shadow;
    struct livesum *live; /* what reports teach */
};

/* Everything in the arguments is lent until worker_free; *m is copied. ERR_MEMORY. */
enum err worker_new(const struct config *c, const struct worker_models *m, struct rep *r, const struct secret *secret,
                    struct link *engine, struct worker **out);
void worker_free(struct worker *w);

/* Say READY and serve until QUIT, `*stop` (set by a signal) or the end of the process that started us. */
void worker_serve(struct worker *w, const char *simd, volatile sig_atomic_t *stop);

#endif
