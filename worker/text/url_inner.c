/* SPDX-License-Identifier: Apache-2.0 */
/* url_inner: links within links: where a redirector, a scanner's wrapper or a cache sends its reader.
 *
 * No table of redirectors: what reads like a link inside a path or query is one, plain, percent-escaped once or twice,
 * in base64url, or in the escapes of urldefense v2; and "/amp/s/host", "/c/s/host" of AMP. Only the two services that
 * carry the target in their own host name are known by it. */
#include "worker/text/url_inner.h"

#include "worker/text/domain.h"

/* Hosts that are another's with '.' written '-' and '-' written '--' (developers.google.com/amp/cache/overview;
 * translate.goog does likewise). */
static const span IN_HOST_NAME[] = {SPAN(".cdn.ampproject.org"), SPAN(".translate.goog")};

/* The value of a percent escape at the start of s, or -1. */
static int escape(span s)
{
    if (s.n < 3 || s.p[0] != '%') return -1;
    int high = ascii_hex(s.p[1]), low = ascii_hex(s.p[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Does s begin with this ASCII byte, plain, percent-escaped or escaped twice? Its length there, or 0. */
static size_t escaped_byte(span s, uint8_t c)
{
    if (s.n && s.p[0] == c) return 1;
    int v = escape(s);
    if (v == c) return 3;
    if (v != '%' || s.n < 5) return 0;
    int high = ascii_hex(s.p[3]), low = ascii_hex(s.p[4]);
    return high >= 0 && low >= 0 && (high << 4 | low) == c ? 5 : 0;
}

/* Percent escapes of ASCII decoded, in place; those of other bytes stay, so that text stays UTF-8. */
static size_t unescape(uint8_t *p, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n;) {
        int v = escape(span_of(p + i, n - i));
        bool take = v >= 0 && v < 0x80;
        p[out++] = take ? (uint8_t)v : p[i];
        i += take ? 3 : 1;
    }
    return out;
}

/* As far as a value goes: a query's to '&', unless it stands there as itself in a path. */
static span value_at(span path, size_t at, bool whole)
{
    span s = span_from(path, at);
    return whole ? s : span_head(s, span_find(s, '&'));
}

static span take(span s, unsigned escapes, uint8_t buf[URL_BYTES_MAX])
{
    size_t n = span_head(s, URL_BYTES_MAX).n;
    memcpy(buf, s.p, n);
    while (escapes--) n = unescape(buf, n);
    return span_of(buf, n);
}

/* "http://", "https://" as they are or escaped; and "http-3A__" of urldefense v2, whose escapes are '-' for '%' and '_'
 * for '/'. */
static span by_scheme(span path, size_t at, uint8_t buf[URL_BYTES_MAX])
{
    span s = span_from(path, at);
    if (!span_istarts(s, SPAN("http"))) return SPAN_NONE;
    size_t i = 4 + (s.n > 4 && ascii_lower(s.p[4]) == 's'), colon, slash;
    bool query = span_find(span_head(path, at), '?') < at;
    if (query && span_istarts(span_from(s, i), SPAN("-3A__"))) {
        s = value_at(path, at, false);
        size_t n = take(s, 0, buf).n;
        for (size_t k = 0; k < n; k++) buf[k] = buf[k] == '-' ? '%' : buf[k] == '_' ? '/' : buf[k];
        return span_of(buf, unescape(buf, n));
    }
    if (!(colon = escaped_byte(span_from(s, i), ':'))) return SPAN_NONE;
    if (!(slash = escaped_byte(span_from(s, i + colon), '/'))) return SPAN_NONE;
    if (!escaped_byte(span_from(s, i + colon + slash), '/')) return SPAN_NONE;
    unsigned escapes = slash > 3 ? 2 : colon > 1 || slash > 1 ? 1 : 0;
    return take(value_at(path, at, !query && !escapes), escapes, buf);
}

/* "=//host" and "=www.host" of a query, plain or escaped. */
static span by_value(span path, size_t at, uint8_t buf[URL_BYTES_MAX])
{
    span s = span_from(path, at + 1);
    size_t first = escaped_byte(s, '/'), second = first ? escaped_byte(span_from(s, first), '/') : 0;
    bool www = span_istarts(s, SPAN("www."));
    if (!second && !www) return SPAN_NONE;
    return take(value_at(path, at + 1, false), first > 3 ? 2 : 1, buf);
}

static int base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (ascii_digit(c)) return c - '0' + 52;
    return c == '-' || c == '+' ? 62 : c == '_' || c == '/' ? 63 : -1;
}

/* "aHR0c...": base64 of "http". What it holds is a link as far as it is plain ASCII. */
static span by_base64(span path, size_t at, uint8_t buf[URL_BYTES_MAX])
{
    span s = span_from(path, at);
    if (s.n < 12 || memcmp(s.p, "aHR0c", 5) != 0 || (at && ascii_alnum(path.p[at - 1]))) return SPAN_NONE;
    bool query = span_find(span_head(path, at), '?') < at;
    uint32_t bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int v = s.p[i] == '/' && !query ? -1 : base64_digit(s.p[i]);
        if (v < 0) break;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 == 0) continue;
        uint8_t c = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        if (c <= ' ' || c >= 0x7F) break;
        buf[n++] = c;
    }
    span got = span_of(buf, n);
    return span_istarts(got, SPAN("http://")) || span_istarts(got, SPAN("https://")) ? got : SPAN_NONE;
}

