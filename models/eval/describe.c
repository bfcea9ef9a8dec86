/* SPDX-License-Identifier: Apache-2.0 */
/* describe: letters are counted by script, small words by language; kinds are told by header fields and parts. */
#include "models/eval/describe.h"

#include "proto/base/utf8.h"
#include "worker/text/script.h"

#include <stdlib.h>

enum {
    WORD_MAX = 8,    /* bytes of the longest small word, and one */
    SHORT_WORDS = 20 /* a text of fewer is short */
};

enum letters {
    LETTERS_NONE,
    LETTERS_LATIN,
    LETTERS_CYRILLIC,
    LETTERS_ARABIC,
    LETTERS_HEBREW,
    LETTERS_THAI,
    LETTERS_HANGUL,
    LETTERS_KANA,
    LETTERS_HAN,
    LETTERS_OTHER,
    LETTERS_COUNT
};

/* Ascending, without overlap. */
static const struct {
    uint32_t first, last;
    enum letters letters;
} RANGE[] = {
    {'A', 'Z', LETTERS_LATIN},        {'a', 'z', LETTERS_LATIN},        {0xC0, 0xD6, LETTERS_LATIN},
    {0xD8, 0xF6, LETTERS_LATIN},      {0xF8, 0x24F, LETTERS_LATIN},     {0x400, 0x52F, LETTERS_CYRILLIC},
    {0x590, 0x5FF, LETTERS_HEBREW},   {0x600, 0x6FF, LETTERS_ARABIC},   {0x750, 0x77F, LETTERS_ARABIC},
    {0xE00, 0xE7F, LETTERS_THAI},     {0x1100, 0x11FF, LETTERS_HANGUL}, {0x1E00, 0x1EFF, LETTERS_LATIN},
    {0x3041, 0x309F, LETTERS_KANA},   {0x30A1, 0x30FA, LETTERS_KANA},   {0x3131, 0x318E, LETTERS_HANGUL},
    {0x31F0, 0x31FF, LETTERS_KANA},   {0x3400, 0x4DBF, LETTERS_HAN},    {0x4E00, 0x9FFF, LETTERS_HAN},
    {0xAC00, 0xD7A3, LETTERS_HANGUL}, {0xF900, 0xFAFF, LETTERS_HAN},    {0xFB1D, 0xFB4F, LETTERS_HEBREW},
    {0xFB50, 0xFDFF, LETTERS_ARABIC}, {0xFE70, 0xFEFC, LETTERS_ARABIC}, {0x20000, 0x323AF, LETTERS_HAN},
};
enum { RANGES = sizeof RANGE / sizeof *RANGE };

/* The commonest words of up to 7 bytes, ascending; those that English shares with a neighbour stand under none. */
static const struct {
    char word[WORD_MAX];
    bool english;
} SMALL[] = {
    {"aan", false},  {"about", true},  {"af", false},    {"and", true},   {"are", true},   {"att", false},
    {"au", false},   {"auch", false},  {"auf", false},   {"av", false},   {"be", true},    {"bir", false},
    {"but", true},   {"by", true},     {"can", true},    {"che", false},  {"como", false}, {"con", false},
    {"da", false},   {"dan", false},   {"das", false},   {"dass", false}, {"dat", false},  {"de", false},
    {"del", false},  {"della", false}, {"dem", false},   {"den", false},  {"der", false},  {"des", false},
    {"det", false},  {"di", false},    {"die", false},   {"dos", false},  {"du", false},   {"een", false},
    {"ei", false},   {"ein", false},   {"eine", false},  {"el", false},   {"en", false},   {"er", false},
    {"es", false},   {"est", false},   {"et", false},    {"for", true},   {"from", true},  {"han", false},
    {"has", true},   {"have", true},   {"het", false},   {"hogy", false}, {"ich", false},  {"if", true},
    {"ihre", false}, {"ikke", false},  {"il", false},    {"inte", false}, {"is", true},    {"ist", false},
    {"it", true},    {"ja", false},    {"je", false},    {"jeg", false},  {"jest", false}, {"la", false},
    {"las", false},  {"le", false},    {"les", false},   {"los", false},  {"mit", false},  {"my", true},
    {"na", false},   {"nem", false},   {"nicht", false}, {"nie", false},  {"niet", false}, {"non", false},
    {"not", true},   {"nous", false},  {"och", false},   {"oder", false}, {"of", true},    {"og", false},
    {"om", false},   {"our", true},    {"para", false},  {"pas", false},  {"per", false},  {"please", true},
    {"por", false},  {"pour", false},  {"que", false},   {"sa", false},   {"se", false},   {"should", true},
    {"sich", false}, {"sie", false},   {"sind", false},  {"som", false},  {"sono", false}, {"sur", false},
    {"te", false},   {"that", true},   {"the", true},    {"their", true}, {"there", true}, {"they", true},
    {"this", true},  {"tidak", false}, {"til", false},   {"to", true},    {"uma", false},  {"una", false},
    {"und", false},  {"une", false},   {"untuk", false}, {"van", false},  {"von", false},  {"vous", false},
    {"we", true},    {"what", true},   {"which", true},  {"will", true},  {"wir", false},  {"with", true},
    {"would", true}, {"yang", false},  {"you", true},    {"your", true},  {"zu", false},
};
enum { SMALLS = sizeof SMALL / sizeof *SMALL };

