/* SPDX-License-Identifier: Apache-2.0 */
/* url: one link taken apart, and the list of those that a message holds.
 *
 * What a browser opens counts, so each step follows the URL standard's parser of special schemes (url.spec.whatwg.org):
 * any number of slashes either way, the last '@', percent escapes in the host, addresses in any base. */
#include "worker/text/url.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "proto/base/hash.h"
#include "proto/base/utf8.h"
#include "worker/text/domain.h"
#include "worker/text/odd.h"
#include "worker/text/url_inner.h"

enum {
    CLEAN_MAX = 1 << 14, /* bytes read of a link that has line ends or tabs inside */
    PREFIX_MAX = 512,    /* bytes kept of what stands before the path; a longer one is written anew */
    HOST_SLOTS = 64,     /* of url_list.hosts */
};

/* The byte at s.p[*i], a percent escape taken as the byte it stands for; moves *i past it. */
static uint8_t next_decoded(span s, size_t *i)
{
    uint8_t c = s.p[(*i)++];
    if (c != '%' || *i + 2 > s.n) return c;
    int high = ascii_hex(s.p[*i]), low = ascii_hex(s.p[*i + 1]);
    if (high < 0 || low < 0) return c;
    *i += 2;
    return (uint8_t)(high << 4 | low);
}

/* Is one of eight bytes a space or control character? */
static inline bool hollow8(const uint8_t *p)
{
    static const uint64_t ONES = UINT64_C(0x0101010101010101), HIGH = UINT64_C(0x8080808080808080);
    uint64_t w;
    memcpy(&w, p, sizeof w);
    uint64_t del = w ^ ONES * 0x7F;
    return (((w - ONES * 0x21) & ~w) | ((del - ONES) & ~del)) & HIGH;
}

/* Is there none in it, as in nearly all links? */
static bool is_solid(span s)
{
    enum { STEP = 8 };
    if (s.n >= STEP) { /* the last step overlaps the one before */
        for (size_t i = 0; i + STEP < s.n; i += STEP)
            if (hollow8(s.p + i)) return false;
        return !hollow8(s.p + s.n - STEP);
    }
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7F) return false;
    return true;
}

/* Without control characters and spaces at both ends, and without line ends and tabs inside (copied to buf, if any;
 * *cut when that was too small). */
static span clean(span link, uint8_t buf[CLEAN_MAX], bool *cut)
{
    while (link.n && link.p[0] <= ' ') link.p++, link.n--;
    while (link.n && link.p[link.n - 1] <= ' ') link.n--;
    *cut = false;
    if (span_find(link, '\n') == link.n && span_find(link, '\r') == link.n && span_find(link, '\t') == link.n)
        return link;
    size_t n = 0;
    for (size_t i = 0; i < link.n; i++) {
        uint8_t c = link.p[i];
        if (c == '\n' || c == '\r' || c == '\t') continue;
        if (n == CLEAN_MAX) {
            *cut = true;
            break;
        }
        buf[n++] = c;
    }
    return span_of(buf, n);
}

static bool is_slash(uint8_t c)
{
    return c == '/' || c == '\\';
}

static const bool ENDS_AUTHORITY[256] = {['/'] = true, ['\\'] = true, ['?'] = true, ['#'] = true};

static size_t skip_slashes(span s, size_t at)
{
    while (at < s.n && is_slash(s.p[at])) at++;
    return at;
}

/* The end of what may be host and port: the first '/', '\', '?' or '#'. */
static size_t authority_end(span s, size_t at)
{
    while (at < s.n && !ENDS_AUTHORITY[s.p[at]]) at++;
    return at;
}

/* Does "host" or "host:port" in s[0..end) read as a web host though no scheme stands before it? */
static bool bare_host(span s, size_t end)
{
    size_t n = span_find(span_head(s, end), ':');
    uint8_t host[URL_HOST_MAX];
    if (n == 0 || n > sizeof host) return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = s.p[i];
        if (!ascii_alnum(c) && c != '-' && c != '.' && c != '_') return false;
        host[i] = ascii_lower(c);
    }
    if (host[n - 1] == '.') n--;
    bool www = n > 4 && memcmp(host, "www.", 4) == 0;
    return (www || end < s.n) && domain_known(span_of(host, n));
}

/* Where host and port (and userinfo) begin, or s.n + 1 when it is no web link. */
static size_t authority_begin(span s)
{
    static const span SCHEMES[] = {SPAN("https:"), SPAN("http:"), SPAN("ftp:")};
    for (size_t i = 0; i < sizeof SCHEMES / sizeof *SCHEMES; i++)
        if (span_istarts(s, SCHEMES[i])) return skip_slashes(s, SCHEMES[i].n);
    if (s.n >= 2 && is_slash(s.p[0]) && is_slash(s.p[1])) return skip_slashes(s, 0);
    return bare_host(s, authority_end(s, 0)) ? 0 : s.n + 1;
}

