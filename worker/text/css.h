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
    CSS_RULES_MAX = 512,   /* selectors of a document's style sheets that are remembered */
    CSS_RULES_PLAIN = 384, /* of these, ones that hide nothing by themselves */
    CSS_ASKED_MAX = 16,    /* attributes that selectors ask for */
    CSS_SPREAD = 8,        /* times its size that a sheet may grow to by ":is(a, b)" and its like */
    CSS_CHAIN_MAX = 32,    /* with the same name of their own element */
    CSS_CHAIN_PLAIN = 24,  /* of these, ones that hide nothing by themselves */
    CSS_SCREEN = 800,      /* pixels: a window of a desktop reader */
    CSS_SCREEN_Y = 600,
    CSS_COLOUR_NEAR = 16,   /* steps of 255 in each channel by which invisible text may differ from its background */
    CSS_OPACITY_LEAST = 13, /* parts of 255; less is taken for nothing */
    CSS_FONT_LEAST = 3 * 8, /* smaller letters are taken for invisible; eighths of a pixel */
    CSS_FONT_WHOLE = 1024,  /* css.font of letters as large as their parent's, with CSS_FONT_PART */
    CSS_GREY = 0x808080,    /* stands for a colour that cannot be told: it is seen on black and on white */
    CSS_FAR = 900, /* pixels outside of its place that put text out of sight; half a page is how pages are centred */
    CSS_TIGHT_PX = 10,    /* letters that move so far to the left stand on each other */
    CSS_BLUR_PX = 10,     /* letters blurred so far cannot be read */
    CSS_ZOOM_LEAST = 150, /* thousandths; less is too small to read */
    CSS_FAR_ASIDE = 3000, /* ... on the side to which a window can scroll */
};

#define CSS_CLEAR 0x1000000u /* a colour that is transparent */
#define CSS_THIN  0x2000000u /* bit of a colour through which what is behind can be seen */

/* CSS_BOX: inline-block and its like: a box of its own within a line. */
enum css_display { CSS_INLINE, CSS_BLOCK, CSS_BOX, CSS_CELL, CSS_NONE };

/* What declarations say; `set` tells which of it counts. */
struct css {
    uint64_t set;
    uint64_t important;          /* those of `set` that were said with !important */
    uint64_t facts;              /* the bits of `set` from CSS_BROAD on: are they so? */
    uint32_t colour, background; /* 0xRRGGBB or CSS_CLEAR */
    uint32_t shadow;             /* of the letters, or the line around them */
    uint16_t font;               /* eighths of a pixel, or with CSS_FONT_PART parts of CSS_FONT_WHOLE of the parent's */
    uint8_t display;             /* enum css_display */
    uint8_t opacity;             /* of 255 */
};

