/* SPDX-License-Identifier: Apache-2.0 */
/* idn: internationalised host names, as they are looked up and as they are read (UTS #46, RFC 5891, by libidn2).
 *
 * One label at a time, so that one which no registry would take (an emoji, bad punycode) leaves the others alone. */
#include "worker/text/idn.h"

#include <idn2.h>
#include <stdlib.h>

#include "proto/base/utf8.h"
#include "worker/simd/scan.h"
#include "worker/text/alphabet.h"
#include "worker/text/odd.h"

static const span PREFIX = SPAN("xn--");

bool idn_needed(span host)
{
    uint8_t high = 0;
    bool prefix = false;
    for (size_t i = 0; i < host.n; i++) {
        high |= host.p[i];
        if (host.p[i] == 'x' && (i == 0 || host.p[i - 1] == '.')) prefix |= span_istarts(span_from(host, i), PREFIX);
    }
    return high >= 0x80 || prefix;
}

static bool is_ascii(span s)
{
    uint8_t high = 0;
    for (size_t i = 0; i < s.n; i++) high |= s.p[i];
    return high < 0x80;
}

/* A host that no browser looks up ("forbidden domain code point"). */
static bool forbidden(span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7F || strchr("#/:<>?@[\\]^|%", s.p[i])) return true;
    return false;
}

/* Append to out[cap]; false when it does not fit. */
static bool put(uint8_t *out, size_t cap, size_t *n, span s)
{
    if (s.n > cap - *n) return false;
    if (s.n) memcpy(out + *n, s.p, s.n);
    *n += s.n;
    return true;
}

/* What libidn2 makes of a label, owned by it; NULL when it refuses. */
static char *convert(span label, bool to_ascii)
{
    char in[IDN_SHOWN_MAX + 1], *out = NULL;
    if (memchr(label.p, 0, label.n)) return NULL;
    memcpy(in, label.p, label.n);
    in[label.n] = 0;
    int rc = to_ascii ? idn2_to_ascii_8z(in, &out, IDN2_NONTRANSITIONAL) : idn2_to_unicode_8z8z(in, &out, 0);
    return rc == IDN2_OK ? out : NULL;
}

/* Without joiners (U+200C, U+200D), which only some scripts have a place for. */
static span without_joiners(span label, uint8_t out[IDN_SHOWN_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < label.n;) {
        span rest = span_from(label, i);
        if (rest.n >= 3 && memcmp(rest.p, "\xE2\x80", 2) == 0 && (rest.p[2] == 0x8C || rest.p[2] == 0x8D))
            i += 3;
        else
            out[n++] = label.p[i++];
    }
    return span_of(out, n);
}

/* One label, or what one label becomes when characters in it turn out to be dots. */
static bool put_label(span label, struct idn_room *room, size_t *n, size_t *shown, uint64_t *odd)
{
    uint8_t joined[IDN_SHOWN_MAX];
    bool plain = is_ascii(label), prefixed = span_istarts(label, PREFIX);
    char *ascii = plain && !prefixed ? NULL : convert(label, true);
    if (!ascii && !plain) {
        span less = without_joiners(label, joined);
        if (less.n < label.n) *odd |= ODD(URL_OBSCURED);
        if (less.n < label.n && !is_ascii(less)) ascii = convert(less, true);
        label = less;
    }
    span host = ascii && !plain ? span_cstr(ascii) : label;
    bool name = ascii && span_istarts(host, PREFIX);
    if (ascii && !name) *odd |= ODD(URL_OBSCURED);
    char *read = name ? convert(host, false) : NULL;
    span as_read = read ? span_cstr(read) : host;
    if (!is_ascii(as_read) && alphabet_mixed(as_read)) *odd |= ODD(URL_MIXED);
    bool fine =
        !forbidden(host) && put(room->host, IDN_HOST_MAX, n, host) && put(room->shown, IDN_SHOWN_MAX, shown, as_read);
    idn2_free(ascii);
    idn2_free(read);
    return fine;
}

bool idn_name(span name, struct idn_room *room, span *host_out, span *shown_out, uint64_t *odd)
{
    size_t n = 0, shown = 0;
    uint64_t seen = 0;
    if (name.n > IDN_SHOWN_MAX || scan->utf8(name.p, name.n) < name.n) return false;
    for (;;) {
        size_t dot = span_find(name, '.');
        if (!put_label(span_head(name, dot), room, &n, &shown, &seen)) return false;
        if (dot == name.n) break;
        if (!put(room->host, IDN_HOST_MAX, &n, SPAN(".")) || !put(room->shown, IDN_SHOWN_MAX, &shown, SPAN(".")))
            return false;
        name = span_from(name, dot + 1);
    }
    while (n && room->host[n - 1] == '.') n--;
    while (shown && room->shown[shown - 1] == '.') shown--;
    *odd |= seen;
    *host_out = span_of(room->host, n);
    *shown_out = span_of(room->shown, shown);
    return n > 0;
}

span idn_host(span name, struct arena *a)
{
    struct idn_room room;
    span host, shown;
    uint64_t ignored = 0;
    if (!idn_needed(name) || !idn_name(name, &room, &host, &shown, &ignored)) return name;
    span kept = arena_copy(a, host);
    return kept.p ? kept : name;
}
