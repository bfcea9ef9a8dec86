/* SPDX-License-Identifier: Apache-2.0 */
/* domain: who owns a host name, by the public suffix list.
 *
 * Reputation belongs to the one who registered a name, and only the list knows that co.jp is nobody's name and
 * example.co.jp is somebody's. As its algorithm (publicsuffix.org/list) says: the longest suffix and one label more. */
#include "worker/text/domain.h"

#include <ctype.h>

#include "worker/text/idn.h"
#include "worker/text/suffix.h"

/* An IPv6 address in brackets, or a name that ends in a number: nobody registers these. */
static bool is_address(span host)
{
    return host.n && (host.p[0] == '[' || isdigit(host.p[host.n - 1]));
}

void domain_init(void)
{
    suffix_init();
}

/* Tails of more and more labels, as long as the list may have more of them, each with what it says of the one before
 * (`above`). The answer has one label more than the longest suffix; an empty label is none. */
span domain_registrable(span host)
{
    enum { NONE = IDN_HOST_MAX + 1, GOES_ON = SUFFIX_ABOVE | SUFFIX_PARENT };
    size_t at = host.n, end = host.n, domain = NONE;
    unsigned above = GOES_ON; /* the root: each top-level domain is nobody's */
    if (host.n == 0 || host.n > IDN_HOST_MAX || host.p[0] == '.' || is_address(host)) return host;
    for (bool first = true; first || at > 0; first = false) {
        if (!first) end = --at;
        while (at && host.p[at - 1] != '.') at--;
        bool empty = at == end && !first;
        unsigned bits = above & GOES_ON && !empty ? suffix_of(span_from(host, at)) : 0;
        if (bits & ~(unsigned)SUFFIX_ABOVE ? !(bits & SUFFIX_EXCEPTED) : above & SUFFIX_PARENT)
            domain = NONE;
        else if (domain == NONE && !empty)
            domain = at;
        if (domain != NONE && !(bits & GOES_ON)) break;
        above = bits;
    }
    return domain == NONE ? host : span_from(host, domain);
}

bool domain_known(span host)
{
    size_t from = host.n;
    while (from && host.p[from - 1] != '.') from--;
    span label = span_from(host, from);
    if (!from || label.n < 2 || isdigit(label.p[0])) return false;
    return suffix_of(label) & SUFFIX_ICANN;
}
