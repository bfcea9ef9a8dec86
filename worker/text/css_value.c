/* SPDX-License-Identifier: Apache-2.0 */
/* css_value: numbers, lengths and colours of style sheets.
 *
 * As exact as it takes to tell what can be seen. Source: CSS 2.1 4.3, CSS Color 3; the HTML standard 2.3.6 for
 * legacy colour values. */
#include "worker/text/css_value.h"

#include "worker/text/colour.h"
#include "worker/text/css.h"

enum { CLEAR_MILLI = 50, THIN_MILLI = 900 }; /* less alpha is taken for none; for some */

size_t css_number(span s, int64_t *milli)
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
    size_t sign = i + 1 < s.n && (s.p[i + 1] == '-' || s.p[i + 1] == '+');
    if (i + 1 + sign < s.n && (s.p[i] | 0x20) == 'e' && ascii_digit(s.p[i + 1 + sign])) { /* "1e-9" */
        bool small = s.p[i + 1] == '-';
        unsigned tens = 0;
        for (i += 1 + sign; i < s.n && ascii_digit(s.p[i]); i++)
            if (tens < 100) tens = tens * 10 + (unsigned)(s.p[i] - '0');
        for (; tens && v; tens--)
            if (small || v < 1000000000) v = small ? v / 10 : v * 10;
    }
    *milli = negative ? -v : v;
    return i;
}

enum css_unit css_length(span s, int64_t *milli)
{
    static const struct {
        const char *name;
        int64_t times, by;
        enum css_unit unit;
    } UNITS[] = {
        {"px", 1, 1, CSS_UNIT_PX},    {"pt", 4, 3, CSS_UNIT_PX},     {"em", 1, 1, CSS_UNIT_PART},
        {"%", 1, 100, CSS_UNIT_PART}, {"rem", 16, 1, CSS_UNIT_PX},   {"ex", 1, 2, CSS_UNIT_PART},
        {"cm", 378, 10, CSS_UNIT_PX}, {"mm", 378, 100, CSS_UNIT_PX}, {"in", 96, 1, CSS_UNIT_PX},
        {"pc", 16, 1, CSS_UNIT_PX},   {"vw", 9, 1, CSS_UNIT_PX},     {"vh", 8, 1, CSS_UNIT_PX},
    };
    if (span_istarts(s, SPAN("calc("))) s = span_trim(span_of(s.p + 5, span_find(s, ')') - 5));
    size_t n = css_number(s, milli);
    if (!n) return CSS_UNIT_NONE;
    span rest = span_trim(span_from(s, n));
    if (!rest.n) return CSS_UNIT_PX; /* without a unit: legal for 0, and what mail clients do for others */
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (!span_ieq(rest, span_cstr(UNITS[i].name))) continue;
        *milli = *milli * UNITS[i].times / UNITS[i].by;
        return UNITS[i].unit;
    }
    return CSS_UNIT_NONE;
}

static bool channel(span s, uint32_t *out)
{
    int64_t v;
    s = span_trim(s);
    size_t n = css_number(s, &v);
    if (!n) return false;
    if (n < s.n && s.p[n] == '%') v = v * 255 / 100;
    v = v < 0 ? 0 : v > 255000 ? 255000 : v;
    *out = (uint32_t)(v / 1000);
    return true;
}

unsigned css_split(span s, span part[4])
{
    unsigned n = 0;
    s = span_head(s, span_find(s, ')'));
    while (n < 4) {
        while (s.n && (ascii_space(s.p[0]) || s.p[0] == ',' || s.p[0] == '/')) s = span_from(s, 1);
        if (!s.n) break;
        size_t end = 0;
        while (end < s.n && !ascii_space(s.p[end]) && s.p[end] != ',' && s.p[end] != '/') end++;
        part[n++] = span_head(s, end);
        s = span_from(s, end);
    }
    return n;
}

int64_t css_alpha(span s)
{
    int64_t v;
    size_t n = css_number(s, &v);
    if (!n) return 1000;
    return n < s.n && s.p[n] == '%' ? v / 100 : v;
}

static uint32_t through(int64_t alpha, uint32_t colour)
{
    return alpha < CLEAR_MILLI ? CSS_CLEAR : alpha < THIN_MILLI ? colour | CSS_THIN : colour;
}

/* "rgb(1,2,3)", "rgba(1 2 3 / 0)"; s begins behind the bracket. */
static bool read_rgb(span s, uint32_t *out)
{
    span part[4];
    uint32_t rgb[3];
    unsigned n = css_split(s, part);
    if (n < 3) return false;
    for (unsigned k = 0; k < 3; k++)
        if (!channel(part[k], &rgb[k])) return false;
    *out = through(n == 4 ? css_alpha(part[3]) : 1000, rgb[0] << 16 | rgb[1] << 8 | rgb[2]);
    return true;
}

