/* SPDX-License-Identifier: Apache-2.0 */
/* url_find: links in running text.
 *
 * A link has a "://" or a '.' in it, so the text is searched for these and nothing else; around one, the run of bytes
 * that a host or link may have is looked at, once. RFC 3986 appendix C says how links are set off from text; Japanese
 * does not do it. */
#include "worker/text/url.h"

#include "proto/base/utf8.h"
#include "worker/simd/scan.h"
#include "worker/text/domain.h"
#include "worker/text/odd.h"
#include "worker/text/url_spelt.h"

enum {
    BRACKET_LINES_MAX = 8, /* lines that one link in <> is broken over */
};

/* Characters of RFC 3986 that may stand in a link, and '%', '[', ']', '\' besides; not the quotes. */
static const bool IN_LINK[256] = {
    ['!'] = true,         ['#' ... '&'] = true, ['(' ... ';'] = true, ['='] = true, ['?' ... 'Z'] = true,
    ['[' ... ']'] = true, ['_'] = true,         ['a' ... 'z'] = true, ['~'] = true,
};

struct finder {
    struct url_list *l;
    span text;
    enum url_place place;
    size_t floor;  /* end of the last link */
    unsigned bare; /* what looked like a domain and was tried */
};

static bool host_byte(uint8_t c)
{
    return ascii_alnum(c) || c == '-' || c == '.';
}

/* Is s[0..n) in some case, folded into lower[], under a known top-level domain? */
static bool known(span host, uint8_t lower[URL_HOST_MAX])
{
    if (host.n > URL_HOST_MAX) return false;
    for (size_t i = 0; i < host.n; i++) lower[i] = ascii_lower(host.p[i]);
    return domain_known(span_of(lower, host.n));
}

/* The end of the link that begins at `at`: before the first character that is none of a link, or a bracket that was
 * opened outside of it, and before the punctuation of the sentence around it. */
static size_t link_end(span text, size_t begin, size_t at)
{
    size_t round = 0, square = 0, i = at;
    for (; i < text.n && IN_LINK[text.p[i]]; i++) {
        uint8_t c = text.p[i];
        if (c == '(') round++;
        if (c == '[') square++;
        if ((c == ')' && !round--) || (c == ']' && !square--)) break;
    }
    while (i > begin && strchr(".,;:!?*", text.p[i - 1])) i--;
    return i;
}

/* Is the character at s a letter in UTF-8 that may stand in a host, and no punctuation or space of another script? */
static bool host_letter(span s)
{
    if (s.n < 2) return false;
    uint8_t a = s.p[0], b = s.p[1], c = s.n > 2 ? s.p[2] : 0;
    if (a < 0xC3) return a == 0xC2 && b == 0xAD;                            /* U+0080..00BF: a soft hyphen */
    if (a == 0xE2) return b == 0x80 && c >= 0x8B && c <= 0x8D;              /* punctuation and signs: invisible ones */
    if (a == 0xE3 && b == 0x80) return c == 0x82 || c == 0x85 || c == 0x86; /* U+3000..303F: full stop, 々, 〆 */
    if (a == 0xEF && b == 0xBC) /* U+FF00..FF3F: full-width - . digits and letters */
        return (c >= 0x8D && c <= 0x99 && c != 0x8F) || (c >= 0xA1 && c <= 0xBA);
    if (a == 0xEF && b == 0xBD) return c <= 0x9A || c == 0xA1 || c > 0xA4; /* U+FF40..FF7F: letters, full stop, kana */
    return true;
}

/* Bytes of what parts labels at the start of s: '.', full-width, ideographic; 0 when there is none. */
static size_t label_dot(span s)
{
    static const span WIDE[] = {SPAN("\xE3\x80\x82"), SPAN("\xEF\xBC\x8E"), SPAN("\xEF\xBD\xA1")};
    if (s.p[0] == '.') return 1;
    for (size_t k = 0; k < sizeof WIDE / sizeof *WIDE; k++)
        if (s.n >= 3 && memcmp(s.p, WIDE[k].p, 3) == 0) return 3;
    return 0;
}

/* Is a label that stands alone a top-level domain? */
static bool known_label(span label, unsigned *tries)
{
    uint8_t host[URL_HOST_MAX + 1] = ".", lower[URL_HOST_MAX];
    if (label.n >= URL_HOST_MAX || ++*tries > URL_BARE_MAX) return false;
    memcpy(host + 1, label.p, label.n);
    return known(span_of(host, label.n + 1), lower);
}

/* Where the host that begins at `at` ends when it is not plain ASCII: before what no host has, and before Japanese that
 * follows a known top-level domain without a space. *known_out when the last label is one (as far as it is ASCII). */
