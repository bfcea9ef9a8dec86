/* SPDX-License-Identifier: Apache-2.0 */
/* test_domain: registrable domains beside libpsl's, of the same list.
 *
 * Names made of each rule of the list, as written and in A-labels, with labels before it and without its first; and names
 * of labels thrown together. */
#include <libpsl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "worker/text/domain.h"
#include "worker/text/idn.h"

static psl_ctx_t *psl;
static size_t asked;

static void same(const char *host)
{
    span h = span_cstr(host);
    if (h.n == 0 || h.n > IDN_HOST_MAX) return;
    const char *want = psl_registrable_domain(psl, host), *dot = strrchr(host, '.');
    span got = domain_registrable(h);
    bool number = host[0] == '[' || (host[h.n - 1] >= '0' && host[h.n - 1] <= '9');
    if (!span_eq(got, span_cstr(want && !number ? want : host)))
        fail_msg("%s: %.*s, and libpsl has %s", host, SPAN_ARG(got), want ? want : "none");
    if (dot && dot[1] && dot[2] && !(dot[1] >= '0' && dot[1] <= '9'))
        assert_int_equal(domain_known(h), psl_is_public_suffix2(psl, dot + 1, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE));
    asked++;
}

/* A name, what may stand before it, and what stands above it. */
static void around(const char *name)
{
    static const char *const BEFORE[] = {"", "x.", "www.", "a.b.", "mail.city.", "c.d.e.f.g.h.i.j.k.l.m.n."};
    char host[512];
    for (size_t i = 0; i < sizeof BEFORE / sizeof *BEFORE; i++) {
        snprintf(host, sizeof host, "%s%s", BEFORE[i], name);
        same(host);
    }
    const char *dot = strchr(name, '.');
    if (dot) same(dot + 1);
}

static void every_rule(void **state)
{
    (void)state;
    char line[1024], name[512];
    FILE *f = fopen(SUFFIX_LIST, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, " \t\r\n")] = 0;
        if (!line[0] || strncmp(line, "//", 2) == 0) continue;
        const char *rule = line + (line[0] == '!') + 2 * (strncmp(line, "*.", 2) == 0);
        around(rule);
        struct idn_room room;
        span host, shown;
        uint64_t odd = 0;
        if (!idn_needed(span_cstr(rule)) || !idn_name(span_cstr(rule), &room, &host, &shown, &odd)) continue;
        snprintf(name, sizeof name, "%.*s", SPAN_ARG(host));
        around(name);
    }
    fclose(f);
    assert_true(asked > 50000);
}

static void thrown_together(void **state)
{
    (void)state;
    static const char *const LABEL[] = {
        "com",      "co",        "uk",      "ck", "www",   "jp",       "kawasaki", "city", "example",  "x",       "de",
        "blogspot", "amazonaws", "compute", "s3", "",      "xn--p1ai", "рф",       "公司", "cn",       "no-such", "bd",
        "er",       "1",         "github",  "io", "tokyo", "sch",      "nom",      "br",   "platform", "sh"};
    unsigned seed = 7;
    for (int round = 0; round < 200000; round++) {
        char host[256] = "";
        for (int i = rand_r(&seed) % 6; i >= 0; i--) {
            strcat(host, LABEL[(unsigned)rand_r(&seed) % (sizeof LABEL / sizeof *LABEL)]);
            if (i) strcat(host, ".");
        }
        if (!strstr(host, "...")) same(host); /* nobody can own these */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_rule), cmocka_unit_test(thrown_together)};
    psl = psl_load_file(SUFFIX_LIST);
    if (!psl) return 1;
    domain_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    psl_free(psl);
    return failed;
}