/* One character of UTF-8, or UINT32_MAX when it is none. `first` was read already; *i stands behind it. */
static uint32_t decode_char(span s, size_t *i, uint8_t first)
{
    if (first < 0x80) return first;
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4) return UINT32_MAX;
    uint32_t c = first & (0x3Fu >> more);
    for (size_t k = 0; k < more; k++) {
        if (*i >= s.n) return UINT32_MAX;
        uint8_t byte = next_decoded(s, i);
        if ((byte & 0xC0) != 0x80) return UINT32_MAX;
        c = c << 6 | (byte & 0x3F);
    }
    static const uint32_t LEAST[] = {0, 0x80, 0x800, 0x10000};
    bool bad = c < LEAST[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF);
    return bad ? UINT32_MAX : c;
}

/* How each byte may stand in a host: as it is, in lower case, not at all; or as part of something longer. */
enum { PLAIN, UPPER, REFUSED, CODED };
static const uint8_t IN_HOST[256] = {
    [0 ... ' '] = REFUSED,   ['#'] = REFUSED, ['%'] = CODED,           ['/'] = REFUSED,
    [':'] = REFUSED,         ['<'] = REFUSED, ['>' ... '@'] = REFUSED, ['A' ... 'Z'] = UPPER,
    ['[' ... '^'] = REFUSED, ['|'] = REFUSED, [0x7F] = REFUSED,        [0x80 ... 0xFF] = CODED,
};

/* What a browser makes of a character in a host (the part of UTS #46 that needs no table): full-width forms become
 * ASCII, other full stops '.', invisible ones nothing (0). */
static uint32_t fold_char(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
    if (c == 0x3002 || c == 0xFF61) return '.';
    if (c == 0xAD || c == 0x34F || c == 0x200B || c == 0x2060 || c == 0xFEFF || c == 0xFE0F) return 0;
    return c < 0x80 ? ascii_lower((uint8_t)c) : c;
}

/* Write the host as a browser would look it up but for A-labels; its length, or 0 when it is none. Sets
 * ODD(URL_OBSCURED) where a reader sees another row of characters than the one that is looked up. */
static size_t decode_host(span raw, uint8_t host[URL_HOST_MAX + 1], uint64_t *odd)
{
    size_t n = 0, plain = 0;
    while (plain < raw.n && plain < URL_HOST_MAX && IN_HOST[raw.p[plain]] <= UPPER) {
        host[plain] = ascii_lower(raw.p[plain]);
        plain++;
    }
    n = plain;
    bool obscured = false, stops = false, other = false;
    for (size_t i = plain; i < raw.n;) {
        uint8_t kind = IN_HOST[raw.p[i]];
        if (kind == REFUSED || n >= URL_HOST_MAX) return 0;
        if (kind != CODED) {
            host[n++] = kind == UPPER ? raw.p[i] | 0x20 : raw.p[i];
            i++;
            continue;
        }
        obscured |= raw.p[i] == '%';
        uint8_t first = next_decoded(raw, &i), bytes[4];
        uint32_t wide = decode_char(raw, &i, first);
        if (wide == UINT32_MAX) return 0;
        uint32_t c = fold_char(wide);
        bool stop = wide == 0x3002 || wide == 0xFF61;
        stops |= stop;
        other |= c >= 0x80;
        obscured |= c != wide && wide >= 0x80 && !stop;
        if (c == 0 && wide) continue;
        if (c < 0x80 && IN_HOST[c] != PLAIN) return 0;
        size_t k = utf8_put(c, bytes);
        if (n + k > URL_HOST_MAX) return 0;
        memcpy(host + n, bytes, k);
        n += k;
    }
    while (n && host[n - 1] == '.') n--;
    if (obscured || (stops && !other)) *odd |= ODD(URL_OBSCURED); /* who writes Japanese types its full stop */
    return n;
}

struct url_name {
    span name;        /* as decode_host has it */
    span host, shown; /* empty when that is no host */
    uint64_t odd;
};

