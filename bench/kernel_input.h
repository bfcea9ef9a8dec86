/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_input: what kernels are timed on, by kind: a made text of each, or pieces of real mails, as long as the reader
 * meets them. All of it stays in cache. */
#ifndef FURUI_BENCH_KERNEL_INPUT_H
#define FURUI_BENCH_KERNEL_INPUT_H

#include "bench/mails.h"

enum kernel_input {
    KERNEL_MAIL,      /* whole mails */
    KERNEL_HEADER,    /* header blocks */
    KERNEL_BASE64,    /* bodies, not decoded */
    KERNEL_QP,        /* bodies, not decoded, few of whose bytes are escaped */
    KERNEL_QP_ALL,    /* the same where most are */
    KERNEL_HTML,      /* parts, decoded */
    KERNEL_TEXT,      /* what a reader sees of a mail, mostly ASCII */
    KERNEL_WIDE_TEXT, /* the same, mostly not */
    KERNEL_WEIGHTS,   /* of a net, as floats; never of mails */
    KERNEL_INPUT_COUNT
};

enum {
    KERNEL_PIECE_MAX = 1 << 14, /* bytes of a made text, and of a mail or part that are taken */
    KERNEL_TAKEN_MAX = 1 << 19, /* bytes of a kind in all, a piece of it from each mail in turn */
};

struct kernel_pieces {
    span *v;
    size_t n, bytes;
};

/* Owned: kernel_inputs_close. */
struct kernel_inputs {
    struct kernel_pieces of[KERNEL_INPUT_COUNT];
};

extern const char *const KERNEL_INPUT_NAME[KERNEL_INPUT_COUNT];

void kernel_inputs_make(struct kernel_inputs *k);

/* Of mails a kind may have no piece. False when there is no memory for an arena. */
bool kernel_inputs_of_mails(struct kernel_inputs *k, const struct mails *m);

void kernel_inputs_close(struct kernel_inputs *k);

#endif
