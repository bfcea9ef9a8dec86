/* SPDX-License-Identifier: Apache-2.0 */
/* kind: what a file is by its first bytes, and whether it was called something else.
 *
 * Magic as file(1) and the formats' own documents give it; pages and texts as the WHATWG's "MIME Sniffing" finds them,
 * since a browser does. */
#include "worker/attach/kind.h"

static const struct {
    const char *word;
    enum attach_family family;
} KINDS[ATTACH_KIND_COUNT] = {
#define X(name, word, family) [ATTACH_##name] = {word, FAMILY_##family},
    ATTACH_KIND_LIST(X)
#undef X
};

const char *attach_kind_word(enum attach_kind kind)
{
    return KINDS[kind].word;
}

enum attach_family attach_kind_family(enum attach_kind kind)
{
    return KINDS[kind].family;
}

static const struct {
    uint32_t at;
    span bytes;
    enum attach_kind kind;
} MAGIC[] = {
    {0,
     SPAN("\x7F"
          "ELF"),
     ATTACH_ELF},
    {0, SPAN("\xFE\xED\xFA\xCE"), ATTACH_MACHO},
    {0, SPAN("\xFE\xED\xFA\xCF"), ATTACH_MACHO},
    {0, SPAN("\xCE\xFA\xED\xFE"), ATTACH_MACHO},
    {0, SPAN("\xCF\xFA\xED\xFE"), ATTACH_MACHO},
    {0, SPAN("L\0\0\0\x01\x14\x02\0"), ATTACH_SHORTCUT},
    {0, SPAN("ITSF\x03\0\0\0"), ATTACH_CHM},
    {0, SPAN("PK\x03\x04"), ATTACH_ZIP},
    {0, SPAN("PK\x05\x06"), ATTACH_ZIP},           /* without files */
    {0, SPAN("PK\x07\x08PK\x03\x04"), ATTACH_ZIP}, /* in pieces */
    {0, SPAN("PK00PK\x03\x04"), ATTACH_ZIP},
    {0, SPAN("Rar!\x1A\x07\0"), ATTACH_RAR},
    {0, SPAN("Rar!\x1A\x07\x01\0"), ATTACH_RAR},
    {0, SPAN("7z\xBC\xAF\x27\x1C"), ATTACH_SEVENZIP},
    {0, SPAN("\x1F\x8B\x08"), ATTACH_GZIP},
    {0, SPAN("BZh"), ATTACH_PACKED},
    {0,
     SPAN("\xFD"
          "7zXZ\0"),
     ATTACH_PACKED},
    {0, SPAN("\x28\xB5\x2F\xFD"), ATTACH_PACKED},
    {0, SPAN("\x1F\x9D"), ATTACH_PACKED},
    {0, SPAN("LZIP\x01"), ATTACH_PACKED},
    {257, SPAN("ustar"), ATTACH_TAR},
    {0, SPAN("MSCF\0\0\0\0"), ATTACH_CAB},
    {7, SPAN("**ACE**"), ATTACH_OLD_ARCHIVE},
    {0, SPAN("\x60\xEA"), ATTACH_OLD_ARCHIVE}, /* arj */
    {2, SPAN("-lh"), ATTACH_OLD_ARCHIVE},
    {2, SPAN("-lz"), ATTACH_OLD_ARCHIVE},
    {0x8001, SPAN("CD001"), ATTACH_ISO},
    {0x8001, SPAN("BEA01"), ATTACH_ISO}, /* UDF without ISO 9660 */
    {0x8001, SPAN("NSR0"), ATTACH_ISO},
    {0, SPAN("conectix"), ATTACH_DISK},
    {0, SPAN("vhdxfile"), ATTACH_DISK},
    {54, SPAN("FAT1"), ATTACH_DISK},
    {82, SPAN("FAT32"), ATTACH_DISK},
    {0, SPAN("\xEB\x52\x90NTFS"), ATTACH_DISK},
    {0, SPAN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), ATTACH_OLE},
    {0, SPAN("\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"), ATTACH_ONENOTE},
    {0, SPAN("{\\rt"), ATTACH_RTF}, /* Word asks for no more */
    {0, SPAN("\x78\x9F\x3E\x22"), ATTACH_TNEF},
    {0, SPAN("%PDF-"), ATTACH_PDF},
    {0, SPAN("%!PS"), ATTACH_POSTSCRIPT},
    {0, SPAN("\xC5\xD0\xD3\xC6"), ATTACH_POSTSCRIPT},
    {0, SPAN("\xFF\xD8\xFF"), ATTACH_JPEG},
    {0, SPAN("\x89PNG\r\n\x1A\n"), ATTACH_PNG},
    {0, SPAN("GIF87a"), ATTACH_GIF},
    {0, SPAN("GIF89a"), ATTACH_GIF},
    {0, SPAN("II*\0"), ATTACH_PICTURE},
    {0, SPAN("MM\0*"), ATTACH_PICTURE},
    {0, SPAN("8BPS"), ATTACH_PICTURE},
    {0, SPAN("\0\0\x01\0"), ATTACH_PICTURE},       /* ico */
    {0, SPAN("\xD7\xCD\xC6\x9A"), ATTACH_PICTURE}, /* wmf */
    {40, SPAN(" EMF"), ATTACH_PICTURE},
    {8, SPAN("WEBP"), ATTACH_PICTURE},
    {4, SPAN("ftypheic"), ATTACH_PICTURE},
    {4, SPAN("ftypmif1"), ATTACH_PICTURE},
    {4, SPAN("ftypavif"), ATTACH_PICTURE},
    {4, SPAN("ftypM4A"), ATTACH_SOUND},
    {4, SPAN("ftyp"), ATTACH_FILM},
    {4, SPAN("moov"), ATTACH_FILM},
    {8, SPAN("AVI "), ATTACH_FILM},
    {8, SPAN("WAVE"), ATTACH_SOUND},
    {0, SPAN("\x1A\x45\xDF\xA3"), ATTACH_FILM},
    {0, SPAN("\x30\x26\xB2\x75\x8E\x66\xCF\x11"), ATTACH_FILM},
    {0, SPAN("\0\0\x01\xBA"), ATTACH_FILM},
    {0, SPAN("ID3"), ATTACH_SOUND},
    {0, SPAN("\xFF\xFB"), ATTACH_SOUND},
    {0, SPAN("OggS"), ATTACH_SOUND},
    {0, SPAN("fLaC"), ATTACH_SOUND},
    {0, SPAN("MThd"), ATTACH_SOUND},
    {0, SPAN("#!AMR"), ATTACH_SOUND},
    {2, SPAN("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07"), ATTACH_CMS}, /* RFC 5652, after a length */
    {4, SPAN("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07"), ATTACH_CMS},
    {0, SPAN("-----BEGIN PGP"), ATTACH_PGP},
    {0, SPAN("#!"), ATTACH_SCRIPT},
};

