/* SPDX-License-Identifier: Apache-2.0 */
/* css_look: facts to the look of an element, and whether its text can be seen.
 *
 * What declarations say of one element is laid upon what it inherits. Source: CSS 2.1, CSS Color 3. */
#include "worker/text/css.h"

const struct css_look CSS_LOOK = {
    .colour = 0x000000, .background = 0xFFFFFF, .shadow = CSS_CLEAR, .font = 16 * 8, .opacity = 255, .visible = true};

void css_lay(struct css *into, const struct css *over)
{
    uint64_t set = over->set;
    if (!set) return;
    if (into->important) set &= ~(into->important & ~over->important);
    if (set & CSS_COLOUR) into->colour = over->colour;
    if (set & CSS_BACKGROUND) into->background = over->background;
    if (set & CSS_SHADOW) into->shadow = over->shadow;
    if (set & CSS_DISPLAY) into->display = over->display;
    if (set & CSS_OPACITY) into->opacity = over->opacity;
    if (set & CSS_FONT) {
        into->font = over->font;
        into->set &= ~CSS_FONT_PART;
    } else {
        set &= ~CSS_FONT_PART;
    }
    into->facts = (into->facts & ~set) | (over->facts & set);
    into->set |= set;
    into->important |= over->important;
}

enum css_display css_box(const struct css *c, enum css_display usual)
{
    enum css_display box = c->set & CSS_DISPLAY ? (enum css_display)c->display : usual;
    return box == CSS_INLINE && c->facts & (CSS_ABSOLUTE | CSS_FLOAT) ? CSS_BOX : box;
}

/* Is an element laid out so that nothing of it can be seen? */
static bool is_gone(const struct css *c, enum css_display box)
{
    static const uint64_t HEIGHTS = CSS_NO_HEIGHT | CSS_NO_ROOM, WIDTHS = CSS_NO_WIDTH | CSS_NO_BREADTH,
                          PLACES = CSS_LEFT | CSS_RIGHT | CSS_TOP | CSS_BOTTOM;
    uint64_t facts = c->facts;
    if (!facts) return false;
    if (facts & (CSS_CUT | CSS_FILTER | CSS_VEIL | CSS_MASK)) return true;
    if ((facts & CSS_POSITION) && (facts & PLACES)) return true;
    if ((facts & CSS_ABSOLUTE) && (facts & CSS_RECT)) return true;
    if (box != CSS_CELL && (facts & CSS_MARGIN_X)) return true;
    if (box != CSS_INLINE && (facts & (CSS_INDENT | CSS_MOVED))) return true;
    if (box == CSS_INLINE || box == CSS_CELL) return false;
    bool flat = (facts & HEIGHTS && !(facts & (CSS_TALL | CSS_PAD_Y))) ||
                (facts & WIDTHS && !(facts & (CSS_BROAD | CSS_PAD_X))) ||
                (facts & CSS_NO_LINE && !(c->set & CSS_NO_HEIGHT) && !(facts & CSS_PAD_Y));
    return facts & CSS_MARGIN_Y || (facts & CSS_CLIP && flat);
}

static bool near(uint32_t a, uint32_t b)
{
    for (unsigned shift = 0; shift < 24; shift += 8) {
        int d = (int)(a >> shift & 255) - (int)(b >> shift & 255);
        if (d > CSS_COLOUR_NEAR || d < -CSS_COLOUR_NEAR) return false;
    }
    return true;
}

static bool stands_out(const struct css_look *look, uint32_t colour)
{
    return colour != CSS_CLEAR && (look->image || !near(colour, look->background));
}

static bool is_visible(const struct css_look *look)
{
    if (look->gone || look->unseen || look->tight || look->font < CSS_FONT_LEAST) return false;
    if (look->colour == CSS_LOOK.colour && look->background == CSS_LOOK.background) return true;
    return stands_out(look, look->colour) || (look->shadow != CSS_CLEAR && stands_out(look, look->shadow));
}

struct css_look css_apply(const struct css_look *parent, const struct css *c, enum css_display box)
{
    struct css_look look = *parent;
    if (!c->set) return look;
    if (c->set & CSS_COLOUR) look.colour = c->colour;
    if ((c->set & CSS_BACKGROUND) && c->background != CSS_CLEAR) look.background = c->background, look.image = false;
    if (c->set & CSS_IMAGE) look.image = true;
    if (c->set & CSS_FONT_PART) {
        uint32_t font = (uint32_t)parent->font * c->font / CSS_FONT_WHOLE;
        look.font = (uint16_t)(font > UINT16_MAX ? UINT16_MAX : font);
    } else if (c->set & CSS_FONT) {
        look.font = c->font;
    }
    if (c->facts & CSS_FILL) look.colour = CSS_CLEAR;
    if (c->set & CSS_SHADOW) look.shadow = c->shadow;
    if (c->facts & CSS_INK) { /* what is behind can be seen through the letters, and nowhere else */
        look.shadow = c->set & CSS_IMAGE ? CSS_GREY : c->set & CSS_BACKGROUND ? c->background : CSS_CLEAR;
        look.background = parent->background;
        look.image = parent->image;
    }
    if (c->set & CSS_TIGHT) look.tight = c->facts & CSS_TIGHT;
    if (c->set & CSS_LEFTWARD) look.leftward = c->facts & CSS_LEFTWARD;
    if (c->set & CSS_UNSEEN) look.unseen = c->facts & CSS_UNSEEN;
    if (c->set & CSS_OPACITY) {
        look.opacity = (uint8_t)(look.opacity * c->opacity / 255);
        if (look.opacity < CSS_OPACITY_LEAST) look.gone = true;
    }
    if (((c->set & CSS_DISPLAY) && c->display == CSS_NONE) || is_gone(c, box)) look.gone = true;
    look.visible = is_visible(&look);
    return look;
}

bool css_hides(const struct css *c)
{
    struct css_look look = css_apply(&CSS_LOOK, c, CSS_BOX);
    bool clear = look.colour == CSS_CLEAR && look.shadow == CSS_CLEAR;
    return look.gone || look.unseen || look.tight || look.font < CSS_FONT_LEAST || clear;
}
