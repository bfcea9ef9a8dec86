/* SPDX-License-Identifier: Apache-2.0 */
/* page: what is open and what is written of a document.
 *
 * Every element is pushed once and popped once; the few that are put back or worked out anew at a time are counted by
 * the limits here, so all of it is linear. Source: HTML standard, 13.2.4.3, 13.2.6.4 (adoption agency, foster
 * parenting), simplified. */
#include "worker/text/page.h"

#include "worker/simd/scan.h"
#include "worker/text/entity.h"
#include "worker/text/lean.h"
#include "worker/text/odd.h"

enum {
    REOPEN_MAX = 8,   /* formatting elements that outlive a block's end */
    RESTYLE_MAX = 16, /* elements whose look is worked out anew when one below them changes */
};

/* May the character at s.p[i] be part of a word? Spaces, marks and invisible ones outside of ASCII begin with the bytes
 * named here (U+0080..BF, U+034F, U+2000..2FFF, U+3000..303F, U+F000..). */
static bool in_word(span s, size_t i)
{
    uint8_t c = s.p[i];
    if (c < 0xC3) return ascii_alpha(c);
    if (c == 0xE3) return i + 1 < s.n && s.p[i + 1] != 0x80;
    return c != 0xCD && c != 0xE2 && c != 0xEF;
}

static bool has_word(span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (in_word(s, i) || ascii_digit(s.p[i])) return true;
    return false;
}

void page_joint(struct page *p)
{
    const struct text *t = p->visible;
    if (t->pending || !t->n || !p->shown) return;
    size_t i = t->n - 1;
    while (i && (t->p[i] & 0xC0) == 0x80) i--;
    p->joint = in_word(text_span(t), i);
    p->joint_at = t->n;
}

/* Visible text begins with `run`. */
static inline void begin_run(struct page *p, span run)
{
    if (p->joint && p->joint_at == p->visible->n && !p->visible->pending && in_word(run, 0)) p->odd |= ODD(SPLIT_WORD);
    p->joint = false;
    p->parted = true;
}

void page_emit(struct page *p, span run)
{
    if (!run.n) return;
    if (p->shown) {
        begin_run(p, run);
        lean_put(p->visible, run);
        return;
    }
    if (p->parted) text_put(p->hidden, SPAN(" "));
    p->parted = false;
    text_put(p->hidden, run);
    if (has_word(run)) p->odd |= ODD(HIDDEN_TEXT);
}

void page_space(struct page *p, unsigned lines)
{
    text_space(p->shown ? p->visible : p->hidden, lines);
    p->parted = p->shown;
    p->joint &= !p->shown;
}

size_t page_words(struct page *p, span s)
{
    if (!p->shown || scan_ends_words(s.p[0])) return 0;
    begin_run(p, s);
    if (p->visible->n + s.n <= LEAN_FROM) return text_put_words(p->visible, s);
    struct text before = *p->visible;
    size_t n = text_put_words(p->visible, s);
    if (n == s.n || s.p[n] < 0x80 || before.n + n + span_find(span_from(s, n), '<') <= LEAN_FROM) return n;
    *p->visible = before; /* lean_put looks at all of such a run together */
    return 0;
}

size_t page_reference(struct page *p, span s)
{
    static const span NBSP = SPAN("\xC2\xA0");
    uint8_t out[ENTITY_BYTES_MAX];
    size_t n, read = entity_read(s, false, out, &n);
    if (!read)
        page_emit(p, span_head(s, 1));
    else if (span_eq(span_of(out, n), NBSP))
        page_space(p, TEXT_SPACED);
    else
        page_emit(p, span_of(out, n));
    return read ? read : 1;
}

static void put_text(struct page *p, span s)
{
    while (s.n) {
        size_t plain = span_find(s, '&');
        page_emit(p, span_head(s, plain));
        s = span_from(s, plain);
        if (s.n) s = span_from(s, page_reference(p, s));
    }
}

/* Text with character references; NULs are not there for browsers. */
void page_text(struct page *p, span s)
{
    if (p->nul)
        for (size_t end; (end = span_find(s, 0)) < s.n; s = span_from(s, end + 1)) put_text(p, span_head(s, end));
    put_text(p, s);
}

