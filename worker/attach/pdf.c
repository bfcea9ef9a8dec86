/* SPDX-License-Identifier: Apache-2.0 */
/* pdf: every '/' may begin a name; a few names tell what a PDF does.
 *
 * The objects' structure is not followed: readers repair broken ones by such a scan too, so what they find it finds. */
#include "worker/attach/pdf.h"

#include "worker/text/odd.h"

enum { NAME_MAX = 16 }; /* bytes of a name that are read */

static bool delimiter(uint8_t c)
{
    return c <= ' ' || strchr("()<>[]{}/%", c);
}

/* The name behind a '/', "#4A" as the character it stands for. Cut at NAME_MAX; *end_out is behind it. */
static span read_name(span s, uint8_t out[NAME_MAX], size_t *end_out)
{
    size_t n = 0, i = 0;
    while (i < s.n && n < NAME_MAX && !delimiter(s.p[i])) {
        int high = s.p[i] == '#' && s.n - i > 2 ? ascii_hex(s.p[i + 1]) : -1,
            low = high < 0 ? -1 : ascii_hex(s.p[i + 2]);
        out[n++] = low < 0 ? s.p[i] : (uint8_t)(high << 4 | low);
        i += low < 0 ? 1 : 3;
    }
    *end_out = i;
    return span_of(out, n);
}

/* A string, "(...)" or "<hex>", to bytes; what does not fit is cut. Returns how many; *end_out is behind what was
 * read. */
static size_t read_string(span s, uint8_t *out, size_t cap, size_t *end_out)
{
    static const char ESCAPES[] = "nrtbf", MEANT[] = "\n\r\t\b\f";
    size_t n = 0, i = 1;
    if (s.n && s.p[0] == '<') {
        int have = -1;
        for (; i < s.n && n < cap && s.p[i] != '>' && i < 4 * cap; i++) {
            int digit = ascii_hex(s.p[i]);
            if (digit < 0) continue;
            if (have >= 0) out[n++] = (uint8_t)(have << 4 | digit);
            have = have >= 0 ? -1 : digit;
        }
        *end_out = i;
        return n;
    }
    *end_out = 0;
    if (!s.n || s.p[0] != '(') return 0;
    for (size_t open = 1; i < s.n && n < cap && i < 4 * cap; i++) {
        uint8_t c = s.p[i];
        open += c == '(';
        if (c == ')' && --open == 0) break;
        if (c == '\\' && i + 1 < s.n) {
            c = s.p[++i];
            const char *hit = strchr(ESCAPES, c);
            if (c >= '0' && c <= '7') {
                unsigned v = c - '0';
                for (int k = 0; k < 2 && i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '7'; k++)
                    v = v * 8 + (s.p[++i] - '0');
                c = (uint8_t)v;
            } else if (c == '\r' || c == '\n') { /* a line goes on */
                if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') i++;
                continue;
            } else if (c && hit) {
                c = (uint8_t)MEANT[hit - ESCAPES];
            }
        }
        out[n++] = c;
    }
    *end_out = i;
    return n;
}

static span skip_space(span s)
{
    size_t i = 0;
    while (i < s.n && i < 64 && (s.p[i] == 0 || ascii_space(s.p[i]))) i++;
    return span_from(s, i);
}

/* What a name tells, by what stands behind it. */
static void judge(struct inside *in, span name, span behind)
{
    static const struct {
        span name;
        enum telling telling;
        uint64_t odd;
    } NAMES[] = {
        {SPAN("JavaScript"), TELL_MACRO, ODD(ACTIVE_DOCUMENT)},
        {SPAN("JS"), TELL_MACRO, ODD(ACTIVE_DOCUMENT)},
        {SPAN("Launch"), TELL_PROGRAM, ODD(ACTIVE_DOCUMENT)},
        {SPAN("RichMedia"), TELL_OBJECT, ODD(ACTIVE_DOCUMENT)},
        {SPAN("EmbeddedFile"), TELL_OBJECT, ODD(ACTIVE_DOCUMENT)},
        {SPAN("Encrypt"), TELL_NOTHING, ODD(ENCRYPTED)},
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (!span_eq(name, NAMES[i].name)) continue;
        in->out->odd |= NAMES[i].odd;
        inside_tell(in, NAMES[i].name, NAMES[i].telling);
    }
    /* Nearly every PDF opens with "go to page 1", as an array or as an object elsewhere; an action on the spot that is
     * no such jump is what opens a link or a form by itself. */
    if (!span_eq(name, SPAN("OpenAction"))) return;
    span action = span_head(skip_space(behind), 64);
    if (span_starts(action, SPAN("<<")) && span_search(action, SPAN("/GoTo")) == action.n) {
        in->out->odd |= ODD(ACTIVE_DOCUMENT);
        inside_tell(in, name, TELL_OBJECT);
    }
}

/* Add the link that stands behind "/URI". Returns the bytes it takes, or 0 when there is none. */
static size_t read_link(span behind, struct url_list *urls, uint32_t *wasted)
{
    uint8_t link[URL_BYTES_MAX];
    span s = skip_space(behind);
    size_t end, n = read_string(s, link, sizeof link, &end);
    if (n == 0) return 0;
    if (url_add(urls, span_of(link, n), URL_IN_FILE)) return behind.n - s.n + end;
    ++*wasted;
    return 0;
}

void pdf_read(struct inside *in, struct url_list *urls)
{
    const span sides[] = {in->v->head, in->v->tail};
    uint32_t wasted = 0;
    for (size_t k = 0; k < 2; k++) {
        span s = sides[k];
        for (size_t at = span_find(s, '/'); at < s.n; at += span_find(span_from(s, at), '/')) {
            uint8_t room[NAME_MAX];
            size_t end;
            span name = read_name(span_from(s, at + 1), room, &end);
            at += 1 + end;
            if (name.n < 2 || name.p[0] < 'E' || name.p[0] > 'U') continue;
            span behind = span_from(s, at);
            if (span_eq(name, SPAN("URI"))) {
                if (wasted < PDF_WASTED_MAX) at += read_link(behind, urls, &wasted);
            } else {
                judge(in, name, behind);
            }
        }
    }
}
