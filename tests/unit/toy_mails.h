/* SPDX-License-Identifier: Apache-2.0 */
/* toy_mails: mails of made-up features, and a sequence of numbers that is the same everywhere. */
#ifndef FURUI_TESTS_TOY_MAILS_H
#define FURUI_TESTS_TOY_MAILS_H

#include "worker/token/feature.h"

#include <string.h>

enum { MAILS = 400, PER_VIEW = 30, ALL = VIEW_COUNT * PER_VIEW };

static uint64_t rng = 1;

static inline uint32_t random32(void)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(rng >> 32);
}

/* Mails whose features come from 400 common ones a view; the first 40 of those are spam's, the next 40 ham's. */
static struct toy {
    uint32_t word[VIEW_COUNT][PER_VIEW];
    struct features f;
    bool spam;
} toy[MAILS];

static inline int make_toys(void **state)
{
    (void)state;
    for (size_t k = 0; k < MAILS; k++) {
        struct toy *t = &toy[k];
        t->spam = random32() & 1;
        memset(&t->f, 0, sizeof t->f);
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            for (unsigned i = 0; i < PER_VIEW; i++) {
                /* Slots of their own, so that nothing is there twice. */
                uint32_t word = i < 4 ? (t->spam ? 0 : 40) + 10 * i + random32() % 10 : 100 + 10 * i + random32() % 10;
                t->word[v][i] = (word + 1 + 1000 * v) * 0x9E3779B1u;
            }
            t->f.view[v] = (struct feature_list){t->word[v], PER_VIEW};
        }
    }
    return 0;
}

#endif
