/* SPDX-License-Identifier: Apache-2.0 */
/* domain: who owns a host name, by the public suffix list. */
#ifndef FURUI_TEXT_DOMAIN_H
#define FURUI_TEXT_DOMAIN_H

#include "proto/base/span.h"

/* The registrable domain of a lower-case host ("mail.example.co.jp" -> "example.co.jp"), a span within `host`; the host
 * itself when it is an address or has none (a public suffix, a name without a dot). Remembers what it was asked
 * last. */
span domain_registrable(span host);

/* Is the last label of a lower-case host a top-level domain of the public suffix list? */
bool domain_known(span host);

/* Look once, before the first message, whether libpsl carries its list; logs a warning when it does not, since then
 * every host is its own registrable domain. The list is the one built into libpsl, not the newest on disk, so that
 * the same package gives the same verdict on each host and no file is opened. */
void domain_init(void);

#endif
