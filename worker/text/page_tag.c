/* SPDX-License-Identifier: Apache-2.0 */
/* page_tag: a tag taken apart, once for all of its kind.
 *
 * Who writes a table writes the same cell a hundred times: what one tag came to is known for each that is the same byte
 * for byte. What a tag says hangs on its own bytes alone, and on what style sheets ask for (page_forget_tags). */
#include "worker/text/page.h"

enum { AGAIN_MAX = 256 }; /* bytes of a tag that is remembered */

struct page_tag *page_tag_more(struct page *p, size_t name_at)
{
    const uint8_t *begin = p->in.p + p->at;
    struct page_tag *t = &p->tag[TAGS_MAX];
    size_t n = span_find(span_from(p->in, p->at), '>') + 1, slot = TAGS_MAX;
    if (n > p->in.n - p->at) return NULL;
    if (p->lasts && n >= PAGE_MARK_LEAST + 2 && n <= AGAIN_MAX) {
        slot = page_mark(span_of(begin + 1, n - 2)) % TAGS_MAX;
        struct page_tag *known = &p->tag[slot];
        if (p->tags >> slot & 1 && span_eq(known->whole, span_of(begin, n))) return known;
    }
    t = &p->tag[slot];
    t->name = markup_name(p->in, name_at);
    t->tag = (uint8_t)tag_by_name(t->name);
    t->look.known = false;
    size_t behind = markup_attrs(p->in, name_at + t->name.n, &p->rules, &t->a);
    t->whole = span_of(begin, behind - p->at);
    if (slot == TAGS_MAX) return behind ? t : NULL;
    if (behind == p->at + n) /* else its end hangs on what stands behind a '>' in it */
        p->tags |= UINT64_C(1) << slot;
    else
        p->tags &= ~(UINT64_C(1) << slot);
    return behind ? t : NULL;
}

void page_forget_tags(struct page *p)
{
    p->tags = 0;
    memset(p->bares, 0, sizeof p->bares);
}
