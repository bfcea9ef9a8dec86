/* SPDX-License-Identifier: Apache-2.0 */
/* css: declarations to facts.
 *
 * Only what hides text is read, and everything unknown is visible: a filter that takes shown text for hidden is wrong
 * in the sender's favour. Source: CSS 2.1, CSS Color 3. */
#include "worker/text/css.h"

#include "worker/text/css_value.h"

enum { WORD_MAX = 512 }; /* bytes of a declaration with comments or escapes that are read */

static void set_fact(struct css *c, uint64_t bit, bool value)
{
    c->set |= bit;
    c->facts = value ? c->facts | bit : c->facts & ~bit;
}

static void read_font_size(struct css *c, span value)
{
    static const struct {
        const char *name;
        uint16_t px;
    } WORDS[] = {{"xx-small", 9}, {"x-small", 10}, {"small", 13},   {"medium", 16},
                 {"large", 18},   {"x-large", 24}, {"xx-large", 32}};
    int64_t milli;
    enum css_unit unit = css_length(value, &milli);
    if (unit == CSS_UNIT_NONE) {
        for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
            if (span_ieq(value, span_cstr(WORDS[i].name))) unit = CSS_UNIT_PX, milli = 1000 * WORDS[i].px;
        static const span BACK[] = {SPAN("initial"), SPAN("revert"), SPAN("xxx-large")}; /* to what can be read */
        bool back = false;
        for (size_t i = 0; i < sizeof BACK / sizeof *BACK; i++) back |= span_ieq(value, BACK[i]);
        if (unit == CSS_UNIT_NONE && !back && span_find(value, '(') == value.n) return;
        if (unit == CSS_UNIT_NONE) unit = CSS_UNIT_PX, milli = 16000; /* what max() and its like come to is unknown */
    }
    if (milli < 0) return;
    int64_t v = unit == CSS_UNIT_PX ? milli * 8 / 1000 : milli * CSS_FONT_WHOLE / 1000;
    c->font = (uint16_t)(v > UINT16_MAX ? UINT16_MAX : v);
    c->set = (c->set & ~CSS_FONT_PART) | CSS_FONT | (unit == CSS_UNIT_PART ? CSS_FONT_PART : 0);
}

/* The font shorthand: its size is the first length in it. */
static void read_font(struct css *c, span value)
{
    while (value.n) {
        size_t end = 0;
        while (end < value.n && !ascii_space(value.p[end]) && value.p[end] != '/') end++;
        int64_t milli;
        size_t digits = css_number(span_head(value, end), &milli);
        if (digits && (digits < end || milli == 0)) return read_font_size(c, span_head(value, end));
        value = span_trim(span_from(value, end + (end < value.n && value.p[end] == '/')));
    }
}

/* A file or a gradient: what colour it has is unknown. */
static bool is_picture(span value)
{
    static const span BEGINS[] = {SPAN("url("),        SPAN("image"),    SPAN("linear-"),
                                  SPAN("radial-"),     SPAN("conic-"),   SPAN("repeating-"),
                                  SPAN("cross-fade("), SPAN("-webkit-"), SPAN("-moz-")};
    for (size_t i = 0; value.n > 4 && i < sizeof BEGINS / sizeof *BEGINS; i++)
        if (ascii_lower(value.p[0]) == BEGINS[i].p[0] && span_istarts(value, BEGINS[i])) return true;
    return false;
}

/* A background through which another can be seen may come out as any colour. */
static void set_background(struct css *c, uint32_t colour)
{
    c->background = colour & ~CSS_THIN;
    c->set |= colour & CSS_THIN ? CSS_IMAGE : CSS_BACKGROUND;
}

/* The background shorthand: a colour word, url(...), both or none. */
static void read_background(struct css *c, span value)
{
    while (value.n) {
        size_t end = 0;
        bool bracket = false;
        for (; end < value.n && (bracket || !ascii_space(value.p[end])); end++) {
            if (value.p[end] == '(') bracket = true;
            if (value.p[end] == ')') bracket = false;
        }
        span word = span_head(value, end);
        uint32_t colour;
        if (css_colour(word, &colour))
            set_background(c, colour);
        else if (is_picture(word) || css_colour_unknown(word))
            c->set |= CSS_IMAGE;
        else if (span_ieq(word, SPAN("text")))
            set_fact(c, CSS_INK, true);
        value = span_trim(span_from(value, end));
    }
}

