/* SPDX-License-Identifier: Apache-2.0 */
/* scan_block: the kernels of scan.h over blocks of 64 bytes.
 *
 * Included behind a block_*.h, which brings loads, comparisons to 64-bit masks and the few steps that differ between
 * instruction sets; it ends in SCAN_BLOCK_OPS, the table. What remains behind the last whole block, and what is not
 * ordinary, is left to the scalar kernels, so that there is one truth; so is what is shorter than a block, where p may
 * be NULL. Kernels that short texts go through in numbers take the head of a block instead. Nothing outside of
 * [p, p+n) is read. */
#include "worker/simd/base64.h"
#include "worker/simd/distinct.h"
#include "worker/simd/qp.h"
#include "worker/simd/scan.h"

#include <string.h>

enum { BLOCK = 64 };

static inline size_t ones(uint64_t bits)
{
    return (size_t)__builtin_popcountll(bits);
}

#ifndef BLOCK_HEAD /* unless the instruction set has better */
/* The first n <= 64 bytes of a block, the rest NULs; and to where there is room for n alone. */
static inline block block_load_head(const uint8_t *p, size_t n)
{
    uint8_t whole[BLOCK] = {0};
    if (n) memcpy(whole, p, n);
    return block_load(whole);
}

static inline void block_store_head(uint8_t *p, block x, size_t n)
{
    uint8_t whole[BLOCK];
    block_store(whole, x);
    if (n) memcpy(p, whole, n);
}
#endif

static size_t dashes(const uint8_t *p, size_t n, uint8_t eol)
{
    if (n < 2 || (p[0] == '-' && p[1] == '-')) return n < 2 ? n : 0;
    size_t i = 0;
    for (; n - i >= BLOCK + 2; i += BLOCK) {
        uint64_t ends = block_eq(block_load(p + i), eol);
        if (!ends) continue;
        ends &= block_eq(block_load(p + i + 1), '-');
        if (!ends) continue;
        ends &= block_eq(block_load(p + i + 2), '-');
        if (ends) return i + (size_t)__builtin_ctzll(ends) + 1;
    }
    if (n - i < 3) return n;
    uint64_t ends = block_eq(block_load_head(p + i, n - i - 2), eol);
    ends &= block_eq(block_load_head(p + i + 1, n - i - 2), '-');
    ends &= block_eq(block_load_head(p + i + 2, n - i - 2), '-');
    return ends ? i + (size_t)__builtin_ctzll(ends) + 1 : n;
}

/* The rest, up to a block, is one whose bytes behind p + n are NULs that do not count. */
static void census(const uint8_t *p, size_t n, struct scan_census *out)
{
    size_t begun = 0, longest = 0;
    uint64_t nul = 0, high = 0, bare = 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t left = n - i;
        bool more = left > BLOCK;
        block x = left >= BLOCK ? block_load(p + i) : block_load_head(p + i, left);
        uint64_t here = left >= BLOCK ? UINT64_MAX : (UINT64_C(1) << left) - 1;
        uint64_t ends = block_eq(x, '\n'), cr = block_eq(x, '\r');
        nul |= block_eq(x, 0) & here;
        high |= block_high(x);
        uint64_t last = here & ~(here >> 1); /* one at the end of all is none */
        bare |= cr & ~(ends >> 1 | (more ? (uint64_t)(p[i + BLOCK] == '\n') << 63 : last));
        for (; ends; ends &= ends - 1) {
            size_t end = i + (size_t)__builtin_ctzll(ends), length = end - begun;
            if (length && p[end - 1] == '\r') length--;
            if (length > longest) longest = length;
            begun = end + 1;
            if (longest < BLOCK) continue;
            begun = i + BLOCK - (size_t)__builtin_clzll(ends); /* lines within a block are no longer */
            break;
        }
    }
    size_t open = n - begun;
    if (open && p[n - 1] == '\r') open--;
    if (open > longest) longest = open;
    *out = (struct scan_census){.nul = nul != 0, .high = high != 0, .bare_cr = bare != 0, .longest = longest};
}

