/* SPDX-License-Identifier: Apache-2.0 */
/* suffix: the public suffix list, as a table of hashes of its rules.
 *
 * The list is compiled in (SUFFIX_LIST of the Makefile), so that a build gives the same verdict on each host and no file
 * is opened. Source: publicsuffix.org, both its ICANN and private sections. */
#ifndef FURUI_TEXT_SUFFIX_H
#define FURUI_TEXT_SUFFIX_H

#include "proto/base/span.h"

enum {
    SUFFIX_LISTED = 1,   /* nobody's name: "co.jp" */
    SUFFIX_ICANN = 2,    /* of the section of registries */
    SUFFIX_PARENT = 4,   /* each name directly below is nobody's, too: "*.ck" */
    SUFFIX_EXCEPTED = 8, /* but this one is somebody's: "www.ck" */
    SUFFIX_ABOVE = 16,   /* the list has names below it, perhaps not itself */
};

/* Build the table unless it is there. */
void suffix_init(void);

/* What the list says of a name, without looking at what stands above it: SUFFIX_ bits, or 0. Lower case; A-labels or
 * U-labels. */
unsigned suffix_of(span name);

#endif