/* Bits of css.set. One for each property, so that one never takes back what another said. */
#define CSS_COLOUR     (UINT64_C(1) << 0)
#define CSS_BACKGROUND (UINT64_C(1) << 1)
#define CSS_IMAGE      (UINT64_C(1) << 2) /* a background picture: what colour it has is unknown */
#define CSS_FONT       (UINT64_C(1) << 3)
#define CSS_FONT_PART  (UINT64_C(1) << 4)
#define CSS_DISPLAY    (UINT64_C(1) << 5)
#define CSS_OPACITY    (UINT64_C(1) << 6)
#define CSS_BROAD      (UINT64_C(1) << 7)  /* min-width that leaves room for letters */
#define CSS_UNSEEN     (UINT64_C(1) << 8)  /* visibility: hidden, collapse */
#define CSS_NO_HEIGHT  (UINT64_C(1) << 9)  /* height of at most 2px */
#define CSS_NO_ROOM    (UINT64_C(1) << 10) /* max-height of at most 2px */
#define CSS_NO_WIDTH   (UINT64_C(1) << 11) /* width ... */
#define CSS_NO_BREADTH (UINT64_C(1) << 12) /* max-width ... */
#define CSS_NO_LINE    (UINT64_C(1) << 13) /* line-height ... */
#define CSS_CLIP       (UINT64_C(1) << 14) /* overflow: not visible */
#define CSS_INDENT     (UINT64_C(1) << 15) /* text-indent far out of the page */
#define CSS_CUT        (UINT64_C(1) << 16) /* clip-path that leaves nothing */
#define CSS_MOVED      (UINT64_C(1) << 17) /* transform that scales to nothing or moves far out */
#define CSS_MARGIN_X   (UINT64_C(1) << 18) /* margin-left, margin-right far out */
#define CSS_MARGIN_Y   (UINT64_C(1) << 19) /* margin-top, margin-bottom far out */
#define CSS_POSITION   (UINT64_C(1) << 20) /* position: relative, absolute, fixed, sticky */
#define CSS_ABSOLUTE   (UINT64_C(1) << 21) /* position: absolute, fixed */
#define CSS_RECT       (UINT64_C(1) << 22) /* clip: rect() that leaves nothing; counts where it is absolute */
#define CSS_LEFT       (UINT64_C(1) << 23) /* left, right, top, bottom far out; count where it has a position */
#define CSS_RIGHT      (UINT64_C(1) << 24)
#define CSS_TOP        (UINT64_C(1) << 25)
#define CSS_BOTTOM     (UINT64_C(1) << 26)
#define CSS_FLOAT      (UINT64_C(1) << 27)
#define CSS_FILTER     (UINT64_C(1) << 28) /* filter: opacity(0), content-visibility: hidden */
#define CSS_FILL       (UINT64_C(1) << 29) /* -webkit-text-fill-color: transparent */
#define CSS_TALL       (UINT64_C(1) << 30) /* min-height that leaves room for letters */
#define CSS_PAD_Y      (UINT64_C(1) << 31) /* padding below in which letters that do not fit can be seen */
#define CSS_PAD_X      (UINT64_C(1) << 32) /* ... on the right */
#define CSS_VEIL       (UINT64_C(1) << 33) /* zoom to nothing */
#define CSS_MASK       (UINT64_C(1) << 34) /* mask that leaves nothing */
#define CSS_TIGHT      (UINT64_C(1) << 35) /* letter-spacing that puts all letters into one place */
#define CSS_SHADOW     (UINT64_C(1) << 36)
#define CSS_INK        (UINT64_C(1) << 37) /* background-clip: text */
#define CSS_OVERRIDE   (UINT64_C(1) << 38) /* unicode-bidi: bidi-override, isolate-override */
#define CSS_LEFTWARD   (UINT64_C(1) << 39) /* direction: rtl */

/* The look of an open element, inherited ones included. */
struct css_look {
    uint32_t colour, background, shadow;
    uint16_t font;
    uint8_t opacity; /* of 255, with that of all around it */
    bool tight;      /* all letters in one place */
    bool leftward;   /* direction: rtl */
    bool image;      /* stands on a picture */
    bool gone;       /* out of sight, with all that is inside: no display, no opacity, clipped, off the page */
    bool unseen;     /* visibility: hidden; what is inside may be visible again */
    bool visible;    /* can text of that look be seen? */
};

/* Black on white, 16px. */
extern const struct css_look CSS_LOOK;

/* Read declarations ("color:red;font-size:0"). Comments and escapes ("dis\\70lay") are understood; what no browser
 * takes is passed over. O(s.n). */
void css_read(span s, struct css *out);

/* Where at or behind byte `i` one of `stops` first stands outside of comments, strings and brackets, or s.n. */
enum { CSS_SEMICOLON = 1, CSS_COLON = 2, CSS_COMMA = 4, CSS_OPEN = 8, CSS_CLOSE = 16 };
size_t css_find(span s, size_t i, unsigned stops);

/* Copy `s`, at most `cap` bytes of it, without comments and with escapes read. */
span css_plain(span s, uint8_t *out, size_t cap);

/* What stands in the brackets of the first url(...) at or behind byte *at, which is moved past it; empty at the end. */
span css_url(span s, size_t *at);

/* Lay `over` upon `into`: what it sets wins. */
void css_lay(struct css *into, const struct css *over);

/* What it lays out as: `usual` for its tag, unless it was told otherwise. */
enum css_display css_box(const struct css *c, enum css_display usual);

