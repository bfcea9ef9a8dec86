/* SPDX-License-Identifier: Apache-2.0 */
/* colour: the colours that have a name in CSS.
 *
 * A sorted table. Source: CSS Color Module Level 3, section 4.3. */
#ifndef FURUI_TEXT_COLOUR_H
#define FURUI_TEXT_COLOUR_H

#include "proto/base/span.h"

/* 0xRRGGBB of a name in any case; false when there is none. */
bool colour_by_name(span name, uint32_t *out);

#endif
