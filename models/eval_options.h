/* SPDX-License-Identifier: Apache-2.0 */
/* eval_options: what the command line of `furui eval` asks for. */
#ifndef FURUI_MODELS_EVAL_OPTIONS_H
#define FURUI_MODELS_EVAL_OPTIONS_H

#include "models/corpus/trust.h"
#include "models/eval/judge.h"

enum { EVAL_INDEXES_MAX = 64 };

struct eval_options {
    const char *index[EVAL_INDEXES_MAX];    /* a file; or the name of two places */
    const char *place[EVAL_INDEXES_MAX][2]; /* ham, spam; both NULL: a file */
    const char *exclude[EVAL_INDEXES_MAX];  /* of the index beside it, or NULL */
    size_t indexes;
    const char *bundle, *scores, *html;
    const char *compare[2]; /* bundles or files of scores, both or neither */
    struct judge_plan plan;
    bool json, as_is;
    double spam_at, unsure_at;
    struct trust trust;
};

/* Read the command line; the exit status, after a complaint when it is not CLI_OK. Strings are lent by argv. */
int eval_options(int argc, char **argv, struct eval_options *out);

#endif
