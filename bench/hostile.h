/* SPDX-License-Identifier: Apache-2.0 */
/* hostile: mails made to be slow to read, to fill memory, or to break the reader; the same from the same seed.
 *
 * Most classes are storms: words of one language (HTML, CSS, header syntax, charset escapes...) drawn at random make a
 * phrase, and the phrase is repeated to the size wanted; what is quadratic in any of them shows. The rest are built by
 * hand, or are mails of one's own, mutated. Source: rspamd's and Dovecot's issues of 2019-2026 on nesting, boundaries
 * and entities; the html5lib and CSS test suites for what tokenisers stumble over. */
#ifndef FURUI_BENCH_HOSTILE_H
#define FURUI_BENCH_HOSTILE_H

#include "proto/base/span.h"

enum { HOSTILE_BYTES_MAX = 1 << 20 }; /* of one mail, about */

/* A mail being made. Owned: hostile_close. */
struct hostile {
    uint8_t *p;
    size_t n, cap;
};

void hostile_close(struct hostile *h);

/* How many classes of mail there are, and their names (static). */
size_t hostile_count(void);
const char *hostile_name(size_t class);

/* Make one mail.
 *
 *   class  below hostile_count()
 *   seed   which of its mails: the same seed, the same bytes
 *   own    mails to mutate; may be empty, then mails of the other classes are
 *   most   its size, about: a third are as large, the others of any size down to 256 bytes
 *   out    what it held is replaced */
void hostile_make(size_t class, uint64_t seed, const span *own, size_t own_count, size_t most, struct hostile *out);

#endif
