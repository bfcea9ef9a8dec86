/* SPDX-License-Identifier: Apache-2.0 */
/* css: declarations to facts, facts to the look of an element.
 *
 * Only what hides text is read, and everything unknown is visible: a filter that takes shown text for hidden is wrong
 * in the sender's favour. Source: CSS 2.1, CSS Color 3. */
#include "worker/text/css.h"

#include "worker/text/colour.h"

const struct css_look CSS_LOOK = {.colour = 0x000000, .background = 0xFFFFFF, .font = 16 * 8};

enum { PART = 1024 };

/* A number at the start of s, in thousandths, and how many bytes it took (0 when there is none). */
static size_t read_number(span s, int64_t *milli)
{
    size_t i = 0;
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) i++;
    size_t first = i;
    int64_t v = 0;
    for (; i < s.n && ascii_digit(s.p[i]); i++)
        if (v < 1000000) v = v * 10 + (s.p[i] - '0');
    v *= 1000;
    size_t digits = i - first;
    if (i < s.n && s.p[i] == '.') {
        int64_t unit = 100;
        for (i++; i < s.n && ascii_digit(s.p[i]); i++, digits++, unit /= 10) v += (s.p[i] - '0') * unit;
    }
    if (!digits) return 0;
    *milli = negative ? -v : v;
    return i;
}

enum unit { UNIT_NONE, UNIT_PX, UNIT_PART };

/* A length: thousandths of a pixel, or of the parent's size (em, ex, %). UNIT_NONE when it is none that we know. */
static enum unit read_length(span s, int64_t *milli)
{
    static const struct {
        const char *name;
        int64_t times, by;
        enum unit unit;
    } UNITS[] = {
        {"px", 1, 1, UNIT_PX},   {"pt", 4, 3, UNIT_PX},   {"em", 1, 1, UNIT_PART},  {"%", 1, 100, UNIT_PART},
        {"rem", 16, 1, UNIT_PX}, {"ex", 1, 2, UNIT_PART}, {"cm", 378, 10, UNIT_PX}, {"mm", 378, 100, UNIT_PX},
        {"in", 96, 1, UNIT_PX},  {"pc", 16, 1, UNIT_PX},  {"vw", 8, 1, UNIT_PX},    {"vh", 8, 1, UNIT_PX},
    };
    size_t n = read_number(s, milli);
    if (!n) return UNIT_NONE;
    span rest = span_trim(span_from(s, n));
    if (!rest.n) return UNIT_PX; /* without a unit: legal for 0, and what mail clients do for others */
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (!span_ieq(rest, span_cstr(UNITS[i].name))) continue;
        *milli = *milli * UNITS[i].times / UNITS[i].by;
        return UNITS[i].unit;
    }
    return UNIT_NONE;
}

static bool channel(span s, uint32_t *out)
{
    int64_t v;
    s = span_trim(s);
    size_t n = read_number(s, &v);
    if (!n) return false;
    if (n < s.n && s.p[n] == '%') v = v * 255 / 100;
    v = v < 0 ? 0 : v > 255000 ? 255000 : v;
    *out = (uint32_t)(v / 1000);
    return true;
}

/* "rgb(1,2,3)", "rgba(1 2 3 / 0)"; s begins behind the bracket. */
static bool read_rgb(span s, uint32_t *out)
{
    uint32_t rgb[3] = {0};
    int64_t alpha = 1000;
    s = span_head(s, span_find(s, ')'));
    for (unsigned k = 0; k < 4 && s.n; k++) {
        while (s.n && (ascii_space(s.p[0]) || s.p[0] == ',' || s.p[0] == '/')) s = span_from(s, 1);
        size_t end = 0;
        while (end < s.n && !ascii_space(s.p[end]) && s.p[end] != ',' && s.p[end] != '/') end++;
        span part = span_head(s, end);
        if (k < 3 && !channel(part, &rgb[k])) return false;
        if (k == 3 && part.n) read_number(part, &alpha);
        s = span_from(s, end);
        if (k < 2 && !s.n) return false;
    }
    *out = alpha < 50 ? CSS_CLEAR : rgb[0] << 16 | rgb[1] << 8 | rgb[2];
    return true;
}

/* "fff", "ffff", "ffffff", "ffffffff". */
static bool read_hex(span s, uint32_t *out)
{
    if (s.n != 3 && s.n != 4 && s.n != 6 && s.n != 8) return false;
    uint32_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        int h = ascii_hex(s.p[i]);
        if (h < 0) return false;
        v = v << 4 | (uint32_t)h;
        if (s.n < 6) v = v << 4 | (uint32_t)h;
    }
    bool alpha = s.n == 4 || s.n == 8;
    *out = !alpha ? v : (v & 255) < 13 ? CSS_CLEAR : v >> 8;
    return true;
}

