/* SPDX-License-Identifier: Apache-2.0 */
/* mails: all mails of an index, or of files and folders, held in memory: what a bench feeds to what it measures. */
#ifndef FURUI_BENCH_MAILS_H
#define FURUI_BENCH_MAILS_H

#include "proto/base/span.h"

/* Owned: mails_close. */
struct mails {
    span *v;
    size_t n, cap;
    uint64_t bytes;
};

/* Add what an index names, or what paths stand for (a list that ends with NULL). False after a complaint. */
bool mails_from_index(struct mails *m, const char *path);
bool mails_from_paths(struct mails *m, char **paths);

void mails_close(struct mails *m);

#endif