/* White space that ends lines of base64. */
static inline bool line_space(uint8_t c)
{
    return c == '\n' || c == '\r' || c == ' ';
}

/* Lines of one length: from p on, as long as each is `line` digits, the same line end of `gap` bytes as stands before p,
 * and room. A line is two blocks that overlap, so nothing waits for where the digits end. */
static struct base64_at base64_lines(const uint8_t *p, size_t n, size_t line, size_t gap, uint8_t *out, size_t cap)
{
    size_t i = 0, o = 0, second = line - BLOCK, bytes = line / 4 * 3;
    uint8_t first_end = *(p - gap), last_end = p[-1];
    while (n - i >= line + gap && cap - o >= bytes + BLOCK / 4) {
        uint64_t foreign = block_base64(block_load(p + i), out + o);
        foreign |= block_base64(block_load(p + i + second), out + o + second / 4 * 3);
        if (foreign || p[i + line] != first_end || p[i + line + gap - 1] != last_end) break;
        i += line + gap, o += bytes;
    }
    return (struct base64_at){i, o};
}

static struct base64_at base64_run_block(const uint8_t *p, size_t n, uint8_t *out, size_t cap)
{
    size_t i = 0, o = 0, begun = 0; /* where the line began */
    while (n - i >= BLOCK && cap - o >= BLOCK) {
        uint64_t foreign = block_base64(block_load(p + i), out + o);
        if (!foreign) {
            i += BLOCK, o += BLOCK / 4 * 3;
            continue;
        }
        size_t digits = (size_t)__builtin_ctzll(foreign) & ~(size_t)3;
        i += digits, o += digits / 4 * 3;
        size_t line = i - begun, end = i;
        while (i < n && line_space(p[i])) i++;
        if (digits == 0 && i == end) return (struct base64_at){i, o};
        if (i == end) continue;
        if (line >= BLOCK && line <= 2 * BLOCK && i - end <= 2) {
            struct base64_at lines = base64_lines(p + i, n - i, line, i - end, out + o, cap - o);
            i += lines.in, o += lines.out;
        }
        begun = i;
    }
    struct base64_at rest = base64_run_scalar(p + i, n - i, out + o, cap - o);
    return (struct base64_at){i + rest.in, o + rest.out};
}

static size_t base64(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad)
{
    if (n < BLOCK) return scan_scalar.base64(p, n, out, cap, bad);
    return base64_decode(base64_run_block, p, n, out, cap, bad);
}

/* A block with the bytes of escapes where their '=' stood, the rest of them and soft line ends dropped. What an escape
 * takes of the next block is dropped there (`over`); one that is no escape sends what begins within a block's length
 * the careful way. */
static size_t qp(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad)
{
    size_t i = 0, o = 0;
    uint64_t over = 0;
    while (n - i >= BLOCK + 2 && cap - o >= BLOCK) {
        block x = block_load(p + i), second = block_load(p + i + 1), third = block_load(p + i + 2);
        uint64_t escapes = block_eq(x, '=');
        if (!(escapes | over)) {
            block_store(out + o, x);
            i += BLOCK, o += BLOCK;
            continue;
        }
        uint64_t hex, feeds = block_eq(second, '\n'), next = feeds >> 1 | (uint64_t)(p[i + BLOCK + 1] == '\n') << 63;
        x = block_unescape(x, second, third, &hex);
        uint64_t lf = escapes & feeds, crlf = escapes & block_eq(second, '\r') & next,
                 odd = escapes & ~(lf | crlf | hex);
        uint64_t three = crlf | hex, two = three | lf;
        uint64_t keep = ~(lf | crlf | two << 1 | three << 2 | over);
        size_t run = odd ? (size_t)__builtin_ctzll(odd) : BLOCK;
        if (odd) keep &= (odd & -odd) - 1;
        block_keep(x, keep, out + o);
        i += run, o += ones(keep);
        over = two >> 63 | three >> 62;
        if (!odd) continue;
        over = 0;
        size_t most = n - i < BLOCK ? n - i : BLOCK;
        struct qp_at careful = qp_run(p + i, n - i, most, out + o, cap - o, bad);
        i += careful.in, o += careful.out;
    }
    i += ones(over);
    return o + qp_run(p + i, n - i, n - i, out + o, cap - o, bad).out;
}

