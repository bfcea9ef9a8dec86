/* SPDX-License-Identifier: Apache-2.0 */
/* alike: how much of one text another says too, as the sides of multipart/alternative should.
 *
 * Letters go by in a window of eight bytes; a hash of the window decides whether it is a sample, so that both texts
 * sample the same places without knowing of each other (Manber, "Finding similar files in a large file system", USENIX
 * 1994). Windows instead of words, since finding where words end costs a mispredicted branch for each, and since
 * Japanese has no such ends. */
#include "worker/mime/alike.h"

#include "worker/simd/scan.h"

enum { SLOTS = 4 * ALIKE_SAMPLES, PROBES = 8, ROOM = 64 };

struct samples {
    uint32_t slot[SLOTS]; /* a window's hash, or 0 */
    uint8_t met[SLOTS];   /* it stands in the other text too */
    uint32_t mask;        /* bits of a hash that are 0 in a sample */
    unsigned known, common;
};

/* Remember a sample, or (meet) note that it is known. Whether a slot is free, or this sample's, is as good as random:
 * only whether it is one of both branches, for two slots at a time. */
static inline void sample(struct samples *s, uint32_t hash, bool meet)
{
    for (uint32_t k = 0, at = hash >> 8; k < PROBES; k += 2, at += 2) {
        uint32_t first = s->slot[at % SLOTS], second = s->slot[(at + 1) % SLOTS];
        bool here = (first == hash) | !first;
        if (!(here | (second == hash) | !second)) continue;
        uint32_t i = (at + !here) % SLOTS, is = here ? first : second;
        if (meet) {
            s->common += (is == hash) & !s->met[i];
            s->met[i] |= is == hash;
        } else {
            s->known += !is;
            s->slot[i] = hash;
        }
        return;
    }
}

/* The letters and digits of a text but for its links, to `out`; how many there are. */
static size_t letters(span text, uint8_t out[ALIKE_LONGER_MAX + ROOM])
{
    static const struct scan_set LETTERS = {{0x88, 0xC8, 0xC8, 0xC8, 0xC8, 0xC8, 0xC8, 0xC8, 0xC8, 0xC8, 0xC0, 0x40,
                                             0x40, 0x40, 0x40, 0x40}}; /* as scan.h has it: 0-9, a-z */
    size_t n = 0, from = 0;
    for (size_t at = 0; (at += span_find(span_from(text, at), ':')) < text.n; at++) {
        if (!span_starts(span_from(text, at), SPAN("://"))) continue;
        n += scan->pick(text.p + from, at - from, &LETTERS, out + n);
        while (at < text.n && text.p[at] > ' ') at++;
        from = at;
    }
    return n + scan->pick(text.p + from, text.n - from, &LETTERS, out + n);
}

static void pass(struct samples *s, span text, bool meet)
{
    enum { WINDOW = 8, SOME = 256 };
    uint8_t letter[ALIKE_LONGER_MAX + ROOM];
    uint32_t found[SOME + 16];
    size_t n = letters(text, letter), windows = n < WINDOW ? 0 : n - WINDOW + 1;
    for (size_t i = 0; i < windows; i += SOME) {
        size_t count = scan->samples(letter + i, windows - i < SOME ? windows - i : SOME, s->mask, found);
        for (size_t k = 0; k < count; k++) sample(s, found[k] | 1, meet);
    }
}

unsigned alike(span a, span b)
{
    span shorter = span_head(a.n < b.n ? a : b, ALIKE_SHORTER_MAX),
         longer = span_head(a.n < b.n ? b : a, ALIKE_LONGER_MAX);
    struct samples s = {0};
    for (size_t n = shorter.n; n > 2 * ALIKE_SAMPLES; n /= 2) s.mask = s.mask << 1 | 2;
    pass(&s, shorter, false);
    if (s.known < ALIKE_FEW) return 100;
    pass(&s, longer, true);
    return s.common * 100 / s.known;
}