/* Text of an attribute, parted from what stands around it. */
void page_value(struct page *p, span value)
{
    uint8_t out[HTML_ALT_MAX];
    bool cut;
    size_t n = entity_decode(value, true, out, sizeof out, &cut);
    page_space(p, 0);
    page_emit(p, span_of(out, n));
    page_space(p, 0);
}

/* Is there a letter of a script that goes leftward anyway (U+0590..08FF, FB1D..FEFC)? */
static bool is_leftward(span s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : 0;
        if ((c >= 0xD6 && c <= 0xDF) || (c == 0xE0 && next < 0xA4) || (c == 0xEF && next >= 0xAC && next < 0xBC))
            return true;
    }
    return false;
}

static void swap_bytes(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t c = p[i];
        p[i] = p[n - 1 - i];
        p[n - 1 - i] = c;
    }
}

/* Turn the characters of UTF-8 around: all bytes, and then those of each character again. */
static void turn_line(uint8_t *p, size_t n)
{
    swap_bytes(p, n);
    for (size_t i = 0, from = 0; i < n; i++) {
        if ((p[i] & 0xC0) == 0x80) continue; /* the first byte of a character is its last here */
        if (p[i] >= 0x80) swap_bytes(p + from, i + 1 - from);
        from = i + 1;
    }
}

void page_turn(struct page *p)
{
    if (!p->turned) return;
    p->turned = 0;
    span s = text_span(p->visible);
    for (size_t i = p->turned_at, end; i < s.n; i = end + 1) {
        end = i + span_find(span_from(s, i), '\n');
        span line = span_trim(span_of(s.p + i, end - i));
        if (!has_word(line) || is_leftward(line)) continue;
        turn_line(p->visible->p + (line.p - s.p), line.n);
        p->odd |= ODD(BIDI);
    }
}

void page_break(struct page *p)
{
    text_break(p->hidden);
    if (!page_top(p)->look.gone && !p->over_hidden) text_break(p->visible);
}

/* Elements of tables that hold cells alone. */
static const bool HOLDS_CELLS[TAG_COUNT + 1] = {
    [TAG_TABLE] = true, [TAG_TR] = true, [TAG_TBODY] = true, [TAG_THEAD] = true, [TAG_TFOOT] = true};

/* The look that goes on inside of element `at`. What stands in a table but in none of its cells is shown before the
 * table ("foster parenting"), on the background there. */
static inline const struct css_look *look_in(const struct page *p, size_t at)
{
    const struct element *e = &p->stack[at];
    return HOLDS_CELLS[e->tag] && e->wall[2] ? &p->stack[e->wall[2] - 1].look : &e->look;
}

const struct css_look *page_look(const struct page *p, size_t at)
{
    return look_in(p, at);
}

/* Work out the look of element `at` from the one below it. A summary is shown though its details are not. */
static void style(struct page *p, size_t at)
{
    struct element *e = &p->stack[at];
    bool part = e->kind == KIND_CELL; /* of a table, when it stands in one */
    size_t around = e->tag == TAG_SUMMARY && p->stack[at - 1].tag == TAG_DETAILS ? at - 2 : at - 1;
    const struct css_look *look = part ? &p->stack[around].look : look_in(p, around);
    if (e->css.set)
        e->look = css_apply(look, &e->css, (enum css_display)e->box);
    else
        e->look = *look; /* as most are */
}

size_t page_find(const struct page *p, enum tag tag)
{
    if (!p->last[tag]) return 0;
    size_t at = p->last[tag] - 1u;
    const uint16_t *wall = p->stack[p->depth - 1].wall;
    static const int8_t LOWEST[] = {
        [KIND_PHRASE] = 0, [KIND_FORMAT] = 1, [KIND_BLOCK] = 1, [KIND_CELL] = 2, [KIND_TABLE] = -1, [KIND_ROOT] = -1};
    int k = LOWEST[tag_kind(tag)];
    return k >= 0 && wall[k] > at ? 0 : at;
}

void page_push(struct page *p)
{
    size_t at = p->depth++;
    struct element *on = &p->stack[at];
    style(p, at);
    memcpy(on->wall, p->stack[at - 1].wall, sizeof on->wall);
    if (on->kind >= KIND_BLOCK) on->wall[0] = (uint16_t)at;
    if (on->kind >= KIND_CELL) on->wall[1] = (uint16_t)at;
    if (on->kind >= KIND_TABLE) on->wall[2] = (uint16_t)at;
    on->seen = look_in(p, at)->visible;
    on->below = p->last[on->tag];
    p->last[on->tag] = (uint16_t)(at + 1);
    if (!p->turned && on->css.facts & CSS_OVERRIDE && on->look.leftward)
        p->turned = at + 1, p->turned_at = p->visible->n;
}

