/* SPDX-License-Identifier: Apache-2.0 */
/* Request headers: no bytes crash the reader; what it accepts it can write, and reads back the same. */
#include "proto/wire.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    static struct wire_buf first, second;
    struct wire_request r;
    char fault[WIRE_FAULT_MAX];
    if (!arena.base && arena_open(&arena, 1 << 20) != ERR_OK) return 0;
    arena_reset(&arena);

    enum err e = wire_parse_request(span_of(data, size), &arena, &r, fault);
    assert((e == ERR_OK) == (fault[0] == 0));
    for (const char *p = fault; *p; p++) assert(*p >= ' ' && *p < 127);
    if (e != ERR_OK) return 0;
    wire_put_request(&first, &r);
    if (first.n > WIRE_HEADER_MAX) return 0; /* a list of bytes that are no UTF-8 takes more room as bytes */
    e = wire_parse_request(span_of(first.p, first.n), &arena, &r, fault);
    assert(e == ERR_OK);
    wire_put_request(&second, &r);
    assert(span_eq(span_of(first.p, first.n), span_of(second.p, second.n)));
    return 0;
}
