/* SPDX-License-Identifier: Apache-2.0 */
/* office: names in compound files, words in RTF, embedded files in OneNote.
 *
 * A compound file is a small FAT file system; its directory is read as the list that it is, not as the tree, so nothing
 * can loop but the chain of its sectors, and that is counted. Sources: [MS-CFB], [MS-XLS] 2.4, [MS-DOC] 2.5.1, the Rich
 * Text Format specification 1.9.1, [MS-ONESTORE] 2.6.13. */
#include "worker/attach/office.h"

#include "worker/attach/kind.h"
#include "worker/text/odd.h"

/* --- compound files ----------------------------------------------------------------------------------------------- */

enum { HEADER = 512, ENTRY = 128, DIFAT = 109, LAST = 0xFFFFFFF0 };
enum { STREAM = 2, ROOT = 5 };

struct ole {
    const struct view *v;
    unsigned shift;     /* log2 of a sector's bytes: 9 or 12 */
    uint32_t fat_next;  /* the sector of the list of FAT sectors that is open */
    uint32_t fat_first; /* the first FAT sector that it lists */
    uint32_t steps;     /* sectors that may still be followed, in all */
};

static uint64_t sector_at(const struct ole *f, uint32_t sector)
{
    return ((uint64_t)sector + 1) << f->shift;
}

/* The sector that holds FAT sector `k`, or LAST. The list continues in sectors of its own; they are walked forward, and
 * from the start again for a lower `k`. */
static uint32_t fat_sector(struct ole *f, uint32_t k)
{
    if (k < DIFAT) {
        span s = view_at(f->v, 76 + (uint64_t)k * 4, 4);
        return s.n ? little32(s.p) : LAST;
    }
    uint32_t each = (1u << f->shift) / 4 - 1;
    if (f->fat_first == 0 || k < f->fat_first) {
        span s = view_at(f->v, 68, 4);
        f->fat_next = s.n ? little32(s.p) : LAST;
        f->fat_first = DIFAT;
    }
    while (k - f->fat_first >= each) {
        span s = view_at(f->v, sector_at(f, f->fat_next) + (uint64_t)each * 4, 4);
        if (!s.n || f->steps == 0) return LAST;
        f->steps--;
        f->fat_next = little32(s.p);
        f->fat_first += each;
    }
    span s = view_at(f->v, sector_at(f, f->fat_next) + (uint64_t)(k - f->fat_first) * 4, 4);
    return s.n ? little32(s.p) : LAST;
}

/* The sector behind `sector` in its chain; LAST at the end, out of sight, or after too many steps. */
static uint32_t next_sector(struct ole *f, uint32_t sector)
{
    uint32_t each = (1u << f->shift) / 4;
    if (f->steps == 0) return LAST;
    f->steps--;
    uint32_t fat = fat_sector(f, sector / each);
    span s = fat < LAST ? view_at(f->v, sector_at(f, fat) + (uint64_t)(sector % each) * 4, 4) : SPAN_NONE;
    return s.n ? little32(s.p) : LAST;
}

/* The begin of a stream that starts at `sector`; returns its bytes. */
static size_t gather(struct ole *f, uint32_t sector, uint64_t bytes, uint8_t *out, size_t cap)
{
    size_t n = 0;
    if (bytes < cap) cap = (size_t)bytes;
    while (n < cap && sector < LAST) {
        span s = view_some(f->v, sector_at(f, sector), (size_t)1 << f->shift);
        if (!s.n) break;
        s = span_head(s, cap - n);
        memcpy(out + n, s.p, s.n);
        n += s.n;
        sector = next_sector(f, sector);
    }
    return n;
}