static void pop(struct page *p)
{
    struct element *e = page_top(p);
    if (e->breaks) page_break(p);
    if (e->tag == TAG_TD || e->tag == TAG_TH) page_space(p, 0);
    if (p->turned == p->depth) page_turn(p);
    if (e->tag == TAG_A) page_end_link(p);
    if (e->tag == TAG_TR && p->row == p->depth - 1) page_end_row(p);
    p->last[e->tag] = e->below;
    p->depth--;
}

/* page_close of more than one. */
static __attribute__((noinline)) void close_many(struct page *p, size_t at)
{
    struct element again[REOPEN_MAX];
    size_t n = 0;
    if (p->stack[at].kind == KIND_BLOCK)
        for (size_t i = p->depth - 1; i > at && n < REOPEN_MAX; i--)
            if (p->stack[i].kind == KIND_FORMAT && p->stack[i].tag != TAG_A && p->stack[i].css.set)
                again[n++] = p->stack[i];
    while (p->depth > at) {
        page_update(p);
        pop(p);
    }
    while (n) {
        *page_next(p) = again[--n];
        page_push(p);
    }
    page_update(p);
}

void page_close(struct page *p, size_t at)
{
    if (at + 1 != p->depth) return close_many(p, at);
    pop(p);
    page_update(p);
}

void page_restyle(struct page *p, size_t at)
{
    bool all = p->depth - at <= RESTYLE_MAX;
    for (size_t i = at; i < p->depth; i++) {
        if (all && i) style(p, i);
        p->stack[i].seen = look_in(p, i)->visible;
    }
    page_update(p);
}

void page_forget(struct page *p, size_t at)
{
    struct element *e = &p->stack[at];
    if (e->tag == TAG_A) page_end_link(p);
    p->last[e->tag] = e->below;
    e->tag = TAG_FORGOTTEN;
    e->below = 0;
    e->css = (struct css){0};
    page_restyle(p, at);
}

/* What stands in a table but in none of its cells ends where the next row or cell begins. */
static void leave_foster(struct page *p)
{
    size_t wall = page_top(p)->wall[1];
    if (wall == 0 || p->stack[wall].tag == TAG_TD || p->stack[wall].tag == TAG_TH) return;
    while (p->depth > wall + 1) {
        page_update(p);
        pop(p);
    }
    page_update(p);
}

enum { ENDS_MOST = 3 };
static const uint8_t ENDS[TAG_COUNT][ENDS_MOST] = {
    [TAG_A] = {TAG_A},
    [TAG_DD] = {TAG_DT, TAG_DD},
    [TAG_DT] = {TAG_DT, TAG_DD},
    [TAG_LI] = {TAG_LI},
    [TAG_NOBR] = {TAG_NOBR},
    [TAG_OPTION] = {TAG_OPTION},
    [TAG_TBODY] = {TAG_TBODY, TAG_THEAD, TAG_TR},
    [TAG_TD] = {TAG_TD, TAG_TH},
    [TAG_TFOOT] = {TAG_TBODY, TAG_THEAD, TAG_TR},
    [TAG_TH] = {TAG_TD, TAG_TH},
    [TAG_TR] = {TAG_TR, TAG_TD, TAG_TH},
};

bool page_implies(enum tag tag)
{
    return ENDS[tag][0] || tag_flags(tag) & (TAG_END_P | TAG_PART);
}

void page_imply(struct page *p, enum tag tag)
{
    size_t at, lowest = 0;
    if (tag_flags(tag) & TAG_END_P && (at = page_find(p, TAG_P))) page_close(p, at);
    for (unsigned k = 0; k < ENDS_MOST && ENDS[tag][k]; k++)
        if ((at = page_find(p, (enum tag)ENDS[tag][k])) && (!lowest || at < lowest)) lowest = at;
    if (tag_flags(tag) & TAG_PART && !lowest) leave_foster(p);
    bool inner_list = tag == TAG_LI && (p->last[TAG_UL] > lowest || p->last[TAG_OL] > lowest);
    if (lowest && !inner_list) page_close(p, lowest);
}
