/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_url: any bytes as a link and as text with links.
 *
 * Beside what sanitisers find: spans lie where url.h says, a kept link and its host read again have the same host, no
 * host holds a byte that separates parts of a link. */
#include <assert.h>
#include <stdlib.h>

#include "worker/text/odd.h"
#include "worker/text/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ARENA_BYTES = 1 << 20 };

static bool within(span part, span s)
{
    return part.p >= s.p && part.p + part.n <= s.p + s.n;
}

/* A link and its parts taken apart again: the same host, however it was written. `fresh` has converted none yet. */
static void check_again(struct url_list *fresh, const struct url *u)
{
    struct url_room room;
    struct url again;
    uint8_t link[URL_HOST_MAX + 8];
    memcpy(link, "http://", 7);
    memcpy(link + 7, u->host.p, u->host.n);
    assert(url_split(fresh, span_of(link, u->host.n + 7), &room, &again));
    assert(span_eq(again.host, u->host) && again.path.n == 0);
    assert(!(again.odd & (ODD(URL_OBSCURED) | ODD(URL_USERINFO))));
    if (url_split(fresh, u->whole, &room, &again)) assert(span_eq(again.host, u->host));
}

static void check(const struct url *u)
{
    assert(u->host.n && u->host.n <= URL_HOST_MAX && u->whole.n <= URL_BYTES_MAX && u->shown.n <= IDN_SHOWN_MAX);
    assert(within(u->domain, u->host) && u->domain.p + u->domain.n == u->host.p + u->host.n);
    assert(within(u->path, u->whole) && u->path.p + u->path.n == u->whole.p + u->whole.n);
    for (size_t i = 0; i < u->host.n; i++) {
        uint8_t c = u->host.p[i];
        assert(c > ' ' && !strchr("/\\?#@%", c) && !(c >= 'A' && c <= 'Z'));
    }
    for (size_t i = 0; i < u->shown.n; i++) assert(u->shown.p[i] > ' ');
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
    bool all = l.name_count < URL_IDN_MAX && !(l.odd & ODD(URL_LIMIT));
    for (size_t i = 0; i < l.n; i++) {
        struct url_list fresh = {.a = &a};
        check(&l.v[i]);
        if (all) check_again(&fresh, &l.v[i]);
    }
    free(copy);
    return 0;
}
