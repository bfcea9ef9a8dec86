/* SPDX-License-Identifier: Apache-2.0 */
/* squeeze: a tag or comment that does not end, made short: what of it nobody reads is dropped.
 *
 * Of a comment its two ends stay; of a tag its name and the first of each attribute that is known, and of the attribute
 * in which it breaks off as much as says how to go on. Written over itself: nothing becomes longer. */
#include "worker/text/squeeze.h"

#include "worker/text/tag.h"

#include <assert.h>

struct squeeze {
    uint8_t *p;
    size_t n, i, o; /* bytes, read so far, written so far: o <= i */
    size_t values;  /* bytes of values that may still stay */
    uint32_t have;  /* bits of enum attr */
};

static_assert(SQUEEZE_VALUES + (int)ATTR_COUNT * (SQUEEZE_VALUE + 16) + 4 * SQUEEZE_NAME < SQUEEZED_MAX,
              "what stays is short");
static_assert(ATTR_COUNT <= 32, "attributes are bits of a word");

static void keep(struct squeeze *s, size_t from, size_t n)
{
    memmove(s->p + s->o, s->p + from, n);
    s->o += n;
}

static size_t skip_space(const struct squeeze *s, size_t i)
{
    while (i < s->n && ascii_space(s->p[i])) i++;
    return i;
}

/* One attribute at s->i, or what there is of the last one. */
static void attribute(struct squeeze *s)
{
    size_t name = s->i, back = s->o;
    do s->i++;
    while (s->i < s->n && !ascii_space(s->p[s->i]) && s->p[s->i] != '/' && s->p[s->i] != '>' && s->p[s->i] != '=');
    size_t name_n = s->i - name;
    enum attr id = attr_by_name(span_of(s->p + name, name_n));
    bool known = id < ATTR_COUNT && !(s->have >> id & 1);
    if (known) s->have |= 1u << id;
    keep(s, name, name_n < SQUEEZE_NAME ? name_n : SQUEEZE_NAME);
    if (s->i == s->n) return;

    size_t after = skip_space(s, s->i);
    bool value = after < s->n && s->p[after] == '=';
    if (after == s->n || (!value && known)) keep(s, s->i, after > s->i); /* a space: its name is over */
    s->i = after;
    if (value) {
        keep(s, after, 1);
        s->i = skip_space(s, after + 1);
        if (s->i == s->n) return;
        uint8_t quote = s->p[s->i] == '"' || s->p[s->i] == '\'' ? s->p[s->i] : 0;
        size_t from = s->i + (quote != 0), end = from;
        if (quote) {
            end += span_find(span_of(s->p + from, s->n - from), quote);
            keep(s, s->i, 1);
        } else {
            while (end < s->n && !ascii_space(s->p[end]) && s->p[end] != '>') end++;
        }
        size_t n = end - from, most = s->values > SQUEEZE_VALUE ? s->values : SQUEEZE_VALUE;
        if (n > most) n = most;
        s->values -= known && n < s->values ? n : known ? s->values : 0;
        if (!known && end == s->n) n = n && !quote; /* that there is one */
        while (n && n < end - from && (s->p[from + n] & 0xC0) == 0x80) n--;
        keep(s, from, n);
        s->i = end + (quote && end < s->n);
        if (end == s->n) return;
        if (quote) keep(s, end, 1);
    } else if (after == s->n) {
        return;
    }
    if (!known) s->o = back;
}

static size_t tag(uint8_t *p, size_t n)
{
    struct squeeze s = {.p = p, .n = n, .values = SQUEEZE_VALUES};
    while (s.i < n && !ascii_space(p[s.i]) && (p[s.i] != '/' || s.i < 2)) s.i++;
    s.o = s.i < SQUEEZE_NAME ? s.i : SQUEEZE_NAME;
    while (s.i < n) {
        size_t gap = s.i;
        while (s.i < n && (ascii_space(p[s.i]) || p[s.i] == '/')) s.i++;
        if (s.i > gap && p[s.o - 1] != ' ') keep(&s, gap, 1), p[s.o - 1] = ' ';
        if (s.i < n) attribute(&s);
    }
    return s.o;
}

size_t squeeze(uint8_t *p, size_t n)
{
    enum { HEAD = 3, TAIL = 3 };
    if (n <= SQUEEZED_MAX) return n;
    if (ascii_alpha(p[p[1] == '/' ? 2 : 1])) return tag(p, n);
    span in = span_of(p, n);
    size_t condition = span_find(span_head(in, SQUEEZE_CONDITION), '>') + 1;
    bool office = span_istarts(in, SPAN("<!--[if")) && condition <= SQUEEZE_CONDITION;
    size_t head = office                               ? condition
                  : span_starts(in, SPAN("<!--"))      ? 5 /* and a byte, lest the tail end it at once */
                  : span_starts(in, SPAN("<![CDATA[")) ? 9
                                                       : HEAD;
    size_t tail = TAIL;
    while (tail && (p[n - tail] & 0xC0) == 0x80) tail--;
    memmove(p + head, p + n - tail, tail);
    return head + tail;
}
