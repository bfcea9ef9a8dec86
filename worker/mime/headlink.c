/* SPDX-License-Identifier: Apache-2.0 */
/* headlink: links in a message's own header.
 *
 * A reader sees Subject and names before all else, and spam puts its address there. List-* (RFC 2369) is for programs:
 * its links say who sends, which reputation wants to know and no model may (docs/scoring.md). */
#include "worker/mime/headlink.h"

/* Names of a field of addresses; addresses themselves are no links. */
static void read_seen(const struct mail *m, struct url_list *urls)
{
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *h = &m->headers[i];
        bool seen = h->id == FIELD_SUBJECT || h->id == FIELD_SENDER || h->id == FIELD_REPLY_TO;
        if (seen && span_find(h->value, '.') < h->value.n) url_find(urls, h->value, URL_IN_HEADER);
    }
    url_find(urls, m->from_name, URL_IN_HEADER);
}

void headlink_read(struct mail *m, struct url_list *urls)
{
    read_seen(m, urls);
    m->url_count = urls->n;
    uint64_t odd = urls->odd;
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *h = &m->headers[i];
        bool link = h->id == FIELD_LIST && span_find(h->value, '/') < h->value.n; /* List-Id has a name, and no link */
        if (link) url_find(urls, h->value, URL_IN_LIST);
    }
    urls->odd = odd;
    m->list_url_count = urls->n - m->url_count;
}