/* A workbook's records up to the end of its first part: does it ask for a password, are there Excel 4.0 macros? */
static void read_book(struct inside *in, struct ole *f, uint32_t sector, uint64_t bytes)
{
    enum { END = 0x0A, PASSWORD = 0x2F, SHEET = 0x85 };
    uint8_t room[OLE_BOOK_MAX];
    span s = span_of(room, gather(f, sector, bytes, room, sizeof room));
    while (s.n >= 4) {
        uint16_t type = little16(s.p), size = little16(s.p + 2);
        span body = span_head(span_from(s, 4), size);
        if (type == END) break;
        if (type == PASSWORD) {
            in->out->odd |= ODD(ENCRYPTED);
            break; /* what follows is encrypted */
        }
        if (type == SHEET && body.n >= 6 && body.p[5] == 1) {
            in->out->odd |= ODD(MACRO);
            inside_tell(in, SPAN("Excel 4.0 macro sheet"), TELL_MACRO);
        }
        s = span_from(s, (size_t)4 + size);
    }
}

/* What the name of one entry tells. */
static void judge_entry(struct inside *in, struct ole *f, span name, span entry)
{
    static const struct {
        span name;
        enum telling telling;
        uint64_t odd;
    } NAMES[] = {
        {SPAN("_VBA_PROJECT"), TELL_MACRO, ODD(MACRO)},
        {SPAN("VBA"), TELL_MACRO, ODD(MACRO)},
        {SPAN("_VBA_PROJECT_CUR"), TELL_MACRO, ODD(MACRO)},
        {SPAN("Macros"), TELL_MACRO, ODD(MACRO)},
        {SPAN("EncryptedPackage"), TELL_NOTHING, ODD(ENCRYPTED)},
        {SPAN("EncryptedSummary"), TELL_NOTHING, ODD(ENCRYPTED)},      /* ppt */
        {SPAN("\x01Ole10Native"), TELL_PROGRAM, ODD(ACTIVE_DOCUMENT)}, /* a packaged file, started by a click */
        {SPAN("Equation Native"), TELL_OBJECT, ODD(ACTIVE_DOCUMENT)},  /* CVE-2017-11882 and its kin */
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (!span_ieq(name, NAMES[i].name)) continue;
        in->out->odd |= NAMES[i].odd;
        if (name.p[0] < ' ') name = span_from(name, 1);
        inside_tell(in, name, NAMES[i].telling);
        return;
    }
    uint32_t start = little32(entry.p + 116);
    uint64_t bytes = little32(entry.p + 120);
    if (span_istarts(name, SPAN("__properties_version1.0")) || span_istarts(name, SPAN("__substg1.0_")))
        in->out->kind = ATTACH_MSG;
    if (entry.p[66] != STREAM) return;
    if (span_ieq(name, SPAN("Workbook")) || span_ieq(name, SPAN("Book"))) read_book(in, f, start, bytes);
    if (span_ieq(name, SPAN("WordDocument"))) {
        span fib = view_at(f->v, sector_at(f, start), 12);
        if (fib.n && little16(fib.p + 10) & 0x100) in->out->odd |= ODD(ENCRYPTED);
    }
}