static size_t wide_end(span text, size_t at, unsigned *tries, bool *known_out)
{
    size_t i = at, label = at, end = at; /* `end` of the last label that is not empty, which begins at `last` */
    size_t last = at;
    for (size_t n; i < text.n && i - at < 3 * URL_HOST_MAX; i += n) {
        span s = span_from(text, i);
        bool plain = s.p[0] < 0x80;
        size_t dot = label_dot(s);
        n = dot ? dot : plain ? 1 : utf8_len(s);
        if (!dot && (plain ? !host_byte(s.p[0]) && s.p[0] != '_' : !n || !host_letter(s))) break;
        bool behind_ascii = !plain && !dot && i > label && label > at && text.p[i - 1] < 0x80;
        if (behind_ascii && known_label(span_of(text.p + label, i - label), tries)) {
            *known_out = true;
            return i;
        }
        if (dot) {
            label = i + dot;
        } else {
            last = label;
            end = i + n;
        }
    }
    *known_out = last > at && known_label(span_of(text.p + last, end - last), tries);
    return end;
}

/* Add a link; returns its end. */
static size_t add(struct finder *f, size_t begin, size_t end)
{
    url_add(f->l, span_of(f->text.p + begin, end - begin), f->place);
    return f->floor = end;
}

/* Add a link that only a person can follow, written out; returns its end. */
static size_t add_spelt(struct finder *f, span link, size_t end)
{
    struct url_room room;
    struct url u;
    if (!url_split(f->l, link, &room, &u)) return end;
    u.place = f->place;
    u.odd |= ODD(URL_OBSCURED);
    url_keep(f->l, &u);
    return f->floor = end;
}

/* The end of "<http://...>" that is broken over lines, or 0 when it is not. */
static size_t bracket_end(span text, size_t begin)
{
    size_t lines = 0;
    span s = span_head(span_from(text, begin), URL_BYTES_MAX);
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '>') return lines ? begin + i : 0;
        if (c == '\n' && ++lines > BRACKET_LINES_MAX) return 0;
        if (!IN_LINK[c] && !ascii_space(c)) return 0;
        if (c == ' ' && !lines) return 0;
    }
    return 0;
}

/* Where the scheme begins whose ':' stands at `colon`, or colon when there is none. */
static size_t scheme_begin(span text, size_t floor, size_t colon)
{
    static const span SCHEMES[] = {SPAN("https"), SPAN("http"), SPAN("ftp")};
    for (size_t k = 0; k < sizeof SCHEMES / sizeof *SCHEMES; k++) {
        size_t n = SCHEMES[k].n;
        if (colon - floor >= n && span_ieq(span_of(text.p + colon - n, n), SCHEMES[k])) return colon - n;
    }
    return colon;
}

static size_t at_colon(struct finder *f, size_t colon)
{
    span text = f->text, link;
    uint8_t buf[URL_BYTES_MAX];
    size_t end;
    bool plain = span_istarts(span_from(text, colon), SPAN("://"));
    size_t begin = plain ? scheme_begin(text, f->floor, colon) : colon;
    if (begin == colon) {
        end = url_spelt_scheme(text, f->floor, colon, &f->bare, buf, &link);
        return end ? add_spelt(f, link, end) : colon + 1;
    }
    size_t host = colon + 3, stop = host;
    while (stop < text.n && host_byte(text.p[stop])) stop++;
    uint8_t next = stop < text.n ? text.p[stop] : ' ';
    if (next == '[' || next == '(') {
        end = url_spelt_host(text, host, &f->bare, buf, &link);
        if (end) return add_spelt(f, link, end);
    }
    if (begin && text.p[begin - 1] == '<') {
        end = bracket_end(text, begin);
        if (end) return add(f, begin, end);
    }
    if (next >= 0x80) {
        bool known_end;
        end = wide_end(text, host, &f->bare, &known_end);
        uint8_t after = end < text.n ? text.p[end] : ' ';
        if (after < 0x80 && strchr("/:?#", after)) end = link_end(text, begin, end);
        return add(f, begin, end);
    }
    return add(f, begin, link_end(text, begin, begin));
}

/* Top-level domains that are words or file names more often than not. */
static bool doubtful(span label)
{
    static const char WORDS[] = " am as at be by cc cf data date day do id in is it link map md me mk ml mm mov my name"
                                " no nr pid pl pm ps py read rs run sas sh so st style target to us vi zip ";
    char key[16];
    if (label.n + 3 > sizeof key) return false;
    key[0] = ' ';
    for (size_t i = 0; i < label.n; i++) key[i + 1] = (char)ascii_lower(label.p[i]);
    memcpy(key + label.n + 1, " ", 2);
    return strstr(WORDS, key) != NULL;
}

/* Would a mail client make a link of this host, which stands in a text alone? Not of "end.In", "c.l.py",
 * "Well...so". */