/* The look of an element inside of one with the look `parent`; sizes, places and indents mean nothing to inline ones,
 * nor sizes to the cells of tables, which grow with what is in them. */
struct css_look css_apply(const struct css_look *parent, const struct css *c, enum css_display box);

/* Would what is said here hide a text whatever stands around it? */
bool css_hides(const struct css *c);

/* A colour attribute as browsers take it: whatever it is, some colour comes out, but for "" and "transparent". */
bool css_legacy_colour(span s, uint32_t *out);

/* Rules of style sheets, found by a class, an id or an element of the one they are about. What else their selectors ask
 * for, of it and of those around it, are bits of names (a Bloom filter, as browsers have it): a match may be wrong, a
 * rule is missed only past the limits, which `forgot` tells. */
enum css_side { CSS_ANYWHERE, CSS_WITHIN, CSS_BEHIND, CSS_LATER };
struct css_rules {
    struct css_rule {
        uint64_t key;
        uint64_t own, kin;      /* bits that it, and those around it, must have */
        uint16_t next;          /* with the same key, index + 1 */
        uint16_t last;          /* of the first with a key: the last one's, index + 1 */
        uint16_t kept;          /* of the first with a key: how many there are */
        uint8_t rank;           /* by what is in its selector: an element, a class, an id (CSS 2.1, 6.4.3) */
        bool more;              /* more than `own` and `kin` is asked for: */
        bool first;             /* it must be the first child */
        uint8_t side;           /* enum css_side: who must have `near` */
        uint16_t with, without; /* attributes that it must have, and must not: bits of `asked` */
        uint64_t near;          /* bits that its parent, or one beside it, must have */
        uint64_t never[2];      /* bits of which it must not have all, or 0 */
        struct css css;
    } v[CSS_RULES_MAX];
    uint16_t slots[2 * CSS_RULES_MAX]; /* index + 1 of the first with a key */
    size_t n;
    uint64_t asked[CSS_ASKED_MAX]; /* hashes of attributes that selectors ask for, with a value or without */
    unsigned asked_count;
    size_t spread; /* bytes of selectors that ":is()" may yet come to */
    bool any;      /* one of them is about every element */
    bool forgot;   /* there were more than are remembered */
};

void css_rules_init(struct css_rules *r);

/* Add the rules of a <style> element: selectors of elements, classes, ids and attributes, below, in or behind others
 * ("td.x > .y", "p + .y"), with :not(), :is() and :first-child; those with more in them are passed over, as if nobody
 * had written them. Both errors help a sender, to have words taken for hidden that are seen, or for seen that are
 * hidden; but the first costs one rule that never holds, while words hidden in a way that few clients know are seen in
 * all others. Conditions (@media) are judged for a screen CSS_SCREEN pixels wide. O(s.n).
 */
void css_rules_read(struct css_rules *r, span s);

/* Does one of a list of media queries ("print, screen and (min-width:600px)") hold for a window of a desktop? An empty
 * list does. O(list.n). */
bool css_media_holds(span list);

/* Does an at-rule's condition, "@media ..." or "@supports ...", hold? Those of others do not, but for @layer's.
 * O(s.n). */
bool css_condition_holds(span s);

/* Where an element stands, as selectors ask for it. */
struct css_place {
    uint64_t kin, parent;   /* bits of those around it, of the nearest alone */
    uint64_t earlier, last; /* bits of those before it within its parent, of the last alone */
    uint16_t attributes;    /* css_rules_asked */
    bool first;             /* there are none before it */
};

/* The bits of an attribute, for css_place. O(asked_count), and nothing to ask when that is 0. */
uint16_t css_rules_asked(const struct css_rules *r, span name, span value);

/* What rules know the elements of a name by. O(name.n). */
uint64_t css_rules_element(span name);

/* What the rules say about an element.
 *
 *   element       css_rules_element of its name
 *   classes, id   its attributes
 *   out           what it gets
 *   placed_out    was `place` asked for? If not it gets the same elsewhere
 *
 * Returns its own bits. O(classes.n + rules with its names). */
uint64_t css_rules_find(const struct css_rules *r, uint64_t element, span classes, span id,
                        const struct css_place *place, struct css *out, bool *placed_out);

#endif
