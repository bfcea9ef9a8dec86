/* SPDX-License-Identifier: Apache-2.0 */
/* The history of models and the operator's requests: no bytes crash the readers, and a history that is taken is written
 * as it was read. The first byte chooses; a history gets its checksum here, or none would ever be taken. */
#include "engine/admin.h"
#include "engine/ledger.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    span rest = span_of(data + 1, size - 1);
    struct admin_request r = {.bundle_fd = -1};
    if (data[0] == 'h')
        history(rest);
    else if (!admin_parse(rest, &r))
        assert(strlen(r.by) < sizeof r.by && r.share_ppm <= ADMIN_PPM && (!r.share_ppm || r.mails));
    return 0;
}
