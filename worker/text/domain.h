/* SPDX-License-Identifier: Apache-2.0 */
/* domain: who owns a host name, by the public suffix list. */
#ifndef FURUI_TEXT_DOMAIN_H
#define FURUI_TEXT_DOMAIN_H

#include "proto/base/span.h"

/* The registrable domain of a lower-case host ("mail.example.co.jp" -> "example.co.jp"), a span within `host`; the host
 * itself when it is an address or has none (a public suffix, a name without a dot). */
span domain_registrable(span host);

/* Is the last label of a lower-case host a top-level domain of the public suffix list? */
bool domain_known(span host);

/* Read the list before the first message, rather than with it: 2 ms. */
void domain_init(void);

#endif
