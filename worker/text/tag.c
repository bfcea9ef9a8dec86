/* SPDX-License-Identifier: Apache-2.0 */
/* tag: names looked up by bisection in the sorted lists of tag.h.
 *
 * A name is compared as one number of twelve bytes, padded with NULs (memcmp was a fifth of all time on old mail). Source: the lists' order; a name out of order would not be found, and the tests of html look for each. */
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

typedef unsigned __int128 key; /* a name's bytes, the first one highest: keys are ordered as names are */

static inline key key_of(const char name[NAME_MAX + 1])
{
    uint64_t head;
    uint32_t tail;
    memcpy(&head, name, sizeof head);
    memcpy(&tail, name + sizeof head, sizeof tail);
    return (key)be64toh(head) << 32 | be32toh(tail);
}

/* The index of a name, or `none`. No step of the bisection branches on what it found: which tag comes next in a mail
 * nobody can foretell. */
static size_t find(span name, const char names[][NAME_MAX + 1], const uint8_t first[27], size_t none)
{
    if (!name.n || name.n > NAME_MAX) return none;
    uint64_t head = 0;
    uint32_t tail = 0;
    for (size_t i = 0; i < name.n && i < 8; i++) head |= (uint64_t)ascii_lower(name.p[i]) << (56 - 8 * i);
    for (size_t i = 8; i < name.n; i++) tail |= (uint32_t)ascii_lower(name.p[i]) << (24 - 8 * (i - 8));
    uint8_t letter = (uint8_t)(head >> 56);
    if (letter < 'a' || letter > 'z' || !name.p[name.n - 1]) return none; /* NULs are what names are padded with */
    key wanted = (key)head << 32 | tail;
    size_t at = first[letter - 'a'], n = first[letter - 'a' + 1] - at;
    if (!n) return none;
    for (; n > 1; n -= n / 2) at = key_of(names[at + n / 2]) <= wanted ? at + n / 2 : at;
    return key_of(names[at]) == wanted ? at : none;
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