/* A colour by CSS ("#fff", "rgb(1,2,3)", "white"); false when it is none. */
static bool read_colour(span s, uint32_t *out)
{
    s = span_trim(s);
    if (s.n && s.p[0] == '#') return read_hex(span_from(s, 1), out);
    if (span_istarts(s, SPAN("rgb("))) return read_rgb(span_from(s, 4), out);
    if (span_istarts(s, SPAN("rgba("))) return read_rgb(span_from(s, 5), out);
    if (span_ieq(s, SPAN("transparent"))) return *out = CSS_CLEAR, true;
    return colour_by_name(s, out);
}

bool css_legacy_colour(span s, uint32_t *out)
{
    enum { LONGEST = 128 };
    s = span_trim(s);
    if (!s.n || span_ieq(s, SPAN("transparent"))) return false;
    if (colour_by_name(s, out)) return true;
    if (s.p[0] == '#' && s.n == 4 && read_hex(span_from(s, 1), out)) return true;
    if (s.p[0] == '#') s = span_from(s, 1);
    s = span_head(s, LONGEST);
    size_t third = (s.n + 2) / 3, skip = third > 8 ? third - 8 : 0;
    if (!third) return *out = 0, true;
    uint8_t digit[3][LONGEST / 3 + 1] = {{0}};
    for (size_t i = 0; i < s.n; i++) {
        int h = ascii_hex(s.p[i]);
        digit[i / third][i % third] = h < 0 ? 0 : (uint8_t)h;
    }
    while (third - skip > 2 && !digit[0][skip] && !digit[1][skip] && !digit[2][skip]) skip++;
    *out = 0;
    for (unsigned k = 0; k < 3; k++) {
        uint32_t v = digit[k][skip];
        if (third - skip > 1) v = v << 4 | digit[k][skip + 1];
        *out = *out << 8 | v;
    }
    return true;
}

static void set_fact(struct css *c, uint32_t bit, bool value)
{
    c->set |= bit;
    c->facts = (uint8_t)(value ? c->facts | bit >> CSS_FACT_SHIFT : c->facts & ~(bit >> CSS_FACT_SHIFT));
}

static void read_font_size(struct css *c, span value)
{
    static const struct {
        const char *name;
        uint16_t px;
    } WORDS[] = {{"xx-small", 9}, {"x-small", 10}, {"small", 13},   {"medium", 16},
                 {"large", 18},   {"x-large", 24}, {"xx-large", 32}};
    int64_t milli;
    enum unit unit = read_length(value, &milli);
    if (unit == UNIT_NONE) {
        for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
            if (span_ieq(value, span_cstr(WORDS[i].name))) unit = UNIT_PX, milli = 1000 * WORDS[i].px;
        if (unit == UNIT_NONE) return;
    }
    if (milli < 0) return;
    int64_t v = unit == UNIT_PX ? milli * 8 / 1000 : milli * PART / 1000;
    c->font = (uint16_t)(v > UINT16_MAX ? UINT16_MAX : v);
    c->set = (c->set & ~(uint32_t)CSS_FONT_PART) | CSS_FONT | (unit == UNIT_PART ? CSS_FONT_PART : 0);
}

/* The font shorthand: its size is the first length in it. */
static void read_font(struct css *c, span value)
{
    while (value.n) {
        size_t end = 0;
        while (end < value.n && !ascii_space(value.p[end]) && value.p[end] != '/') end++;
        int64_t milli;
        size_t digits = read_number(span_head(value, end), &milli);
        if (digits && (digits < end || milli == 0)) return read_font_size(c, span_head(value, end));
        value = span_trim(span_from(value, end + (end < value.n && value.p[end] == '/')));
    }
}

/* A file or a gradient: what colour it has is unknown. */
static bool is_picture(span value)
{
    return span_istarts(value, SPAN("url(")) || span_istarts(value, SPAN("image")) ||
           span_istarts(value, SPAN("linear-")) || span_istarts(value, SPAN("radial-")) ||
           span_istarts(value, SPAN("-webkit-"));
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
        if (is_picture(word)) {
            c->set |= CSS_IMAGE;
        } else if (read_colour(word, &colour)) {
            c->background = colour;
            c->set |= CSS_BACKGROUND;
        }
        value = span_trim(span_from(value, end));
    }
}

static bool is_tiny(span value)
{
    int64_t milli;
    enum unit unit = read_length(value, &milli);
    return (unit == UNIT_PX && milli >= 0 && milli <= 2000) || (unit == UNIT_PART && milli == 0);
}