/* The entry of a name, made when there is none; NULL when there may be no more. */
static const struct url_name *find_name(struct url_list *l, span name)
{
    for (size_t i = 0; i < l->name_count; i++)
        if (span_eq(l->names[i].name, name)) return &l->names[i];
    if (!l->names) l->names = arena_alloc(l->a, URL_IDN_MAX * sizeof *l->names);
    if (!l->names || l->name_count == URL_IDN_MAX) return NULL;
    struct idn_room room;
    struct url_name *k = &l->names[l->name_count++];
    *k = (struct url_name){.name = arena_copy(l->a, name)};
    if (!idn_name(name, &room, &k->host, &k->shown, &k->odd)) return k;
    k->host = arena_copy(l->a, k->host);
    k->shown = arena_copy(l->a, k->shown);
    if (k->name.p && k->host.p && k->shown.p) return k;
    l->name_count = URL_IDN_MAX; /* the arena is full: nothing more is converted */
    memset(l->names, 0, URL_IDN_MAX * sizeof *l->names);
    return NULL;
}

/* Convert a host that is not plain ASCII, in place; *n is its length. False when it is none. */
static bool convert_host(struct url_list *l, uint8_t host[URL_HOST_MAX + 1], size_t *n, struct url *out)
{
    const struct url_name *k = find_name(l, span_of(host, *n));
    out->shown = span_of(host, *n);
    if (!k) {
        l->odd |= ODD(URL_LIMIT);
        return true;
    }
    if (!k->host.n) return false;
    memcpy(host, k->host.p, k->host.n);
    *n = k->host.n;
    out->shown = k->shown;
    out->odd |= k->odd;
    return true;
}

/* One number of an IPv4 address: decimal, octal (0...) or hex (0x...). False when it is none or over 32 bits. */
static bool ipv4_number(span s, uint64_t *out)
{
    unsigned base = 10;
    if (s.n == 0) return false;
    if (s.n >= 2 && s.p[0] == '0') {
        bool hex = s.p[1] == 'x';
        base = hex ? 16 : 8;
        s = span_from(s, hex ? 2 : 1);
    }
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = ascii_hex(s.p[i]);
        if (digit < 0 || (unsigned)digit >= base) return false;
        v = v * base + (unsigned)digit;
        if (v > UINT32_MAX) return false;
    }
    *out = v;
    return true;
}

enum ipv4 { IPV4_NO, IPV4_YES, IPV4_BROKEN };

/* Write an IPv4 address; its length. */
static size_t put_ipv4(uint8_t host[URL_HOST_MAX + 1], uint32_t v)
{
    return (size_t)snprintf((char *)host, URL_HOST_MAX + 1, "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255,
                            v & 255);
}

/* Is it an address ("ends in a number")? If so it is written anew in dotted form. */
static enum ipv4 read_ipv4(uint8_t host[URL_HOST_MAX + 1], size_t *n)
{
    span s = span_of(host, *n);
    uint8_t end = s.p[s.n - 1];
    if (ascii_hex(end) < 0 && end != 'x') return IPV4_NO; /* as nearly all */
    size_t from = s.n;
    while (from && s.p[from - 1] != '.') from--;
    span last = span_from(s, from);
    bool digits = last.n > 0;
    for (size_t i = 0; i < last.n; i++) digits = digits && ascii_digit(last.p[i]);
    uint64_t v;
    if (!digits && !(last.n >= 2 && last.p[0] == '0' && last.p[1] == 'x' && ipv4_number(last, &v))) return IPV4_NO;

    uint64_t address = 0;
    for (unsigned parts = 1; parts <= 4; parts++) {
        size_t dot = span_find(s, '.');
        if (!ipv4_number(span_head(s, dot), &v)) return IPV4_BROKEN;
        if (dot == s.n) { /* the last number fills what is left */
            unsigned shift = 8 * (parts - 1);
            if (v >> (32 - shift)) return IPV4_BROKEN;
            address |= v;
            *n = put_ipv4(host, (uint32_t)address);
            return IPV4_YES;
        }
        if (v > 255) return IPV4_BROKEN;
        address |= v << (32 - 8 * parts);
        s = span_from(s, dot + 1);
    }
    return IPV4_BROKEN;
}

/* "[v6 address]" in its shortest form, the IPv4 address inside one as that; its length, or 0. */
static size_t read_ipv6(span raw, uint8_t host[URL_HOST_MAX + 1], uint64_t *odd)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in6_addr address;
    if (raw.n < 4 || raw.n - 2 >= sizeof text || memchr(raw.p, 0, raw.n)) return 0;
    memcpy(text, raw.p + 1, raw.n - 2);
    text[raw.n - 2] = 0;
    if (inet_pton(AF_INET6, text, &address) != 1) return 0;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        uint32_t v;
        memcpy(&v, address.s6_addr + 12, sizeof v);
        *odd |= ODD(URL_OBSCURED);
        return put_ipv4(host, ntohl(v));
    }
    if (!inet_ntop(AF_INET6, &address, text, sizeof text)) return 0;
    return (size_t)snprintf((char *)host, URL_HOST_MAX + 1, "[%s]", text);
}

