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

/* Where the names with each letter begin, and behind the last: 'a' to 'z' and one more. */
static const uint8_t FIRST_TAG[] = {TAG_A,      TAG_B,   TAG_CANVAS, TAG_DATALIST, TAG_EM,    TAG_FIELDSET, TAG_H1,
                                    TAG_H1,     TAG_I,   TAG_KBD,    TAG_KBD,      TAG_LABEL, TAG_MAIN,     TAG_NAV,
                                    TAG_OBJECT, TAG_P,   TAG_Q,      TAG_RP,       TAG_S,     TAG_TABLE,    TAG_U,
                                    TAG_VAR,    TAG_WBR, TAG_XMP,    TAG_COUNT,    TAG_COUNT, TAG_COUNT};
static const uint8_t FIRST_ATTR[] = {
    ATTR_ACTION, ATTR_BACKGROUND,  ATTR_CLASS,      ATTR_DATA,  ATTR_FORMACTION, ATTR_FORMACTION, ATTR_HEIGHT,
    ATTR_HEIGHT, ATTR_ID,          ATTR_MEDIA,      ATTR_MEDIA, ATTR_MEDIA,      ATTR_MEDIA,      ATTR_OPEN,
    ATTR_OPEN,   ATTR_PLACEHOLDER, ATTR_SIZE,       ATTR_SIZE,  ATTR_SIZE,       ATTR_TEXT,       ATTR_VALUE,
    ATTR_VALUE,  ATTR_WIDTH,       ATTR_XLINK_HREF, ATTR_COUNT, ATTR_COUNT,      ATTR_COUNT};

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

/* The index of a name, or `none`. */
static size_t find(span name, const char names[][NAME_MAX + 1], const uint8_t first[27], size_t none)
{
    char low[NAME_MAX] = {0};
    if (!name.n || name.n > NAME_MAX) return none;
    for (size_t i = 0; i < name.n; i++) low[i] = (char)ascii_lower(name.p[i]);
    if (low[0] < 'a' || low[0] > 'z' || !low[name.n - 1]) return none; /* NULs are what names are padded with */
    uint64_t head = head_of(low);
    uint32_t tail = tail_of(low);
    for (size_t from = first[low[0] - 'a'], to = first[low[0] - 'a' + 1]; from < to;) {
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
    size_t at = find(name, TAG_NAMES, FIRST_TAG, TAG_COUNT);
    return at == TAG_COUNT ? TAG_OTHER : (enum tag)at;
}

enum attr attr_by_name(span name)
{
    return (enum attr)find(name, ATTR_NAMES, FIRST_ATTR, ATTR_COUNT);
}

enum tag_kind tag_kind(enum tag t)
{
    return (enum tag_kind)KINDS[t];
}

unsigned tag_flags(enum tag t)
{
    return FLAGS[t];
}
