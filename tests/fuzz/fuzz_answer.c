/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, as a client reads them: no bytes crash the reader; what it accepts can be written and read again. */
#include "proto/wire.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct wire_buf *b, const struct wire_answer *a)
{
    switch (a->type) {
    case WIRE_ANSWER_VERDICT: wire_put_verdict(b, &a->verdict); break;
    case WIRE_ANSWER_REFUSAL: wire_put_refusal(b, &a->refusal); break;
    case WIRE_ANSWER_PONG: wire_put_pong(b, a->id); break;
    case WIRE_ANSWER_STAT: wire_put_stat(b, a->id, a->stat_json); break;
    case WIRE_ANSWER_REPORTED: wire_put_reported(b, &a->reported); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    static struct wire_buf first, second;
    struct wire_answer a;
    char fault[WIRE_FAULT_MAX];
    if (!arena.base && arena_open(&arena, 1 << 20) != ERR_OK) return 0;
    arena_reset(&arena);

    enum err e = wire_parse_answer(span_of(data, size), &arena, &a, fault);
    assert((e == ERR_OK) == (fault[0] == 0));
    if (e != ERR_OK) return 0;
    put(&first, &a);
    e = wire_parse_answer(span_of(first.p, first.n), &arena, &a, fault);
    assert(e == ERR_OK);
    put(&second, &a);
    assert(span_eq(span_of(first.p, first.n), span_of(second.p, second.n)));
    return 0;
}