/* The start of the character that p[at] may stand within, given that p[0 .. at) is whole but for its end. */
static inline size_t utf8_start(const uint8_t *p, size_t at)
{
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        uint8_t c = p[at - back];
        if (c < 0x80) return at;
        if (c >= 0xC0) return at - back;
    }
    return at;
}

/* The rest, less than a block: often ASCII. */
static inline size_t utf8_rest(const uint8_t *p, size_t n)
{
    return block_high(block_load_head(p, n)) ? scan_scalar.utf8(p, n) : n;
}

static size_t utf8(const uint8_t *p, size_t n)
{
    if (n < BLOCK) return utf8_rest(p, n);
    size_t i = scan_scalar.utf8(p, n < 8 ? n : 8); /* a block looks at the 3 bytes before it */
    if (i >= 3) {
        for (; n - i >= BLOCK; i += BLOCK) {
            block x = block_load(p + i);
            if (!block_high(x) && p[i - 1] < 0xC0 && p[i - 2] < 0xE0 && p[i - 3] < 0xF0) continue;
            if (block_utf8_clash(x, p + i)) break;
        }
        i = utf8_start(p, i);
    }
    return i + (n - i < BLOCK ? utf8_rest(p + i, n - i) : scan_scalar.utf8(p + i, n - i));
}

static size_t plain(const uint8_t *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK) {
        block x = block_load(p + i);
        uint64_t stop = block_high(x) | block_eq(x, 0x1B);
        if (stop) return i + (size_t)__builtin_ctzll(stop);
    }
    if (i == n) return n;
    block x = block_load_head(p + i, n - i);
    uint64_t stop = block_high(x) | block_eq(x, 0x1B);
    return stop ? i + (size_t)__builtin_ctzll(stop) : n;
}

/* p[at .. at + 64), NULs for what is behind p + n. */
static inline block block_within(const uint8_t *p, size_t n, size_t at)
{
    return n >= at + BLOCK ? block_load(p + at) : n > at ? block_load_head(p + at, n - at) : block_load_head(NULL, 0);
}

static uint64_t white(const uint8_t *p, size_t n)
{
    block x = block_within(p, n, 0);
    uint64_t bits = block_eq(x, ' ') | block_range(x, '\t', '\r');
    if (!block_high(x)) return bits;
    block second = block_within(p, n, 1), third = block_within(p, n, 2);
    uint64_t second80 = block_eq(second, 0x80), third80 = block_eq(third, 0x80), e2 = block_eq(x, 0xE2);
    bits |= block_eq(x, 0xC2) & (block_eq(second, 0x85) | block_eq(second, 0xA0));
    bits |= e2 & second80 & (block_range(third, 0x80, 0x8A) | block_range(third, 0xA8, 0xA9) | block_eq(third, 0xAF));
    bits |= e2 & block_eq(second, 0x81) & block_eq(third, 0x9F);
    bits |= block_eq(x, 0xE1) & block_eq(second, 0x9A) & third80;
    return bits | (block_eq(x, 0xE3) & second80 & third80);
}

static uint64_t among(const uint8_t *p, size_t n, const struct scan_set *set)
{
    uint64_t bits = block_among(block_within(p, n, 0), set);
    return n < BLOCK ? bits & ((UINT64_C(1) << n) - 1) : bits; /* a NUL may be in the set */
}

