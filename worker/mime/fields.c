/* SPDX-License-Identifier: Apache-2.0 */
/* fields: a part that is header fields, as text: delivery reports, and the header of a mail that came back.
 *
 * A field runs to the next line that is not a fold. What is odd about these bytes is about another mail, so nothing is
 * noted. */
#include "worker/mime/fields.h"

#include "worker/mime/foreign.h"
#include "worker/mime/mail.h"
#include "worker/mime/word.h"

/* Cut the first field, folds and all, off the front. */
static span take_field(span *rest)
{
    size_t n = 0;
    do n += span_find(span_from(*rest, n), '\n') + 1;
    while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'));
    span field = span_head(*rest, n);
    *rest = span_from(*rest, n);
    return field;
}

void fields_put(struct text *t, struct url_list *urls, span fields, span hint, struct arena *a)
{
    while (fields.n && !t->full) {
        span field = take_field(&fields), name = span_trim(span_head(field, span_find(field, ':')));
        if (foreign_header(name)) continue;
        uint64_t ignored = 0;
        span value = word_decode(span_trim(span_head(field, MAIL_FIELD_BYTES_MAX)), hint, a, &ignored, NULL);
        text_put(t, value);
        if (urls) url_find(urls, value, URL_IN_TEXT);
        text_break(t);
    }
}
