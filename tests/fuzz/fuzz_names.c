/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_names: names, tenants and records of any bytes: what a mail says makes no other name's key.
 *
 * The first byte chooses the kind; then comes the tenant, to the first '|', and the name. A key falls apart again into
 * just what it was made of; a canonical name is canonical; of any 44 bytes only sums that can be reckoned with are
 * read. */
#include "proto/store/name.h"
#include "proto/store/record.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_key(span tenant, enum name_kind kind, span name)
{
    uint8_t text[NAME_KEY_BYTES];
    span key = name_key("p:q", tenant, kind, name, text), rest = key;
    assert(key.n <= sizeof text && span_starts(key, SPAN("p:q:2:{")));
    assert(span_eq(name_key_word(key), span_cstr(name_kind_word(kind))));
    rest = span_from(rest, 7);
    assert(ascii_hex(rest.p[0]) >= 0 && ascii_hex(rest.p[0]) < 4 && ascii_hex(rest.p[1]) >= 0);
    assert(span_starts(span_from(rest, 2), SPAN("}:")));
    rest = span_from(rest, 4);
    span who = span_head(rest, span_find(rest, ':'));
    assert(span_eq(who, tenant) || (who.n == 33 && who.p[0] == '~'));
    rest = span_from(rest, who.n + 1 + strlen(name_kind_word(kind)) + 1);
    assert(span_eq(rest, name));
    for (size_t i = 0; i < rest.n; i++)
        assert(rest.p[i] > ' ' && rest.p[i] != '{' && rest.p[i] != '}' && rest.p[i] != '#');
}

static void check_record(span bytes)
{
    static const struct record_lives LIVES = {.minutes = {360, 30240}};
    struct record r, again;
    uint8_t out[RECORD_BYTES];
    if (!record_read(bytes, &r)) return;
    assert(bytes.n == RECORD_BYTES);
    record_write(&r, out);
    assert(record_read(span_of(out, sizeof out), &again) && memcmp(&r, &again, sizeof r) == 0);
    record_decay(&r, again.minute + 5000, &LIVES);
    for (int speed = 0; speed < RECORD_SPEEDS; speed++)
        for (int k = 0; k < SUM_COUNT; k++)
            assert(isfinite(r.sum[speed][k]) && r.sum[speed][k] >= 0 && r.sum[speed][k] <= again.sum[speed][k]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t name[NAME_MAX_BYTES], again[NAME_MAX_BYTES], net[NAME_MAX_BYTES];
    if (n == 0) return 0;
    enum name_kind kind = (enum name_kind)(data[0] % NAME_TENANT), back;
    span in = span_of(data + 1, n - 1), tenant = span_head(in, span_find(in, '|'));
    assert(name_kind_of(span_cstr(name_kind_word(kind)), &back) && back == kind);
    check_record(in);
    size_t bytes = name_canonical(kind, span_from(in, tenant.n + 1), name);
    assert(bytes <= sizeof name);
    if (bytes == 0) return 0;
    assert(name_canonical(kind, span_of(name, bytes), again) == bytes && memcmp(name, again, bytes) == 0);
    if (kind == NAME_IP) {
        size_t nets = name_net(span_of(name, bytes), net);
        assert(nets > 0 && name_canonical(NAME_NET, span_of(net, nets), again) == nets &&
               memcmp(net, again, nets) == 0);
    }
    check_key(tenant, kind, span_of(name, bytes));
    return 0;
}
