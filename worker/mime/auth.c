/* SPDX-License-Identifier: Apache-2.0 */
/* auth: whom to believe and what follows from it; see auth.h. authres.c reads the words. */
#include "worker/mime/auth.h"

#include "worker/mime/address.h"
#include "worker/mime/authres.h"
#include "worker/text/domain.h"

static const char *const METHODS[AUTH_METHOD_COUNT] = {"spf", "dkim", "dmarc", "arc"};
static const char *const RESULTS[AUTH_RESULT_COUNT] = {"",        "none",   "pass",      "fail",     "softfail",
                                                       "neutral", "policy", "temperror", "permerror"};

const char *auth_method_word(enum auth_method k)
{
    return k < AUTH_METHOD_COUNT ? METHODS[k] : "?";
}

const char *auth_result_word(enum auth_result r)
{
    return r < AUTH_RESULT_COUNT ? RESULTS[r] : "?";
}

/* What is known about one method so far. */
struct word {
    enum auth_result result;
    span domain; /* that passed */
    bool aligned, named, mailfrom;
};

struct reading {
    const struct mail *m;
    struct arena *a;
    span from_host; /* of the From address, as it is looked up */
    bool one_from;  /* there is one From mailbox to be aligned with */
    unsigned left;  /* results that may still be read */
    bool broken;    /* a believed field broke the grammar */
    unsigned known; /* bits of methods that a source further up spoke of */
    struct word word[AUTH_METHOD_COUNT];
};

static enum auth_result result_by_word(span word)
{
    for (int i = 1; i < AUTH_RESULT_COUNT; i++)
        if (span_ieq(word, span_cstr(RESULTS[i]))) return (enum auth_result)i;
    return span_ieq(word, SPAN("hardfail")) ? AUTH_FAIL : AUTH_ABSENT; /* RFC 5451's word */
}

static bool from_is_one(const struct mail *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->header_count && n < 2; i++) {
        if (m->headers[i].id != FIELD_FROM) continue;
        n += 1 + address_several(span_head(m->headers[i].raw, MAIL_FIELD_BYTES_MAX));
    }
    return n == 1 && m->from_domain.n > 0;
}

/* Is a domain of the same registrable domain as From's? The list is asked last, for it costs more than all else
 * here. */
static bool of_from(const struct reading *r, span domain)
{
    span from = r->m->from_domain;
    if (!from.n) return false;
    if (span_eq(domain, from) || span_eq(domain, r->from_host)) return true;
    return span_ends(domain, from) && span_eq(domain_registrable(domain), from);
}

/* A domain as it is looked up: lower case, A-labels, so that both ways to write it are one (RFC 8616 4). */
static span plain(struct reading *r, span domain)
{
    uint8_t *to = domain.n ? arena_alloc(r->a, domain.n) : NULL;
    if (!to) return SPAN_NONE;
    for (size_t i = 0; i < domain.n; i++) to[i] = ascii_lower(domain.p[i]);
    return idn_host(span_of(to, domain.n), r->a);
}

/* Fill in whom a passing SPF or DKIM result vouches for. */
static void vouch(struct reading *r, struct word *w, span domain)
{
    if (w->result != AUTH_PASS) return;
    w->domain = plain(r, domain);
    w->aligned = r->one_from && of_from(r, w->domain);
}

/* Of two results for one method in one field: is `b` the better word than `a`, which came first? */
static bool better(const struct word *a, const struct word *b)
{
    if (a->mailfrom != b->mailfrom) return b->mailfrom;
    if (a->aligned != b->aligned) return b->aligned;
    return b->result == AUTH_PASS && a->result != AUTH_PASS;
}

static struct word word_of(struct reading *r, enum auth_method k, const struct authres_result *from)
{
    struct word w = {.result = result_by_word(from->result), .named = true};
    if (k == AUTH_SPF) {
        w.mailfrom = authres_domain(from->smtp_mailfrom).n > 0;
        vouch(r, &w, authres_domain(w.mailfrom ? from->smtp_mailfrom : from->smtp_helo));
    } else if (k == AUTH_DKIM) {
        vouch(r, &w, authres_domain(from->header_d.n ? from->header_d : from->header_i));
    } else if (k == AUTH_DMARC && from->header_from.p && !of_from(r, plain(r, authres_domain(from->header_from)))) {
        w.result = AUTH_ABSENT;
    }
    return w;
}