static bool is_one_of(span value, const span *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_ieq(value, words[i])) return true;
    return false;
}
#define ONE_OF(value, ...) \
    is_one_of(value, (const span[]){__VA_ARGS__}, sizeof((const span[]){__VA_ARGS__}) / sizeof(span))

/* A size: does it leave no room for a letter? "auto" and its like do; what is no size says nothing. */
static void read_size(struct css *c, uint64_t bit, span value)
{
    int64_t milli;
    enum css_unit unit = css_length(value, &milli);
    bool tiny = (unit == CSS_UNIT_PX && milli >= 0 && milli <= 2000) || (unit == CSS_UNIT_PART && milli == 0);
    bool word = unit == CSS_UNIT_NONE && value.n && ascii_alpha(value.p[0]);
    if (word || unit != CSS_UNIT_NONE) set_fact(c, bit, tiny);
}

/* Does a length leave room for letters? */
static bool gives_room(span value)
{
    int64_t milli;
    enum css_unit unit = css_length(value, &milli);
    return unit == CSS_UNIT_PX && milli > 8000; /* of what a share is one, nobody here knows */
}

/* Is a length as far out as nobody scrolls? `across`: a whole width or more is, whatever that may be. */
static bool is_away(span value, bool across)
{
    int64_t milli;
    enum css_unit unit = css_length(value, &milli);
    if (unit == CSS_UNIT_PX) return milli <= -1000 * CSS_FAR;
    if (unit != CSS_UNIT_PART) return false;
    return value.p[value.n - 1] == '%' ? across && milli <= -1000 : milli <= -1000 * CSS_FAR / 16;
}

/* The same of left or right: the other way, too. */
static bool is_aside(span value)
{
    int64_t milli;
    return is_away(value, true) || (css_length(value, &milli) == CSS_UNIT_PX && milli >= 1000 * CSS_FAR_ASIDE);
}

/* inset: top, right, bottom, left. */
static void read_inset(struct css *c, span value)
{
    span part[4];
    unsigned n = css_split(value, part);
    if (!n) return;
    set_fact(c, CSS_TOP, is_away(part[0], false));
    set_fact(c, CSS_RIGHT, is_aside(part[n > 1 ? 1 : 0]));
    set_fact(c, CSS_BOTTOM, is_away(part[n > 2 ? 2 : 0], false));
    set_fact(c, CSS_LEFT, is_aside(part[n > 3 ? 3 : n > 1 ? 1 : 0]));
}

/* "scale(0)", "translateX(-9999px)", "translate(0, -100%)", some in a row. */
static bool moves_away(span value)
{
    while (value.n) {
        size_t bracket = span_find(value, '(');
        span name = span_trim(span_head(value, bracket)), rest = span_from(value, bracket + 1), part[4];
        unsigned n = css_split(rest, part);
        int64_t milli;
        for (unsigned k = 0; k < n; k++) {
            bool across = k == 0 && !span_ieq(name, SPAN("translateY"));
            if (span_istarts(name, SPAN("translate")) && is_away(part[k], across)) return true;
            bool edge = span_ieq(name, SPAN("rotateX")) || span_ieq(name, SPAN("rotateY"));
            if (edge && (span_ieq(part[k], SPAN("90deg")) || span_ieq(part[k], SPAN("-90deg")))) return true;
            if (span_istarts(name, SPAN("scale")) && css_number(part[k], &milli) && milli < 50 && milli > -50)
                return true;
            if (span_ieq(name, SPAN("matrix")) && k % 3 == 0 && css_number(part[k], &milli) && milli < 50 &&
                milli > -50)
                return true;
        }
        value = span_from(rest, span_find(rest, ')') + 1);
    }
    return false;
}