/* Is a length as far out as nobody scrolls? */
static bool is_away(span value)
{
    int64_t milli;
    return read_length(value, &milli) == UNIT_PX && milli <= -1000 * CSS_FAR;
}

/* "scale(0)", "translateX(-9999px)". */
static bool moves_away(span value)
{
    size_t bracket = span_find(value, '(');
    span first = span_trim(span_from(value, bracket + 1));
    size_t end = 0;
    while (end < first.n && first.p[end] != ',' && first.p[end] != ')') end++;
    first = span_trim(span_head(first, end));
    if (span_istarts(value, SPAN("translate"))) return is_away(first);
    int64_t milli;
    return span_istarts(value, SPAN("scale")) && read_number(first, &milli) && milli < 50;
}

static void read_display(struct css *c, span value)
{
    c->set |= CSS_DISPLAY;
    if (span_ieq(value, SPAN("none")))
        c->display = CSS_NONE;
    else if (span_istarts(value, SPAN("inline")))
        c->display = CSS_INLINE;
    else if (span_istarts(value, SPAN("block")) || span_istarts(value, SPAN("list")) ||
             span_istarts(value, SPAN("flex")) || span_istarts(value, SPAN("grid")) ||
             span_istarts(value, SPAN("table")))
        c->display = CSS_BLOCK;
    else
        c->set &= ~(uint32_t)CSS_DISPLAY;
}

static bool is_one_of(span value, const char *a, const char *b)
{
    return span_ieq(value, span_cstr(a)) || span_ieq(value, span_cstr(b));
}

static void read_declaration(struct css *c, span name, span value)
{
    size_t bang = span_find(value, '!');
    value = span_trim(span_head(value, bang));
    if (!value.n) return;
    int64_t milli;
    uint32_t colour;
    switch (ascii_lower(name.p[0])) {
    case 'b':
        if (span_ieq(name, SPAN("background"))) read_background(c, value);
        if (span_ieq(name, SPAN("background-image")) && is_picture(value)) c->set |= CSS_IMAGE;
        if (span_ieq(name, SPAN("background-color")) && read_colour(value, &colour))
            c->background = colour, c->set |= CSS_BACKGROUND;
        break;
    case 'c':
        if (span_ieq(name, SPAN("color")) && read_colour(value, &colour)) c->colour = colour, c->set |= CSS_COLOUR;
        if (span_ieq(name, SPAN("clip"))) set_fact(c, CSS_OUT, span_istarts(value, SPAN("rect(0")));
        if (span_ieq(name, SPAN("clip-path")))
            set_fact(c, CSS_AWAY, is_one_of(value, "inset(50%)", "inset(100%)") || span_ieq(value, SPAN("circle(0)")));
        break;
    case 'd':
        if (span_ieq(name, SPAN("display"))) read_display(c, value);
        break;
    case 'f':
        if (span_ieq(name, SPAN("font-size"))) read_font_size(c, value);
        if (span_ieq(name, SPAN("font"))) read_font(c, value);
        break;
    case 'h':
        if (span_ieq(name, SPAN("height"))) set_fact(c, CSS_NO_HEIGHT, is_tiny(value));
        break;
    case 'l':
        if (span_ieq(name, SPAN("left"))) set_fact(c, CSS_OUT, is_away(value));
        break;
    case 'm':
        if (span_ieq(name, SPAN("max-height"))) set_fact(c, CSS_NO_HEIGHT, is_tiny(value));
        if (span_ieq(name, SPAN("max-width"))) set_fact(c, CSS_NO_WIDTH, is_tiny(value));
        if (span_istarts(name, SPAN("margin-")) && is_away(value)) set_fact(c, CSS_AWAY, true);
        break;
    case 'o':
        if (span_ieq(name, SPAN("opacity"))) set_fact(c, CSS_GLASS, read_number(value, &milli) && milli < 50);
        if (span_ieq(name, SPAN("overflow"))) set_fact(c, CSS_CLIP, is_one_of(value, "hidden", "clip"));
        break;
    case 'p':
        if (span_ieq(name, SPAN("position"))) set_fact(c, CSS_POSITION, !span_ieq(value, SPAN("static")));
        break;
    case 'r':
        if (span_ieq(name, SPAN("right")) && is_away(value)) set_fact(c, CSS_OUT, true);
        break;
    case 't':
        if (span_ieq(name, SPAN("text-indent"))) set_fact(c, CSS_AWAY, is_away(value));
        if (span_ieq(name, SPAN("top")) && is_away(value)) set_fact(c, CSS_OUT, true);
        if (span_ieq(name, SPAN("transform"))) set_fact(c, CSS_AWAY, moves_away(value));
        break;
    case 'v':
        if (span_ieq(name, SPAN("visibility"))) set_fact(c, CSS_UNSEEN, is_one_of(value, "hidden", "collapse"));
        break;
    case 'w':
        if (span_ieq(name, SPAN("width"))) set_fact(c, CSS_NO_WIDTH, is_tiny(value));
        break;
    }
}

