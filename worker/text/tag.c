/* SPDX-License-Identifier: Apache-2.0 */
/* tag: names looked up by bisection in the sorted lists of tag.h.
 *
 * A name is compared as two numbers of eight and four bytes, padded with NULs (memcmp was a fifth of all time on old
 * mail). Source: the lists' order; a name out of order would not be found, and the tests of html look for each. */
#include "worker/text/tag.h"

#include <endian.h>

enum { NAME_MAX = 12 };

static const char TAG_NAMES[][NAME_MAX + 1] = {"",
#define X(id, name, kind, flags) #name,
                                               TAG_LIST(X)
#undef X
};

static const uint8_t KINDS[] = {KIND_PHRASE,
#define X(id, name, kind, flags) KIND_##kind,
                                TAG_LIST(X)
#undef X
};

static const uint8_t FLAGS[] = {0,
#define X(id, name, kind, flags) flags,
                                TAG_LIST(X)
#undef X
};

static const char ATTR_NAMES[][NAME_MAX + 1] = {
#define X(id, name) name,
    ATTR_LIST(X)
#undef X
};

/* Eight and four bytes as numbers that are ordered as the bytes are. */
static uint64_t head_of(const char *name)
{
    uint64_t v;
    memcpy(&v, name, sizeof v);
    return be64toh(v);
}

static uint32_t tail_of(const char *name)
{
    uint32_t v;
    memcpy(&v, name + sizeof(uint64_t), sizeof v);
    return be32toh(v);
}

/* The index of a name among names[from..to), or `to`. */
static size_t find(span name, const char names[][NAME_MAX + 1], size_t from, size_t to)
{
    char low[NAME_MAX] = {0};
    size_t none = to;
    if (name.n > NAME_MAX) return none;
    for (size_t i = 0; i < name.n; i++) low[i] = (char)ascii_lower(name.p[i]);
    uint64_t head = head_of(low);
    uint32_t tail = tail_of(low);
    while (from < to) {
        size_t mid = (from + to) / 2;
        uint64_t h = head_of(names[mid]);
        uint32_t t = tail_of(names[mid]);
        if (h == head && t == tail) return mid;
        if (head < h || (head == h && tail < t))
            to = mid;
        else
            from = mid + 1;
    }
    return none;
}

enum tag tag_by_name(span name)
{
    size_t at = find(name, TAG_NAMES, 1, TAG_COUNT);
    return at == TAG_COUNT ? TAG_OTHER : (enum tag)at;
}

enum attr attr_by_name(span name)
{
    return (enum attr)find(name, ATTR_NAMES, 0, ATTR_COUNT);
}

enum tag_kind tag_kind(enum tag t)
{
    return (enum tag_kind)KINDS[t];
}

unsigned tag_flags(enum tag t)
{
    return FLAGS[t];
}

const char *tag_name(enum tag t)
{
    return TAG_NAMES[t];
}
