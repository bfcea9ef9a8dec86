/* SPDX-License-Identifier: Apache-2.0 */
/* name: names in canonical form, and their keys; see name.h.
 *
 * Everything here was chosen by whoever wrote the mail: only what could be a host's name, an address or a digest passes.
 * Sources: RFC 1035 2.3.4 (length), RFC 4291 2.5.5.2 (IPv4-mapped addresses). */
#include "proto/store/name.h"

#include "proto/base/hash.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_DIGITS = 32, TEXT_DIGITS = 16, USER_DIGITS = 32, NET4 = 24, NET6 = 64 };

static const char *const WORDS[] = {
    [NAME_IP] = "ip",     [NAME_NET] = "net",     [NAME_SENDER] = "sender", [NAME_FROM] = "from",
    [NAME_DKIM] = "dkim", [NAME_URL] = "url",     [NAME_FILE] = "file",     [NAME_TEXT] = "text",
    [NAME_USER] = "user", [NAME_RCPTS] = "rcpts", [NAME_NETS] = "nets",     [NAME_TENANT] = "tenant",
};

const char *name_kind_word(enum name_kind kind)
{
    return WORDS[kind];
}

bool name_kind_of(span word, enum name_kind *out)
{
    for (int k = 0; k < NAME_KIND_COUNT; k++) {
        if (!span_eq(word, span_cstr(WORDS[k]))) continue;
        *out = (enum name_kind)k;
        return true;
    }
    return false;
}

/* A byte of a domain as it stands in a key: letters, digits, '-', '_', '.', and UTF-8 of raw international names. */
static bool domain_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.' || c >= 0x80;
}

static size_t canonical_domain(span domain, uint8_t *out)
{
    while (domain.n && domain.p[domain.n - 1] == '.') domain.n--;
    if (domain.n > NAME_MAX_BYTES) return 0;
    for (size_t i = 0; i < domain.n; i++) {
        out[i] = ascii_lower(domain.p[i]);
        if (!domain_byte(out[i])) return 0;
    }
    return domain.n;
}

static size_t canonical_hex(span hex, size_t digits, uint8_t *out)
{
    if (hex.n != digits) return 0;
    for (size_t i = 0; i < hex.n; i++) {
        if (ascii_hex(hex.p[i]) < 0) return 0;
        out[i] = ascii_lower(hex.p[i]);
    }
    return digits;
}

struct address {
    int family; /* 0: none */
    uint8_t bytes[16];
};

/* Four numbers, no zero before another digit, as inet_pton(3) has it: most clients, without the library's printf. */
static bool read_ipv4(span text, uint8_t out[4])
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        unsigned x = 0;
        size_t first = at;
        for (; at < text.n && ascii_digit(text.p[at]) && at - first < 3; at++) x = 10 * x + (text.p[at] - '0');
        if (at == first || x > 255 || (text.p[first] == '0' && at - first > 1)) return false;
        if (i < 3 && (at == text.n || text.p[at++] != '.')) return false;
        out[i] = (uint8_t)x;
    }
    return at == text.n;
}

static size_t put_ipv4(const uint8_t bytes[4], uint8_t *out)
{
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        unsigned x = bytes[i];
        if (i) out[n++] = '.';
        if (x >= 100) out[n++] = (uint8_t)('0' + x / 100);
        if (x >= 10) out[n++] = (uint8_t)('0' + x / 10 % 10);
        out[n++] = (uint8_t)('0' + x % 10);
    }
    return n;
}

static struct address read_address(span text)
{
    char in[INET6_ADDRSTRLEN];
    struct address a = {0};
    if (read_ipv4(text, a.bytes)) {
        a.family = AF_INET;
        return a;
    }
    if (text.n == 0 || text.n >= sizeof in || memchr(text.p, 0, text.n)) return a;
    memcpy(in, text.p, text.n);
    in[text.n] = 0;
    if (inet_pton(AF_INET6, in, a.bytes) == 1) {
        a.family = AF_INET6;
        if (!IN6_IS_ADDR_V4MAPPED((struct in6_addr *)a.bytes)) return a;
        memmove(a.bytes, a.bytes + 12, 4);
        a.family = AF_INET;
    }
    return a;
}

