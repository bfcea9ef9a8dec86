/* SPDX-License-Identifier: Apache-2.0 */
/* normal: characters decomposed, folded and written down one by one; what follows a letter reopens it.
 *
 * The output always ends with a finished character. A mark waits until the next letter shows that there are no more of
 * them; then its letter is taken back, put together with all its marks in canonical order, and written again. So no run
 * of marks, however long, is sorted or kept. Words that mix scripts are looked at once, when they end. ASCII, kana,
 * kanji and small letters of the common alphabets are their own normal form and pass at once; for anything else
 * utf8proc (which only this file sees) is asked. */
#include "worker/text/normal.h"

#include "proto/base/utf8.h"
#include "worker/simd/scan.h"
#include "worker/text/confusable.h"
#include "worker/text/letter.h"
#include "worker/text/odd.h"

#include <utf8proc.h>

enum {
    HELD_MAX = NORMAL_MARKS_MAX + 1,              /* one too many says that there were too many */
    STACK_MAX = NORMAL_DECOMPOSED_MAX + HELD_MAX, /* a letter and its marks */
    EXPANDED_MAX = 24,                            /* of compatibility decompositions; 18 is the most */
    WORD_LETTERS_MAX = NORMAL_WORD_MAX * NORMAL_DECOMPOSED_MAX / 2, /* of two bytes and more each, decomposed */
    WORD_LETTERS_MIN = 3,                                           /* shorter mixtures are units and formulas */
    EVIDENT = 4,                                                    /* letters that make a dressed-up word */
};

static const size_t NO_WORD = SIZE_MAX;

struct writer {
    uint8_t *out;
    size_t n, cap;
    bool full;
    bool waiting; /* something below is set: the next letter has to look */
    uint32_t marks[HELD_MAX];
    size_t held, lost;     /* marks for the last letter; those that did not fit */
    uint32_t joiner;       /* U+200C or U+200D, if the next letter agrees */
    uint32_t strong, weak; /* invisible characters since the last letter; weak ones hide in ASCII words only */
    size_t soft_at;        /* where the last soft hyphen was */
    uint32_t regional;     /* a regional indicator that may be the first half of a flag */
    uint32_t sign;         /* the last vowel sign of the last letter */
    unsigned signs;        /* ... and how many there were */
    size_t word;           /* where a word with letters of another script begins, or NO_WORD */
    bool mixed;            /* ... and that has Latin letters or digits too */
    bool right_to_left;    /* such letters were seen */
    uint32_t embeddings;
    size_t work; /* characters looked up */
    struct normal_count *count;
};

size_t normal_decompose(uint32_t c, uint32_t out[NORMAL_DECOMPOSED_MAX])
{
    int last = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, (utf8proc_int32_t *)out, NORMAL_DECOMPOSED_MAX,
                                                 UTF8PROC_DECOMPOSE, &last);
    if (n >= 1 && n <= NORMAL_DECOMPOSED_MAX) return (size_t)n;
    out[0] = c;
    return 1;
}