static void among_each(const uint8_t *p, size_t n, const struct scan_set *set, size_t count, uint64_t *out)
{
    block x = block_within(p, n, 0);
    uint64_t all = n < BLOCK ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
    for (size_t k = 0; k < count; k++) out[k] = block_among(x, &set[k]) & all;
}

static size_t pick(const uint8_t *p, size_t n, const struct scan_set *set, uint8_t *out)
{
    size_t o = 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t left = n - i;
        block x = left < BLOCK ? block_load_head(p + i, left) : block_load(p + i);
        uint64_t bits = block_among(x, set) | block_high(x);
        if (left < BLOCK) bits &= (UINT64_C(1) << left) - 1;
        block_keep(x, bits, out + o);
        o += ones(bits);
    }
    return o;
}

static size_t samples(const uint8_t *p, size_t n, uint32_t mask, uint32_t *out)
{
    size_t i = 0, o = 0;
#ifdef BLOCK_WINDOWS /* else one at a time is good enough */
    for (; n - i >= BLOCK_WINDOWS; i += BLOCK_WINDOWS) o += block_samples(p + i, mask, out + o);
#endif
    return o + scan_scalar.samples(p + i, n - i, mask, out + o);
}

static void lower(const uint8_t *p, size_t n, uint8_t *out)
{
    size_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK) block_store(out + i, block_lower(block_load(p + i)));
    if (i < n) block_store_head(out + i, block_lower(block_load_head(p + i, n - i)), n - i);
}

static size_t fold(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *space)
{
    size_t o = 0;
    uint64_t before = *space;
    for (size_t i = 0; i < n && o < cap; i += BLOCK) {
        block x = block_within(p, n, i);
        uint64_t all = n - i < BLOCK ? (UINT64_C(1) << (n - i)) - 1 : ~UINT64_C(0);
        uint64_t white = block_eq(x, ' ') | block_range(x, '\t', '\r'), keep = all & ~(white & (white << 1 | before));
        size_t kept = ones(keep), left = cap - o;
        x = block_lower(block_put(x, white, ' '));
        if (left >= BLOCK) {
            block_keep(x, keep, out + o);
        } else {
            uint8_t last[BLOCK];
            block_keep(x, keep, last);
            kept = kept < left ? kept : left;
            memcpy(out + o, last, kept);
        }
        before = (white & (all ^ all >> 1)) != 0; /* the last one of all */
        o += kept;
    }
    *space = before;
    return o;
}

/* `space` of words behind the first n bytes of a block, by where white space and line ends are. */
static inline unsigned space_behind(uint64_t white, uint64_t feeds, size_t n, unsigned before)
{
    if (n == 0) return before;
    uint64_t last = white << (BLOCK - n), solid = ~last;
    if (solid >> 63) return 0;
    size_t run = solid ? (size_t)__builtin_clzll(solid) : BLOCK;
    return (run == n && before ? before : 1) + (unsigned)ones(feeds << (BLOCK - n) >> (BLOCK - run));
}

