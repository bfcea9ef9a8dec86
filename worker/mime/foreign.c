/* SPDX-License-Identifier: Apache-2.0 */
/* foreign: the table of other filters' and sites' header fields.
 *
 * Names were gathered from the headers of public corpora (2001 to 2023) and from the documentation of the filters. */
#include "worker/mime/foreign.h"

/* A name that ends in '*' stands for all that begin so. */
static const char *const NAMES[] = {
    "X-Spam*",
    "X-Bogosity",
    "X-DSPAM*",
    "X-CRM114*",
    "X-Virus*",
    "X-Barracuda*",
    "X-MailScanner*",
    "X-Rspamd*",
    "X-Proofpoint*",
    "X-Perlmx*",
    "X-MS-Exchange-*",
    "X-Forefront*",
    "X-Microsoft-Antispam*",
    "X-SID-*",
    "X-Ovh-Spam*",
    "X-Gmail*",
    "X-FOFF*",
    "X-Original-To",
    "X-Status",
    "X-UID",
    "X-Mozilla-*",
    "Authentication-Results",
    "ARC-*",
    "Received-SPF",
    "Delivered-To",
    "Status",
};

/* A bit for each of NAMES that has this letter first, or third; in lower case. */
static uint32_t first_is[256], third_is[256];
_Static_assert(sizeof NAMES / sizeof *NAMES <= 32, "a bit for each name");

__attribute__((constructor)) static void fill(void)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        first_is[ascii_lower((uint8_t)NAMES[i][0])] |= UINT32_C(1) << i;
        third_is[ascii_lower((uint8_t)NAMES[i][2])] |= UINT32_C(1) << i;
    }
}

bool foreign_header(span name)
{
    if (name.n < 4) return false;
    uint32_t like = first_is[ascii_lower(name.p[0])] & third_is[ascii_lower(name.p[2])];
    for (; like; like &= like - 1) {
        const char *want = NAMES[__builtin_ctz(like)];
        size_t n = strlen(want);
        if (want[n - 1] == '*' ? span_istarts(name, span_of(want, n - 1)) : span_ieq(name, span_of(want, n)))
            return true;
    }
    return false;
}
