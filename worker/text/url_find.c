/* SPDX-License-Identifier: Apache-2.0 */
/* url_find: links in running text.
 *
 * Text is a row of runs of URL characters; a run holds a link where "://", "www." or the first '/' of a bare domain
 * says so, from there to the run's end. RFC 3986 appendix C says how links are set off from text; Japanese does not do
 * it. */
#include "worker/text/url.h"

enum { STOP, LINK, MARK }; /* not in a link; in a link; and what may tell that one is here */

/* Characters of RFC 3986 that may stand in a link, and '%', '[', ']', '\' besides; not the quotes. */
static const uint8_t KIND[256] =
    {
        ['!'] = LINK,         ['#' ... '&'] = LINK, ['(' ... '.'] = LINK, ['/'] = MARK,
        ['0' ... '9'] = LINK, [':'] = MARK,         [';'] = LINK,         ['='] = LINK,
        ['?' ... 'V'] = LINK, ['W'] = MARK,         ['X' ... ']'] = LINK, ['_'] = LINK,
        ['a' ... 'v'] = LINK, ['w'] = MARK,         ['x' ... 'z'] = LINK, ['~'] = LINK,
};

/* Where the scheme begins whose "://" stands at `colon`, or colon when there is none. */
static size_t scheme_begin(span text, size_t run, size_t colon)
{
    static const span SCHEMES[] = {SPAN("https"), SPAN("http"), SPAN("ftp")};
    for (size_t k = 0; k < sizeof SCHEMES / sizeof *SCHEMES; k++) {
        size_t n = SCHEMES[k].n;
        if (colon - run >= n && span_ieq(span_of(text.p + colon - n, n), SCHEMES[k])) return colon - n;
    }
    return colon;
}

/* Where the domain begins that ends at `slash`, or slash when there is none. */
static size_t domain_begin(span text, size_t run, size_t slash)
{
    size_t i = slash, dots = 0;
    while (i > run && slash - i <= URL_HOST_MAX) {
        uint8_t c = text.p[i - 1];
        if (!ascii_alnum(c) && c != '.' && c != '-') break;
        dots += c == '.';
        i--;
    }
    bool mail = i > run && (text.p[i - 1] == '@' || text.p[i - 1] == '_');
    if (mail || !dots || slash - i > URL_HOST_MAX || !ascii_alnum(text.p[i])) return slash;
    uint8_t host[URL_HOST_MAX];
    for (size_t k = i; k < slash; k++) host[k - i] = ascii_lower(text.p[k]);
    return domain_known(span_of(host, slash - i)) ? i : slash;
}

/* The end of the link that begins at `at`: before the first character that is none of a link, or a bracket that was
 * opened outside of it, and before the punctuation of the sentence around it. */
static size_t link_end(span text, size_t at)
{
    size_t round = 0, square = 0, i = at;
    for (; i < text.n && KIND[text.p[i]]; i++) {
        uint8_t c = text.p[i];
        if (c == '(') round++;
        if (c == '[') square++;
        if ((c == ')' && !round--) || (c == ']' && !square--)) break;
    }
    while (i > at && strchr(".,;:!?*", text.p[i - 1])) i--;
    return i;
}

void url_find(struct url_list *l, span text, enum url_place place)
{
    unsigned bare = 0; /* domains without a scheme that were tried */
    for (size_t i = 0, run = 0, slash = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (KIND[c] == LINK) continue;
        if (KIND[c] == STOP) {
            run = i + 1;
            slash = 0;
            continue;
        }
        size_t begin = i;
        bool found = false;
        if (c == ':' && span_istarts(span_from(text, i), SPAN("://"))) {
            begin = scheme_begin(text, run, i);
            found = begin < i;
        } else if (ascii_lower(c) == 'w' && span_istarts(span_from(text, i), SPAN("www."))) {
            uint8_t before = i > run ? text.p[i - 1] : ' ';
            found = !ascii_alnum(before) && !strchr("@.-_", before);
        } else if (c == '/' && !slash++ && i > run && bare < URL_BARE_MAX) {
            begin = domain_begin(text, run, i);
            found = begin < i;
            bare++;
        }
        if (!found) continue;
        size_t end = link_end(text, begin);
        url_add(l, span_of(text.p + begin, end - begin), place);
        run = end > i ? end : i + 1;
        slash = 0;
        i = run - 1;
    }
}
