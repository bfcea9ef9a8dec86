/* SPDX-License-Identifier: Apache-2.0 */
/* hint: which charset does a mail speak? Its header's few words are judged by its text.
 *
 * A Subject of four kanji in bytes without a label can be read in five charsets; the text below it cannot. */
#include "worker/mime/hint.h"

#include "worker/mime/codec.h"
#include "worker/mime/word.h"
#include "worker/simd/scan.h"
#include "worker/text/charset.h"

/* Does the message's header hold 8-bit bytes, escapes or encoded words? */
static bool asks(const struct mail *m)
{
    for (size_t i = 0; i < m->header_count; i++) {
        span s = m->headers[i].raw;
        if (scan->plain(s.p, s.n) < s.n || word_begins(s)) return true;
    }
    return false;
}

static span charset_of(const struct mail_part *p, struct arena *a)
{
    uint8_t *mark = arena_alloc(a, 0);
    uint64_t ignored = 0;
    span text = codec_decode(p->encoding, span_head(p->body, HINT_BYTES), HINT_BYTES, a, &ignored);
    span name = charset_name(text, p->charset);
    if (mark) arena_trim(a, mark, 0);
    return name;
}

span hint_charset(const struct mail *m, bool tame, struct arena *a)
{
    span label = SPAN_NONE;
    int looks = tame || !asks(m) ? 0 : HINT_PARTS;
    for (size_t i = 0; i < m->part_count && (looks || !label.n); i++) {
        const struct mail_part *p = &m->parts[i];
        if (!label.n) label = p->charset;
        if (!looks || !p->body.n || p->attachment || !span_eq(p->type, SPAN("text"))) continue;
        looks--;
        span name = charset_of(p, a);
        if (name.n) return name;
    }
    return label;
}