uint8_t normal_order(uint32_t c)
{
    return (uint8_t)utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

/* --- words that mix scripts --------------------------------------------------------------------------------------- */

/* The character before out[at], and where it begins. */
static uint32_t before(const struct writer *w, size_t at, size_t *start)
{
    uint32_t c = 0;
    size_t i = at;
    while (i && (w->out[--i] & 0xC0) == 0x80) {
    }
    if (at) utf8_get(span_of(w->out + i, at - i), &c);
    *start = i;
    return c;
}

static void begin_word(struct writer *w)
{
    size_t at = w->n, start;
    w->mixed = false;
    while (at && w->n - at < NORMAL_WORD_MAX) {
        uint32_t c = before(w, at, &start);
        if (!letter_alphabetic(c)) break;
        w->mixed = true; /* none of them is foreign, or the word had begun there */
        at = start;
    }
    w->word = at;
    w->waiting = true;
}

static uint32_t upper_of(uint32_t c)
{
    return (uint32_t)utf8proc_toupper((utf8proc_int32_t)c);
}

/* Write characters over the output from `at` on. */
static void rewrite(struct writer *w, size_t at, const uint32_t *c, size_t n)
{
    w->n = at;
    for (size_t i = 0; i < n; i++) {
        uint8_t utf8[4];
        size_t bytes = utf8_put(c[i], utf8);
        w->full |= bytes > w->cap - w->n;
        if (w->full) return;
        memcpy(w->out + w->n, utf8, bytes);
        w->n += bytes;
    }
}

/* Canonical composition in place, of decomposed characters in canonical order; returns how many are left. */
static size_t compose(uint32_t *c, size_t n)
{
    utf8proc_ssize_t left =
        utf8proc_normalize_utf32((utf8proc_int32_t *)c, (utf8proc_ssize_t)n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return left > 0 ? (size_t)left : n;
}

enum target { KEEP, LATIN, CYRILLIC };

/* The script that the whole word can be in: each letter of the other one passes for one of this one. */
static enum target target_of(const uint32_t *c, size_t n)
{
    unsigned latin = 0, other = 0, digits = 0;
    bool to_latin = true, to_cyrillic = true;
    for (size_t i = 0; i < n; i++) {
        if (c[i] < 0x80 && ascii_digit((uint8_t)c[i])) {
            digits++;
        } else if (letter_foreign(c[i])) {
            other++;
            to_latin &= confusable_latin(c[i], upper_of(c[i])) != 0;
            to_cyrillic &= c[i] >= 0x400 && c[i] < 0x530;
        } else if (normal_order(c[i])) {
            if (i && normal_order(c[i - 1])) return KEEP; /* what carries two marks is no disguise */
        } else {
            latin++;
            to_latin &= c[i] < 0x2B0 || (c[i] >= 0x1E00 && c[i] < 0x1F00);
            to_cyrillic &= confusable_cyrillic(c[i]) != 0;
        }
    }
    if (latin + other < WORD_LETTERS_MIN) return KEEP;
    if (to_latin && latin && (latin >= other || !to_cyrillic)) return LATIN;
    return to_cyrillic && (latin || digits) ? CYRILLIC : KEEP;
}

/* A digit between two letters that looks like a Cyrillic one; or 0. */
static uint32_t cyrillic_digit(const uint32_t *c, size_t n, size_t i)
{
    if (i == 0 || i + 1 == n || c[i - 1] < 'a' || c[i + 1] < 'a') return 0;
    return c[i] == '0' ? 0x43E : c[i] == '3' ? 0x437 : 0;
}

/* The word that ends here is complete: if it mixes scripts for looks, say it in one. */
static void end_word(struct writer *w)
{
    size_t at = w->word;
    w->word = NO_WORD;
    if (!w->mixed || w->n - at > NORMAL_WORD_MAX || w->work >= NORMAL_WORK_MAX) return;
    uint32_t c[WORD_LETTERS_MAX];
    size_t n = 0;
    for (size_t i = at; i < w->n;) {
        uint32_t whole;
        i += utf8_get(span_of(w->out + i, w->n - i), &whole);
        n += normal_decompose(whole, c + n);
    }
    w->work += n;
    enum target target = target_of(c, n);
    if (target == KEEP) return;
    uint32_t changed = 0;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t to = 0;
        if (target == LATIN && letter_foreign(c[i]))
            to = confusable_latin(c[i], upper_of(c[i]));
        else if (target == CYRILLIC && c[i] < 0x80)
            to = ascii_digit((uint8_t)c[i]) ? cyrillic_digit(c, n, i) : confusable_cyrillic(c[i]);
        changed += to != 0;
        if (c[i] == 0x307 && kept && c[kept - 1] == 'i') continue; /* its dot */
        c[kept++] = to ? to : c[i];
    }
    if (!changed) return;
    w->count->confusables += changed;
    rewrite(w, at, c, compose(c, kept));
}

/* --- marks -------------------------------------------------------------------------------------------------------- */

/* Sort by canonical class, stable. */
static void sort_marks(uint32_t *c, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t mark = c[i];
        size_t at = i;
        while (at && normal_order(c[at - 1]) > normal_order(mark)) {
            c[at] = c[at - 1];
            at--;
        }
        c[at] = mark;
    }
}

