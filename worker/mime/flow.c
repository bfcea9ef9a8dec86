/* SPDX-License-Identifier: Apache-2.0 */
/* flow: format=flowed (RFC 3676): lines that were broken for transport, joined again.
 *
 * A line that ends in a space goes on in the next one of the same quote depth. White space is folded later, so what
 * matters is where a paragraph must not run into another (quote depth), where words must join (DelSp, as Japanese mail
 * has it), and the '>' in front of continued lines, which a reader never sees amid a sentence. */
#include "worker/mime/flow.h"

span flow_text(span utf8, bool delsp, struct arena *a)
{
    uint8_t *out = arena_alloc(a, utf8.n); /* nothing grows: what is written for a line end is the line end's byte */
    if (!out) return utf8;
    size_t o = 0, depth = 0;
    bool soft = false;
    for (span rest = utf8; rest.n;) {
        size_t end = span_find(rest, '\n'), quotes = 0;
        bool last = end == rest.n;
        span line = span_head(rest, end);
        rest = span_from(rest, end + 1);
        if (line.n && line.p[line.n - 1] == '\r') line.n--;
        while (quotes < line.n && line.p[quotes] == '>') quotes++;
        size_t stuffed = quotes < line.n && line.p[quotes] == ' ';
        span text = span_from(line, quotes + stuffed);
        bool signature = span_eq(text, SPAN("-- ")), joins = soft && quotes == depth && !signature;
        soft = text.n && text.p[text.n - 1] == ' ' && !signature;
        if (quotes != depth && o) out[o - 1] = '\n';
        if (joins)
            o--; /* take the line end back */
        else
            text = line;
        if (soft && delsp) text.n--;
        memcpy(out + o, text.p, text.n);
        o += text.n;
        if (!last) out[o++] = ' ';
        depth = quotes;
    }
    arena_trim(a, out, o);
    return span_of(out, o);
}
