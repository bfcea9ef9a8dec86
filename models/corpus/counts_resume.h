/* SPDX-License-Identifier: Apache-2.0 */
/* counts_resume: what counts_write.c asks counts.c about a file that is not whole. */
#ifndef FURUI_CORPUS_COUNTS_RESUME_H
#define FURUI_CORPUS_COUNTS_RESUME_H

#include "models/corpus/counts.h"

/* The whole records of a file with this head and text: how many, their chain, and where they end. ERR_MODEL when the
 * head is another (or none); ERR_VERSION, ERR_IO. */
enum err counts_resume(int fd, const struct counts_head *want, span text, struct counts *c_out, uint64_t *end_out);

#endif