/* A port after its colon; false when it is none. */
static bool read_port(span s, uint16_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_digit(s.p[i])) return false;
        v = v * 10 + (uint32_t)(s.p[i] - '0');
        if (v > UINT16_MAX) return false;
    }
    *out = (uint16_t)v;
    return true;
}

/* Host (decoded into room) and port out of "host:port". */
static bool read_host(struct url_list *l, span s, struct url_room *room, struct url *out)
{
    bool v6 = s.n && s.p[0] == '[';
    size_t end = v6 ? span_find(s, ']') + 1 : span_find(s, ':');
    if (end > s.n || (end < s.n && s.p[end] != ':')) return false;
    if (!read_port(span_from(s, end + 1), &out->port)) return false;
    uint8_t *host = room->host;
    span raw = span_head(s, end);
    size_t n = v6 ? read_ipv6(raw, host, &out->odd) : decode_host(raw, host, &out->odd);
    if (n == 0) return false;
    out->host = out->shown = span_of(host, n);
    if (!v6 && idn_needed(out->host)) {
        if (!convert_host(l, host, &n, out)) return false;
        out->host = span_of(host, n);
    }
    enum ipv4 kind = v6 ? IPV4_YES : read_ipv4(host, &n);
    if (kind == IPV4_BROKEN) return false;
    if (kind == IPV4_YES) {
        if (!v6 && !span_eq(span_of(host, n), span_head(raw, n))) out->odd |= ODD(URL_OBSCURED);
        out->host = out->shown = span_of(host, n);
        out->odd |= ODD(URL_IP);
    }
    return true;
}

/* Append without control characters and spaces, as far as it fits. `solid`: there are none. */
static size_t put(uint8_t whole[URL_BYTES_MAX], size_t n, span s, bool solid)
{
    size_t i = 0, from = n;
    if (solid && s.n <= URL_BYTES_MAX - n) {
        if (s.n) memcpy(whole + n, s.p, s.n);
        return n + s.n;
    }
    for (; i < s.n && n < URL_BYTES_MAX; i++)
        if (s.p[i] > ' ' && s.p[i] != 0x7F) whole[n++] = s.p[i];
    for (; n > from && i < s.n && (s.p[i] & 0xC0) == 0x80; i--) n--; /* not in the middle of a character */
    return n;
}

bool url_split(struct url_list *l, span link, struct url_room *room, struct url *out)
{
    uint8_t buf[CLEAN_MAX];
    bool cut = false, solid = is_solid(link);
    span s = solid ? link : clean(link, buf, &cut);
    size_t begin = authority_begin(s);
    if (begin >= s.n) return false;
    size_t end = begin, host = begin;
    for (; end < s.n && !ENDS_AUTHORITY[s.p[end]]; end++)
        if (s.p[end] == '@') host = end + 1;
    if (cut && end == s.n) return false; /* who knows what host follows */

    struct url u = {.odd = host > begin ? ODD(URL_USERINFO) : 0};
    if (!read_host(l, span_of(s.p + host, end - host), room, &u)) return false;
    size_t n = 0;
    if (solid && end <= PREFIX_MAX && s.n <= URL_BYTES_MAX) { /* as it is */
        memcpy(room->whole, s.p, s.n);
        u.whole = span_of(room->whole, s.n);
        u.path = span_from(u.whole, end);
        *out = u;
        return true;
    }
    if (end <= PREFIX_MAX) {
        n = put(room->whole, n, span_head(s, end), solid);
    } else {
        n = put(room->whole, n, SPAN("//"), true);
        n = put(room->whole, n, u.host, false);
    }
    size_t path = n;
    n = put(room->whole, n, span_from(s, end), solid);
    u.whole = span_of(room->whole, n);
    u.path = span_from(u.whole, path);
    *out = u;
    return true;
}

void url_list_init(struct url_list *l, struct arena *a, size_t cap)
{
    *l = (struct url_list){.a = a};
    size_t slots = 16;
    while (slots < 2 * cap) slots *= 2;
    l->v = arena_alloc(a, cap * sizeof *l->v);
    l->slots = l->v ? arena_alloc(a, (slots + HOST_SLOTS) * sizeof *l->slots) : NULL;
    if (!l->slots) return;
    l->hosts = l->slots + slots;
    l->cap = l->whole = cap;
    l->slot_count = slots;
}