static size_t words(const uint8_t *p, size_t n, uint8_t *out, size_t cap, unsigned *space, size_t *wrote)
{
    size_t i = 0, o = 0;
    unsigned before = *space;
    while (i < n && cap - o >= BLOCK) {
        block x = n - i < BLOCK ? block_load_head(p + i, n - i) : block_load(p + i); /* a NUL behind it ends it */
        uint64_t white = block_eq(x, ' ') | block_range(x, '\t', '\r'), again = white & (white << 1 | (before > 0));
        uint64_t stop = block_eq(x, '<') | block_eq(x, '&') | block_eq(x, 0), feeds = block_eq(x, '\n');
        if (block_high(x))
            stop |= block_eq(x, 0xC2) | block_eq(x, 0xCD) | block_eq(x, 0xD8) | block_range(x, 0xE0, 0xFF);
        x = block_put(x, white, ' ');
        block_store(out + o, x);
        if (!(again | stop)) {
            i += BLOCK, o += BLOCK;
            before = space_behind(white, feeds, BLOCK, before);
            continue;
        }
        size_t run = (size_t)__builtin_ctzll(again | stop);
        if (stop >> run & 1) {
            *space = space_behind(white, feeds, run, before);
            *wrote = o + run;
            return i + run;
        }
#ifdef BLOCK_KEEP_CHEAP
        uint64_t keep = ~again & ((stop & -stop) - 1); /* of what stands before the first stop */
        block_keep(x, keep, out + o);
        o += ones(keep);
        run = stop ? (size_t)__builtin_ctzll(stop) : BLOCK;
        before = space_behind(white, feeds, run, before);
        if (stop) {
            *space = before;
            *wrote = o;
            return i + run;
        }
#else /* as far as the run of white space */
        uint64_t solid = ~(white >> run);
        o += run;
        run += solid ? (size_t)__builtin_ctzll(solid) : BLOCK;
        before = space_behind(white, feeds, run, before);
#endif
        i += run;
    }
    *space = before;
    i += scan_scalar.words(p + i, n - i, out + o, cap - o, space, wrote);
    *wrote += o;
    return i;
}

static size_t form(const uint8_t *p, size_t n, uint8_t *out, size_t cap)
{
    enum { LOWER, UPPER, DIGIT, WHITE, HIGH, KINDS };
    static const uint8_t MARK[KINDS] = {'a', 'A', '9', ' ', 'x'};
    uint64_t before[KINDS] = {0};
    size_t o = 0;
    for (size_t i = 0; i < n && o < cap; i += BLOCK) {
        block x = block_within(p, n, i);
        uint64_t again = n - i < BLOCK ? ~UINT64_C(0) << (n - i) : 0; /* or not there */
        const uint64_t of[KINDS] = {block_range(x, 'a', 'z'), block_range(x, 'A', 'Z'), block_range(x, '0', '9'),
                                    block_eq(x, ' ') | block_range(x, '\t', '\r'), block_high(x)};
        for (int k = 0; k < KINDS; k++) {
            x = block_put(x, of[k], MARK[k]);
            again |= of[k] & (of[k] << 1 | before[k]);
            before[k] = of[k] >> 63;
        }
        block_keep(x, ~again, out + o);
        o += ones(~again);
    }
    return o < cap ? o : cap;
}

static void tally(const uint8_t *p, size_t n, struct scan_tally *out)
{
    *out = (struct scan_tally){0};
    for (size_t i = 0; i < n; i += BLOCK) {
        block x = block_within(p, n, i); /* no NUL is counted */
        uint64_t high = block_high(x);
        out->upper += ones(block_range(x, 'A', 'Z'));
        out->lower += ones(block_range(x, 'a', 'z'));
        out->digits += ones(block_range(x, '0', '9'));
        out->bangs += ones(block_eq(x, '!'));
        out->dollars += ones(block_eq(x, '$'));
        if (!high) continue;
        out->high += ones(high);
        out->han += ones(block_range(x, 0xE4, 0xE9));
        out->kana += ones(block_eq(x, 0xE3));
        out->cyrillic += ones(block_range(x, 0xD0, 0xD1));
    }
}

static void grams(const uint8_t *p, size_t n, uint32_t seed, uint32_t *out)
{
    if (n < BLOCK_GRAMS) {
        scan_scalar.grams(p, n, seed, out);
        return;
    }
    size_t i = 0;
    for (; n - i >= BLOCK_GRAMS; i += BLOCK_GRAMS) block_grams(p + i, seed, out + i);
    scan_scalar.grams(p + i, n - i, seed, out + i);
}

static size_t word_hashes(const uint8_t *p, size_t n, uint64_t starts, uint64_t ends, uint32_t seed, uint32_t *hash,
                          uint8_t *length)
{
#ifdef BLOCK_WORD_HASHES
    return block_word_hashes(block_within(p, n, 0), starts, ends, seed, hash, length);
#else
    return scan_scalar.word_hashes(p, n, starts, ends, seed, hash, length);
#endif
}