/* A DOS or Windows program: "MZ", and then what no ASCII text holds. */
static bool program(const struct view *v)
{
    span head = span_head(v->head, 64);
    if (!span_starts(head, SPAN("MZ"))) return false;
    for (size_t i = 2; i < head.n; i++)
        if (head.p[i] < '\t' || head.p[i] > '~') return true;
    return head.n < 16;
}

/* 0xCAFEBABE begins Java classes and Mach-O programs for several machines; a class has a version of at least 45 where
 * the other has the number of machines. */
static enum attach_kind cafebabe(span head)
{
    return head.n >= 8 && head.p[4] == 0 && head.p[5] == 0 && head.p[6] == 0 && head.p[7] < 45 ? ATTACH_MACHO
                                                                                               : ATTACH_JAVA;
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

/* The head as ASCII, lower case, so far as it is text: UTF-16 with a mark is read as browsers do. Returns its bytes, or
 * 0 when it is no text. */
static size_t plain_head(span head, uint8_t out[KIND_HEAD_MAX])
{
    head = span_head(head, KIND_HEAD_MAX);
    bool little = span_starts(head, SPAN("\xFF\xFE")), wide = little || span_starts(head, SPAN("\xFE\xFF"));
    size_t n = 0, step = wide ? 2 : 1;
    for (size_t at = wide ? 2 : 0; at + step <= head.n; at += step) {
        uint8_t c = head.p[at];
        if (wide) c = head.p[at + little] ? 0x80 : head.p[at + 1 - little];
        if (c < ' ' && !ascii_space(c) && c != 0x1B) return 0;
        out[n++] = ascii_lower(c);
    }
    return n;
}

/* Past white space, a byte order mark, comments and declarations, to where a page would begin. */
static span skip_prologue(span s)
{
    if (span_starts(s, SPAN("\xEF\xBB\xBF"))) s = span_from(s, 3);
    for (;;) {
        s = span_trim(s);
        span end = span_starts(s, SPAN("<!--")) ? SPAN("-->") : span_starts(s, SPAN("<?xml")) ? SPAN("?>") : SPAN_NONE;
        if (!end.n) return s;
        size_t at = span_search(span_from(s, 4), end);
        s = span_from(s, 4 + at + end.n);
    }
}

static enum attach_kind text_kind(span head)
{
    static const span TAGS[] = {SPAN("html"), SPAN("head"),   SPAN("body"), SPAN("script"), SPAN("meta"), SPAN("title"),
                                SPAN("base"), SPAN("iframe"), SPAN("form"), SPAN("table"),  SPAN("div"),  SPAN("style"),
                                SPAN("img"),  SPAN("center"), SPAN("font"), SPAN("span"),   SPAN("link"), SPAN("h1"),
                                SPAN("p"),    SPAN("br"),     SPAN("a"),    SPAN("b"),      SPAN("input")};
    uint8_t room[KIND_HEAD_MAX];
    span s = span_of(room, plain_head(head, room));
    if (s.n == 0) return ATTACH_UNKNOWN;
    span body = skip_prologue(s);
    if (span_search(s, SPAN("<hta:application")) < s.n) return ATTACH_HTA;
    if (span_starts(body, SPAN("begin:vcalendar"))) return ATTACH_CALENDAR;
    if (span_starts(body, SPAN("begin:vcard"))) return ATTACH_CARD;
    if (span_starts(body, SPAN("<!doctype"))) {
        span name = span_trim(span_from(body, 9));
        return span_starts(name, SPAN("html")) ? ATTACH_HTML : span_starts(name, SPAN("svg")) ? ATTACH_SVG : ATTACH_XML;
    }
    if (span_starts(body, SPAN("<svg"))) return ATTACH_SVG;
    for (size_t k = 0; body.n && body.p[0] == '<' && k < sizeof TAGS / sizeof *TAGS; k++) {
        span rest = span_from(body, 1);
        if (!span_starts(rest, TAGS[k])) continue;
        rest = span_from(rest, TAGS[k].n);
        if (rest.n == 0 || rest.p[0] == '>' || rest.p[0] == '/' || ascii_space(rest.p[0])) return ATTACH_HTML;
    }
    return span_starts(s, SPAN("<?xml")) ? ATTACH_XML : ATTACH_TEXT;
}

enum attach_kind kind_of(const struct view *v)
{
    if (v->size == 0) return ATTACH_EMPTY;
    if (program(v)) return ATTACH_PE;
    if (span_starts(v->head, SPAN("\xCA\xFE\xBA\xBE"))) return cafebabe(v->head);
    for (size_t i = 0; i < sizeof MAGIC / sizeof *MAGIC; i++)
        if (span_eq(view_at(v, MAGIC[i].at, MAGIC[i].bytes.n), MAGIC[i].bytes)) return MAGIC[i].kind;
    if (span_starts(v->head, SPAN("BM")) && span_eq(view_at(v, 6, 4), SPAN("\0\0\0\0"))) return ATTACH_PICTURE;
    if (v->size >= 512 && span_eq(view_at(v, v->size - 512, 8), SPAN("conectix"))) return ATTACH_DISK;
    /* Readers look for a PDF's mark in the first 1,024 bytes (Adobe's implementation notes, 3.4.1). */
    span head = span_head(v->head, 1024);
    if (span_search(head, SPAN("%PDF-")) < head.n) return ATTACH_PDF;
    return text_kind(v->head);
}

/* --- claims ------------------------------------------------------------------------------------------------------- */

enum attach_family kind_claim(span type, span subtype)
{
    static const struct {
        span subtype;
        enum attach_family family;
        bool begins;
    } CLAIMS[] = {
        {SPAN("pdf"), FAMILY_PDF, false},
        {SPAN("x-pdf"), FAMILY_PDF, false},
        {SPAN("postscript"), FAMILY_PDF, false},
        {SPAN("msword"), FAMILY_OFFICE, false},
        {SPAN("rtf"), FAMILY_OFFICE, false},
        {SPAN("ms-tnef"), FAMILY_OFFICE, false},
        {SPAN("msexcel"), FAMILY_OFFICE, false},
        {SPAN("mspowerpoint"), FAMILY_OFFICE, false},
        {SPAN("onenote"), FAMILY_OFFICE, false},
        {SPAN("vnd.ms-"), FAMILY_OFFICE, true},
        {SPAN("vnd.openxmlformats-"), FAMILY_OFFICE, true},
        {SPAN("vnd.oasis.opendocument"), FAMILY_OFFICE, true},
        {SPAN("zip"), FAMILY_ARCHIVE, false},
        {SPAN("x-zip"), FAMILY_ARCHIVE, true},
        {SPAN("gzip"), FAMILY_ARCHIVE, false},
        {SPAN("x-gzip"), FAMILY_ARCHIVE, false},
        {SPAN("x-tar"), FAMILY_ARCHIVE, false},
        {SPAN("x-compressed"), FAMILY_ARCHIVE, false},
        {SPAN("x-rar"), FAMILY_ARCHIVE, true},
        {SPAN("vnd.rar"), FAMILY_ARCHIVE, false},
        {SPAN("x-7z-compressed"), FAMILY_ARCHIVE, false},
        {SPAN("x-lzh"), FAMILY_ARCHIVE, true},
        {SPAN("x-bzip"), FAMILY_ARCHIVE, true},
        {SPAN("x-iso9660-image"), FAMILY_DISK, false},
        {SPAN("x-msdownload"), FAMILY_PROGRAM, false},
        {SPAN("x-msdos-program"), FAMILY_PROGRAM, false},
        {SPAN("java-archive"), FAMILY_PROGRAM, false},
        {SPAN("x-java-archive"), FAMILY_PROGRAM, false},
        {SPAN("x-sh"), FAMILY_PROGRAM, false},
        {SPAN("x-executable"), FAMILY_PROGRAM, false},
        {SPAN("hta"), FAMILY_PROGRAM, false},
        {SPAN("xhtml+xml"), FAMILY_PAGE, false},
        {SPAN("xml"), FAMILY_TEXT, false},
        {SPAN("ics"), FAMILY_TEXT, false},
        {SPAN("pgp-signature"), FAMILY_TEXT, false},
    };
    if (span_eq(type, SPAN("image"))) return span_istarts(subtype, SPAN("svg")) ? FAMILY_PAGE : FAMILY_PICTURE;
    if (span_eq(type, SPAN("audio")) || span_eq(type, SPAN("video"))) return FAMILY_SOUND;
    if (span_eq(type, SPAN("text"))) {
        if (span_eq(subtype, SPAN("html"))) return FAMILY_PAGE;
        return span_eq(subtype, SPAN("rtf")) ? FAMILY_OFFICE : FAMILY_TEXT;
    }
    if (!span_eq(type, SPAN("application"))) return FAMILY_NONE;
    for (size_t i = 0; i < sizeof CLAIMS / sizeof *CLAIMS; i++)
        if (CLAIMS[i].begins ? span_starts(subtype, CLAIMS[i].subtype) : span_eq(subtype, CLAIMS[i].subtype))
            return CLAIMS[i].family;
    return FAMILY_NONE;
}

/* May a file of `is` go by the name of `claim` without a lie? */
static bool fits(enum attach_kind kind, enum attach_family is, enum attach_family claim)
{
    if (is == claim) return true;
    switch (is) {
    case FAMILY_PAGE: /* spreadsheets and letters that programs write as pages; sources of pages */
        return claim == FAMILY_OFFICE || claim == FAMILY_TEXT || (kind == ATTACH_SVG && claim == FAMILY_PICTURE);
    case FAMILY_ARCHIVE: return claim == FAMILY_OFFICE && kind == ATTACH_GZIP; /* Visio, emz */
    case FAMILY_OFFICE: return kind == ATTACH_OOXML && claim == FAMILY_ARCHIVE;
    case FAMILY_PROGRAM: return kind == ATTACH_JAVA && claim == FAMILY_ARCHIVE;
    default: return false;
    }
}

bool kind_lies(enum attach_kind kind, enum attach_family name, enum attach_family type)
{
    enum attach_family is = attach_kind_family(kind);
    bool named = name != FAMILY_NONE, typed = type != FAMILY_NONE;
    bool name_fits = named && fits(kind, is, name), type_fits = typed && fits(kind, is, type);
    switch (is) {
    case FAMILY_PROGRAM:
        if (kind == ATTACH_SCRIPT && (name == FAMILY_TEXT || type == FAMILY_TEXT)) return false; /* sources */
        return (named && !name_fits) || (typed && !type_fits);
    case FAMILY_PAGE: return (named && !name_fits) || (typed && !type_fits);
    case FAMILY_ARCHIVE:
    case FAMILY_DISK:
    case FAMILY_OFFICE:
    case FAMILY_PDF: return (named || typed) && !name_fits && !type_fits;
    default: return false;
    }
}
