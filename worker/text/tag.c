/* SPDX-License-Identifier: Apache-2.0 */
/* tag: names looked up in two small hash tables.
 *
 * A name is compared as one number of twelve bytes, padded with NULs, and nothing branches on what it is: which tag
 * comes next in a mail nobody can foretell (bisection was a quarter of all time on deep markup). */
#include "worker/text/tag.h"

#include <endian.h>

enum { NAME_MAX = 12 };

static const char TAG_NAMES[][NAME_MAX + 1] = {"",
#define X(id, name, kind, flags) #name,
                                               TAG_LIST(X)
#undef X
};

const uint8_t TAG_KINDS[] = {KIND_PHRASE,
#define X(id, name, kind, flags) KIND_##kind,
                             TAG_LIST(X)
#undef X
};

const uint8_t TAG_FLAGS[] = {0,
#define X(id, name, kind, flags) flags,
                             TAG_LIST(X)
#undef X
};

static const char ATTR_NAMES[][NAME_MAX + 1] = {
#define X(id, name) name,
    ATTR_LIST(X)
#undef X
};

/* A name's bytes as numbers, in lower case, padded with NULs. */
struct key {
    uint64_t head;
    uint32_t tail;
};

/* n <= NAME_MAX bytes. Of a name of 4 to 8 bytes the first and last four overlap. */
static inline struct key key_of(const char *name, size_t n)
{
    struct key k = {0};
    uint32_t a = 0, b = 0;
    if (n >= sizeof k.head) {
        memcpy(&k.head, name, sizeof k.head);
        memcpy(&k.tail, name + sizeof k.head, n - sizeof k.head);
    } else if (n >= sizeof a) {
        memcpy(&a, name, sizeof a);
        memcpy(&b, name + n - sizeof b, sizeof b);
        k.head = (uint64_t)le32toh(a) | (uint64_t)le32toh(b) << 8 * (n - sizeof b);
        k.head = htole64(k.head);
    } else {
        for (size_t i = 0; i < n; i++) k.head |= (uint64_t)(uint8_t)name[i] << 8 * i;
        k.head = htole64(k.head);
    }
    return (struct key){ascii_lower8(k.head), (uint32_t)ascii_lower8(k.tail)};
}

/* A hash table over one of the lists, filled before main: at most a third full, so that nearly every name is found, or
 * not, at the first place. */
enum { SLOTS = 512 };

struct names {
    struct key key[SLOTS];
    uint8_t index[SLOTS]; /* in the list, + 1; 0: free */
};

_Static_assert(TAG_COUNT < UINT8_MAX && ATTR_COUNT < UINT8_MAX, "an index is one byte");
static struct names tags, attrs;
struct tag_bares tag_bares;

static inline size_t slot_of(struct key k)
{
    return (size_t)((k.head ^ (uint64_t)k.tail << 17) * UINT64_C(0x9E3779B97F4A7C15) >> 55);
}

static void fill(struct names *t, const char list[][NAME_MAX + 1], size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct key k = key_of(list[i], strlen(list[i]));
        size_t at = slot_of(k);
        while (t->index[at]) at = (at + 1) % SLOTS;
        t->key[at] = k;
        t->index[at] = (uint8_t)(i + 1);
    }
}

__attribute__((constructor)) static void fill_both(void)
{
    fill(&tags, TAG_NAMES, 1, TAG_COUNT);
    fill(&attrs, ATTR_NAMES, 0, ATTR_COUNT);
    for (size_t i = 1; i < TAG_COUNT; i++) {
        uint64_t key = '>';
        size_t n = strlen(TAG_NAMES[i]), at;
        if (n >= sizeof key) continue;
        for (size_t k = n; k-- > 0;) key = key << 8 | (uint8_t)TAG_NAMES[i][k];
        for (at = tag_bare_slot(key); tag_bares.tag[at]; at = (at + 1) % TAG_SLOTS) {
        }
        tag_bares.key[at] = key;
        tag_bares.tag[at] = (uint8_t)i;
    }
}

/* The index of a name, or `none`. */
static inline size_t find(const struct names *t, span name, size_t none)
{
    if (!name.n || name.n > NAME_MAX || !name.p[name.n - 1]) return none; /* NULs are what names are padded with */
    struct key k = key_of((const char *)name.p, name.n);
    for (size_t at = slot_of(k); t->index[at]; at = (at + 1) % SLOTS)
        if (t->key[at].head == k.head && t->key[at].tail == k.tail) return t->index[at] - 1u;
    return none;
}

enum tag tag_by_name(span name)
{
    size_t at = find(&tags, name, TAG_COUNT);
    return at == TAG_COUNT ? TAG_OTHER : (enum tag)at;
}

enum attr attr_by_name(span name)
{
    return (enum attr)find(&attrs, name, ATTR_COUNT);
}

const char *tag_name(enum tag tag)
{
    return TAG_NAMES[tag];
}