/* One part of rgb() out of a hue: CSS Color 3, 4.2.4; all in thousandths, the hue in sixths of the circle. */
static int64_t hue_part(int64_t low, int64_t high, int64_t hue)
{
    hue = (hue % 6000 + 6000) % 6000;
    if (hue < 1000) return low + (high - low) * hue / 1000;
    if (hue < 3000) return high;
    return hue < 4000 ? low + (high - low) * (4000 - hue) / 1000 : low;
}

/* "hsl(120, 50%, 50%)", "hsla(120deg 50% 50% / 0)"; s begins behind the bracket. */
static bool read_hsl(span s, uint32_t *out)
{
    span part[4];
    int64_t h, sat, l, alpha = 1000;
    unsigned n = css_split(s, part);
    if (n < 3 || !css_number(part[0], &h) || !css_number(part[1], &sat) || !css_number(part[2], &l)) return false;
    if (n == 4) alpha = css_alpha(part[3]);
    sat = sat < 0 ? 0 : sat > 100000 ? 1000 : sat / 100;
    l = l < 0 ? 0 : l > 100000 ? 1000 : l / 100;
    int64_t high = l <= 500 ? l * (1000 + sat) / 1000 : l + sat - l * sat / 1000, low = 2 * l - high;
    *out = 0;
    for (int k = 1; k >= -1; k--) *out = *out << 8 | (uint32_t)(hue_part(low, high, h / 60 + 2000 * k) * 255 / 1000);
    *out = through(alpha, *out);
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
    *out = !alpha ? v : through((v & 255) * 1000 / 255, v >> 8);
    return true;
}

/* "oklch(98% 0 0)": its lightness, of 1 where it is `small` and no percentage; s begins behind the bracket. */
static bool read_light(span s, bool small, uint32_t *out)
{
    span part[4];
    int64_t l, alpha = 1000;
    unsigned n = css_split(s, part);
    size_t digits = n < 3 ? 0 : css_number(part[0], &l);
    if (!digits) return false;
    if (small && digits == part[0].n) l *= 100;
    if (n == 4) alpha = css_alpha(part[3]);
    uint32_t grey = l <= 0 ? 0 : l >= 100000 ? 255 : (uint32_t)(l * 255 / 100000);
    *out = through(alpha, grey << 16 | grey << 8 | grey);
    return true;
}

/* "hwb(120 0% 50%)": of its hue only how light it is in the middle; s begins behind the bracket. */
static bool read_hwb(span s, uint32_t *out)
{
    span part[4];
    int64_t white, black;
    unsigned n = css_split(s, part);
    if (n < 3 || !css_number(part[1], &white) || !css_number(part[2], &black)) return false;
    if (white < 0 || black < 0 || white > 100000 || black > 100000) return false;
    int64_t l = white + black > 100000 ? white * 100000 / (white + black) : (white + 100000 - black) / 2;
    uint32_t grey = (uint32_t)(l * 255 / 100000);
    *out = through(n == 4 ? css_alpha(part[3]) : 1000, grey << 16 | grey << 8 | grey);
    return true;
}

bool css_colour_unknown(span s)
{
    static const span NAMES[] = {SPAN("var("),    SPAN("color("),    SPAN("color-mix("), SPAN("light-dark("),
                                 SPAN("env("),    SPAN("rgb(from "), SPAN("hsl(from "),  SPAN("lab(from "),
                                 SPAN("canvas"),  SPAN("highlight"), SPAN("buttontext"), SPAN("windowtext"),
                                 SPAN("infotext")};
    if (s.n < 4) return false;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (ascii_lower(s.p[0]) == NAMES[i].p[0] && span_istarts(s, NAMES[i])) return true;
    return false;
}

bool css_colour(span s, uint32_t *out)
{
    s = span_trim(s);
    if (s.n && s.p[0] == '#') return read_hex(span_from(s, 1), out);
    if (span_istarts(s, SPAN("rgb("))) return read_rgb(span_from(s, 4), out);
    if (span_istarts(s, SPAN("rgba("))) return read_rgb(span_from(s, 5), out);
    if (span_istarts(s, SPAN("hsl("))) return read_hsl(span_from(s, 4), out);
    if (span_istarts(s, SPAN("hsla("))) return read_hsl(span_from(s, 5), out);
    if (span_istarts(s, SPAN("lab("))) return read_light(span_from(s, 4), false, out);
    if (span_istarts(s, SPAN("lch("))) return read_light(span_from(s, 4), false, out);
    if (span_istarts(s, SPAN("oklab("))) return read_light(span_from(s, 6), true, out);
    if (span_istarts(s, SPAN("oklch("))) return read_light(span_from(s, 6), true, out);
    if (span_istarts(s, SPAN("hwb("))) return read_hwb(span_from(s, 4), out);
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