/* clip: "rect(top, right, bottom, left)" of next to no height or width. */
static bool clips_all(span value)
{
    static const span RECT = SPAN("rect(");
    span part[4];
    int64_t v[4] = {0};
    if (!span_istarts(value, RECT) || css_split(span_from(value, RECT.n), part) < 4) return false;
    bool known[4];
    for (unsigned k = 0; k < 4; k++) known[k] = css_number(part[k], &v[k]) > 0;
    return (known[0] && known[2] && v[2] - v[0] <= 2000) || (known[1] && known[3] && v[1] - v[3] <= 2000);
}

/* clip-path: "inset(50%)", "circle(0)", "polygon(0 0, 0 0)". */
static bool cuts_all(span value)
{
    size_t bracket = span_find(value, '(');
    span name = span_head(value, bracket), inside = span_from(value, bracket + 1), part[4];
    if (span_ieq(name, SPAN("polygon"))) { /* no digit but zeros in it */
        for (size_t i = 0; i < inside.n; i++)
            if (inside.p[i] >= '1' && inside.p[i] <= '9') return false;
        return inside.n > 0;
    }
    unsigned n = css_split(inside, part);
    int64_t v, share[4] = {0}; /* thousandths of a percent */
    if (!n || !css_number(part[0], &v)) return false;
    if (span_ieq(name, SPAN("circle")) || span_ieq(name, SPAN("ellipse"))) return v == 0;
    if (!span_ieq(name, SPAN("inset"))) return false;
    for (unsigned k = 0; k < n; k++) {
        size_t digits = css_number(part[k], &v);
        if (digits && digits < part[k].n && part[k].p[digits] == '%') share[k] = v;
    }
    if (n < 2) share[1] = share[0];
    if (n < 3) share[2] = share[0];
    if (n < 4) share[3] = share[1];
    return share[0] + share[2] >= 100000 || share[1] + share[3] >= 100000;
}

