/* SPDX-License-Identifier: Apache-2.0 */
/* Records of reports, as the journal and the stream hand them back: no bytes crash the reader, and what it accepts is
 * packed to the same bytes again. */
#include "proto/feedback.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    static uint8_t again[FEEDBACK_BYTES_MAX];
    static struct feedback r;
    char fault[FEEDBACK_FAULT_MAX];
    if (!arena.base && arena_open(&arena, 1 << 20) != ERR_OK) return 0;
    arena_reset(&arena);

    enum err e = feedback_unpack(span_of(data, size), &arena, &r, fault);
    assert((e == ERR_OK) == (fault[0] == 0));
    if (e != ERR_OK) return 0;
    size_t n = feedback_pack(&r, again, sizeof again);
    assert(span_eq(span_of(again, n), span_of(data, size)));
    return 0;
}
