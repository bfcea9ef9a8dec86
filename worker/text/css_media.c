/* SPDX-License-Identifier: Apache-2.0 */
/* css_media: do the conditions of a style sheet hold for a desktop reader's window?
 *
 * A feature that nobody here knows does not hold, as in browsers. Source: Media Queries 4; CSS Conditional 3. */
#include "worker/text/css.h"

#include "worker/text/css_value.h"

static bool is_one_of(span value, const span *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_ieq(value, words[i])) return true;
    return false;
}
#define ONE_OF(value, ...) \
    is_one_of(value, (const span[]){__VA_ARGS__}, sizeof((const span[]){__VA_ARGS__}) / sizeof(span))

/* What a size that is asked for is here, in thousandths of a pixel, or of one: -1 when it is none. */
static int64_t size_of(span feature)
{
    if (ONE_OF(feature, SPAN("width"), SPAN("device-width"))) return 1000 * CSS_SCREEN;
    if (ONE_OF(feature, SPAN("height"), SPAN("device-height"))) return 1000 * CSS_SCREEN_Y;
    if (ONE_OF(feature, SPAN("resolution"), SPAN("device-pixel-ratio"))) return 1000;
    return -1;
}

static bool read_length(span s, int64_t *milli)
{
    enum css_unit unit = css_length(span_trim(s), milli);
    if (unit == CSS_UNIT_PART) *milli *= 16; /* of an em */
    if (unit != CSS_UNIT_NONE) return true;
    span number = span_trim(s);
    size_t n = css_number(number, milli);
    if (span_ieq(span_from(number, n), SPAN("dpi"))) *milli /= 96;
    return n > 0;
}

/* "400px <= width", "width > 1em", parts of "400px < width < 1000px": one comparison; `turned`: size in front. */
static bool compares(int64_t have, span comparison, int64_t with, bool turned)
{
    bool more = comparison.p[0] == '>', equal = comparison.n > 1 || comparison.p[0] == '=';
    if (comparison.p[0] == '=') return have == with;
    if (turned) more = !more;
    return (equal && have == with) || (more ? have > with : have < with);
}

static size_t sign_at(span s, size_t i)
{
    while (i < s.n && s.p[i] != '<' && s.p[i] != '>' && s.p[i] != '=') i++;
    return i;
}

static bool range_holds(span s)
{
    size_t first = sign_at(s, 0), behind = first + (first + 1 < s.n && s.p[first + 1] == '=') + 1;
    size_t second = sign_at(s, behind), end = second + (second + 1 < s.n && s.p[second + 1] == '=') + 1;
    span left = span_trim(span_head(s, first)), right = span_trim(span_head(span_from(s, behind), second - behind));
    span sign = span_of(s.p + first, behind - first);
    int64_t v, have = size_of(left);
    if (have >= 0) return second == s.n && read_length(right, &v) && compares(have, sign, v, false);
    have = size_of(right);
    if (have < 0 || !read_length(left, &v) || !compares(have, sign, v, true)) return false;
    if (second == s.n) return true;
    sign = span_of(s.p + second, (end < s.n ? end : s.n) - second);
    return read_length(span_from(s, end), &v) && compares(have, sign, v, false);
}

/* What stands in the brackets: "min-width:600px", "prefers-color-scheme:dark", "color". */
static bool feature_holds(span s)
{
    static const struct {
        span feature, value;
    } HERE[] = {{SPAN("prefers-color-scheme"), SPAN("light")},
                {SPAN("prefers-reduced-motion"), SPAN("no-preference")},
                {SPAN("orientation"), SPAN("landscape")},
                {SPAN("hover"), SPAN("hover")},
                {SPAN("any-hover"), SPAN("hover")},
                {SPAN("pointer"), SPAN("fine")},
                {SPAN("any-pointer"), SPAN("fine")},
                {SPAN("scripting"), SPAN("none")},
                {SPAN("display-mode"), SPAN("browser")}};
    size_t colon = span_find(s, ':');
    if (colon == s.n && sign_at(s, 0) < s.n) return range_holds(s);
    span name = span_trim(span_head(s, colon)), value = span_trim(span_from(s, colon + 1));
    for (size_t i = 0; i < sizeof HERE / sizeof *HERE; i++)
        if (span_ieq(name, HERE[i].feature)) return span_ieq(value, HERE[i].value) || colon == s.n;
    if (span_istarts(name, SPAN("-webkit-"))) name = span_from(name, 8);
    bool min = span_istarts(name, SPAN("min-")), max = span_istarts(name, SPAN("max-"));
    span size = span_from(name, min || max ? 4 : 0);
    int64_t have = size_of(size), v;
    if (colon == s.n) return have >= 0 || span_ieq(name, SPAN("color"));
    if (ONE_OF(size, SPAN("color"), SPAN("color-index"))) return css_number(value, &v) && (min ? v <= 8000 : v >= 8000);
    if (have < 0 || !read_length(value, &v)) return false;
    return min ? have >= v : max ? have <= v : have == v;
}

