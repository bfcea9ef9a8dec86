/* SPDX-License-Identifier: Apache-2.0 */
/* scores_file: what `furui eval --scores` wrote, read again: lines of label, path and log-odds, in their order.
 *
 * Any filter's scores will do if more means more likely spam; its p then means nothing. */
#ifndef FURUI_EVAL_SCORES_FILE_H
#define FURUI_EVAL_SCORES_FILE_H

#include "models/corpus/index.h"
#include "models/figures/judged.h"

struct scores_file {
    struct judged judged;    /* one source, the file itself; lines are its own; language and kind are not known */
    const char *name;        /* the only source; lent by the caller */
    struct mail_index lines; /* the file, as an index whose paths end before the score */
};

/* Read `path`, which is lent until scores_file_close.
 *
 *   exclude    a list of its lines to exclude (index_exclude), or NULL
 *   out        to be closed, failed or not
 *   fault_out  on error FILE:LINE: what is wrong; INDEX_FAULT_BYTES
 *
 * Errors as index_open. */
enum err scores_file_open(const char *path, const char *exclude, struct scores_file *out, char *fault_out);
void scores_file_close(struct scores_file *s);

#endif
