/* SPDX-License-Identifier: Apache-2.0 */
/* alphabet: does a name mix alphabets as no language does?
 *
 * The alphabets met become a set of bits; a set within one of three allowed ones, or of one alphabet, is fine. The
 * table is Unicode's own (Scripts.txt), written into alphabet_table.h by alphabet_table.py. */
#include "worker/text/alphabet.h"

#include "proto/base/utf8.h"

enum {
    ALPHABET_ANY,
    ALPHABET_LATIN,
    ALPHABET_HAN,
    ALPHABET_KANA,
    ALPHABET_BOPOMOFO,
    ALPHABET_HANGUL,
    ALPHABET_OTHER, /* and what follows, in the order of their names */
};

static const struct {
    uint32_t first;
    uint8_t alphabet;
} RUNS[] = {
#include "worker/text/alphabet_table.h"
};

static unsigned alphabet_of(uint32_t c)
{
    if (c < 0x80) return ascii_alpha((uint8_t)c) ? ALPHABET_LATIN : ALPHABET_ANY;
    size_t low = 0, high = sizeof RUNS / sizeof *RUNS; /* the last run that begins at or before c is in [low, high) */
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        *(RUNS[mid].first <= c ? &low : &high) = mid;
    }
    return RUNS[low].alphabet;
}

bool alphabet_mixed(span label)
{
    unsigned set = 0, other = 0; /* bits of named alphabets; the one that is not */
    for (size_t i = 0; i < label.n;) {
        uint32_t c;
        i += utf8_get(span_from(label, i), &c);
        unsigned of = alphabet_of(c);
        if (of >= ALPHABET_OTHER) {
            if (other && other != of) return true;
            other = of;
        } else if (of != ALPHABET_ANY) {
            set |= 1u << of;
        }
    }
    static const unsigned FINE[] = {
        1u << ALPHABET_LATIN | 1u << ALPHABET_HAN | 1u << ALPHABET_KANA,
        1u << ALPHABET_LATIN | 1u << ALPHABET_HAN | 1u << ALPHABET_BOPOMOFO,
        1u << ALPHABET_LATIN | 1u << ALPHABET_HAN | 1u << ALPHABET_HANGUL,
    };
    if (other) return set != 0;
    for (size_t k = 0; k < sizeof FINE / sizeof *FINE; k++)
        if (!(set & ~FINE[k])) return false;
    return true;
}