static void read_display(struct css *c, span value)
{
    static const struct {
        const char *word;
        uint8_t display;
    } WORDS[] = {{"none", CSS_NONE},          {"block", CSS_BLOCK},
                 {"inline", CSS_INLINE},      {"inline-block", CSS_BOX},
                 {"inline-flex", CSS_BOX},    {"inline-grid", CSS_BOX},
                 {"flex", CSS_BLOCK},         {"grid", CSS_BLOCK},
                 {"list-item", CSS_BLOCK},    {"flow-root", CSS_BLOCK},
                 {"inline-table", CSS_CELL},  {"contents", CSS_INLINE},
                 {"table", CSS_CELL},         {"table-cell", CSS_CELL},
                 {"table-row", CSS_CELL},     {"table-row-group", CSS_CELL},
                 {"table-caption", CSS_BLOCK}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (span_ieq(value, span_cstr(WORDS[i].word))) c->display = WORDS[i].display, c->set |= CSS_DISPLAY;
}

static void read_position(struct css *c, span value)
{
    bool absolute = ONE_OF(value, SPAN("absolute"), SPAN("fixed")),
         placed = absolute || ONE_OF(value, SPAN("relative"), SPAN("sticky"));
    if (!placed && !ONE_OF(value, SPAN("static"), SPAN("initial"), SPAN("unset"), SPAN("inherit"))) return;
    set_fact(c, CSS_ABSOLUTE, absolute);
    set_fact(c, CSS_POSITION, placed);
}

/* margin: one to four lengths. */
static void read_margin(struct css *c, span value)
{
    span part[4];
    unsigned n = css_split(value, part);
    if (!n) return;
    set_fact(c, CSS_MARGIN_Y, is_away(part[0], false) || (n > 2 && is_away(part[2], false)));
    set_fact(c, CSS_MARGIN_X, is_away(part[n > 1 ? 1 : 0], true) || (n > 3 && is_away(part[3], true)));
}

static void read_opacity(struct css *c, span value)
{
    int64_t milli;
    size_t n = css_number(value, &milli);
    if (!n) return;
    milli = css_alpha(value);
    c->opacity = (uint8_t)(milli <= 0 ? 0 : milli >= 1000 ? 255 : milli * 255 / 1000);
    c->set |= CSS_OPACITY;
}

/* padding: does what is below or on the right leave room for letters that fit nowhere else? */
static bool pads(span value)
{
    int64_t milli;
    enum css_unit unit = css_length(value, &milli);
    return gives_room(value) || (unit == CSS_UNIT_PART && milli > 0);
}

static void read_padding(struct css *c, span value)
{
    span part[4];
    unsigned n = css_split(value, part);
    if (!n) return;
    set_fact(c, CSS_PAD_Y, pads(part[n > 2 ? 2 : 0]));
    set_fact(c, CSS_PAD_X, pads(part[n > 1 ? 1 : 0]));
}

/* zoom: 0 is 1 to browsers. */
static void read_zoom(struct css *c, span value)
{
    int64_t milli;
    if (!css_number(value, &milli)) return;
    milli = css_alpha(value);
    set_fact(c, CSS_VEIL, milli > 0 && milli < CSS_ZOOM_LEAST);
}

static bool is_tight(span value)
{
    int64_t milli;
    enum css_unit unit = css_length(value, &milli);
    return (unit == CSS_UNIT_PX && milli <= -1000 * CSS_TIGHT_PX) || (unit == CSS_UNIT_PART && milli <= -500);
}

/* A gradient of nothing but transparent. */
static bool masks_all(span value)
{
    static const span SEEN[] = {SPAN("#"), SPAN("rgb"), SPAN("hsl"), SPAN("url("), SPAN("black"), SPAN("white")};
    bool clear = false;
    for (size_t i = 0; i < value.n; i++) {
        span rest = span_from(value, i);
        clear |= span_istarts(rest, SPAN("transparent"));
        for (size_t k = 0; k < sizeof SEEN / sizeof *SEEN; k++)
            if (span_istarts(rest, SEEN[k])) return false;
    }
    return clear;
}

/* "blur(20px) opacity(0)": one of them is enough. */
static bool filters_all(span value)
{
    while (value.n) {
        size_t bracket = span_find(value, '(');
        span name = span_trim(span_head(value, bracket)), rest = span_from(value, bracket + 1);
        span inside = span_trim(span_head(rest, span_find(rest, ')')));
        int64_t milli;
        if (span_ieq(name, SPAN("opacity")) && css_number(inside, &milli) && css_alpha(inside) < 50) return true;
        if (span_ieq(name, SPAN("blur")) && css_length(inside, &milli) == CSS_UNIT_PX && milli >= 1000 * CSS_BLUR_PX)
            return true;
        value = span_from(rest, span_find(rest, ')') + 1);
    }
    return false;
}

/* text-shadow, -webkit-text-stroke: a colour beside lengths that keep it where the letters are. Without a colour it is
 * that of the letters, and shows no more than they. */
static void read_shadow(struct css *c, span value)
{
    enum { NEAR_PX = 100 };
    uint32_t shadow = CSS_CLEAR, colour;
    while (value.n) {
        size_t end = 0;
        bool bracket = false;
        for (; end < value.n && (bracket || (!ascii_space(value.p[end]) && value.p[end] != ',')); end++) {
            if (value.p[end] == '(') bracket = true;
            if (value.p[end] == ')') bracket = false;
        }
        span word = span_head(value, end);
        int64_t milli;
        bool length = css_length(word, &milli) == CSS_UNIT_PX;
        if (length && (milli > 1000 * NEAR_PX || milli < -1000 * NEAR_PX)) return;
        if (shadow == CSS_CLEAR && !length && css_colour(word, &colour)) shadow = colour & ~CSS_THIN;
        value = span_trim(span_from(value, end + (end < value.n && value.p[end] == ',')));
    }
    c->shadow = shadow;
    c->set |= CSS_SHADOW;
}

static void read_declaration(struct css *c, span name, span value)
{
    uint32_t colour;
    switch (ascii_lower(name.p[0])) {
    case '-':
        if (span_ieq(name, SPAN("-webkit-background-clip"))) set_fact(c, CSS_INK, span_ieq(value, SPAN("text")));
        if (span_ieq(name, SPAN("-webkit-mask")) || span_ieq(name, SPAN("-webkit-mask-image")))
            set_fact(c, CSS_MASK, masks_all(value));
        if (span_ieq(name, SPAN("-webkit-text-stroke"))) read_shadow(c, value);
        if (span_ieq(name, SPAN("-webkit-text-fill-color")) && css_colour(value, &colour)) {
            set_fact(c, CSS_FILL, colour == CSS_CLEAR);
            if (colour != CSS_CLEAR) c->colour = colour & ~CSS_THIN, c->set |= CSS_COLOUR;
        }
        break;
    case 'b':
        if (span_ieq(name, SPAN("background"))) read_background(c, value);
        if (span_ieq(name, SPAN("background-image")) && is_picture(value)) c->set |= CSS_IMAGE;
        if (span_ieq(name, SPAN("background-color")) && css_colour(value, &colour)) set_background(c, colour);
        if (span_ieq(name, SPAN("background-clip"))) set_fact(c, CSS_INK, span_ieq(value, SPAN("text")));
        if (span_ieq(name, SPAN("background-color")) && css_colour_unknown(value)) c->set |= CSS_IMAGE;
        if (span_ieq(name, SPAN("bottom"))) set_fact(c, CSS_BOTTOM, is_away(value, false));
        break;
    case 'c':
        if (span_ieq(name, SPAN("color")) && css_colour(value, &colour))
            c->colour = colour & ~CSS_THIN, c->set |= CSS_COLOUR;
        if (span_ieq(name, SPAN("color")) && (css_colour_unknown(value) || span_ieq(value, SPAN("initial"))))
            c->colour = CSS_GREY, c->set |= CSS_COLOUR;
        if (span_ieq(name, SPAN("clip"))) set_fact(c, CSS_RECT, clips_all(value));
        if (span_ieq(name, SPAN("clip-path"))) set_fact(c, CSS_CUT, cuts_all(value));
        if (span_ieq(name, SPAN("content-visibility"))) set_fact(c, CSS_FILTER, span_ieq(value, SPAN("hidden")));
        break;
    case 'd':
        if (span_ieq(name, SPAN("display"))) read_display(c, value);
        if (span_ieq(name, SPAN("direction"))) set_fact(c, CSS_LEFTWARD, span_ieq(value, SPAN("rtl")));
        break;
    case 'f':
        if (span_ieq(name, SPAN("font-size"))) read_font_size(c, value);
        if (span_ieq(name, SPAN("font"))) read_font(c, value);
        if (span_ieq(name, SPAN("float"))) set_fact(c, CSS_FLOAT, ONE_OF(value, SPAN("left"), SPAN("right")));
        if (span_ieq(name, SPAN("filter"))) set_fact(c, CSS_FILTER, filters_all(value));
        break;
    case 'h':
        if (span_ieq(name, SPAN("height"))) read_size(c, CSS_NO_HEIGHT, value);
        break;
    case 'i':
        if (span_ieq(name, SPAN("inset"))) read_inset(c, value);
        break;
    case 'l':
        if (span_ieq(name, SPAN("left"))) set_fact(c, CSS_LEFT, is_aside(value));
        if (span_ieq(name, SPAN("letter-spacing"))) set_fact(c, CSS_TIGHT, is_tight(value));
        if (span_ieq(name, SPAN("line-height"))) read_size(c, CSS_NO_LINE, value);
        break;
    case 'm':
        if (span_ieq(name, SPAN("max-height"))) read_size(c, CSS_NO_ROOM, value);
        if (span_ieq(name, SPAN("max-width"))) read_size(c, CSS_NO_BREADTH, value);
        if (span_ieq(name, SPAN("min-height"))) set_fact(c, CSS_TALL, gives_room(value));
        if (span_ieq(name, SPAN("min-width"))) set_fact(c, CSS_BROAD, gives_room(value));
        if (span_ieq(name, SPAN("margin"))) read_margin(c, value);
        if (span_ieq(name, SPAN("mask")) || span_ieq(name, SPAN("mask-image"))) set_fact(c, CSS_MASK, masks_all(value));
        if (span_ieq(name, SPAN("margin-left")) || span_ieq(name, SPAN("margin-right")))
            set_fact(c, CSS_MARGIN_X, is_away(value, true));
        if (span_ieq(name, SPAN("margin-top")) || span_ieq(name, SPAN("margin-bottom")))
            set_fact(c, CSS_MARGIN_Y, is_away(value, false));
        break;
    case 'o':
        if (span_ieq(name, SPAN("opacity"))) read_opacity(c, value);
        if (span_ieq(span_head(name, 8), SPAN("overflow")) && name.n <= 10)
            set_fact(c, CSS_CLIP, !ONE_OF(value, SPAN("visible"), SPAN("initial"), SPAN("unset"), SPAN("inherit")));
        break;
    case 'p':
        if (span_ieq(name, SPAN("padding"))) read_padding(c, value);
        if (span_ieq(name, SPAN("padding-bottom"))) set_fact(c, CSS_PAD_Y, pads(value));
        if (span_ieq(name, SPAN("padding-right"))) set_fact(c, CSS_PAD_X, pads(value));
        if (span_ieq(name, SPAN("position"))) read_position(c, value);
        break;
    case 'r':
        if (span_ieq(name, SPAN("right"))) set_fact(c, CSS_RIGHT, is_aside(value));
        break;
    case 's':
        if (span_ieq(name, SPAN("scale"))) {
            int64_t milli;
            if (css_number(value, &milli)) set_fact(c, CSS_MOVED, milli < 50);
        }
        break;
    case 't':
        if (span_ieq(name, SPAN("text-indent"))) set_fact(c, CSS_INDENT, is_aside(value));
        if (span_ieq(name, SPAN("text-shadow"))) read_shadow(c, value);
        if (span_ieq(name, SPAN("top"))) set_fact(c, CSS_TOP, is_away(value, false));
        if (span_ieq(name, SPAN("translate")))
            set_fact(c, CSS_MOVED, is_away(span_head(value, span_find(value, ' ')), true));
        if (span_ieq(name, SPAN("transform"))) set_fact(c, CSS_MOVED, moves_away(value));
        break;
    case 'u':
        if (span_ieq(name, SPAN("unicode-bidi")))
            set_fact(c, CSS_OVERRIDE, ONE_OF(value, SPAN("bidi-override"), SPAN("isolate-override")));
        break;
    case 'v':
        if (span_ieq(name, SPAN("visibility")) &&
            ONE_OF(value, SPAN("hidden"), SPAN("collapse"), SPAN("visible"), SPAN("initial")))
            set_fact(c, CSS_UNSEEN, ONE_OF(value, SPAN("hidden"), SPAN("collapse")));
        break;
    case 'w':
        if (span_ieq(name, SPAN("width"))) read_size(c, CSS_NO_WIDTH, value);
        break;
    case 'z':
        if (span_ieq(name, SPAN("zoom"))) read_zoom(c, value);
        break;
    }
}

/* "name: value", with "!important" perhaps, where there is a '!' at all. */
static void read_one(struct css *out, span name, span value, bool bangs)
{
    size_t bang = bangs ? span_find(value, '!') : value.n;
    bool important = bang < value.n && span_ieq(span_trim(span_from(value, bang + 1)), SPAN("important"));
    name = span_trim(name);
    value = span_trim(span_head(value, bang));
    if (!name.n || !value.n) return;
    if (!important && !out->important) return read_declaration(out, name, value);
    struct css one = {0};
    read_declaration(&one, name, value);
    if (important) one.important = one.set;
    css_lay(out, &one);
}

/* Does it hold what css_plain takes out? */
static bool is_plain(span s)
{
    if (span_find(s, '\\') < s.n) return false;
    for (size_t i = span_find(s, '/'); i + 1 < s.n; i += 1 + span_find(span_from(s, i + 1), '/'))
        if (s.p[i + 1] == '*') return false;
    return true;
}

void css_read(span s, struct css *out)
{
    *out = (struct css){0};
    bool plain = is_plain(s), bangs = !plain || span_find(s, '!') < s.n;
    while (s.n) {
        uint8_t buf[WORD_MAX];
        size_t colon = css_find(s, 0, CSS_COLON | CSS_SEMICOLON), end = colon;
        if (colon < s.n && s.p[colon] == ':') {
            end = css_find(s, colon + 1, CSS_SEMICOLON);
            span name = span_head(s, colon), value = span_of(s.p + colon + 1, end - colon - 1);
            if (!plain) {
                name = css_plain(name, buf, 64);
                value = css_plain(value, buf + 64, sizeof buf - 64);
            }
            read_one(out, name, value, bangs);
        }
        s = span_from(s, end + 1);
    }
}
