/* SPDX-License-Identifier: Apache-2.0 */
/* each: the mails of an index, read and taken apart by all cores, handed on in their order or in any. */
#ifndef FURUI_CORPUS_EACH_H
#define FURUI_CORPUS_EACH_H

#include "models/corpus/index.h"
#include "worker/token/feature.h"

/* Called for mail i; m and f are lent. Not ERR_OK stops it all; `fault` then says why (INDEX_FAULT_BYTES). */
typedef enum err each_fn(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault);

/* Call `fn` for every mail.
 *
 *   c         what else is known of each, or NULL; lent
 *   what      for the progress bar; static
 *   in_order  calls come one after the other, by i; else from several threads at once, in any order
 *
 * Errors as index_read, or what fn returned; fault_out has the first. */
enum err each_mail(const struct mail_index *x, const struct mail_context *c, const char *what, bool in_order,
                   each_fn *fn, void *arg, char *fault_out);

/* The same for the mails from `first` on. */
enum err each_mail_from(const struct mail_index *x, size_t first, const struct mail_context *c, const char *what,
                        bool in_order, each_fn *fn, void *arg, char *fault_out);

#endif