static size_t put_address(const struct address *a, uint8_t *out)
{
    if (a->family == AF_INET) return put_ipv4(a->bytes, out);
    return a->family && inet_ntop(a->family, a->bytes, (char *)out, INET6_ADDRSTRLEN) ? strlen((char *)out) : 0;
}

static size_t put_net(struct address a, uint8_t *out)
{
    size_t bits = a.family == AF_INET ? NET4 : NET6;
    memset(a.bytes + bits / 8, 0, sizeof a.bytes - bits / 8);
    size_t n = put_address(&a, out);
    if (n == 0) return 0;
    memcpy(out + n, a.family == AF_INET ? "/24" : "/64", 3);
    return n + 3;
}

size_t name_net(span ip, uint8_t out[NAME_MAX_BYTES])
{
    return put_net(read_address(ip), out);
}

size_t name_canonical(enum name_kind kind, span name, uint8_t out[NAME_MAX_BYTES])
{
    struct address a;
    switch (kind) {
    case NAME_IP: a = read_address(name); return put_address(&a, out);
    case NAME_NET: return put_net(read_address(span_head(name, span_find(name, '/'))), out);
    case NAME_FILE: return canonical_hex(name, FILE_DIGITS, out);
    case NAME_TEXT: return canonical_hex(name, TEXT_DIGITS, out);
    case NAME_RCPTS:
    case NAME_NETS:
    case NAME_USER: return canonical_hex(name, USER_DIGITS, out);
    default: return canonical_domain(name, out);
    }
}

size_t name_tenant(span tenant, uint8_t out[NAME_TENANT_BYTES])
{
    bool plain = tenant.n <= NAME_TENANT_BYTES;
    for (size_t i = 0; i < tenant.n && plain; i++)
        plain = ascii_alnum(tenant.p[i]) || (tenant.p[i] && strchr("-_.", tenant.p[i]));
    if (plain) {
        if (tenant.n) memcpy(out, tenant.p, tenant.n);
        return tenant.n;
    }
    uint64_t h[2];
    hash128(tenant, h);
    return (size_t)snprintf((char *)out, NAME_TENANT_BYTES, "~%016llx%016llx", (unsigned long long)h[0],
                            (unsigned long long)h[1]);
}

span name_key_word(span key)
{
    span rest = span_from(key, span_find(key, '}') + 2); /* TENANT:KIND:NAME */
    rest = span_from(rest, span_find(rest, ':') + 1);
    return span_head(rest, span_find(rest, ':'));
}

span name_key(const char *prefix, span tenant, enum name_kind kind, span name, uint8_t out[NAME_KEY_BYTES])
{
    static const char HEX[] = "0123456789abcdef";
    size_t head = strlen(prefix), word = strlen(WORDS[kind]);
    assert(head <= NAME_PREFIX_BYTES && name.n <= NAME_MAX_BYTES);
    uint8_t *p = out;
    memcpy(p, prefix, head);
    p += head;
    memcpy(p, ":2:{00}:", 8);
    uint8_t *bucket = p + 4, *hashed = p + 8;
    p = hashed + name_tenant(tenant, hashed);
    *p++ = ':';
    memcpy(p, WORDS[kind], word);
    p += word;
    *p++ = ':';
    memcpy(p, name.p, name.n);
    p += name.n;
    uint64_t at = hash64(span_of(hashed, (size_t)(p - hashed)), 0) % NAME_BUCKETS;
    bucket[0] = (uint8_t)HEX[at >> 4];
    bucket[1] = (uint8_t)HEX[at & 15];
    return span_of(out, (size_t)(p - out));
}
