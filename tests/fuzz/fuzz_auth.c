/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_auth: any bytes as a header in which one host is trusted.
 *
 * The first byte says how many Received fields are our own. Beside what sanitisers find: domains are clean and only of
 * what passed, what is aligned has From's registrable domain, nothing is believed below a stranger's Received field,
 * and who trusts nobody hears nothing. */
#include <assert.h>
#include <stdlib.h>

#include "worker/mime/auth.h"
#include "worker/mime/authres.h"
#include "worker/text/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ARENA_BYTES = 16 << 20 };

static void check_domain(span d, enum auth_result result, bool aligned, const struct mail *m)
{
    assert(d.n == 0 || result == AUTH_PASS);
    assert(!aligned || span_eq(domain_registrable(d), m->from_domain));
    for (size_t i = 0; i < d.n; i++)
        assert(d.p[i] > ' ' && d.p[i] != '@' && d.p[i] != 0x7F && !(d.p[i] >= 'A' && d.p[i] <= 'Z'));
}

static void check_mail(const struct mail *m)
{
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) assert(m->auth.result[k] < AUTH_RESULT_COUNT);
    check_domain(m->auth.spf_domain, m->auth.result[AUTH_SPF], m->auth.spf_aligned, m);
    check_domain(m->auth.dkim_domain, m->auth.result[AUTH_DKIM], m->auth.dkim_aligned, m);
}

/* The field's reader alone: all it gives lies within the field. */
static void check_field(span in, bool arc)
{
    struct authres r;
    struct authres_result got;
    if (!authres_open(&r, in, arc)) return;
    assert(r.id.n && r.id.p >= in.p && r.id.p + r.id.n <= in.p + in.n);
    for (size_t left = r.rest.n; authres_next(&r, &got); left = r.rest.n) {
        assert(got.method.n && got.result.n && r.rest.n < left);
        const span *all[] = {&got.method,   &got.result,   &got.smtp_mailfrom, &got.smtp_helo,
                             &got.header_d, &got.header_i, &got.header_from};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            assert(!all[i]->n || (all[i]->p >= in.p && all[i]->p + all[i]->n <= in.p + in.n));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct arena a;
    if (!a.base && arena_open(&a, ARENA_BYTES) != ERR_OK) abort();
    if (n == 0) return 0;
    arena_reset(&a);
    uint8_t *copy = malloc(n); /* so that reading past the end is seen */
    memcpy(copy, data + 1, n - 1);
    span in = span_of(copy, n - 1), host = SPAN("mx.example.net");
    check_field(in, false);
    check_field(in, true);

    struct mail m;
    struct mail_context c = {.trusted = &host, .trusted_count = 1, .own_received = data[0] % 4};
    mail_read(&m, in, &c, &a);
    check_mail(&m);
    static const struct mail_auth NONE;
    if (m.header_count && m.headers[0].id == FIELD_RECEIVED && c.own_received == 0)
        assert(memcmp(&m.auth, &NONE, sizeof NONE) == 0);
    arena_reset(&a);
    mail_read(&m, in, &(struct mail_context){0}, &a);
    assert(memcmp(&m.auth, &NONE, sizeof NONE) == 0);
    free(copy);
    return 0;
}
