/* SPDX-License-Identifier: Apache-2.0 */
/* where: see where.h. An IPv6 address stands in brackets or bare: the port is behind the last colon. */
#include "proto/where.h"

static bool read_port(span text, uint16_t *out)
{
    unsigned port = 0;
    if (text.n == 0 || text.n > 5) return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return false;
        port = 10 * port + (unsigned)(text.p[i] - '0');
    }
    *out = (uint16_t)port;
    return port > 0 && port < 65536;
}

/* Bytes that host names, addresses and names of masters have; `more` are those beside letters and digits. */
static bool is_word(span s, const char *more)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_alnum(s.p[i]) && (s.p[i] == 0 || !strchr(more, s.p[i]))) return false;
    return s.n > 0;
}

static bool add_host(span text, struct where *w)
{
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':') colon--;
    if (colon == 0 || w->hosts == WHERE_HOSTS_MAX) return false;
    span host = span_head(text, colon - 1);
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') host = span_of(host.p + 1, host.n - 2);
    w->host[w->hosts].host = host;
    return is_word(host, "-_.:%") && read_port(span_from(text, colon), &w->host[w->hosts++].port);
}

static bool add_hosts(span list, struct where *w)
{
    for (;;) {
        size_t comma = span_find(list, ',');
        if (!add_host(span_trim(span_head(list, comma)), w)) return false;
        if (comma == list.n) return true;
        list = span_from(list, comma + 1);
    }
}

bool where_read(const char *text, struct where *out)
{
    span all = span_cstr(text), kind = span_head(all, span_find(all, ':')), rest = span_from(all, kind.n + 1);
    *out = (struct where){.kind = WHERE_UNIX, .path = rest};
    if (span_eq(kind, SPAN("unix"))) return rest.n > 0;
    out->path = SPAN_NONE;
    out->kind = WHERE_TCP;
    if (span_eq(kind, SPAN("tcp"))) return add_host(rest, out);
    out->kind = WHERE_CLUSTER;
    if (span_eq(kind, SPAN("cluster"))) return add_hosts(rest, out);
    out->kind = WHERE_SENTINEL;
    if (!span_eq(kind, SPAN("sentinel"))) return false;
    out->name = span_head(rest, span_find(rest, '@'));
    return out->name.n < rest.n && is_word(out->name, "-_.") && add_hosts(span_from(rest, out->name.n + 1), out);
}