static enum letters letters_of(uint32_t c)
{
    size_t low = 0, high = RANGES;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c > RANGE[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < RANGES && c >= RANGE[low].first) return RANGE[low].letters;
    if (c < 0x80) return LETTERS_NONE;
    enum script s = script_of(c);
    return s == SCRIPT_WORD || s == SCRIPT_UNSPACED ? LETTERS_OTHER : LETTERS_NONE;
}

/* The first character; a byte that is not UTF-8 is none. */
static size_t next(span text, uint32_t *c_out)
{
    *c_out = 0;
    return utf8_len(text) ? utf8_get(text, c_out) : 1;
}

static int by_word(const void *key, const void *entry)
{
    return strcmp(key, entry);
}

/* What was seen of a text: letters by script; words of Latin letters, and for which side they vote. */
struct seen {
    size_t letters[LETTERS_COUNT];
    size_t words, english, foreign;
};

/* A word of Latin letters ends: bytes[n], or the first of them. */
static void vote(struct seen *s, const char *bytes, size_t n, bool accents)
{
    if (n == 0) return;
    s->words++;
    s->foreign += accents;
    if (n >= WORD_MAX || accents) return;
    char word[WORD_MAX] = {0};
    memcpy(word, bytes, n);
    const char *found = bsearch(word, SMALL, SMALLS, sizeof *SMALL, by_word);
    if (!found) return;
    bool english = SMALL[(size_t)(found - SMALL[0].word) / sizeof *SMALL].english;
    s->english += english;
    s->foreign += !english;
}

static void look(struct seen *s, span text)
{
    char word[WORD_MAX] = {0};
    size_t n = 0;
    bool accents = false;
    while (text.n) {
        uint32_t c;
        size_t step = next(text, &c);
        enum letters l = letters_of(c);
        s->letters[l]++;
        if (l == LETTERS_LATIN) {
            if (n < WORD_MAX) word[n] = c < 0x80 ? (char)ascii_lower((uint8_t)c) : '?';
            accents = accents || c >= 0x80;
            n++;
        } else {
            vote(s, word, n, accents);
            n = 0;
            accents = false;
        }
        text = span_from(text, step);
    }
    vote(s, word, n, accents);
}

