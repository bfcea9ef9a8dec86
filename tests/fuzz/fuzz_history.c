/* SPDX-License-Identifier: Apache-2.0 */
/* The history of models, the operator's requests and orders: no bytes crash the readers, and what is taken is written as
 * it was read. The first byte chooses; a history gets its checksum here, or none would ever be taken. */
#include "engine/admin.h"
#include "engine/ledger.h"
#include "models/live/door.h"
#include "proto/base/hash.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ledger first, second; /* large */

static void history(span body)
{
    struct pairs text = {0}, again = {0};
    char sum[32];
    int n = snprintf(sum, sizeof sum, "sum=%016" PRIx64 "\n", hash64(body, 0));
    uint8_t *all = malloc(body.n + (size_t)n);
    assert(all);
    if (body.n) memcpy(all, body.p, body.n);
    memcpy(all + body.n, sum, (size_t)n);
    if (ledger_read(span_of(all, body.n + (size_t)n), &first) == ERR_OK) {
        ledger_write(&first, &text);
        enum err e = ledger_read(span_of(text.p, text.n), &second);
        assert(e == ERR_OK && first.n == second.n && first.last == second.last);
        ledger_write(&second, &again);
        assert(span_eq(span_of(text.p, text.n), span_of(again.p, again.n)));
    } else {
        assert(first.n == 0);
    }
    pairs_close(&text);
    pairs_close(&again);
    free(all);
}

static void order(span text)
{
    static struct control c;
    struct control_order o, again;
    struct pairs written = {0};
    char why[CONTROL_WHY_MAX];
    if (control_parse(text, &o)) return;
    control_write(&o, &written);
    assert(!control_parse(span_of(written.p, written.n), &again) && memcmp(&o, &again, sizeof o) == 0);
    pairs_close(&written);
    memset(&c, 0, sizeof c);
    for (uint64_t ms = 1; ms < 1000; ms *= 3) control_take(&c, &o, (struct follow_place){ms, o.to.n}, why);
    assert(c.skips <= CONTROL_SKIPS_MAX && c.frozen <= 1);
}

/* What furuid takes it hands to the learner. */
static void request(span text)
{
    struct admin_request r = {.bundle_fd = -1};
    struct door_request q;
    if (!admin_parse(text, &r))
        assert(strlen(r.by) < sizeof r.by && r.share_ppm <= ADMIN_PPM && (!r.share_ppm || r.mails));
    if (!door_parse(SPAN("uid=0\n"), text, &q))
        assert(q.has_to == (q.ask == DOOR_REWIND) && strlen(q.who) < sizeof q.who && strlen(q.note) < sizeof q.note);
    door_parse(text, SPAN("ask=show\n"), &q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    span rest = span_of(data + 1, size - 1);
    if (data[0] == 'h')
        history(rest);
    else if (data[0] == 'o')
        order(rest);
    else
        request(rest);
    return 0;
}
