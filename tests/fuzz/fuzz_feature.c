/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_feature: any mail's features are what the header promises: no hash 0 or twice in a list, numbers in [0, 1], and
 * the same ones with names. The input's length picks the arena's size, so that a full one is met everywhere. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "worker/text/domain.h"
#include "worker/token/feature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena read_into, arena, beside;
static struct mail mail;

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void check_list(const struct feature_list *l)
{
    if (l->n == 0) return;
    uint32_t *sorted = malloc(l->n * sizeof *sorted);
    if (!sorted) abort();
    memcpy(sorted, l->v, l->n * sizeof *sorted);
    qsort(sorted, l->n, sizeof *sorted, by_value);
    assert(sorted[0] != 0);
    for (size_t i = 1; i < l->n; i++) assert(sorted[i] != sorted[i - 1]);
    free(sorted);
}

static void check(const struct features *f)
{
    for (unsigned v = 0; v < VIEW_COUNT; v++) check_list(&f->view[v]);
    for (unsigned i = 0; i < NUMBER_COUNT; i++) assert(f->number[i] >= 0 && f->number[i] <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t CAPS[] = {4u << 20, 4u << 20, 4u << 20, 4u << 20, 1u << 17, 1u << 15, 1u << 13, 256};
    size_t cap = CAPS[size & 7];
    struct features plain, named;
    domain_init();
    if (arena_open(&read_into, MAIL_ARENA_BYTES) != ERR_OK || arena_open(&arena, cap) != ERR_OK ||
        arena_open(&beside, cap) != ERR_OK)
        abort();
    mail_read(&mail, span_of(data, size), NULL, &read_into);
    features_extract(&mail, &arena, &plain);
    features_extract_named(&mail, &beside, &named);
    check(&plain);
    check(&named);
    for (unsigned v = 0; v < VIEW_COUNT && cap == CAPS[0]; v++) {
        assert(plain.view[v].n == named.view[v].n);
        if (plain.view[v].n)
            assert(memcmp(plain.view[v].v, named.view[v].v, plain.view[v].n * sizeof *plain.view[v].v) == 0);
    }
    arena_close(&beside);
    arena_close(&arena);
    arena_close(&read_into);
    return 0;
}
