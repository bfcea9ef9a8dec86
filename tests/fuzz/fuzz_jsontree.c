/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_jsontree: any bytes as JSON; what was read holds only UTF-8. */
#include "proto/cli/jsontree.h"

#include "proto/base/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct jsontree *v)
{
    for (size_t i = 0; i < v->text.n; i += utf8_len(span_from(v->text, i))) assert(utf8_len(span_from(v->text, i)) > 0);
    for (const struct jsontree *c = v->child; c; c = c->next) check(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    if (arena_open(&a, 1 << 18) != ERR_OK) return 0;
    struct jsontree *root = NULL;
    size_t at = 0;
    if (jsontree_parse(span_of(data, size), &a, &root, &at) == ERR_OK)
        check(root);
    else
        assert(at <= size);
    arena_close(&a);
    return 0;
}
