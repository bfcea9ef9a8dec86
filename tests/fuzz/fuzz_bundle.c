/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bundle: no bytes that claim to be a bundle, or a table, net or calibration inside one, may do harm.
 *
 * Checksums would stop a fuzzer at the door, so the input is tried as it is and with its checksums made right, as
 * an attacker's would be; what is accepted is read to its end. */
#include "proto/base/hash.h"
#include "worker/score/bundle.h"
#include "worker/score/calib.h"
#include "worker/score/net.h"
#include "worker/score/table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { HEAD_BYTES = 64, ENTRY_BYTES = 40 };

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static void put64(uint8_t *p, uint64_t v)
{
    memcpy(p, &v, 8);
}

static void repair(uint8_t *p, size_t n)
{
    if (n < HEAD_BYTES) return;
    memcpy(p, BUNDLE_MAGIC, 8);
    put64(p + 24, n);
    uint32_t count;
    memcpy(&count, p + 16, 4);
    if (count > BUNDLE_SECTIONS_MAX || HEAD_BYTES + (size_t)count * ENTRY_BYTES > n) return;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *e = p + HEAD_BYTES + i * ENTRY_BYTES;
        uint64_t offset = get64(e + 16), bytes = get64(e + 24);
        if (offset <= n && bytes <= n - offset) put64(e + 32, hash64(span_of(p + offset, bytes), 0));
    }
    put64(p + 32, 0);
    put64(p + 32, hash64(span_of(p, HEAD_BYTES + (size_t)count * ENTRY_BYTES), 0));
}

/* What loads must give numbers, whatever a mail is. */
static void use_net(span section)
{
    struct net net;
    const char *why;
    if (net_load(section, &net, &why) != ERR_OK) return;
    float x[NET_INPUTS_MAX];
    for (int i = 0; i < NET_INPUTS_MAX; i++) x[i] = (float)(i % 5 - 2) * 1e30f;
    assert(isfinite(net_eval(&net, x)));
}

static void use_table(span section)
{
    struct table table;
    const char *why;
    if (table_load(section, &table, &why) != ERR_OK) return;
    uint32_t hashes[64];
    for (uint32_t i = 0; i < 64; i++) hashes[i] = i * 0x9E3779B9u;
    struct features f = {0};
    for (int v = 0; v < VIEW_COUNT; v++) f.view[v].v = hashes, f.view[v].n = 64;
    struct parts parts;
    table_score(&table, &f, &parts);
    for (int i = 0; i < PART_COUNT; i++) assert(isfinite(parts.v[i]));
}

static void use_calib(span section)
{
    struct calib calib;
    const char *why;
    if (calib_load(section, &calib, &why) != ERR_OK) return;
    double last = -INFINITY;
    for (double x = -1e5; x <= 1e5; x += 499.9) {
        double y = calib_at(&calib, x);
        assert(isfinite(y) && y >= last - 1e-6); /* rises, but for rounding */
        last = y;
    }
}

static void use(span bytes, uint32_t feature_version)
{
    struct bundle b;
    char why[BUNDLE_FAULT_BYTES];
    if (bundle_parse(bytes, "fuzz", feature_version, &b, why) != ERR_OK) {
        assert(memchr(why, 0, sizeof why) && !strchr(why, '\n') && *why);
        return;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < b.section_count; i++) {
        struct bundle_entry e = bundle_at(&b, i);
        assert((uintptr_t)e.bytes.p % BUNDLE_ALIGN == 0);
        sum += hash64(e.bytes, 1);
        assert(bundle_section(&b, e.name).p == e.bytes.p);
    }
    span k, v;
    for (size_t at = 0; bundle_manifest_next(&b, &at, &k, &v);) sum += k.n + v.n;
    assert(sum != 1); /* so that the reads above are not thought useless */
    use_net(bundle_section(&b, "net"));
    use_table(bundle_section(&b, "table"));
    use_calib(bundle_section(&b, "calib"));
    bundle_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    void *copy = NULL;
    if (posix_memalign(&copy, BUNDLE_ALIGN, n ? n : 1) != 0) abort();
    if (n) memcpy(copy, data, n);
    use(span_of(copy, n), BUNDLE_ANY_FEATURES);
    repair(copy, n);
    use(span_of(copy, n), BUNDLE_ANY_FEATURES);
    use(span_of(copy, n), 1);
    free(copy);
    return 0;
}
