/* SPDX-License-Identifier: Apache-2.0 */
/* name: what a file says it is by its name, and how a name hides it.
 *
 * The list follows what Outlook and Gmail refuse to deliver, and what malware runs of the last years were named. */
#include "worker/attach/name.h"

#include "proto/base/utf8.h"
#include "worker/text/odd.h"

/* What an extension stands for. */
enum {
    RUNS = 1,     /* a desktop runs it, or mounts it without a mark of its origin */
    DOCUMENT = 2, /* what honest attachments are */
    MACRO = 4,
};

struct extension {
    const char *word;
    uint8_t family, flags;
};

enum { EXTENSION_MAX = 20 };

#define F(family) FAMILY_##family
/* Ascending, for the search by halves (a test holds it to that). */
static const struct extension EXTENSIONS[] = {
    {"7z", F(ARCHIVE), 0},
    {"aac", F(SOUND), DOCUMENT},
    {"ace", F(ARCHIVE), 0},
    {"ade", F(PROGRAM), RUNS},
    {"adp", F(PROGRAM), RUNS},
    {"apk", F(PROGRAM), RUNS},
    {"appinstaller", F(PROGRAM), RUNS},
    {"application", F(PROGRAM), RUNS},
    {"appref-ms", F(PROGRAM), RUNS},
    {"appx", F(PROGRAM), RUNS},
    {"arj", F(ARCHIVE), 0},
    {"asc", F(NONE), 0},
    {"avi", F(SOUND), DOCUMENT},
    {"bat", F(PROGRAM), RUNS},
    {"bin", F(NONE), 0},
    {"bmp", F(PICTURE), DOCUMENT},
    {"bz2", F(ARCHIVE), 0},
    {"cab", F(ARCHIVE), 0},
    {"chm", F(PROGRAM), RUNS},
    {"cmd", F(PROGRAM), RUNS},
    {"com", F(PROGRAM), RUNS},
    {"cpl", F(PROGRAM), RUNS},
    {"csv", F(TEXT), DOCUMENT},
    {"dll", F(PROGRAM), RUNS},
    {"doc", F(OFFICE), DOCUMENT},
    {"docm", F(OFFICE), DOCUMENT | MACRO},
    {"docx", F(OFFICE), DOCUMENT},
    {"dot", F(OFFICE), DOCUMENT},
    {"dotm", F(OFFICE), DOCUMENT | MACRO},
    {"dotx", F(OFFICE), DOCUMENT},
    {"eml", F(NONE), DOCUMENT},
    {"emf", F(PICTURE), 0},
    {"eps", F(PDF), 0},
    {"exe", F(PROGRAM), RUNS},
    {"gadget", F(PROGRAM), RUNS},
    {"gif", F(PICTURE), DOCUMENT},
    {"gz", F(ARCHIVE), 0},
    {"heic", F(PICTURE), DOCUMENT},
    {"hta", F(PROGRAM), RUNS},
    {"htm", F(PAGE), DOCUMENT},
    {"html", F(PAGE), DOCUMENT},
    {"ics", F(TEXT), DOCUMENT},
    {"img", F(DISK), RUNS},
    {"ins", F(PROGRAM), RUNS},
    {"iso", F(DISK), RUNS},
    {"isp", F(PROGRAM), RUNS},
    {"jar", F(PROGRAM), RUNS},
    {"jnlp", F(PROGRAM), RUNS},
    {"jpe", F(PICTURE), DOCUMENT},
    {"jpeg", F(PICTURE), DOCUMENT},
    {"jpg", F(PICTURE), DOCUMENT},
    {"js", F(PROGRAM), RUNS},
    {"jse", F(PROGRAM), RUNS},
    {"library-ms", F(PROGRAM), RUNS},
    {"lnk", F(PROGRAM), RUNS},
    {"log", F(TEXT), DOCUMENT},
    {"lzh", F(ARCHIVE), 0},
    {"mht", F(PAGE), 0},
    {"mhtml", F(PAGE), 0},
    {"mov", F(SOUND), DOCUMENT},
    {"mp3", F(SOUND), DOCUMENT},
    {"mp4", F(SOUND), DOCUMENT},
    {"mpeg", F(SOUND), DOCUMENT},
    {"mpg", F(SOUND), DOCUMENT},
    {"msc", F(PROGRAM), RUNS},
    {"msg", F(OFFICE), DOCUMENT},
    {"msi", F(PROGRAM), RUNS},
    {"msix", F(PROGRAM), RUNS},
    {"msp", F(PROGRAM), RUNS},
    {"mst", F(PROGRAM), RUNS},
    {"odp", F(OFFICE), DOCUMENT},
    {"ods", F(OFFICE), DOCUMENT},
    {"odt", F(OFFICE), DOCUMENT},
    {"one", F(OFFICE), DOCUMENT},
    {"ost", F(NONE), 0},
    {"pdf", F(PDF), DOCUMENT},
    {"pif", F(PROGRAM), RUNS},
    {"png", F(PICTURE), DOCUMENT},
    {"pot", F(OFFICE), DOCUMENT},
    {"potm", F(OFFICE), DOCUMENT | MACRO},
    {"ppam", F(OFFICE), MACRO},
    {"pps", F(OFFICE), DOCUMENT},
    {"ppsm", F(OFFICE), DOCUMENT | MACRO},
    {"ppsx", F(OFFICE), DOCUMENT},
    {"ppt", F(OFFICE), DOCUMENT},
    {"pptm", F(OFFICE), DOCUMENT | MACRO},
    {"pptx", F(OFFICE), DOCUMENT},
    {"ps", F(PDF), 0},
    {"ps1", F(PROGRAM), RUNS},
    {"psm1", F(PROGRAM), RUNS},
    {"r00", F(ARCHIVE), 0},
    {"rar", F(ARCHIVE), 0},
    {"reg", F(PROGRAM), RUNS},
    {"rtf", F(OFFICE), DOCUMENT},
    {"scf", F(PROGRAM), RUNS},
    {"scr", F(PROGRAM), RUNS},
    {"sct", F(PROGRAM), RUNS},
    {"search-ms", F(PROGRAM), RUNS},
    {"settingcontent-ms", F(PROGRAM), RUNS},
    {"shtml", F(PAGE), 0},
    {"svg", F(PAGE), 0},
    {"tar", F(ARCHIVE), 0},
    {"tgz", F(ARCHIVE), 0},
    {"tif", F(PICTURE), DOCUMENT},
    {"tiff", F(PICTURE), DOCUMENT},
    {"txt", F(TEXT), DOCUMENT},
    {"url", F(PROGRAM), RUNS},
    {"vb", F(PROGRAM), RUNS},
    {"vbe", F(PROGRAM), RUNS},
    {"vbs", F(PROGRAM), RUNS},
    {"vcf", F(TEXT), DOCUMENT},
    {"vhd", F(DISK), RUNS},
    {"vhdx", F(DISK), RUNS},
    {"wav", F(SOUND), DOCUMENT},
    {"webp", F(PICTURE), DOCUMENT},
    {"wma", F(SOUND), DOCUMENT},
    {"wmf", F(PICTURE), 0},
    {"wmv", F(SOUND), DOCUMENT},
    {"wps", F(OFFICE), DOCUMENT},
    {"wsc", F(PROGRAM), RUNS},
    {"wsf", F(PROGRAM), RUNS},
    {"wsh", F(PROGRAM), RUNS},
    {"xhtml", F(PAGE), 0},
    {"xlam", F(OFFICE), MACRO},
    {"xll", F(PROGRAM), RUNS},
    {"xls", F(OFFICE), DOCUMENT},
    {"xlsb", F(OFFICE), DOCUMENT},
    {"xlsm", F(OFFICE), DOCUMENT | MACRO},
    {"xlsx", F(OFFICE), DOCUMENT},
    {"xltm", F(OFFICE), DOCUMENT | MACRO},
    {"xml", F(TEXT), 0},
    {"xz", F(ARCHIVE), 0},
    {"z", F(ARCHIVE), 0},
    {"zip", F(ARCHIVE), 0},
};
#undef F

