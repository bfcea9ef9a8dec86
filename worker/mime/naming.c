/* SPDX-License-Identifier: Apache-2.0 */
/* naming: what a part's file is called, by each of the fields and parameters that say so.
 *
 * One name is the rule, and costs one walk over each field more than asking for it alone; names are judged only when a
 * second one differs. */
#include "worker/mime/naming.h"

#include "worker/attach/name.h"
#include "worker/mime/param.h"
#include "worker/mime/word.h"
#include "worker/text/charset.h"

/* How much it matters what a name stands for. */
static int danger(const struct name *n)
{
    if (n->odd & ODD(EXECUTABLE)) return 4;
    if (n->odd & (ODD(DOUBLE_EXTENSION) | ODD(NAME_DIRECTION))) return 3;
    return n->macro ? 2 : n->archive ? 1 : 0;
}

/* Take one more name into account. */
static void consider(struct mail *m, span value, span charset, struct arena *a, span *best)
{
    uint64_t ignored = 0;
    if (charset.n) value = charset_to_utf8(value, charset, a, &ignored);
    value = attach_name_cut(word_decode(value, charset, a, &m->odd, NULL), MAIL_NAME_MAX, a);
    if (!best->n) *best = value;
    if (!value.n || span_eq(value, *best)) return;
    struct name before = attach_name(*best), now = attach_name(value);
    if ((before.odd ^ now.odd) & ODD(EXECUTABLE))
        m->odd |= ODD(DOUBLE_EXTENSION);
    else if (before.claim && now.claim && before.claim != now.claim)
        m->odd |= ODD(TYPE_MISMATCH);
    if (danger(&now) > danger(&before)) *best = value;
}

span naming_part(struct mail *m, const struct mail_part *p, struct arena *a)
{
    static const struct {
        enum mail_field id;
        span key;
    } PLACES[] = {{FIELD_CONTENT_DISPOSITION, SPAN("filename")}, {FIELD_CONTENT_TYPE, SPAN("name")}};
    span best = SPAN_NONE;
    for (size_t k = 0; k < sizeof PLACES / sizeof *PLACES; k++) {
        for (size_t i = p->first_header; i < p->first_header + p->header_count; i++) {
            if (m->headers[i].id != PLACES[k].id || !(m->headers[i].letters & param_letter(PLACES[k].key))) continue;
            span value, last, charset, raw = span_head(m->headers[i].raw, MAIL_FIELD_BYTES_MAX);
            if (!param_get(raw, PLACES[k].key, a, &value, &charset)) continue;
            consider(m, value, charset, a, &best);
            if (param_last(raw, PLACES[k].key, a, &last) && !span_eq(value, last))
                consider(m, last, SPAN_NONE, a, &best);
        }
    }
    return best;
}