static void read_entry(struct inside *in, struct ole *f, span entry)
{
    /* {000C1084-0000-0000-C000-000000000046} is an installer, ...86... a patch */
    static const uint8_t INSTALLER[] = {0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
    uint8_t type = entry.p[66], name[32];
    const uint8_t *class = entry.p + 80;
    if (type == 0) return; /* unused */
    if (type == ROOT) {
        if ((class[0] == 0x84 || class[0] == 0x86) && memcmp(class + 1, INSTALLER, sizeof INSTALLER) == 0)
            in->out->kind = ATTACH_MSI;
        return;
    }
    in->out->files++;
    judge_entry(in, f, span_of(name, inside_narrow(span_head(entry, 64), false, name, sizeof name)), entry);
}

/* A directory that is out of sight: macros still show by the name of their storage, wherever it is. */
static void scan_for_macros(struct inside *in)
{
    static const uint8_t NAME[] = {'_', 0, 'V', 0, 'B', 0, 'A', 0, '_', 0, 'P', 0, 'R', 0, 'O', 0, 'J', 0};
    span word = span_of(NAME, sizeof NAME);
    in->out->partial = true;
    if (span_search(in->v->head, word) == in->v->head.n && span_search(in->v->tail, word) == in->v->tail.n) return;
    in->out->odd |= ODD(MACRO);
    inside_tell(in, SPAN("_VBA_PROJECT"), TELL_MACRO);
}

static void compound(struct inside *in)
{
    span h = view_at(in->v, 0, HEADER);
    if (!h.n) return;
    struct ole f = {.v = in->v, .shift = little16(h.p + 30)};
    if (f.shift != 9 && f.shift != 12) {
        in->out->partial = true;
        return;
    }
    uint64_t sectors = in->v->size >> f.shift;
    f.steps = sectors < UINT32_MAX ? (uint32_t)sectors + 1 : UINT32_MAX;
    uint32_t sector = little32(h.p + 48), entries = 0;
    while (sector < LAST && entries < OLE_ENTRIES_MAX) {
        span s = view_some(in->v, sector_at(&f, sector), (size_t)1 << f.shift);
        if (s.n < ENTRY) {
            scan_for_macros(in);
            return;
        }
        for (; s.n >= ENTRY; s = span_from(s, ENTRY), entries++) read_entry(in, &f, span_head(s, ENTRY));
        sector = next_sector(&f, sector);
    }
    if (entries >= OLE_ENTRIES_MAX || (f.steps == 0 && sector == LAST)) in->out->partial = true;
}

/* --- RTF ---------------------------------------------------------------------------------------------------------- */

static void rtf(struct inside *in)
{
    static const span OBJECTS[] = {SPAN("objdata"), SPAN("objupdate"), SPAN("objautlink"), SPAN("objocx")};
    const span sides[] = {in->v->head, in->v->tail};
    for (size_t k = 0; k < 2; k++) {
        span s = sides[k];
        for (size_t at = span_find(s, '\\'); at < s.n; at += 1 + span_find(span_from(s, at + 1), '\\')) {
            span word = span_from(s, at + 1);
            if (word.n < 3 || word.p[0] != 'o' || word.p[1] != 'b') continue;
            for (size_t i = 0; i < sizeof OBJECTS / sizeof *OBJECTS; i++) {
                if (!span_starts(word, OBJECTS[i])) continue;
                in->out->odd |= ODD(ACTIVE_DOCUMENT);
                inside_tell(in, OBJECTS[i], TELL_OBJECT);
            }
        }
    }
}

/* --- OneNote ------------------------------------------------------------------------------------------------------ */

/* Embedded files stand behind a mark: 16 bytes, then 20 of lengths, then the file. */
static void onenote(struct inside *in)
{
    static const uint8_t MARK[] = {0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45,
                                   0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC};
    span mark = span_of(MARK, sizeof MARK);
    const span sides[] = {in->v->head, in->v->tail};
    for (size_t k = 0; k < 2; k++) {
        span s = sides[k];
        for (size_t at; in->out->files < ONENOTE_FILES_MAX && (at = span_search(s, mark)) < s.n;) {
            s = span_from(s, at + sizeof MARK);
            if (s.n < 20) break;
            uint64_t bytes = little64(s.p);
            span file = span_head(span_from(s, 20), bytes < s.n ? (size_t)bytes : s.n);
            struct view v = {.head = span_head(file, KIND_HEAD_MAX), .size = file.n};
            enum attach_kind kind = kind_of(&v);
            enum attach_family family = attach_kind_family(kind);
            in->out->files++;
            if (family != FAMILY_PROGRAM && family != FAMILY_PAGE && kind != ATTACH_TEXT) continue;
            in->out->odd |= ODD(ARCHIVED_PROGRAM); /* a text: batch files and scripts have no magic */
            inside_tell(in, span_cstr(attach_kind_word(kind)), TELL_PROGRAM);
        }
    }
}

void office_read(struct inside *in)
{
    switch (in->out->kind) {
    case ATTACH_OLE: compound(in); break;
    case ATTACH_RTF: rtf(in); break;
    case ATTACH_ONENOTE: onenote(in); break;
    default: break;
    }
}