static void pairs(const uint32_t *word, size_t n, uint32_t *out)
{
#ifdef BLOCK_PAIRS /* else those of one word are good enough */
    for (size_t i = 0; i < n; i += BLOCK_PAIRS) block_pairs(word + i, out + i * (1 + SCAN_PAIRS));
#else
    scan_scalar.pairs(word, n, out);
#endif
}

static size_t distinct(uint32_t *v, size_t n, struct scan_room *room)
{
#ifndef BLOCK_HASHES /* the instruction set does not read and write here and there */
    return scan_scalar.distinct(v, n, room);
#else
    size_t whole = n - n % BLOCK_HASHES, waiting = 0, left = 0;
    distinct_put(v, whole, n, room);
    for (size_t i = whole; i > 0;) {
        i -= BLOCK_HASHES;
        block_distinct_put(v + i, (uint32_t)i, room->slot);
    }
    /* Those that lost are written down later: here a read would wait for where a write before it goes. */
    uint16_t lost[SCAN_DISTINCT_MAX / BLOCK_HASHES];
    for (size_t i = 0; i < whole; i += BLOCK_HASHES)
        lost[i / BLOCK_HASHES] = (uint16_t)block_distinct_look(v + i, (uint32_t)i, room->slot, room->first + i);
    for (size_t i = 0; i < whole; i += BLOCK_HASHES)
        waiting += block_distinct_wait(room->waiting + waiting, (uint32_t)i, lost[i / BLOCK_HASHES]);
    distinct_again(v, room, distinct_look(v, whole, n, room, waiting));
    for (size_t i = 0; i < whole; i += BLOCK_HASHES) left += block_distinct_pack(v + left, v + i, room->first + i);
    return distinct_pack(v, whole, n, room, left);
#endif
}

/* Where the groups of n hashes begin. */
static void find_groups(const uint32_t *hash, size_t n, uint32_t group_mask, uint32_t *restrict out)
{
    enum { STEP = 16 };
    size_t i = 0;
    for (; n - i >= STEP; i += STEP)
        for (size_t k = 0; k < STEP; k++) out[i + k] = (hash[i + k] & group_mask) * SCAN_GROUP_BYTES;
    for (; i < n; i++) out[i] = (hash[i] & group_mask) * SCAN_GROUP_BYTES;
}

/* One list, whose first groups are on their way, and then those of the next one. */
static void weigh_list(const uint8_t *slots, uint32_t group_mask, const struct scan_list *list,
                       const struct scan_list *next, struct scan_weights *out)
{
    enum { AT_ONCE = 1024 };
    struct block_weights sum = {0};
    uint32_t group[AT_ONCE + SCAN_AHEAD];
    const uint32_t *hash = list->v;
    size_t i = 0, whole = list->n - list->n % BLOCK_GROUPS;
    for (size_t count; i < whole; i += count) {
        count = whole - i < AT_ONCE ? whole - i : AT_ONCE;
        size_t wanted = count + SCAN_AHEAD, have = list->n - i < wanted ? list->n - i : wanted;
        size_t more = wanted - have < next->n ? wanted - have : next->n;
        find_groups(hash + i, have, group_mask, group);
        find_groups(next->v, more, group_mask, group + have);
        for (have += more; have < wanted; have++) group[have] = group[0];
        for (size_t k = 0; k < count; k += BLOCK_GROUPS)
            block_weigh(slots, hash + i + k, group + k, group + k + SCAN_AHEAD, &sum);
    }
    const struct scan_list rest = {hash + i, list->n - i};
    scan_scalar.weigh(slots, group_mask, &rest, 1, out);
    out->joint += block_sum(sum.joint);
    out->view += block_sum(sum.view);
    out->vote += block_sum(sum.vote);
    out->magnitude += block_sum(sum.magnitude);
}

