/* SPDX-License-Identifier: Apache-2.0 */
/* css_value: numbers, lengths and colours of style sheets. For css.c. */
#ifndef FURUI_TEXT_CSS_VALUE_H
#define FURUI_TEXT_CSS_VALUE_H

#include "proto/base/span.h"

enum css_unit { CSS_UNIT_NONE, CSS_UNIT_PX, CSS_UNIT_PART };

/* A number at the start of s, in thousandths; returns the bytes it took, 0 when there is none. */
size_t css_number(span s, int64_t *milli);

/* A length: thousandths of a pixel, or of the parent's size (em, ex, %). CSS_UNIT_NONE when it is none that we know. */
enum css_unit css_length(span s, int64_t *milli);

/* The parts of "1, 2 3 / 4", up to a closing bracket; returns how many, at most four. */
unsigned css_split(span s, span part[4]);

/* "0.5" or "50%" in thousandths; what is none is 1. */
int64_t css_alpha(span s);

/* A colour by CSS ("#fff", "rgb(1,2,3)", "white") as css.h has them; false when it is none. */
bool css_colour(span s, uint32_t *out);

/* Is what css_colour refused a colour all the same, though nobody here can tell which ("var(--x)", "color-mix(...)",
 * those of the system)? */
bool css_colour_unknown(span s);

#endif
