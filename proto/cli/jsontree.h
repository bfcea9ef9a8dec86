/* SPDX-License-Identifier: Apache-2.0 */
/* jsontree: reads one JSON text into a tree (RFC 8259), for people to look at.
 *
 * Strict: what is not JSON is refused with the place. Numbers stay as they were written. */
#ifndef FURUI_CLI_JSONTREE_H
#define FURUI_CLI_JSONTREE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/span.h"

enum { JSONTREE_DEPTH_MAX = 32 };

enum jsontree_kind { JSONTREE_NULL, JSONTREE_BOOL, JSONTREE_NUMBER, JSONTREE_STRING, JSONTREE_ARRAY, JSONTREE_OBJECT };

struct jsontree {
    enum jsontree_kind kind;
    span key;                      /* within an object; decoded, UTF-8 */
    span text;                     /* of a scalar; strings decoded, UTF-8 */
    struct jsontree *child, *next; /* children in order, linked by next */
};

/* Parse `in`, which must be one value and white space.
 *
 *   in          lent as long as the tree is used
 *   a           holds the nodes and decoded strings
 *   root_out    set on success
 *   at_out      where in `in` the fault is, on error
 *
 * ERR_SYNTAX (also for what is not UTF-8), ERR_TOO_BIG (nested over the limit, or the arena is full). O(in.n). */
enum err jsontree_parse(span in, struct arena *a, struct jsontree **root_out, size_t *at_out);

#endif
