/* SPDX-License-Identifier: Apache-2.0 */
/* url_wrapped: what stands behind a scheme that is none of the web's.
 *
 * Few schemes are known by name; of all others the first web link in them counts, escapes undone. Sources: RFC 2397
 * (data), RFC 8089 appendix E (file), learn.microsoft.com/office/client-developer/office-uri-schemes,
 * developer.chrome.com/docs/android/intents. */
#include "worker/text/url_wrapped.h"

#include "worker/simd/scan.h"

enum { SCHEME_MAX = 32 };

/* The scheme in lower case, as browsers read it: line ends and tabs are not there. Its length there, 0 when there is
 * none; *at stands behind the colon. */
static size_t read_scheme(span link, uint8_t scheme[SCHEME_MAX], size_t *at)
{
    size_t n = 0, i = 0;
    while (i < link.n && link.p[i] <= ' ') i++;
    for (; i < link.n && link.p[i] != ':'; i++) {
        uint8_t c = link.p[i];
        if (c == '\t' || c == '\n' || c == '\r') continue;
        bool fine = ascii_alpha(c) || (n && (ascii_digit(c) || c == '+' || c == '-' || c == '.'));
        if (!fine || n == SCHEME_MAX) return 0;
        scheme[n++] = ascii_lower(c);
    }
    *at = i + 1;
    return i < link.n ? n : 0;
}

/* Percent escapes undone, line ends and tabs left out. */
static span unescape(span s, uint8_t buf[URL_WRAPPED_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < URL_WRAPPED_MAX; i++) {
        uint8_t c = s.p[i];
        int high = c == '%' && i + 2 < s.n ? ascii_hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex(s.p[i + 2]) : -1;
        if (low >= 0) c = (uint8_t)(high << 4 | low), i += 2;
        if (c != '\t' && c != '\n' && c != '\r') buf[n++] = c;
    }
    return span_of(buf, n);
}

/* "text/html;charset=x;base64,...": the content of what may hold scripts; s begins behind "data:". */
static enum url_wrap read_data(span s, uint8_t buf[URL_WRAPPED_MAX], span *inner)
{
    static const span TYPES[] = {SPAN("text/html"), SPAN("application/xhtml+xml"), SPAN("image/svg+xml"),
                                 SPAN("text/xml"), SPAN("application/xml")};
    bool page = false;
    size_t comma = span_find(s, ',');
    span type = span_trim(span_head(s, comma));
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) page |= span_istarts(type, TYPES[i]);
    if (!page || comma == s.n) return URL_WRAP_NONE;
    s = span_from(s, comma + 1);
    if (span_iends(type, SPAN("base64"))) {
        bool bad;
        *inner = span_of(buf, scan->base64(s.p, s.n, buf, URL_WRAPPED_MAX, &bad));
    } else {
        *inner = unescape(s, buf);
    }
    return URL_WRAP_TEXT;
}

static bool is_slash(uint8_t c)
{
    return c == '/' || c == '\\';
}

/* "//host/share", "\\host\share"; "///C:/" is a file of the reader's own. "\\host@80\share" and "\\host@SSL\share"
 * ask a web server, which other links would take for a name and its host. */
static enum url_wrap read_file(span s, uint8_t buf[URL_WRAPPED_MAX], span *inner)
{
    size_t slashes = 0, end, at;
    while (slashes < s.n && is_slash(s.p[slashes])) slashes++;
    if (slashes < 2 || slashes == 3) return URL_WRAP_NONE;
    s = *inner = span_head(span_from(s, slashes - 2), URL_WRAPPED_MAX);
    for (end = 2; end < s.n && !is_slash(s.p[end]); end++) {
    }
    at = span_find(span_head(s, end), '@');
    if (at == end) return URL_WRAP_ODD;
    memmove(buf, s.p, at);
    memmove(buf + at, s.p + end, s.n - end);
    *inner = span_of(buf, at + s.n - end);
    return URL_WRAP_ODD;
}

/* The first "http://", "https://" or "\\host"; s.n when there is none. */
static size_t find_link(span s)
{
    for (size_t i = 0; i + 1 < s.n; i++) {
        uint8_t c = s.p[i];
        span rest = span_from(s, i);
        if (c == '\\' && s.p[i + 1] == c) return i;
        if ((c == 'h' || c == 'H') && (span_istarts(rest, SPAN("http://")) || span_istarts(rest, SPAN("https://"))))
            return i;
    }
    return s.n;
}

enum url_wrap url_wrapped(span link, uint8_t buf[URL_WRAPPED_MAX], span *inner_out)
{
    static const span STARTERS[] = {SPAN("blob"),           SPAN("file"),   SPAN("intent"),    SPAN("jar"),
                                    SPAN("microsoft-edge"), SPAN("search"), SPAN("search-ms"), SPAN("view-source")};
    static const span SILENT[] = {SPAN("cid"), SPAN("mailto"), SPAN("mid"), SPAN("sms"), SPAN("tel")};
    static const span HOSTED[] = {SPAN("feed"), SPAN("intent"), SPAN("itms"), SPAN("itms-apps"), SPAN("webcal")};
    static const span SHARE = SPAN("\\\\");
    if (span_starts(link, SHARE)) return read_file(link, buf, inner_out);
    uint8_t name[SCHEME_MAX];
    size_t at, n = read_scheme(link, name, &at);
    if (!n) return URL_WRAP_NONE;
    span scheme = span_of(name, n), s = span_head(span_from(link, at), URL_WRAPPED_MAX);
    for (size_t i = 0; i < sizeof SILENT / sizeof *SILENT; i++)
        if (span_eq(scheme, SILENT[i])) return URL_WRAP_NONE;
    if (span_eq(scheme, SPAN("data"))) return read_data(s, buf, inner_out);
    if (span_eq(scheme, SPAN("file"))) return read_file(s, buf, inner_out);
    if (span_eq(scheme, SPAN("javascript")) || span_eq(scheme, SPAN("vbscript")))
        return *inner_out = unescape(s, buf), URL_WRAP_TEXT;

    bool odd = span_starts(scheme, SPAN("ms-"));
    for (size_t i = 0; i < sizeof STARTERS / sizeof *STARTERS; i++) odd |= span_eq(scheme, STARTERS[i]);
    enum url_wrap wrap = odd ? URL_WRAP_ODD : URL_WRAP_LINK;
    for (size_t i = 0; span_starts(s, SPAN("//")) && i < sizeof HOSTED / sizeof *HOSTED; i++)
        if (span_eq(scheme, HOSTED[i])) return *inner_out = s, wrap;
    s = unescape(s, buf);
    size_t begin = find_link(s);
    if (begin >= s.n) return URL_WRAP_NONE;
    if (s.p[begin] == '\\') return read_file(span_from(s, begin), buf, inner_out);
    return *inner_out = span_from(s, begin), wrap;
}
