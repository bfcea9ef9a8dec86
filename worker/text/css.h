/* SPDX-License-Identifier: Apache-2.0 */
/* css: as much of style sheets as decides whether text can be seen.
 *
 * Declarations are reduced to a few facts (struct css); facts from rules, attributes and parents are combined into the
 * look of an element, and the look says whether its text is visible. Source: CSS 2.1, CSS Color 3; the HTML standard's
 * legacy colour values. */
#ifndef FURUI_TEXT_CSS_H
#define FURUI_TEXT_CSS_H

#include "proto/base/span.h"

enum {
    CSS_RULES_MAX = 256,    /* selectors of a document's style sheets that are remembered */
    CSS_CHAIN_MAX = 32,     /* of these, with the same name of their own element */
    CSS_SCREEN = 800,       /* pixels: a window of a desktop reader */
    CSS_COLOUR_NEAR = 16,   /* steps of 255 in each channel by which invisible text may differ from its background */
    CSS_FONT_LEAST = 3 * 8, /* smaller letters are taken for invisible; eighths of a pixel */
    CSS_FAR = 900, /* pixels outside of its place that put text out of sight; half a page is how pages are centred */
};

#define CSS_CLEAR 0x1000000u /* a colour that is transparent */

enum css_display { CSS_INLINE, CSS_BLOCK, CSS_NONE };

/* What declarations say; `set` tells which fields count. */
struct css {
    uint32_t set;
    uint32_t colour, background; /* 0xRRGGBB or CSS_CLEAR */
    uint16_t font;               /* eighths of a pixel, or parts of 1024 of the parent's when CSS_FONT_PART is set */
    uint8_t display;             /* enum css_display */
    uint8_t facts;               /* CSS_NO_HEIGHT... as far as `set` has them */
};

/* Bits of css.set; those from CSS_UNSEEN on have their value in css.facts, shifted by CSS_FACT_SHIFT. */
enum {
    CSS_COLOUR = 1 << 0,
    CSS_BACKGROUND = 1 << 1,
    CSS_IMAGE = 1 << 2, /* a background picture: what colour it has is unknown */
    CSS_FONT = 1 << 3,
    CSS_FONT_PART = 1 << 4,
    CSS_DISPLAY = 1 << 5,
    CSS_FACT_SHIFT = 8,
    CSS_UNSEEN = 1 << 8,     /* visibility: hidden, collapse */
    CSS_GLASS = 1 << 9,      /* opacity: 0 */
    CSS_NO_HEIGHT = 1 << 10, /* height or max-height of at most 2px */
    CSS_NO_WIDTH = 1 << 11,
    CSS_CLIP = 1 << 12,     /* overflow: hidden */
    CSS_AWAY = 1 << 13,     /* far out of the page, scaled or cut to nothing */
    CSS_POSITION = 1 << 14, /* position: absolute, fixed or relative */
    CSS_OUT = 1 << 15,      /* far out of the page, or cut to nothing, if it has a position */
};

/* The look of an open element, inherited ones included. */
struct css_look {
    uint32_t colour, background;
    uint16_t font;
    bool image;  /* stands on a picture */
    bool gone;   /* out of sight, with all that is inside: no display, no opacity, clipped, off the page */
    bool unseen; /* visibility: hidden; what is inside may be visible again */
};

/* Black on white, 16px. */
extern const struct css_look CSS_LOOK;

/* Read declarations ("color:red;font-size:0"). O(s.n). */
void css_read(span s, struct css *out);

/* What stands in the brackets of the first url(...) at or behind byte *at, which is moved past it; empty at the end. */
span css_url(span s, size_t *at);

/* Lay `over` upon `into`: what it sets wins. */
void css_lay(struct css *into, const struct css *over);

/* The look of an element inside of one with the look `parent`. */
struct css_look css_apply(const struct css_look *parent, const struct css *c);

/* Can text of that look be seen? */
bool css_visible(const struct css_look *look);

/* A colour attribute as browsers take it: whatever it is, some colour comes out, but for "" and "transparent". */
bool css_legacy_colour(span s, uint32_t *out);

/* Rules of style sheets, found by a class, an id or an element of the one they are about. What else their selectors ask
 * for, of it and of those around it, are bits of names (a Bloom filter, as browsers have it): a match may be wrong, a
 * rule is never missed. */
struct css_rules {
    struct css_rule {
        uint64_t key;
        uint64_t own, kin; /* bits that it, and those around it, must have */
        struct css css;
        uint16_t next; /* with the same key, index + 1 */
    } v[CSS_RULES_MAX];
    uint16_t slots[2 * CSS_RULES_MAX]; /* index + 1 of the first with a key */
    size_t n;
};

void css_rules_init(struct css_rules *r);

/* Add the rules of a <style> element: selectors of elements, classes and ids, also below others ("td.x > .y");
 * those with more in them are passed over. Conditions (@media) are judged for a screen CSS_SCREEN pixels wide. O(s.n).
 */
void css_rules_read(struct css_rules *r, span s);

/* What the rules say about an element.
 *
 *   name, classes, id   its name in lower case; its attributes
 *   kin                 bits of those around it
 *   out                 what it gets
 *
 * Returns its own bits. O(classes.n + rules with its names). */
uint64_t css_rules_find(const struct css_rules *r, span name, span classes, span id, uint64_t kin, struct css *out);

#endif
