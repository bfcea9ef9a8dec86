/* SPDX-License-Identifier: Apache-2.0 */
/* idn: internationalised host names, as they are looked up and as they are read.
 *
 * UTS #46, non-transitional, as browsers do it. Slow (3 us a label): only for names that are not plain ASCII. */
#ifndef FURUI_TEXT_IDN_H
#define FURUI_TEXT_IDN_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum {
    IDN_HOST_MAX = 253,   /* a longer name is none (RFC 1035) */
    IDN_SHOWN_MAX = 1024, /* no 253 bytes of A-labels become more: 59 characters of 4 bytes are the most for 63 */
};

struct idn_room {
    uint8_t host[IDN_HOST_MAX + 1], shown[IDN_SHOWN_MAX];
};

/* Must a lower-case host go through idn_name? */
bool idn_needed(span host);

/* Convert label by label.
 *
 *   name       ASCII letters lower case; lent
 *   room       what is written lies here
 *   host_out   labels that are not ASCII as A-labels; what cannot be one stays as it is
 *   shown_out  A-labels as U-labels; what is no A-label stays as it is
 *   odd        ODD(URL_OBSCURED) is added when letters in disguise turn out to be ASCII, ODD(URL_MIXED) when a label
 *              mixes scripts as no language does
 *
 * False when no such host can be: no UTF-8, too long, or with a character in it that parts a link. O(name.n). */
bool idn_name(span name, struct idn_room *room, span *host_out, span *shown_out, uint64_t *odd);

/* The host of a mail address as idn_name has it: the same when it is plain ASCII, else in the arena. */
span idn_host(span name, struct arena *a);

#endif