/* The last letter and the marks that were held for it, put together. */
static void close_marks(struct writer *w)
{
    uint32_t c[STACK_MAX];
    size_t start, letter = 0, lost = w->lost, accents = 0, loose = 0;
    uint32_t base = before(w, w->n, &start);
    bool legible = letter_in_word(base);
    size_t n = w->n ? normal_decompose(base, c) : 0;
    while (letter < n && !normal_order(c[letter])) letter++; /* several in hangul */
    memcpy(c + n, w->marks, w->held * sizeof *c);
    n += w->held;
    w->work += n;
    w->held = w->lost = 0;
    sort_marks(c + letter, n - letter);

    size_t kept = letter;
    for (size_t i = letter; i < n; i++) {
        if (c[i] == 0x307 && base == 'i') continue; /* the dot that it has */
        if ((kept > letter && c[i] == c[kept - 1]) || (legible && letter_strikes(c[i]))) {
            lost++;
            continue;
        }
        accents += letter_accent(c[i]);
        c[kept++] = c[i];
    }
    if (lost > NORMAL_MARKS_MAX || accents > NORMAL_ACCENTS_MAX || kept - letter > NORMAL_MARKS_MAX) {
        lost += kept - letter;
        kept = letter;
    }
    n = compose(c, kept);
    /* Beside what composes, no language needs more than one accent. */
    for (size_t i = 1; i < n; i++) loose += letter_accent(c[i]);
    if (loose > 1 && letter) {
        lost += n - 1;
        n = 1;
    }
    w->count->marks += (uint32_t)lost;
    rewrite(w, start, c, n);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void put(struct writer *w, uint32_t c);

/* Half a flag is a letter. */
static void end_regional(struct writer *w)
{
    uint32_t c = w->regional;
    w->regional = 0;
    if (!c) return;
    w->count->styled++;
    put(w, c - 0x1F1E6 + 'a');
}

/* Invisible characters stood between the last letter and `c`: were they hidden in a word? */
static void settle_invisible(struct writer *w, uint32_t c)
{
    size_t start;
    uint32_t last = before(w, w->n, &start);
    bool ascii = last < 0x80 && c < 0x80, needed = letter_uses_joiners(last);
    if (w->joiner && needed && letter_uses_joiners(c))
        rewrite(w, w->n, &w->joiner, 1);
    else if (w->joiner)
        w->strong++;
    needed |= c >= 0x80 && script_of(c) == SCRIPT_UNSPACED;
    if (letter_in_word(last) && letter_in_word(c) && !needed) w->count->zero_width += w->strong + (ascii ? w->weak : 0);
    w->joiner = w->strong = w->weak = 0;
}

/* What waits for the next letter, `c`, or for the end (0). */
static void settle(struct writer *w, uint32_t c)
{
    end_regional(w);
    if (w->held) close_marks(w);
    if (w->joiner | w->strong | w->weak) settle_invisible(w, c);
    if (w->word != NO_WORD) {
        if (!letter_alphabetic(c))
            end_word(w);
        else
            w->mixed |= !letter_foreign(c);
    }
    w->sign = 0;
    w->signs = 0;
    w->waiting = w->word != NO_WORD;
}

/* A letter or sign in normal form. */
static void put(struct writer *w, uint32_t c)
{
    if (w->waiting) settle(w, c);
    if (letter_foreign(c) && w->word == NO_WORD) begin_word(w);
    w->count->east_asian += c - 0x3041 < 0xD7A4 - 0x3041;
    w->right_to_left |= c - 0x590 < 0x900 - 0x590;
    rewrite(w, w->n, &c, 1);
}

static void copy(struct writer *w, const uint8_t *p, size_t n)
{
    w->full |= n > w->cap - w->n;
    if (n > w->cap - w->n) n = w->cap - w->n;
    scan->lower(p, n, w->out + w->n);
    w->n += n;
}

/* As many ideographs as follow each other, while nothing waits; returns their bytes. */
static size_t put_ideographs(struct writer *w, const uint8_t *p, size_t n)
{
    size_t i = 0, most = w->cap - w->n < n ? w->cap - w->n : n;
    for (; most - i >= 3 && (p[i] & 0xF0) == 0xE0; i += 3) {
        uint32_t c = (uint32_t)(p[i] & 15) << 12 | (uint32_t)(p[i + 1] & 63) << 6 | (p[i + 2] & 63);
        if (!letter_ideographic(c)) break;
        memcpy(w->out + w->n + i, p + i, 3);
    }
    w->n += i;
    w->count->east_asian += (uint32_t)(i / 3);
    return i;
}

static void put_ascii(struct writer *w, const uint8_t *p, size_t n)
{
    if (w->waiting) {
        settle(w, ascii_lower(*p));
        size_t word = 0;
        while (w->waiting && word < n && ascii_alnum(p[word])) word++;
        copy(w, p, word);
        if (word == n) return;
        if (w->waiting) settle(w, p[word]);
        p += word;
        n -= word;
    }
    copy(w, p, n);
}

static void hide(struct writer *w, uint32_t c)
{
    end_regional(w);
    w->waiting = true;
    if (c == 0x202D || c == 0x202E) {
        w->count->bidi++;
    } else if (c == 0x202A || c == 0x202B || (c >= 0x2066 && c <= 0x2068)) {
        w->embeddings++;
    } else if (c == 0x202C || c == 0x2069) { /* their ends */
    } else if (c == 0x200C || c == 0x200D) {
        w->strong += w->joiner != 0;
        w->joiner = c;
    } else if (c == 0xAD) {
        /* No hyphenation leaves a letter alone. */
        bool usual = w->n >= w->soft_at + 2 && ascii_alnum(w->out[w->n - 1]) && ascii_alnum(w->out[w->n - 2]);
        w->weak += !usual;
        w->soft_at = w->n;
    } else if (c == 0x34F || c == 0x61C || c == 0x200E || c == 0x200F || (c & ~15u) == 0xFE00 || c >= 0xE0100) {
        w->weak++;
    } else {
        w->strong++;
    }
}

/* A mark of class 0 or the second half of a composition: belongs to what stands before it, in this order. */
static void put_sign(struct writer *w, uint32_t c, bool spacing)
{
    unsigned signs = w->signs;
    if (!spacing && (signs >= NORMAL_SIGNS_MAX || c == w->sign)) {
        w->count->marks++;
        return;
    }
    if (w->waiting) settle(w, c);
    size_t start;
    uint32_t pair[2] = {before(w, w->n, &start), c};
    if (w->n && compose(pair, 2) == 1)
        rewrite(w, start, pair, 1);
    else
        put(w, c);
    w->sign = c;
    w->signs = signs + !spacing;
    w->waiting = true;
}

/* One decomposed and folded character. */
static void feed(struct writer *w, uint32_t c)
{
    c = letter_twin(c);
    if (letter_invisible(c)) {
        hide(w, c);
        return;
    }
    if (c - 0x1F1E6 < 26) {
        uint32_t first = w->regional;
        if (first) {
            w->regional = 0;
            put(w, first);
            put(w, c);
        } else {
            if (w->waiting) settle(w, 'a'); /* which it may turn out to be */
            w->regional = c;
            w->waiting = true;
        }
        return;
    }
    const char *disguise = c >= 0x250 ? confusable_disguise(c) : NULL;
    if (disguise) {
        w->count->styled++;
        for (; *disguise; disguise++) put(w, (uint8_t)*disguise);
        return;
    }
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)c);
    bool vowel = c - 0x1161 < 0x1200 - 0x1161; /* hangul's second and third letters */
    if (property->combining_class) {
        end_regional(w);
        if (w->held < HELD_MAX)
            w->marks[w->held++] = c;
        else
            w->lost++;
        w->waiting = true;
    } else if (property->category == UTF8PROC_CATEGORY_ME) {
        bool keycap = c == 0x20E3 && w->n && (ascii_digit(w->out[w->n - 1]) || w->out[w->n - 1] == '#');
        w->count->marks += !keycap;
    } else if (property->category == UTF8PROC_CATEGORY_MN) {
        put_sign(w, c, false);
    } else if (property->category == UTF8PROC_CATEGORY_MC || vowel) {
        put_sign(w, c, true);
    } else if (c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2BC) {
        put(w, '\'');
    } else if (c == 0x2010) {
        put(w, '-');
    } else {
        put(w, c);
    }
}

