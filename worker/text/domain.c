/* SPDX-License-Identifier: Apache-2.0 */
/* domain: who owns a host name, by the public suffix list.
 *
 * Reputation belongs to the one who registered a name, and only the list knows that co.jp is nobody's name and
 * example.co.jp is somebody's. Source: publicsuffix.org, both its ICANN and private sections, as built into libpsl. */
#include "worker/text/domain.h"

#include <ctype.h>
#include <libpsl.h>

#include "proto/base/hash.h"
#include "proto/base/log.h"
#include "worker/text/idn.h"

enum {
    LABELS_MAX = 12, /* from the right; the longest rules of the list have five labels */
    MEMO_HOSTS = 1024,
    MEMO_LABELS = 128,
};

/* What this thread asked last: a question costs libpsl 6,000 instructions, mails ask the same ones again and again, and
 * the answers never change. Addressed by a hash, compared in full. */
static _Thread_local struct memo_host {
    uint8_t host[62], n, domain_n;
} memo_host[MEMO_HOSTS];

static _Thread_local struct memo_label {
    uint8_t label[14], n;
    bool known;
} memo_label[MEMO_LABELS];

/* The end of the host that can matter, as a C string in buf[IDN_HOST_MAX + 1]; NULL when there is none. */
static const char *tail(span host, char *buf)
{
    if (host.n == 0 || host.n > IDN_HOST_MAX || memchr(host.p, 0, host.n)) return NULL;
    size_t from = host.n, labels = 0;
    while (from && (host.p[from - 1] != '.' || ++labels < LABELS_MAX)) from--;
    memcpy(buf, host.p + from, host.n - from);
    buf[host.n - from] = 0;
    return buf;
}

/* An IPv6 address in brackets, or a name that ends in a number: nobody registers these. */
static bool is_address(span host)
{
    return host.n && (host.p[0] == '[' || isdigit(host.p[host.n - 1]));
}

void domain_init(void)
{
    if (!psl_builtin())
        LOG(LEVEL_WARN, "no_suffix_list", L_STR("why", "libpsl was built without one: each host is its own domain"));
}

/* The answer is a tail of host. */
static span ask_registrable(span host)
{
    char buf[IDN_HOST_MAX + 1];
    const char *name = is_address(host) ? NULL : tail(host, buf);
    const char *domain = name ? psl_registrable_domain(psl_builtin(), name) : NULL;
    if (!domain) return host;
    size_t n = strlen(domain);
    return span_of(host.p + host.n - n, n);
}

span domain_registrable(span host)
{
    if (host.n == 0 || host.n > sizeof memo_host->host) return ask_registrable(host);
    struct memo_host *m = &memo_host[hash64(host, 0) % MEMO_HOSTS];
    if (!span_eq(span_of(m->host, m->n), host)) {
        m->domain_n = (uint8_t)ask_registrable(host).n;
        m->n = (uint8_t)host.n;
        memcpy(m->host, host.p, host.n);
    }
    return span_from(host, host.n - m->domain_n);
}

static bool ask_known(span label)
{
    char buf[IDN_HOST_MAX + 1];
    if (!tail(label, buf)) return false;
    return psl_is_public_suffix2(psl_builtin(), buf, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

bool domain_known(span host)
{
    size_t from = host.n;
    while (from && host.p[from - 1] != '.') from--;
    span label = span_from(host, from);
    if (!from || label.n < 2 || isdigit(label.p[0])) return false;
    if (label.n > sizeof memo_label->label) return ask_known(label);
    struct memo_label *m = &memo_label[hash64(label, 0) % MEMO_LABELS];
    if (!span_eq(span_of(m->label, m->n), label)) {
        m->known = ask_known(label);
        m->n = (uint8_t)label.n;
        memcpy(m->label, label.p, label.n);
    }
    return m->known;
}
