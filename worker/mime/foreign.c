/* SPDX-License-Identifier: Apache-2.0 */
/* foreign: the table of other filters' and sites' header fields.
 *
 * Names were gathered from the headers of public corpora (2001 to 2023) and from the documentation of the filters. */
#include "worker/mime/foreign.h"

/* A name that ends in '*' stands for all that begin so. */
static const span NAMES[] = {
    SPAN("X-Spam*"),
    SPAN("X-Bogosity"),
    SPAN("X-DSPAM*"),
    SPAN("X-CRM114*"),
    SPAN("X-Virus*"),
    SPAN("X-Barracuda*"),
    SPAN("X-MailScanner*"),
    SPAN("X-Rspamd*"),
    SPAN("X-Proofpoint*"),
    SPAN("X-Perlmx*"),
    SPAN("X-MS-Exchange-*"),
    SPAN("X-Forefront*"),
    SPAN("X-Microsoft-Antispam*"),
    SPAN("X-SID-*"),
    SPAN("X-Ovh-Spam*"),
    SPAN("X-Gmail*"),
    SPAN("X-FOFF*"),
    SPAN("X-Original-To"),
    SPAN("X-Status"),
    SPAN("X-UID"),
    SPAN("X-Mozilla-*"),
    SPAN("Authentication-Results"),
    SPAN("ARC-*"),
    SPAN("Received-SPF"),
    SPAN("Delivered-To"),
    SPAN("Status"),
};

/* A bit for each of NAMES that has this letter first, third or fourth; in lower case. */
static uint32_t first_is[256], third_is[256], fourth_is[256];
_Static_assert(sizeof NAMES / sizeof *NAMES <= 32, "a bit for each name");

__attribute__((constructor)) static void fill(void)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        first_is[ascii_lower(NAMES[i].p[0])] |= UINT32_C(1) << i;
        third_is[ascii_lower(NAMES[i].p[2])] |= UINT32_C(1) << i;
        fourth_is[ascii_lower(NAMES[i].p[3])] |= UINT32_C(1) << i;
    }
}

bool foreign_header(span name)
{
    if (name.n < 4) return false;
    uint32_t like = first_is[ascii_lower(name.p[0])] & third_is[ascii_lower(name.p[2])];
    like &= fourth_is[ascii_lower(name.p[3])];
    for (; like; like &= like - 1) {
        span want = NAMES[__builtin_ctz(like)];
        if (want.p[want.n - 1] == '*' ? span_istarts(name, span_head(want, want.n - 1)) : span_ieq(name, want))
            return true;
    }
    return false;
}
