/* SPDX-License-Identifier: Apache-2.0 */
/* describe: which language a mail is in and what kind of mail it is, for figures of its own; no model looks at it.
 *
 * By script, and for Latin letters by the commonest small words (Cavnar and Trenkle, "N-gram-based text
 * categorization", SDAIR 1994, compare with: 30 words a language do for a text of two sentences). docs/measuring.md has
 * the rules. */
#ifndef FURUI_EVAL_DESCRIBE_H
#define FURUI_EVAL_DESCRIBE_H

#include "models/figures/judged.h"
#include "worker/mime/mail.h"

/* Of the visible text; of the Subject where no letter is to be seen. O(text). */
enum judged_language describe_language(const struct mail *m);
enum judged_kind describe_kind(const struct mail *m);

/* The same of a text in normal form (worker/text/normal.h). */
enum judged_language describe_text(span text);

#endif
