/* SPDX-License-Identifier: Apache-2.0 */
/* suffix: see suffix.h. Slots hold 59 bits of a rule's hash and its bits: who finds another name with those has found one
 * more suffix below which he may call himself what he likes, as below those that the list has. */
#include "worker/text/suffix.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "proto/base/hash.h"
#include "worker/text/idn.h"

enum { SLOT_BITS = 15, MAYBE_BITS = 16, FLAG_BITS = 5, RULES_MAX = 3 << (SLOT_BITS - 2) };

__asm__(".section .rodata\n"
        "suffix_list: .incbin \"" SUFFIX_LIST "\"\n"
        "suffix_list_end: .byte 0\n"
        ".previous\n");
extern const uint8_t suffix_list[] __attribute__((visibility("hidden")));
extern const uint8_t suffix_list_end[] __attribute__((visibility("hidden")));

static uint64_t slot[1 << SLOT_BITS];
static uint64_t maybe[1 << (MAYBE_BITS - 6)]; /* a bit for each hash's upper bits: most names are not on the list, and
                                               * their slots in no cache */
static size_t rules;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool built; /* asks less than pthread_once */

/* The slot of a hash, or the free one where it belongs. */
static uint64_t *find(uint64_t hash)
{
    for (size_t at = hash >> (64 - SLOT_BITS);; at = (at + 1) % (1 << SLOT_BITS))
        if (!slot[at] || (slot[at] ^ hash) >> FLAG_BITS == 0) return &slot[at];
}

static void put(span name, unsigned flags)
{
    uint64_t hash = hash64(name, 0), *s = find(hash), place = hash >> (64 - MAYBE_BITS);
    if (!*s) {
        assert(rules < RULES_MAX && "SLOT_BITS: the list has grown");
        rules++;
        *s = hash >> FLAG_BITS << FLAG_BITS;
        maybe[place / 64] |= UINT64_C(1) << place % 64;
    }
    *s |= flags;
}

/* A rule, and what stands above it. */
static void put_rule(span rule, unsigned flags)
{
    put(rule, flags);
    for (size_t dot; (dot = span_find(rule, '.')) < rule.n;) {
        rule = span_from(rule, dot + 1);
        put(rule, SUFFIX_ABOVE);
    }
}

/* A line of the list: a comment, or a rule and what nobody reads behind a space. */
static void read_line(span line, unsigned section)
{
    unsigned flags = section | SUFFIX_LISTED;
    size_t n = 0;
    while (n < line.n && line.p[n] > ' ') n++;
    span rule = span_head(line, n);
    if (rule.n == 0 || span_starts(rule, SPAN("//"))) return;
    if (rule.p[0] == '!') {
        flags = section | SUFFIX_EXCEPTED;
        rule = span_from(rule, 1);
    } else if (span_starts(rule, SPAN("*."))) {
        flags |= SUFFIX_PARENT;
        rule = span_from(rule, 2);
    }
    put_rule(rule, flags);
    struct idn_room room;
    span host, shown;
    uint64_t odd = 0;
    if (idn_needed(rule) && idn_name(rule, &room, &host, &shown, &odd)) put_rule(host, flags);
}

static void build(void)
{
    span left = span_of(suffix_list, (size_t)(suffix_list_end - suffix_list));
    unsigned section = 0;
    while (left.n) {
        size_t n = span_find(left, '\n');
        span line = span_head(left, n);
        if (span_starts(line, SPAN("// ===BEGIN ICANN"))) section = SUFFIX_ICANN;
        if (span_starts(line, SPAN("// ===END ICANN"))) section = 0;
        read_line(line, section);
        left = span_from(left, n + 1);
    }
    atomic_store_explicit(&built, true, memory_order_release);
}

void suffix_init(void)
{
    if (!atomic_load_explicit(&built, memory_order_acquire)) pthread_once(&once, build);
}

unsigned suffix_of(span name)
{
    suffix_init();
    uint64_t hash = hash64(name, 0), place = hash >> (64 - MAYBE_BITS);
    if (!(maybe[place / 64] >> place % 64 & 1)) return 0;
    return *find(hash) & ((1 << FLAG_BITS) - 1);
}