/* "/amp/s/host/path", "/c/s/host/path", "/v/s/host/path": an AMP viewer or cache. */
static span by_amp(span path, size_t at, uint8_t buf[URL_BYTES_MAX])
{
    static const span MARKS[] = {SPAN("/amp/s/"), SPAN("/c/s/"), SPAN("/v/s/")};
    span s = span_from(path, at);
    uint8_t first = s.n > 1 ? ascii_lower(s.p[1]) : 0;
    if (first != 'a' && first != 'c' && first != 'v') return SPAN_NONE;
    for (size_t k = 0; k < sizeof MARKS / sizeof *MARKS; k++) {
        if (!span_istarts(s, MARKS[k])) continue;
        span rest = span_from(s, MARKS[k].n), scheme = SPAN("https://");
        size_t n = 0;
        while (n < rest.n && (ascii_alnum(rest.p[n]) || rest.p[n] == '.' || rest.p[n] == '-')) n++;
        uint8_t host[URL_HOST_MAX];
        if (n > sizeof host) continue;
        for (size_t i = 0; i < n; i++) host[i] = ascii_lower(rest.p[i]);
        if (!domain_known(span_of(host, n))) continue;
        memcpy(buf, scheme.p, scheme.n);
        n = span_head(rest, URL_BYTES_MAX - scheme.n).n;
        memcpy(buf + scheme.n, rest.p, n);
        return span_of(buf, scheme.n + n);
    }
    return SPAN_NONE;
}

/* "example-com.translate.goog": the host that this one stands for, as "https://host". */
static span by_host(span host, uint8_t buf[URL_BYTES_MAX])
{
    for (size_t k = 0; k < sizeof IN_HOST_NAME / sizeof *IN_HOST_NAME; k++) {
        span end = IN_HOST_NAME[k], scheme = SPAN("https://");
        if (host.n == end.n || !span_ends(host, end)) continue;
        span label = span_head(host, host.n - end.n);
        memcpy(buf, scheme.p, scheme.n);
        size_t n = scheme.n;
        for (size_t i = 0; i < label.n; i++) {
            bool two = label.p[i] == '-' && i + 1 < label.n && label.p[i + 1] == '-';
            buf[n++] = label.p[i] == '-' && !two ? '.' : label.p[i];
            i += two;
        }
        span target = span_of(buf + scheme.n, n - scheme.n);
        return domain_known(target) ? span_of(buf, n) : SPAN_NONE;
    }
    return SPAN_NONE;
}

span url_inner(const struct url *outer, size_t *at, uint8_t buf[URL_BYTES_MAX])
{
    span path = outer->path, found;
    if (*at == 0) {
        *at = 1; /* a path's first byte is none of a link */
        found = by_host(outer->host, buf);
        if (found.n) return found;
        found = by_amp(path, 0, buf);
        if (found.n) return found;
    }
    /* A bit for each way to begin, by its first byte and by its second: few places have both. */
    enum { SCHEME = 1, BASE64 = 2, VALUE = 4, AMP = 8 };
    static const uint8_t FIRST[256] = {['h'] = SCHEME, ['H'] = SCHEME, ['a'] = BASE64, ['='] = VALUE, ['/'] = AMP};
    static const uint8_t SECOND[256] = {
        ['t'] = SCHEME, ['T'] = SCHEME, ['H'] = BASE64, ['/'] = VALUE, ['%'] = VALUE, ['w'] = VALUE, ['W'] = VALUE,
        ['a'] = AMP,    ['A'] = AMP,    ['c'] = AMP,    ['C'] = AMP,   ['v'] = AMP,   ['V'] = AMP,
    };
    for (size_t i = *at; i + 5 < path.n; i++) {
        if (!(FIRST[path.p[i]] & SECOND[path.p[i + 1]])) continue;
        switch (path.p[i]) {
        case 'h':
        case 'H': found = by_scheme(path, i, buf); break;
        case 'a': found = by_base64(path, i, buf); break;
        case '=': found = by_value(path, i, buf); break;
        case '/': found = by_amp(path, i, buf); break;
        default: continue;
        }
        if (!found.n) continue;
        *at = i + span_find(span_from(path, i), '&'); /* what stands before that is found in what was found */
        return found;
    }
    *at = path.n;
    return SPAN_NONE;
}