/* Any character. */
static void put_any(struct writer *w, uint32_t c)
{
    utf8proc_int32_t parts[EXPANDED_MAX];
    int last = 0;
    if (c == 0xB4 || c == 0x1FFD) {
        put(w, '\''); /* typed for want of an apostrophe */
        return;
    }
    if (c == 0x2800 || c == 0x3164 || c == 0xFFA0) { /* blank, but as wide as a letter */
        put(w, ' ');
        return;
    }
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, EXPANDED_MAX,
                                                 UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &last);
    /* Spacing accents would become a space and a mark, and trade marks a part of the word before them. */
    bool keep = n < 1 || n > EXPANDED_MAX || (n > 1 && parts[0] == ' ') || c == 0x2120 || c == 0x2122;
    if (keep) {
        put(w, c);
        return;
    }
    if (parts[0] != (utf8proc_int32_t)c || n > 1) {
        w->count->styled += letter_styled(c);
        w->count->wide += letter_wide(c);
    }
    w->work += (size_t)n;
    for (utf8proc_ssize_t i = 0; i < n; i++) feed(w, (uint32_t)parts[i]);
}

/* Past the limit of work: what needs none, as much as models read: a text goes on behind 6,000 invisible characters. */
static void put_rest(struct writer *w, span text)
{
    enum { REST_MAX = 4096 };
    size_t most = w->n + REST_MAX;
    for (size_t i = 0, n; i < text.n && w->n < most && !w->full; i += n) {
        uint32_t c;
        n = scan->plain(text.p + i, text.n - i);
        if (n) {
            copy(w, text.p + i, n);
        } else {
            n = utf8_get(span_from(text, i), &c);
            if (letter_inert(c)) copy(w, text.p + i, n);
        }
    }
}