void css_read(span s, struct css *out)
{
    *out = (struct css){0};
    while (s.n) {
        size_t colon = s.n, end = 0;
        uint8_t quote = 0;
        bool bracket = false;
        for (; end < s.n; end++) {
            uint8_t c = s.p[end];
            if (quote) {
                if (c == quote) quote = 0;
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (bracket) {
                bracket = c != ')';
            } else if (c == '(') {
                bracket = true;
            } else if (c == ';') {
                break;
            } else if (c == ':' && colon == s.n) {
                colon = end;
            }
        }
        if (colon < end) {
            span name = span_trim(span_head(s, colon)), value = span_trim(span_of(s.p + colon + 1, end - colon - 1));
            if (name.n && value.n) read_declaration(out, name, value);
        }
        s = span_from(s, end + 1);
    }
}

span css_url(span s, size_t *at)
{
    for (;;) {
        size_t bracket = *at + span_find(span_from(s, *at), '(');
        if (bracket >= s.n) return *at = s.n, SPAN_NONE;
        *at = bracket + 1;
        if (bracket < 3 || !span_ieq(span_of(s.p + bracket - 3, 3), SPAN("url"))) continue;
        span url = span_from(s, bracket + 1);
        url = span_head(url, span_find(url, ')'));
        *at += url.n;
        url = span_trim(url);
        if (url.n && (url.p[0] == '"' || url.p[0] == '\'')) url = span_from(url, 1);
        if (url.n && (url.p[url.n - 1] == '"' || url.p[url.n - 1] == '\'')) url.n--;
        if (url.n) return url;
    }
}

void css_lay(struct css *into, const struct css *over)
{
    uint32_t set = over->set;
    if (set & CSS_COLOUR) into->colour = over->colour;
    if (set & CSS_BACKGROUND) into->background = over->background;
    if (set & CSS_DISPLAY) into->display = over->display;
    if (set & CSS_FONT) {
        into->font = over->font;
        into->set &= ~(uint32_t)CSS_FONT_PART;
    }
    uint8_t mask = (uint8_t)(set >> CSS_FACT_SHIFT);
    into->facts = (uint8_t)((into->facts & ~mask) | (over->facts & mask));
    into->set |= set;
}

struct css_look css_apply(const struct css_look *parent, const struct css *c)
{
    struct css_look look = *parent;
    if (!c->set) return look;
    uint32_t facts = (uint32_t)c->facts << CSS_FACT_SHIFT;
    if (c->set & CSS_COLOUR) look.colour = c->colour;
    if ((c->set & CSS_BACKGROUND) && c->background != CSS_CLEAR) look.background = c->background, look.image = false;
    if (c->set & CSS_IMAGE) look.image = true;
    if (c->set & CSS_FONT_PART) {
        uint32_t font = (uint32_t)parent->font * c->font / PART;
        look.font = (uint16_t)(font > UINT16_MAX ? UINT16_MAX : font);
    } else if (c->set & CSS_FONT) {
        look.font = c->font;
    }
    if (c->set & CSS_UNSEEN) look.unseen = facts & CSS_UNSEEN;
    bool clipped = (facts & CSS_CLIP) && (facts & (CSS_NO_HEIGHT | CSS_NO_WIDTH));
    bool out = (facts & CSS_OUT) && (facts & CSS_POSITION);
    if (((c->set & CSS_DISPLAY) && c->display == CSS_NONE) || (facts & (CSS_GLASS | CSS_AWAY)) || clipped || out)
        look.gone = true;
    return look;
}

static bool near(uint32_t a, uint32_t b)
{
    for (unsigned shift = 0; shift < 24; shift += 8) {
        int d = (int)(a >> shift & 255) - (int)(b >> shift & 255);
        if (d > CSS_COLOUR_NEAR || d < -CSS_COLOUR_NEAR) return false;
    }
    return true;
}

bool css_visible(const struct css_look *look)
{
    if (look->gone || look->unseen || look->font < CSS_FONT_LEAST || look->colour == CSS_CLEAR) return false;
    return look->image || !near(look->colour, look->background);
}
