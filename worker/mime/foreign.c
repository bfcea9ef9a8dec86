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

bool foreign_header(span name)
{
    if (name.n < 4) return false;
    uint8_t first = ascii_lower(name.p[0]), third = ascii_lower(name.p[2]);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const char *want = NAMES[i];
        if (ascii_lower((uint8_t)want[0]) != first || ascii_lower((uint8_t)want[2]) != third) continue;
        size_t n = strlen(want);
        if (want[n - 1] == '*' ? span_istarts(name, span_of(want, n - 1)) : span_ieq(name, span_of(want, n)))
            return true;
    }
    return false;
}