/* The entry of an extension, lower case, or one that says nothing. */
static const struct extension *lookup(span word)
{
    static const struct extension NOTHING = {"", FAMILY_NONE, 0};
    if (word.n == 0 || word.n > EXTENSION_MAX) return &NOTHING;
    size_t low = 0, high = sizeof EXTENSIONS / sizeof *EXTENSIONS;
    while (low < high) {
        size_t mid = (low + high) / 2;
        span key = span_cstr(EXTENSIONS[mid].word);
        int order = memcmp(word.p, key.p, word.n < key.n ? word.n : key.n);
        if (order == 0) order = (word.n > key.n) - (word.n < key.n);
        if (order == 0) return &EXTENSIONS[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return &NOTHING;
}

/* One character of three bytes or two, as it counts in a name. Marks (U+200E, U+200F, U+061C) turn nothing round, and
 * systems put them into names by themselves: they are not evidence. */
enum { PLAIN, DIRECTION, INVISIBLE, DOT, SPACE };

static int meaning(span c)
{
    if (c.n == 2) {
        uint32_t u = (uint32_t)(c.p[0] & 0x1F) << 6 | (c.p[1] & 0x3F);
        return u == 0xAD || u == 0x061C ? INVISIBLE : u == 0xA0 ? SPACE : u == 0x0701 || u == 0x0702 ? DOT : PLAIN;
    }
    uint32_t u = (uint32_t)(c.p[0] & 0x0F) << 12 | (uint32_t)(c.p[1] & 0x3F) << 6 | (c.p[2] & 0x3F);
    if ((u >= 0x202A && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069)) return DIRECTION;
    if ((u >= 0x200B && u <= 0x200F) || (u >= 0x2060 && u <= 0x2064) || u == 0xFEFF || (u & 0xFFF0) == 0xFE00)
        return INVISIBLE;
    if (u == 0x2024 || u == 0xFE52 || u == 0xFF0E || u == 0xFF61 || u == 0x3002 || u == 0xA4F8) return DOT;
    return (u >= 0x2000 && u <= 0x200A) || u == 0x202F || u == 0x205F || u == 0x3000 ? SPACE : PLAIN;
}

/* The end of a name, at most NAME_READ_MAX bytes of it, as an operating system reads it: lower case, without what
 * cannot be seen. Adds ODD(NAME_DIRECTION). */
static span plain_name(span name, uint8_t out[NAME_READ_MAX], uint64_t *odd)
{
    size_t n = 0;
    if (name.n > NAME_READ_MAX) name = span_from(name, name.n - NAME_READ_MAX);
    for (size_t i = 0; i < name.n;) {
        size_t len = name.p[i] < 0x80 ? 1 : utf8_len(span_from(name, i));
        if (len == 2 || len == 3) {
            int what = meaning(span_of(name.p + i, len));
            if (what == DIRECTION) *odd |= ODD(NAME_DIRECTION);
            if (what == DOT) out[n++] = '.';
            if (what == SPACE) out[n++] = ' ';
            if (what != PLAIN) {
                i += len;
                continue;
            }
        }
        for (size_t k = len ? len : 1; k; k--) out[n++] = ascii_lower(name.p[i++]);
    }
    return span_of(out, n);
}

/* Cut the last extension off `name`; empty when there is none. Spaces around the dot hide nothing. */
static span cut_extension(span *name)
{
    size_t dot = name->n;
    while (dot && name->p[dot - 1] != '.') dot--;
    if (dot == 0) return SPAN_NONE;
    span extension = span_trim(span_from(*name, dot));
    *name = span_trim(span_head(*name, dot - 1));
    return extension;
}

/* Does a browser open it? */
static bool page(span word)
{
    return lookup(word)->family == FAMILY_PAGE;
}

static void judge(span name, struct name *out)
{
    while (name.n && (name.p[name.n - 1] == '.' || name.p[name.n - 1] <= ' ' || strchr("\"';", name.p[name.n - 1])))
        name.n--; /* Windows drops dots and spaces */
    size_t folder = name.n;
    while (folder && name.p[folder - 1] != '/' && name.p[folder - 1] != '\\') folder--;
    name = span_from(name, folder);
    span last = cut_extension(&name), before = cut_extension(&name);
    const struct extension *e = lookup(last);
    out->claim = e->family;
    out->macro |= (e->flags & MACRO) != 0;
    out->archive |= e->family == FAMILY_ARCHIVE || e->family == FAMILY_DISK;
    if (e->flags & RUNS) out->odd |= ODD(EXECUTABLE);
    /* "x.html.zip" and "x.tar.gz" are how honest people name things; "x.pdf.html" is not. */
    bool hides = e->flags & RUNS || page(last);
    if (hides && lookup(before)->flags & DOCUMENT && !span_eq(last, before)) out->odd |= ODD(DOUBLE_EXTENSION);
}

struct name attach_name(span name)
{
    uint8_t room[NAME_READ_MAX];
    struct name out = {0};
    name = plain_name(name, room, &out.odd);
    size_t nul = span_find(name, 0);
    if (nul < name.n) judge(span_head(name, nul), &out);
    for (size_t i = nul; i < name.n; i++)
        if (!room[i]) room[i] = ' ';
    judge(name, &out);
    return out;
}

uint64_t attach_name_odd(span name)
{
    return name.n ? attach_name(name).odd : 0;
}

span attach_name_cut(span name, size_t cap, struct arena *a)
{
    span gap = SPAN("…");
    if (name.n <= cap) return name;
    span head = utf8_cut(name, cap - NAME_END_MAX - gap.n), tail = span_from(name, name.n - NAME_END_MAX);
    while (tail.n && (tail.p[0] & 0xC0) == 0x80) tail = span_from(tail, 1);
    uint8_t *out = arena_alloc(a, head.n + gap.n + tail.n);
    if (!out) return head;
    memcpy(out, head.p, head.n);
    memcpy(out + head.n, gap.p, gap.n);
    memcpy(out + head.n + gap.n, tail.p, tail.n);
    return span_of(out, head.n + gap.n + tail.n);
}