static void weigh(const uint8_t *slots, uint32_t group_mask, const struct scan_list *list, size_t lists,
                  struct scan_weights *out)
{
    static const struct scan_list NOTHING;
    for (size_t k = 0; lists && k < SCAN_AHEAD && k < list->n; k++)
        __builtin_prefetch(scan_group(slots, group_mask, list->v[k]));
    for (size_t i = 0; i < lists; i++)
        weigh_list(slots, group_mask, list + i, i + 1 < lists ? list + i + 1 : &NOTHING, out + i);
}

/* A hash as `own` alone has it. */
static inline uint32_t mix(uint32_t hash, uint32_t own)
{
    uint32_t x = (hash ^ own) * 0x9E3779B1u;
    return x ^ x >> 15;
}

#ifdef BLOCK_CELLS
/* By gathers, 16 at a time: they keep as many reads under way as there can be. */
static int64_t cells(const int16_t *cell, uint32_t mask, const uint32_t *hash, size_t n, uint32_t own)
{
    int64_t sum = 0;
    size_t i = 0;
    for (size_t most; (most = n - i < BLOCK_CELLS_MOST ? n - i : BLOCK_CELLS_MOST) >= BLOCK_CELLS;) {
        size_t whole = most - most % BLOCK_CELLS;
        sum += block_cells(cell, mask, hash + i, whole, own);
        i += whole;
    }
    return sum + scan_scalar.cells(cell, mask, hash + i, n - i, own);
}
#else
/* One by one, fetched ahead: gathers of 8 gain little, and on many CPUs are slow. */
static int64_t sum_cells(const int16_t *cell, uint32_t mask, const uint32_t *hash, size_t n)
{
    int64_t sum = 0;
    size_t i = 0;
    for (; i < n && i < SCAN_AHEAD; i++) __builtin_prefetch(cell + (hash[i] & mask));
    for (i = 0; i + SCAN_AHEAD < n; i++) {
        __builtin_prefetch(cell + (hash[i + SCAN_AHEAD] & mask));
        sum += __atomic_load_n(cell + (hash[i] & mask), __ATOMIC_RELAXED);
    }
    for (; i < n; i++) sum += __atomic_load_n(cell + (hash[i] & mask), __ATOMIC_RELAXED);
    return sum;
}

static int64_t cells(const int16_t *cell, uint32_t mask, const uint32_t *hash, size_t n, uint32_t own)
{
    enum { AT_ONCE = 1024, STEP = 16 };
    uint32_t mixed[AT_ONCE];
    int64_t sum = 0;
    if (!own) return sum_cells(cell, mask, hash, n);
    for (size_t i = 0, count; i < n; i += count) {
        count = n - i < AT_ONCE ? n - i : AT_ONCE;
        size_t k = 0;
        for (; count - k >= STEP; k += STEP)
            for (size_t j = 0; j < STEP; j++) mixed[k + j] = mix(hash[i + k + j], own);
        for (; k < count; k++) mixed[k] = mix(hash[i + k], own);
        sum += sum_cells(cell, mask, mixed, count);
    }
    return sum;
}
#endif

static void dots(const float *w, size_t rows, size_t stride, const float *x, size_t n, float *out)
{
    for (size_t k = 0; k < rows; k++) out[k] = block_dot(w + k * stride, x, n);
}

#define SCAN_BLOCK_OPS                                                                                              \
    {                                                                                                               \
        .level = BLOCK_LEVEL, .dashes = dashes, .census = census, .base64 = base64, .qp = qp, .utf8 = utf8,         \
        .plain = plain, .white = white, .among = among, .among_each = among_each, .pick = pick, .samples = samples, \
        .lower = lower, .fold = fold, .words = words, .form = form, .tally = tally, .grams = grams,                 \
        .word_hashes = word_hashes, .pairs = pairs, .distinct = distinct, .weigh = weigh, .cells = cells,           \
        .dots = dots,                                                                                               \
    }
