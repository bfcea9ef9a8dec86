/* SPDX-License-Identifier: Apache-2.0 */
/* rep_keys: which names a mail is looked up by, in canonical form.
 *
 * Everything here was chosen by whoever wrote the mail: only what could be a host's name or address becomes a key.
 * Sources: RFC 1035 2.3.4 (length), RFC 4291 2.5.5.2 (IPv4-mapped addresses). */
#include "worker/rep/rep.h"

#include <arpa/inet.h>

const char *rep_kind_word(enum rep_kind kind)
{
    static const char *const WORDS[] = {[REP_IP] = "ip", [REP_FROM_DOMAIN] = "from", [REP_URL_DOMAIN] = "url"};
    return WORDS[kind];
}

/* A byte of a domain as it stands in a key: letters, digits, '-', '_', '.', and UTF-8 of raw international names. */
static bool domain_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.' || c >= 0x80;
}

/* Keep one key unless it is there already. False when there is no room. */
static bool add(struct rep_keys *k, enum rep_kind kind, const uint8_t *name, size_t n)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->v[i].kind == kind && span_eq(k->v[i].name, span_of(name, n))) return true;
    if (k->n == REP_KEYS_MAX || n > sizeof k->text - k->used) return false;
    memcpy(k->text + k->used, name, n);
    k->v[k->n++] = (struct rep_key){kind, span_of(k->text + k->used, n)};
    k->used += n;
    return true;
}

static bool add_domain(struct rep_keys *k, enum rep_kind kind, span domain)
{
    uint8_t name[REP_NAME_MAX];
    while (domain.n && domain.p[domain.n - 1] == '.') domain.n--;
    if (domain.n == 0 || domain.n > sizeof name) return true;
    for (size_t i = 0; i < domain.n; i++) {
        name[i] = ascii_lower(domain.p[i]);
        if (!domain_byte(name[i])) return true;
    }
    return add(k, kind, name, domain.n);
}

static void add_ip(struct rep_keys *k, span text)
{
    char in[INET6_ADDRSTRLEN], out[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (text.n == 0 || text.n >= sizeof in || memchr(text.p, 0, text.n)) return;
    memcpy(in, text.p, text.n);
    in[text.n] = 0;
    if (inet_pton(AF_INET, in, &v4) == 1) {
        inet_ntop(AF_INET, &v4, out, sizeof out);
    } else if (inet_pton(AF_INET6, in, &v6) == 1) {
        if (IN6_IS_ADDR_V4MAPPED(&v6))
            inet_ntop(AF_INET, &v6.s6_addr[12], out, sizeof out);
        else
            inet_ntop(AF_INET6, &v6, out, sizeof out);
    } else {
        return;
    }
    add(k, REP_IP, (const uint8_t *)out, strlen(out));
}

void rep_keys(const struct mail *m, span client_ip, bool from_proven, struct rep_keys *out)
{
    out->n = out->used = 0;
    out->from_proven = from_proven;
    add_ip(out, client_ip);
    add_domain(out, REP_FROM_DOMAIN, m->from_domain);
    bool room = true;
    for (int seen = 1; seen >= 0; seen--) /* what nobody sees must not push out what is followed */
        for (size_t i = 0; i < m->url_count + m->list_url_count && room; i++)
            if (url_seen(&m->urls[i]) == seen) room = add_domain(out, REP_URL_DOMAIN, m->urls[i].domain);
    out->urls_cut = !room || m->odd & ODD(URL_LIMIT);
}
