/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_url: any bytes as a link and as text with links.
 *
 * Beside what sanitisers find: spans lie where url.h says, a kept link read again has the same host, no host holds a
 * byte that separates parts of a link. */
#include <assert.h>
#include <stdlib.h>

#include "worker/text/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ARENA_BYTES = 1 << 20 };

static bool within(span part, span s)
{
    return part.p >= s.p && part.p + part.n <= s.p + s.n;
}

static void check(const struct url *u)
{
    struct url_room room;
    struct url again;
    uint64_t odd = 0;
    assert(u->host.n && u->host.n <= URL_HOST_MAX && u->whole.n <= URL_BYTES_MAX);
    assert(within(u->domain, u->host) && u->domain.p + u->domain.n == u->host.p + u->host.n);
    assert(within(u->path, u->whole) && u->path.p + u->path.n == u->whole.p + u->whole.n);
    for (size_t i = 0; i < u->host.n; i++) {
        uint8_t c = u->host.p[i];
        assert(c > ' ' && !strchr("/\\?#@%", c) && !(c >= 'A' && c <= 'Z'));
    }
    if (url_split(u->whole, &room, &again, &odd)) assert(span_eq(again.host, u->host));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct arena a;
    if (!a.base && arena_open(&a, ARENA_BYTES) != ERR_OK) abort();
    arena_reset(&a);
    uint8_t *copy = malloc(n ? n : 1); /* so that reading past the end is seen */
    if (n) memcpy(copy, data, n);
    span in = span_of(copy, n);
    struct url_list l;
    url_list_init(&l, &a, 16);
    const struct url *u = url_add(&l, in, URL_IN_HREF);
    if (u) assert(u->place == URL_IN_HREF);
    url_find(&l, in, URL_IN_TEXT);
    assert(l.n <= l.cap);
    for (size_t i = 0; i < l.n; i++) check(&l.v[i]);
    free(copy);
    return 0;
}