/* Most mails have no link: slots are cleared for the first. */
static void clear_slots(struct url_list *l)
{
    memset(l->slots, 0, (l->slot_count + HOST_SLOTS) * sizeof *l->slots);
    l->cleared = true;
}

/* The slot of the link with this host and path, or the free one where it belongs. */
static uint32_t *find_slot(const struct url_list *l, span host, span path, uint64_t host_hash)
{
    size_t at = hash64(path, host_hash) & (l->slot_count - 1);
    for (;; at = (at + 1) & (l->slot_count - 1)) {
        uint32_t *slot = &l->slots[at];
        if (!*slot) return slot;
        const struct url *u = &l->v[*slot - 1];
        if (span_eq(u->path, path) && span_eq(u->host, host)) return slot;
    }
}

/* A span of one buffer moved to the same place in a copy of it. */
static span rebase(span s, span from, span to)
{
    return span_of(to.p + (s.p - from.p), s.n);
}

/* Host, shown and domain of a link that is kept, those of another link of the same host if there is one: links of one
 * mail share few hosts, and the public suffix list costs more than all else. False when the arena is full. */
static bool keep_host(struct url_list *l, struct url *kept, uint32_t *newest)
{
    const struct url *same = *newest ? &l->v[*newest - 1] : NULL;
    if (same && span_eq(same->host, kept->host)) {
        kept->host = same->host;
        kept->shown = same->shown;
        kept->domain = same->domain;
        return true;
    }
    bool plain = kept->shown.p == kept->host.p || span_eq(kept->shown, kept->host);
    kept->host = arena_copy(l->a, kept->host);
    kept->shown = plain ? kept->host : arena_copy(l->a, kept->shown);
    if (!kept->host.p || !kept->shown.p) return false;
    kept->domain = domain_registrable(kept->host);
    return true;
}

/* How many links there may be before a link as this one is no longer kept. Junk that nobody sees is written first. */
static size_t places(const struct url_list *l, const struct url *u)
{
    size_t n = l->whole;
    if (u->place != URL_IN_HEADER && u->place != URL_IN_LIST) n -= l->keep_header;
    if (!url_seen(u)) n -= l->keep_seen;
    return n < l->cap ? n : l->cap;
}

/* Keep a link; *fresh when it was not there. */
static struct url *keep(struct url_list *l, const struct url *u, bool *fresh)
{
    *fresh = false;
    l->odd |= u->odd;
    if (l->slot_count && !l->cleared) clear_slots(l);
    uint64_t key = hash64(u->host, 0);
    uint32_t *slot = l->slot_count ? find_slot(l, u->host, u->path, key) : NULL;
    if (slot && *slot) {
        l->v[*slot - 1].odd |= u->odd;
        l->v[*slot - 1].seen |= url_seen(u);
        return &l->v[*slot - 1];
    }
    span whole = l->n < places(l, u) ? arena_copy(l->a, u->whole) : SPAN_NONE;
    struct url *kept = whole.p ? &l->v[l->n] : NULL;
    if (kept) *kept = *u;
    if (!kept || !keep_host(l, kept, &l->hosts[key % HOST_SLOTS])) {
        l->odd |= ODD(URL_LIMIT);
        return NULL;
    }
    kept->path = rebase(u->path, u->whole, whole);
    kept->whole = whole;
    *slot = l->hosts[key % HOST_SLOTS] = (uint32_t)++l->n;
    *fresh = true;
    return kept;
}

/* Add the links within a kept link, as long as *left lasts. */
static void follow(struct url_list *l, struct url *outer, int *left)
{
    uint8_t buf[URL_BYTES_MAX];
    struct url_room room;
    struct url u;
    span target;
    for (size_t at = 0; *left > 0 && (target = url_inner(outer, &at, buf)).n; --*left) {
        if (!url_split(l, target, &room, &u)) continue;
        u.place = outer->place;
        u.seen = outer->seen;
        bool fresh;
        struct url *inner = keep(l, &u, &fresh);
        if (!inner) return;
        if (!span_eq(inner->domain, outer->domain)) {
            outer->odd |= ODD(URL_REDIRECT);
            l->odd |= ODD(URL_REDIRECT);
        }
        if (fresh) follow(l, inner, left);
    }
}

struct url *url_keep(struct url_list *l, const struct url *u)
{
    bool fresh;
    int left = URL_INNER_MAX;
    struct url *kept = keep(l, u, &fresh);
    if (fresh) follow(l, kept, &left);
    return kept;
}

struct url *url_add(struct url_list *l, span link, enum url_place place)
{
    struct url_room room;
    struct url u;
    if (!url_split(l, link, &room, &u)) return NULL;
    u.place = place;
    return url_keep(l, &u);
}