span normal_text(span text, struct arena *a, struct normal_count *count)
{
    size_t left = arena_left(a) & ~(size_t)15, most = text.n * NORMAL_GROWTH + NORMAL_SLACK;
    size_t ascii = scan->plain(text.p, text.n);
    if (ascii == text.n) most = text.n;
    struct writer w = {.cap = most < left ? most : left, .word = NO_WORD, .count = count};
    w.out = arena_alloc(a, w.cap);
    if (!w.out) return SPAN_NONE;
    copy(&w, text.p, ascii);
    if (w.n == text.n && (w.n == 0 || memcmp(w.out, text.p, w.n) == 0)) {
        arena_trim(a, w.out, 0);
        return text;
    }
    size_t i = ascii;
    while (i < text.n && !w.full && w.work < NORMAL_WORK_MAX) {
        if (text.p[i] < 0x80) {
            size_t n = scan->plain(text.p + i, text.n - i);
            if (n == 0) n = 1; /* ESC */
            put_ascii(&w, text.p + i, n);
            i += n;
            continue;
        }
        if (!w.waiting) {
            size_t n = put_ideographs(&w, text.p + i, text.n - i);
            i += n;
            if (n) continue;
        }
        uint32_t c;
        i += utf8_get(span_from(text, i), &c);
        if (letter_inert(c))
            put(&w, c);
        else
            put_any(&w, c);
    }
    if (w.waiting && !w.full) settle(&w, 0);
    if (i < text.n) put_rest(&w, span_from(text, i));
    if (!w.right_to_left) count->bidi += w.embeddings;
    arena_trim(a, w.out, w.n);
    return span_of(w.out, w.n);
}

uint64_t normal_odd(const struct normal_count *n)
{
    uint64_t odd = 0;
    if (n->zero_width) odd |= ODD(ZERO_WIDTH);
    if (n->bidi) odd |= ODD(BIDI);
    if (n->confusables) odd |= ODD(CONFUSABLE);
    if (n->styled + (n->east_asian ? 0 : n->wide) >= EVIDENT) odd |= ODD(STYLED);
    if (n->marks >= EVIDENT) odd |= ODD(MARKS);
    return odd;
}
