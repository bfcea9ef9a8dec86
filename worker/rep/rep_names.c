/* SPDX-License-Identifier: Apache-2.0 */
/* rep_names: which names a mail is looked up by, in canonical form (proto/store/name.h). */
#include "worker/rep/rep.h"
#include "worker/text/domain.h"

/* Keep one name unless it is there already. False when there is no room. */
static bool add(struct rep_names *k, enum name_kind kind, span name)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->v[i].kind == kind && span_eq(k->v[i].name, name)) return true;
    if (k->n == REP_NAMES_MAX || name.n > sizeof k->text - k->used) return false;
    memcpy(k->text + k->used, name.p, name.n);
    k->v[k->n++] = (struct rep_name){kind, span_of(k->text + k->used, name.n)};
    k->used += name.n;
    return true;
}

static void add_canonical(struct rep_names *k, enum name_kind kind, span raw)
{
    uint8_t name[NAME_MAX_BYTES];
    size_t n = name_canonical(kind, raw, name);
    if (n) add(k, kind, span_of(name, n));
}

/* Is it that domain, or below it? */
static bool within(span host, span domain)
{
    return span_ends(host, domain) && (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

/* What owns a host that nobody has put into canonical form yet: most often From's domain, which is known; a look into
 * the list of public suffixes costs 1 us. */
static void add_owner(struct rep_names *k, enum name_kind kind, span host, span from)
{
    uint8_t name[NAME_MAX_BYTES];
    size_t n = name_canonical(kind, host, name);
    if (n == 0) return;
    host = span_of(name, n);
    add(k, kind, from.n && within(host, from) ? from : domain_registrable(host));
}

static span behind_at(span address)
{
    for (size_t i = address.n; i > 0; i--)
        if (address.p[i - 1] == '@') return span_from(address, i);
    return SPAN_NONE;
}

static void add_client(struct rep_names *k, span client_ip)
{
    uint8_t net[NAME_MAX_BYTES];
    add_canonical(k, NAME_IP, client_ip);
    if (k->n == 0) return;
    size_t n = name_net(k->v[0].name, net);
    if (n) add(k, NAME_NET, span_of(net, n));
}

/* What nobody sees must not push out what is followed. Room is counted by what was added, since one domain many times
 * is one name. */
static void add_links(struct rep_names *k, const struct mail *m)
{
    bool room = true;
    size_t before = k->n;
    for (int seen = 1; seen >= 0; seen--)
        for (size_t i = 0; i < m->url_count + m->list_url_count && room; i++) {
            uint8_t name[NAME_MAX_BYTES];
            if (url_seen(&m->urls[i]) != seen) continue;
            size_t n = name_canonical(NAME_URL, m->urls[i].domain, name), had = k->n;
            if (n == 0) continue;
            room = add(k, NAME_URL, span_of(name, n));
            if (k->n <= before + REP_URLS_MAX) continue;
            k->n = had;
            room = false;
        }
    k->urls_cut = !room || m->odd & ODD(URL_LIMIT);
}

static void add_hex(struct rep_names *k, enum name_kind kind, const uint64_t *words, size_t n)
{
    char hex[2 * 16];
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < 16; d++) hex[16 * i + d] = "0123456789abcdef"[words[i] >> (60 - 4 * d) & 15];
    add(k, kind, span_of(hex, 16 * n));
}

/* Pictures are left out: a logo is in every mail of its owner, good or forged. */
static void add_files(struct rep_names *k, const struct mail *m)
{
    size_t before = k->n;
    for (size_t i = 0; i < m->part_count && k->n < before + REP_FILES_MAX; i++) {
        const struct attachment *f = &m->parts[i].file;
        if (!(f->digest[0] | f->digest[1]) || attach_kind_family(f->kind) == FAMILY_PICTURE) continue;
        add_hex(k, NAME_FILE, f->digest, 2);
    }
}

void rep_names(const struct mail *m, span client_ip, span mail_from, struct rep_names *out)
{
    out->n = out->used = out->rcpt_count = 0;
    out->outbound = false;
    out->net = 0;
    out->from_proven = m->auth.result[AUTH_DMARC] == AUTH_PASS;
    out->sender_proven = m->auth.result[AUTH_SPF] == AUTH_PASS;
    add_client(out, client_ip);
    add_owner(out, NAME_SENDER, behind_at(mail_from), m->from_domain);
    add_canonical(out, NAME_FROM, m->from_domain);
    add_owner(out, NAME_DKIM, m->auth.dkim_domain, m->from_domain);
    add_links(out, m);
    add_files(out, m);
}

void rep_names_people(struct rep_names *names, const struct secret *secret, span user, const span *rcpt, size_t rcpts)
{
    uint8_t hex[SECRET_HEX];
    for (size_t i = 0; i < rcpts && names->rcpt_count < CROWD_MEMBERS; i++)
        names->rcpt[names->rcpt_count++] = secret_number(secret, SPAN("rcpt"), rcpt[i]);
    if (user.n == 0) return;
    names->outbound = true;
    secret_hash(secret, SPAN("user"), user, hex);
    for (int kind = NAME_USER; kind <= NAME_NETS; kind++) add(names, (enum name_kind)kind, span_of(hex, sizeof hex));
    for (size_t i = 0; i < names->n; i++)
        if (names->v[i].kind == NAME_NET) names->net = secret_number(secret, SPAN("net"), names->v[i].name);
}

void rep_names_text(struct rep_names *names, const struct fingerprint *f)
{
    for (size_t i = 0; i < f->n; i++) add_hex(names, NAME_TEXT, &f->band[i], 1);
}
