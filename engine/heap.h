/* SPDX-License-Identifier: Apache-2.0 */
/* heap: the requests by deadline, soonest first.
 *
 * A binary heap in an array; each request knows its place, so that an answered one leaves in O(log n). */
#ifndef FURUI_ENGINE_HEAP_H
#define FURUI_ENGINE_HEAP_H

#include "engine/request.h"

struct heap {
    struct request **at; /* owned */
    size_t n, cap;
};

void heap_close(struct heap *h);
void heap_add(struct heap *h, struct request *r);
/* Does nothing when it is not in. */
void heap_remove(struct heap *h, struct request *r);
/* NULL when empty. */
struct request *heap_first(const struct heap *h);

#endif
