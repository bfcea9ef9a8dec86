/* SPDX-License-Identifier: Apache-2.0 */
/* wrap: one character at a time becomes a unit (itself or an escape) of some cells; units that belong together move to
 * the next line together; see wrap.h. */
#include "proto/cli/wrap.h"

#include "proto/base/utf8.h"

enum { UNIT_BYTES = 16 };

struct range { /* tables of them are in order */
    uint32_t first, last;
};

/* What draws nothing, moves what is drawn, or ends a line (Unicode 15: Cc, Cf, Zl, Zp, fillers, variation
 * selectors). */
static const struct range HIDDEN[] = {
    {0x0, 0x1F},        {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},      {0x600, 0x605},
    {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},      {0x8E2, 0x8E2},
    {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},    {0x2028, 0x202E},
    {0x2060, 0x206F},   {0x3164, 0x3164},   {0xE000, 0xF8FF},   {0xFE00, 0xFE0F},    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD},  {0x110CD, 0x110CD},
    {0x13430, 0x13438}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0x10FFFF},
};

/* Two cells (UAX #11 W and F, and emoji). */
static const struct range WIDE[] = {
    {0x1100, 0x115E},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23F3},   {0x25FD, 0x25FE},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},   {0x26D4, 0x26D4},
    {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},   {0x26FA, 0x26FA},   {0x26FD, 0x26FD},
    {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274E},   {0x2753, 0x2757},
    {0x2795, 0x2797},   {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},
    {0x2B55, 0x2B55},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},
    {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18DFF}, {0x1AFF0, 0x1B2FF}, {0x1F004, 0x1F004},
    {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F19A}, {0x1F200, 0x1F265}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD},
};

/* Marks that stand on the letter before them, of the scripts most written: no cell of their own. */
static const struct range MARK[] = {
    {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5C7},   {0x610, 0x61A},   {0x64B, 0x65F},   {0x6D6, 0x6ED},
    {0x93C, 0x93C},   {0x941, 0x948},   {0x94D, 0x94D},   {0xE31, 0xE31},   {0xE34, 0xE3A},   {0xE47, 0xE4E},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20F0}, {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE20, 0xFE2F},
};

static bool within(uint32_t u, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n && r[i].first <= u; i++)
        if (u <= r[i].last) return true;
    return false;
}
#define WITHIN(u, table) within(u, table, sizeof table / sizeof *table)

/* One character as it is written. */
struct unit {
    char text[UNIT_BYTES];
    unsigned bytes, cells;
    bool space, end, wide;
};

/* The unit at the start of s, which is not empty; returns how many bytes it stands for. */
static size_t unit_at(span s, unsigned *marks, struct unit *u)
{
    size_t n = utf8_len(s);
    *u = (struct unit){.cells = 1};
    if (n == 0) {
        u->bytes = u->cells = (unsigned)snprintf(u->text, UNIT_BYTES, "<0x%02X>", s.p[0]);
        *marks = 0;
        return 1;
    }
    uint32_t c = n == 1 ? s.p[0] : s.p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) c = c << 6 | (s.p[i] & 0x3F);
    bool mark = c >= 0x300 && WITHIN(c, MARK);
    *marks = mark ? *marks + 1 : 0;
    u->end = c == '\n';
    u->space = c == ' ';
    if (u->end || u->space) return n;
    if (WITHIN(c, HIDDEN) || *marks > WRAP_MARKS_MAX) {
        u->bytes = u->cells = (unsigned)snprintf(u->text, UNIT_BYTES, "<U+%04X>", c);
        return n;
    }
    memcpy(u->text, s.p, n);
    u->bytes = (unsigned)n;
    u->wide = c >= 0x1100 && WITHIN(c, WIDE);
    u->cells = mark ? 0 : u->wide ? 2 : 1;
    return n;
}

static void new_line(struct wrap *w)
{
    fputc('\n', w->to);
    w->column = w->spaces = 0;
}

static void write_unit(struct wrap *w, const struct unit *u)
{
    if (w->column && w->column + w->spaces + u->cells > WRAP_WIDTH) new_line(w);
    if (!w->column) {
        fprintf(w->to, "%*s", (int)w->indent, "");
        w->column = w->indent;
        w->spaces = 0;
    }
    fprintf(w->to, "%*s", (int)w->spaces, "");
    fwrite(u->text, 1, u->bytes, w->to);
    w->column += w->spaces + u->cells;
    w->spaces = 0;
}

/* Cells of what may not be parted: up to a space, a line's end, or a wide character. Looks no further than a line. */
static unsigned word_cells(span s, unsigned marks)
{
    struct unit u;
    unsigned cells = 0;
    for (size_t i = 0; i < s.n && cells <= WRAP_WIDTH;) {
        size_t n = unit_at(span_from(s, i), &marks, &u);
        if (u.space || u.end || (u.wide && i)) break;
        cells += u.cells;
        i += n;
        if (u.wide) break;
    }
    return cells;
}

void wrap_begin(struct wrap *w, FILE *to, unsigned column, unsigned indent)
{
    *w = (struct wrap){.to = to, .indent = indent, .column = column};
}

void wrap_put(struct wrap *w, span text)
{
    struct unit u;
    for (size_t i = 0; i < text.n;) {
        span rest = span_from(text, i);
        unsigned before = w->marks;
        i += unit_at(rest, &w->marks, &u);
        if (u.end) {
            new_line(w);
            w->inside = false;
        } else if (u.space) {
            w->spaces += w->spaces < WRAP_WIDTH && w->column;
            w->inside = false;
        } else {
            unsigned cells = !w->inside || u.wide ? word_cells(rest, before) : 0;
            if (w->column > w->indent && w->column + w->spaces + cells > WRAP_WIDTH && cells + w->indent <= WRAP_WIDTH)
                new_line(w);
            write_unit(w, &u);
            w->inside = !u.wide;
        }
    }
}

void wrap_say(struct wrap *w, const char *text)
{
    wrap_put(w, span_cstr(text));
}

void wrap_end(struct wrap *w)
{
    if (w->column) new_line(w);
}
