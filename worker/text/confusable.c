/* SPDX-License-Identifier: Apache-2.0 */
/* confusable: Unicode's table, looked up by bisection; see confusable.h. */
#include "worker/text/confusable.h"

#include "proto/base/utf8.h"
#include "worker/text/confusable_table.h"
#include "worker/text/normal.h"

/* The prototype of one character, and how many characters it is; 0 when it stands for itself alone. */
static size_t prototype(uint32_t c, const uint32_t **out)
{
    size_t low = 0, high = sizeof CONFUSABLE / sizeof *CONFUSABLE;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (CONFUSABLE[mid].from < c)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == sizeof CONFUSABLE / sizeof *CONFUSABLE || CONFUSABLE[low].from != c) return 0;
    *out = POOL + CONFUSABLE[low].at;
    return CONFUSABLE[low].n;
}

/* The ASCII letter that is the whole prototype of `c`, lower case; or 0. */
static uint8_t letter_of(uint32_t c)
{
    const uint32_t *to;
    if (prototype(c, &to) != 1 || *to >= 0x80 || !ascii_alpha((uint8_t)*to)) return 0;
    return ascii_lower((uint8_t)*to);
}

uint8_t confusable_latin(uint32_t c, uint32_t upper)
{
    if (c == 0x3BC) return 0; /* a small MU before Latin letters is a unit's micro */
    /* A small Cyrillic VE resembles no small Latin letter, while the capital is a B. */
    uint8_t letter = letter_of(c);
    return letter ? letter : letter_of(upper);
}

uint32_t confusable_cyrillic(uint32_t c)
{
    /* The reverse of confusable_latin within the Russian alphabet, and the Ukrainian i, j, s. */
    static const uint16_t LIKE['z' - 'a' + 1] = {
        ['a' - 'a'] = 0x430, ['b' - 'a'] = 0x432, ['c' - 'a'] = 0x441, ['e' - 'a'] = 0x435,
        ['h' - 'a'] = 0x43D, ['i' - 'a'] = 0x456, ['j' - 'a'] = 0x458, ['k' - 'a'] = 0x43A,
        ['m' - 'a'] = 0x43C, ['o' - 'a'] = 0x43E, ['p' - 'a'] = 0x440, ['r' - 'a'] = 0x433,
        ['s' - 'a'] = 0x455, ['t' - 'a'] = 0x442, ['x' - 'a'] = 0x445, ['y' - 'a'] = 0x443,
    };
    return c - 'a' < sizeof LIKE / sizeof *LIKE ? LIKE[c - 'a'] : 0;
}

const char *confusable_disguise(uint32_t c)
{
    size_t low = 0, high = sizeof DISGUISE / sizeof *DISGUISE;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (DISGUISE[mid].from < c)
            low = mid + 1;
        else
            high = mid;
    }
    return low < sizeof DISGUISE / sizeof *DISGUISE && DISGUISE[low].from == c ? DISGUISE[low].to : NULL;
}

/* --- skeleton ----------------------------------------------------------------------------------------------------- */

/* Characters being put into canonical order: a starter and the marks after it. */
struct skeleton {
    uint32_t c[32]; /* longer stacks are no text: they are written down as far as they came */
    size_t n;
    uint8_t *out;
    size_t used, cap;
    bool full;
};

static void flush(struct skeleton *s)
{
    for (size_t i = 0; i < s->n && !s->full; i++) {
        uint8_t utf8[4];
        size_t n = utf8_put(s->c[i], utf8);
        s->full = n > s->cap - s->used;
        if (s->full) break;
        memcpy(s->out + s->used, utf8, n);
        s->used += n;
    }
    s->n = 0;
}

static void add(struct skeleton *s, uint32_t c)
{
    uint8_t order = normal_order(c);
    if (order == 0 || s->n == sizeof s->c / sizeof *s->c) flush(s);
    size_t at = s->n++;
    while (order && at && normal_order(s->c[at - 1]) > order) {
        s->c[at] = s->c[at - 1];
        at--;
    }
    s->c[at] = c;
}

static void add_decomposed(struct skeleton *s, uint32_t c)
{
    uint32_t parts[NORMAL_DECOMPOSED_MAX];
    size_t n = normal_decompose(c, parts);
    for (size_t i = 0; i < n; i++) add(s, parts[i]);
}

size_t confusable_skeleton(span utf8, uint8_t *out, size_t cap)
{
    struct skeleton s = {.out = out, .cap = cap};
    for (size_t i = 0; i < utf8.n && !s.full;) {
        uint32_t c, parts[NORMAL_DECOMPOSED_MAX];
        i += utf8_get(span_from(utf8, i), &c);
        size_t n = normal_decompose(c, parts);
        for (size_t k = 0; k < n; k++) {
            const uint32_t *to;
            size_t m = prototype(parts[k], &to);
            if (!m) add(&s, parts[k]);
            for (size_t j = 0; j < m; j++) add_decomposed(&s, to[j]);
        }
    }
    flush(&s);
    return s.used;
}
