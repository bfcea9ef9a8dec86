/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_describe: what is told apart of any bytes for figures: language, kind, day of arrival, address.
 *
 * The bytes are read as a text, as a field and as a mail. Each answer is one of those that there are; a day lies
 * between 1970 and 9999, give or take a zone of four digits; an address lies in the arena. */
#include <assert.h>

#include "models/corpus/arrival.h"
#include "models/eval/describe.h"
#include "worker/text/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_time(bool found, int64_t t)
{
    enum { ZONE = 100 * 3600 };
    static const int64_t END = 253402300800; /* 10000-01-01 */
    assert(!found || (t >= -ZONE && t <= END + ZONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct mail m;
    int64_t t = 0;
    span all = span_of(data, size);
    domain_init();
    if (arena_open(&a, 8u << 20) != ERR_OK) return 0;
    assert(describe_text(all) < JUDGED_LANGUAGES);
    check_time(arrival_parse(all, &t), t);
    mail_read(&m, all, NULL, &a);
    assert(describe_language(&m) < JUDGED_LANGUAGES && describe_kind(&m) < JUDGED_KINDS);
    check_time(arrival_time(&m, &t), t);
    span to = arrival_address(&m, &a);
    assert(to.n == 0 || (to.p >= a.base && to.p + to.n <= a.base + a.used));
    for (size_t i = 0; i < to.n; i++) assert(to.p[i] == ascii_lower(to.p[i]));
    arena_close(&a);
    return 0;
}