static bool stands_alone(span host, uint8_t after)
{
    if (after == '(' || after == '=' || after == '@' || after == '_') return false;
    size_t labels = 0, shortest = host.n;
    span label = host;
    for (size_t at = 0; at < host.n; at += label.n + 1) {
        label = span_from(host, at);
        label = span_head(label, span_find(label, '.'));
        if (label.n < shortest) shortest = label.n;
        labels++;
    }
    bool capital = ascii_lower(label.p[0]) != label.p[0] && ascii_lower(label.p[1]) == label.p[1];
    return shortest > 1 && !capital && (labels > 2 || (host.n - label.n > 3 && !doubtful(label)));
}

/* "www.", and a host in another script. Returns the end of what was read, or 0. */
static size_t add_wide(struct finder *f, size_t dot)
{
    span text = f->text, scheme = SPAN("http://");
    uint8_t buf[URL_BYTES_MAX];
    bool known_end;
    if (dot - f->floor < 3 || !span_ieq(span_of(text.p + dot - 3, 3), SPAN("www"))) return 0;
    size_t begin = dot - 3;
    if (begin > f->floor && (host_byte(text.p[begin - 1]) || strchr("@_/=", text.p[begin - 1]))) return 0;
    size_t end = wide_end(text, dot + 1, &f->bare, &known_end);
    if (!known_end) return end;
    if (end < text.n && text.p[end] == '/') end = link_end(text, begin, end);
    span link = span_head(span_of(text.p + begin, end - begin), URL_BYTES_MAX - scheme.n);
    memcpy(buf, scheme.p, scheme.n);
    memcpy(buf + scheme.n, link.p, link.n);
    url_add(f->l, span_of(buf, scheme.n + link.n), f->place);
    return f->floor = end;
}

/* A run of host bytes around a dot: "www.example.org", "example.org/path", "example.org". */
static size_t at_dot(struct finder *f, size_t dot)
{
    span text = f->text, link;
    uint8_t lower[URL_HOST_MAX], buf[URL_BYTES_MAX];
    uint8_t before = dot > f->floor ? text.p[dot - 1] : ' ', after = dot + 1 < text.n ? text.p[dot + 1] : ' ';
    if (!ascii_alnum(after) || !ascii_alnum(before)) {
        size_t wide = after >= 0x80 ? add_wide(f, dot) : 0;
        if (wide > dot) return wide;
        size_t end = url_spelt_dot(text, f->floor, dot, &f->bare, buf, &link);
        if (end) return add_spelt(f, link, end);
        if (!ascii_alnum(after)) return dot + 1;
    }
    size_t begin = dot, end = dot;
    while (begin > f->floor && dot - begin <= URL_HOST_MAX && host_byte(text.p[begin - 1])) begin--;
    while (end < text.n && host_byte(text.p[end])) end++;
    size_t run = end;
    uint8_t next = end < text.n ? text.p[end] : ' ';
    if (next == '[' || next == '(') {
        size_t spelt = begin < dot ? url_spelt_host(text, begin, &f->bare, buf, &link) : 0;
        if (spelt) return add_spelt(f, link, spelt);
    }
    while (end > dot && !ascii_alnum(text.p[end - 1])) end--;
    span host = span_of(text.p + begin, end - begin);
    before = begin > f->floor ? text.p[begin - 1] : ' ';
    if (begin >= dot || host.n > URL_HOST_MAX || !ascii_alnum(host.p[0])) return run;
    if (before < 0x80 && strchr("@_/\\=%&~#?+$", before)) return run; /* of a mail address, path or variable */
    bool www = span_istarts(host, SPAN("www."));
    if (++f->bare > URL_BARE_MAX) return run;
    if (!known(host, lower)) return run;
    next = end < text.n ? text.p[end] : ' ';
    bool more = next == '/' || (next == ':' && end + 1 < text.n && ascii_digit(text.p[end + 1]));
    if (www || more) return add(f, begin, link_end(text, begin, begin));
    if (!stands_alone(host, next)) return run;
    memcpy(buf, host.p, host.n);
    buf[host.n] = '/'; /* so that it reads as a link */
    url_add(f->l, span_of(buf, host.n + 1), f->place);
    return f->floor = end;
}

/* What a link has in it, as it is or spelt out. */
static struct scan_set marks;

__attribute__((constructor)) static void fill_marks(void)
{
    marks = scan_set_of(".:)]");
}

void url_find(struct url_list *l, span text, enum url_place place)
{
    struct finder f = {.l = l, .text = text, .place = place};
    struct scan_marks m = SCAN_NO_MARKS;
    uint8_t buf[URL_BYTES_MAX];
    span link;
    for (size_t i = 0; (i = scan_next(&m, &marks, text, i)) < text.n;) {
        size_t end;
        switch (text.p[i]) {
        case '.': i = at_dot(&f, i); break;
        case ':': i = at_colon(&f, i); break;
        default: /* brackets */
            end = url_spelt_bracket(text, f.floor, i, &f.bare, buf, &link);
            i = end ? add_spelt(&f, link, end) : i + 1;
        }
    }
}
