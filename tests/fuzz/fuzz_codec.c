/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_codec: transfer encodings, blocks and flowed lines on any bytes.
 *
 * Beyond not crashing: what is decoded fits the cap, and is the beginning of what would be decoded without it, and in
 * pieces the same; blocks stand in the text, one behind the other, and each comes out as the same block when it stands
 * alone; a flowed text never grows. The first byte picks the encoding, the second the cap. */
#include <assert.h>

#include "worker/mime/block.h"
#include "worker/mime/codec.h"
#include "worker/mime/flow.h"
#include "worker/mime/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static bool within(span s, span whole)
{
    return s.n == 0 || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n);
}

static void check_decoder(enum mail_encoding e, span in, size_t cap)
{
    uint64_t odd = 0;
    span all = codec_decode(e, in, in.n, &arena, &odd), cut = codec_decode(e, in, cap, &arena, &odd);
    assert(all.n <= in.n && cut.n <= cap && cut.n == (all.n < cap ? all.n : cap));
    assert(span_eq(cut, span_head(all, cut.n)));
    assert((odd & ~(ODD(BAD_BASE64) | ODD(BAD_QP))) == 0);
    codec_by_name(in, &odd);
    codec_estimate(e, in.n);
}

/* In pieces it is what it is at once. */
static void check_stream(enum mail_encoding e, span in, size_t cap)
{
    if (!stream_can(e)) return;
    uint64_t odd = 0;
    span whole = codec_decode(e, in, in.n, &arena, &odd);
    uint8_t out[STREAM_ROOM_MIN + UINT8_MAX];
    struct stream s;
    stream_init(&s, e, in);
    for (size_t got; (got = stream_next(&s, out, STREAM_ROOM_MIN + cap)); whole = span_from(whole, got))
        assert(got <= whole.n && memcmp(out, whole.p, got) == 0);
    assert(whole.n == 0);
}

static void check_blocks(span text)
{
    struct block b, again;
    for (size_t at = 0; block_next(text, at, &b);) {
        size_t start = (size_t)(b.whole.p - text.p);
        assert(within(b.whole, text) && start >= at && b.whole.n > 0);
        assert(within(b.data, b.whole) && within(b.name, b.whole) && b.name.n <= BLOCK_NAME_MAX);
        assert(start == 0 || text.p[start - 1] == '\n');
        assert(b.encoding == MAIL_UUENCODE || b.encoding == MAIL_YENC || b.encoding == MAIL_BASE64);
        assert(block_next(b.whole, 0, &again) && span_eq(again.whole, b.whole) && again.encoding == b.encoding);
        at = start + b.whole.n;
        check_decoder(b.encoding, b.data, 100);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    if (arena_open(&arena, 16u << 20) != ERR_OK) return 0;
    span in = span_of(data + 2, size - 2);
    check_decoder((enum mail_encoding)(data[0] % (MAIL_ENCODING_UNKNOWN + 1)), in, data[1]);
    check_stream((enum mail_encoding)(data[0] % (MAIL_ENCODING_UNKNOWN + 1)), in, data[1]);
    check_blocks(in);
    span flowed = flow_text(in, data[1] & 1, &arena);
    assert(flowed.n <= in.n);
    arena_close(&arena);
    return 0;
}
