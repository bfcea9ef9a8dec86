/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_lookalike: a domain, a line end, a host that may be taken for it.
 *
 * Beside what sanitisers find: no name is its own lookalike, the answer does not depend on what stands behind the
 * spans, folded names are as short as is said; a converted name converted again is itself. */
#include <assert.h>
#include <stdlib.h>

#include "worker/simd/scan.h"
#include "worker/text/alphabet.h"
#include "worker/text/idn.h"
#include "worker/text/lookalike.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Exactly n bytes on the heap, so that reading past the end is seen; owned. */
static uint8_t *copy(span s)
{
    uint8_t *p = malloc(s.n ? s.n : 1);
    if (!p) abort();
    if (s.n) memcpy(p, s.p, s.n);
    return p;
}

static void check_name(span name)
{
    struct idn_room room, again;
    span host, shown, host_again, shown_again;
    uint64_t odd = 0;
    if (!idn_name(name, &room, &host, &shown, &odd)) return;
    assert(host.n && host.n <= IDN_HOST_MAX && shown.n && shown.n <= IDN_SHOWN_MAX);
    assert(scan->utf8(host.p, host.n) == host.n && scan->utf8(shown.p, shown.n) == shown.n);
    if (idn_name(host, &again, &host_again, &shown_again, &odd)) assert(span_eq(host, host_again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    span in = span_of(data, n), domain = span_head(in, span_find(in, '\n')), host = span_from(in, domain.n + 1);
    check_name(domain);
    if (scan->utf8(data, n) < n || !domain.n || !host.n) return 0;
    uint8_t *a = copy(domain), *b = copy(host);
    domain = span_of(a, domain.n);
    host = span_of(b, host.n);
    alphabet_mixed(host);

    struct lookalike of;
    size_t dot = span_find(host, '.') + 1; /* the last two labels, or all, as its domain */
    span tail = span_find(span_from(host, dot), '.') + dot < host.n ? span_from(host, dot) : host;
    if (lookalike_init(&of, domain)) {
        assert(of.name_n <= LOOKALIKE_LABEL_MAX);
        lookalike(&of, host, tail);
        assert(!lookalike(&of, domain, domain));
    }
    free(a);
    free(b);
    return 0;
}