/* Behind the bracket that closes what the one at `open` opens, or s.n. */
static size_t behind_bracket(span s, size_t open)
{
    size_t depth = 0;
    for (size_t i = open; i < s.n; i++) {
        if (s.p[i] == '(') depth++;
        if (s.p[i] == ')' && --depth == 0) return i + 1;
    }
    return s.n;
}

/* One query of a list, without commas: "only screen and (min-width:600px)", "not print". */
static bool query_holds(span s)
{
    static const span NOT = SPAN("not "), ONLY = SPAN("only ");
    s = span_trim(s);
    bool not = span_istarts(s, NOT) || span_istarts(s, SPAN("not(")), hold = true;
    if (not ) s = span_trim(span_from(s, 3));
    if (span_istarts(s, ONLY)) s = span_trim(span_from(s, ONLY.n));
    for (size_t i = 0; i < s.n && hold;) {
        if (s.p[i] == '(') {
            size_t end = behind_bracket(s, i);
            hold = feature_holds(span_trim(span_of(s.p + i + 1, end - i - 1 - (s.p[end - 1] == ')'))));
            i = end;
        } else if (ascii_alnum(s.p[i]) || s.p[i] == '-') {
            size_t from = i;
            while (i < s.n && (ascii_alnum(s.p[i]) || s.p[i] == '-')) i++;
            span word = span_of(s.p + from, i - from);
            bool or = span_ieq(word, SPAN("or"));
            if (or) break; /* what stands before it holds */
            if (span_ieq(word, SPAN("and"))) continue;
            hold = span_ieq(word, SPAN("screen")) || span_ieq(word, SPAN("all"));
        } else {
            i++;
        }
    }
    return hold != not ;
}

bool css_media_holds(span list)
{
    list = span_trim(list);
    if (!list.n) return true;
    while (list.n) {
        size_t comma = css_find(list, 0, CSS_COMMA);
        if (query_holds(span_head(list, comma))) return true;
        list = span_from(list, comma + 1);
    }
    return false;
}

/* "(display:grid)", "(mask-image:none) or (-webkit-mask-image:none)": is each property, or one of those behind an "or",
 * one that browsers know? */
static bool supports(span s)
{
    static const span KNOWN[] = {SPAN("align-"),
                                 SPAN("animation"),
                                 SPAN("aspect-ratio"),
                                 SPAN("backdrop-filter"),
                                 SPAN("border"),
                                 SPAN("box-"),
                                 SPAN("column"),
                                 SPAN("flex"),
                                 SPAN("gap"),
                                 SPAN("grid"),
                                 SPAN("justify-"),
                                 SPAN("object-"),
                                 SPAN("text-"),
                                 SPAN("transform"),
                                 SPAN("transition"),
                                 SPAN("will-change"),
                                 SPAN("writing"),
                                 SPAN("-webkit-"),
                                 SPAN("--")};
    bool hold = false;
    for (size_t i = span_find(s, '('); i < s.n; i += span_find(span_from(s, i), '(')) {
        size_t end = behind_bracket(s, i);
        span one = span_trim(span_of(s.p + i + 1, end - i - 1 - (s.p[end - 1] == ')')));
        struct css css;
        css_read(one, &css);
        hold = css.set != 0;
        for (size_t k = 0; k < sizeof KNOWN / sizeof *KNOWN && span_find(one, ':') < one.n; k++)
            hold |= span_istarts(one, KNOWN[k]);
        bool or = span_istarts(span_trim(span_from(s, end)), SPAN("or"));
        if (hold == or) return hold;
        i = end;
    }
    return hold;
}

bool css_condition_holds(span s)
{
    static const span MEDIA = SPAN("@media"), SUPPORTS = SPAN("@supports");
    if (span_istarts(s, MEDIA)) return css_media_holds(span_from(s, MEDIA.n));
    if (!span_istarts(s, SUPPORTS)) return span_istarts(s, SPAN("@layer"));
    s = span_trim(span_from(s, SUPPORTS.n));
    bool not = span_istarts(s, SPAN("not"));
    return supports(span_from(s, not ? 3 : 0)) != not ;
}