enum judged_language describe_text(span text)
{
    static const uint8_t LANGUAGE[LETTERS_COUNT] = {
        [LETTERS_NONE] = JUDGED_NO_TEXT,  [LETTERS_LATIN] = JUDGED_LATIN,   [LETTERS_CYRILLIC] = JUDGED_CYRILLIC,
        [LETTERS_ARABIC] = JUDGED_ARABIC, [LETTERS_HEBREW] = JUDGED_HEBREW, [LETTERS_THAI] = JUDGED_THAI,
        [LETTERS_HANGUL] = JUDGED_KOREAN, [LETTERS_KANA] = JUDGED_JAPANESE, [LETTERS_HAN] = JUDGED_CHINESE,
        [LETTERS_OTHER] = JUDGED_OTHER,
    };
    struct seen s = {0};
    look(&s, text);
    /* One kana in ten characters is Japanese, however many kanji stand between; a hanzi says as much as two letters. */
    size_t *count = s.letters, cjk = count[LETTERS_KANA] + count[LETTERS_HAN];
    bool japanese = count[LETTERS_KANA] * 10 >= cjk;
    count[LETTERS_NONE] = 0;
    count[LETTERS_KANA] = japanese ? 2 * cjk : 0;
    count[LETTERS_HAN] = japanese ? 0 : 2 * cjk;
    count[LETTERS_HANGUL] *= 2;
    enum letters most = LETTERS_NONE;
    for (enum letters l = LETTERS_NONE; l < LETTERS_COUNT; l++)
        if (count[l] > count[most]) most = l;
    if (most == LETTERS_LATIN && s.english >= s.foreign) return JUDGED_ENGLISH;
    return LANGUAGE[most];
}

enum judged_language describe_language(const struct mail *m)
{
    enum judged_language l = describe_text(m->folded.text);
    return l == JUDGED_NO_TEXT ? describe_text(m->folded.subject) : l;
}

/* Words of the visible text, at most `most`; two characters of a script without spaces are one. */
static size_t words(span text, size_t most)
{
    size_t halves = 0; /* twice the words */
    bool inside = false;
    while (text.n && halves < 2 * most) {
        uint32_t c;
        size_t step = next(text, &c);
        enum letters l = letters_of(c);
        bool alone = l == LETTERS_KANA || l == LETTERS_HAN || l == LETTERS_THAI;
        bool letter = l != LETTERS_NONE || (c < 0x80 && ascii_digit((uint8_t)c));
        halves += alone ? 1 : letter && !inside ? 2 : 0;
        inside = letter && !alone;
        text = span_from(text, step);
    }
    return halves / 2;
}

static bool bounce(const struct mail *m)
{
    const struct mail_header *path = mail_find(m, FIELD_RETURN_PATH);
    if (path && span_eq(path->value, SPAN("<>"))) return true;
    if (m->from_addr.n > 14 && span_eq(span_head(m->from_addr, 14), SPAN("mailer-daemon@"))) return true;
    for (size_t i = 0; i < m->part_count; i++) {
        const struct mail_part *p = &m->parts[i];
        if (span_eq(p->type, SPAN("message")) &&
            (span_eq(p->subtype, SPAN("delivery-status")) || span_eq(p->subtype, SPAN("global-delivery-status"))))
            return true;
    }
    return false;
}

static bool invitation(const struct mail *m)
{
    for (size_t i = 0; i < m->part_count; i++)
        if (span_eq(m->parts[i].subtype, SPAN("calendar")) || m->parts[i].file.kind == ATTACH_CALENDAR) return true;
    return false;
}

static bool list(const struct mail *m)
{
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *h = &m->headers[i];
        if (h->id == FIELD_LIST) return true;
        if (span_ieq(h->name, SPAN("precedence")) &&
            (span_ieq(h->value, SPAN("list")) || span_ieq(h->value, SPAN("bulk"))))
            return true;
    }
    return false;
}

enum judged_kind describe_kind(const struct mail *m)
{
    if (bounce(m)) return JUDGED_BOUNCE;
    if (invitation(m)) return JUDGED_INVITATION;
    if (list(m)) return JUDGED_LIST;
    if (m->shape.attachments) return JUDGED_ATTACHED;
    if (m->odd & ODD(ONLY_IMAGE)) return JUDGED_PICTURES;
    if (words(m->text, SHORT_WORDS) < SHORT_WORDS) return JUDGED_SHORT;
    return m->shape.html_parts ? JUDGED_HTML : JUDGED_PLAIN;
}