/* Read one believed field. What it says counts only for methods that no source above it spoke of. */
static void read_field(struct reading *r, struct authres *field)
{
    struct authres_result got;
    struct word here[AUTH_METHOD_COUNT] = {0};
    while (authres_next(field, &got)) {
        if (r->left == 0) {
            r->broken = true;
            break;
        }
        r->left--;
        for (int k = 0; k < AUTH_METHOD_COUNT; k++) {
            if (r->known >> k & 1 || !span_ieq(got.method, span_cstr(METHODS[k]))) continue;
            struct word w = word_of(r, (enum auth_method)k, &got);
            if (!here[k].named || better(&here[k], &w)) here[k] = w;
        }
    }
    r->broken |= field->bad;
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) {
        if (!here[k].named) continue;
        r->known |= 1u << k;
        r->word[k] = here[k];
    }
}

static bool trusted(const struct mail_context *c, span id)
{
    for (size_t i = 0; i < c->trusted_count; i++)
        if (span_ieq(c->trusted[i], id)) return true;
    return false;
}

static bool is_results(const struct mail_header *h, bool arc)
{
    return h->id == FIELD_IGNORED &&
           span_ieq(h->name, arc ? SPAN("ARC-Authentication-Results") : SPAN("Authentication-Results"));
}

/* How many fields stand where only hosts of ours write. */
static size_t our_fields(const struct mail *m, const struct mail_context *c)
{
    unsigned received = 0;
    for (size_t i = 0; i < m->header_count; i++)
        if (m->headers[i].id == FIELD_RECEIVED && received++ == c->own_received) return i;
    return m->header_count;
}

/* The topmost ARC-Authentication-Results of the first `n` fields, unless another's instance is as high. */
static bool find_arc(const struct mail *m, size_t n, struct authres *out)
{
    bool found = false;
    struct authres other;
    for (size_t i = 0; i < m->header_count; i++) {
        if (!is_results(&m->headers[i], true)) continue;
        bool good = authres_open(&other, span_head(m->headers[i].raw, MAIL_FIELD_BYTES_MAX), true);
        if (!found && (!good || i >= n)) return false;
        if (found && good && other.instance >= out->instance) return false;
        if (!found) *out = other;
        found = true;
    }
    return found;
}

static void read_header(struct reading *r, const struct mail_context *c)
{
    struct authres field;
    size_t n = our_fields(r->m, c);
    for (size_t i = 0; i < n && !r->broken; i++) {
        const struct mail_header *h = &r->m->headers[i];
        if (!is_results(h, false)) continue;
        if (!authres_open(&field, span_head(h->raw, MAIL_FIELD_BYTES_MAX), false) || !trusted(c, field.id)) continue;
        read_field(r, &field);
    }
    if (!r->broken && find_arc(r->m, n, &field) && trusted(c, field.id)) read_field(r, &field);
}

/* The gateway's own words. */
static void read_context(struct reading *r, const struct mail_context *c)
{
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) {
        if (!c->auth[k].n) continue;
        struct word *w = &r->word[k];
        r->known |= 1u << k;
        w->result = result_by_word(c->auth[k]);
        if (k == AUTH_SPF) vouch(r, w, authres_domain(c->mail_from));
        if (k == AUTH_DKIM) vouch(r, w, authres_domain(c->dkim_domain));
    }
}

void auth_read(struct mail *m, const struct mail_context *c, struct arena *a)
{
    bool told = false;
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) told |= c->auth[k].n > 0;
    if (!told && !c->trusted_count) return;

    struct reading r = {.m = m, .a = a, .one_from = from_is_one(m), .left = AUTH_RESULTS_MAX};
    r.from_host = idn_host(address_domain(m->from_addr), a);
    read_context(&r, c);
    if (c->trusted_count) read_header(&r, c);
    const struct word *spf = &r.word[AUTH_SPF], *dkim = &r.word[AUTH_DKIM], *dmarc = &r.word[AUTH_DMARC];
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) m->auth.result[k] = r.word[k].result;
    m->auth.spf_domain = spf->domain;
    m->auth.dkim_domain = dkim->domain;
    m->auth.spf_aligned = spf->aligned;
    m->auth.dkim_aligned = dkim->aligned;
    if (spf->result == AUTH_FAIL || dkim->result == AUTH_FAIL || dmarc->result == AUTH_FAIL) m->odd |= ODD(AUTH_FAIL);
    bool vouched = spf->domain.n || dkim->domain.n;
    if (vouched && !spf->aligned && !dkim->aligned && dmarc->result != AUTH_PASS) m->odd |= ODD(UNALIGNED);
}
