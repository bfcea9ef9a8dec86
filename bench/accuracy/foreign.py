# SPDX-License-Identifier: Apache-2.0
"""foreign: takes other filters' verdicts and the site's own marks out of a mail's header.

A peer that may read them learns the label from another filter. The list is the engine's own (docs/scoring.md), so
that all filters of a table see the same mail. Only whole header fields go; every other byte stays as it is.
"""
import re

NAMES = rb"""X-Spam[^:]* X-Bogosity[^:]* X-DSPAM[^:]* X-CRM114[^:]* X-Virus[^:]* X-Barracuda[^:]* X-MailScanner[^:]*
X-Rspamd[^:]* X-Proofpoint[^:]* X-Perlmx[^:]* X-MS-Exchange-[^:]* X-Forefront[^:]* X-Microsoft-Antispam[^:]* X-SID-[^:]*
X-Ovh-Spam[^:]* X-Gmail[^:]* X-FOFF[^:]* Authentication-Results ARC-[^:]* Received-SPF Delivered-To X-Original-To
Status X-Status X-UID X-Mozilla-[^:]*"""
FOREIGN = re.compile(rb"(?:" + rb"|".join(NAMES.split()) + rb")[ \t]*:", re.IGNORECASE)


def strip(mail):
    """The mail without foreign fields and without an mbox `From ` line; bytes in, bytes out."""
    kept, at, dropping = [], 0, False
    while at < len(mail):
        end = mail.find(b"\n", at) + 1 or len(mail)
        line = mail[at:end]
        if line in (b"\n", b"\r\n"):
            break
        if line[:1] not in (b" ", b"\t"):
            dropping = bool(FOREIGN.match(line)) or (at == 0 and line.startswith(b"From "))
        if not dropping:
            kept.append(line)
        at = end
    return b"".join(kept) + mail[at:]
