/* SPDX-License-Identifier: Apache-2.0 */
/* pose: does a link, or the sender, pose as a domain that the mail wants to be taken for?
 *
 * Two domains are what a reader goes by, From's and the one in From's name; and the one that most links go to. */
#include "worker/mime/pose.h"

#include "worker/mime/address.h"
#include "worker/simd/scan.h"
#include "worker/text/domain.h"
#include "worker/text/lookalike.h"

/* A host met among the links. */
struct met {
    span host, domain; /* as shown */
    unsigned links;
    bool poses;
};

/* The tail of a host as shown that is its domain: as many labels, which may be of other lengths. */
static span shown_domain(span shown, span host, span domain)
{
    if (shown.p == host.p) return domain;
    size_t labels = 1, from = shown.n;
    for (size_t i = 0; i < domain.n; i++) labels += domain.p[i] == '.';
    while (from && (shown.p[from - 1] != '.' || --labels)) from--;
    return span_from(shown, from);
}

/* The registrable domain of the first host or address in From's name, in lower[]; empty when there is none. */
static span named_domain(span name, uint8_t lower[URL_HOST_MAX])
{
    for (size_t dot = span_find(name, '.'); dot < name.n; dot += 1 + span_find(span_from(name, dot + 1), '.')) {
        size_t from = dot, to = dot;
        while (from && (ascii_alnum(name.p[from - 1]) || name.p[from - 1] == '-')) from--;
        while (to < name.n && (ascii_alnum(name.p[to]) || name.p[to] == '-' || name.p[to] == '.')) to++;
        while (to > dot && name.p[to - 1] == '.') to--;
        size_t n = to - from, before = dot;
        dot = to > dot ? to : dot;
        if (from == before || to == before || n > URL_HOST_MAX) continue;
        for (size_t i = 0; i < n; i++) lower[i] = ascii_lower(name.p[from + i]);
        span host = span_of(lower, n);
        if (domain_known(host)) return domain_registrable(host);
    }
    return SPAN_NONE;
}

/* The From domain as shown; *host_out is the host that it is a tail of. Empty when nobody can read it. */
static span from_domain(const struct mail *m, struct idn_room *room, span *host_out)
{
    span host = address_domain(m->from_addr), ascii;
    uint64_t ignored = 0;
    *host_out = host;
    if (scan->utf8(host.p, host.n) < host.n) return SPAN_NONE; /* an address may be any bytes */
    if (!idn_needed(host) || !idn_name(host, room, &ascii, host_out, &ignored)) return m->from_domain;
    return shown_domain(*host_out, host, m->from_domain);
}

/* Can From be taken for a domain that many links go to? */
static bool from_poses(const struct met *met, size_t n, span host, span from)
{
    struct lookalike of;
    for (size_t k = 0; k < n; k++) {
        unsigned links = 0;
        for (size_t j = 0; j < n; j++) links += span_eq(met[j].domain, met[k].domain) ? met[j].links : 0;
        if (links >= POSE_LINKS_MIN && lookalike_init(&of, met[k].domain) && lookalike(&of, host, from)) return true;
    }
    return false;
}

void pose_check(struct mail *m)
{
    struct lookalike of[2];
    struct met met[POSE_HOSTS_MAX];
    struct idn_room room;
    uint8_t lower[URL_HOST_MAX];
    size_t posed = 0, n = 0;
    bool poses = false;

    span host, from = from_domain(m, &room, &host), named = named_domain(m->from_name, lower);
    if (from.n && lookalike_init(&of[posed], from)) posed++;
    if (named.n && !span_eq(named, from) && lookalike_init(&of[posed], named)) {
        poses = from.n && lookalike(&of[posed], host, from);
        posed++;
    }
    for (size_t i = 0; i < m->url_count; i++) {
        struct url *u = &m->urls[i];
        if (u->place == URL_IN_SRC) continue;
        size_t k = 0;
        while (k < n && met[k].host.p != u->shown.p) k++; /* links of one host share it (url.c) */
        if (k == POSE_HOSTS_MAX) continue;
        if (k == n) {
            met[n] = (struct met){.host = u->shown, .domain = shown_domain(u->shown, u->host, u->domain)};
            for (size_t j = 0; j < posed; j++) met[n].poses |= lookalike(&of[j], u->shown, met[n].domain);
            n++;
        }
        met[k].links++;
        if (!met[k].poses) continue;
        u->odd |= ODD(URL_LOOKALIKE);
        poses = true;
    }
    if (poses || (from.n && from_poses(met, n, host, from))) m->odd |= ODD(URL_LOOKALIKE);
}
