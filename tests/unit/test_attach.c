/* SPDX-License-Identifier: Apache-2.0 */
/* test_attach: what files are, what they can do, and what is done when they are too large or lie about themselves.
 *
 * Files are built here, byte by byte, by a few lines for each format. Those of tests/attachments.py, which other
 * writers of the formats have made, are read by test_golden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "proto/base/hash.h"
#include "worker/attach/archive.h"
#include "worker/attach/attach.h"
#include "worker/attach/kind.h"
#include "worker/attach/name.h"
#include "worker/attach/office.h"
#include "worker/attach/password.h"
#include "worker/attach/pdf.h"
#include "worker/attach/zip.h"
#include "worker/text/domain.h"
#include "worker/text/odd.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { MB = 1 << 20, FILE_MAX = 16 * MB };

static struct arena arena;
static struct url_list urls;
static struct attach_room room;
static struct attachment got;
static uint8_t file[FILE_MAX];
static size_t n; /* bytes of it */

/* --- writing files ------------------------------------------------------------------------------------------------ */

static void put(const void *p, size_t bytes)
{
    assert_true(bytes <= FILE_MAX - n);
    memcpy(file + n, p, bytes);
    n += bytes;
}

static void put_span(span s)
{
    put(s.p, s.n);
}

static void put_zeros(size_t bytes)
{
    assert_true(bytes <= FILE_MAX - n);
    memset(file + n, 0, bytes);
    n += bytes;
}

/* A number of `bytes` bytes, the lowest first. */
static void put_number(uint64_t v, size_t bytes)
{
    for (; bytes; bytes--, v >>= 8) put(&(uint8_t){(uint8_t)v}, 1);
}

static void poke(size_t at, uint64_t v, size_t bytes)
{
    for (; bytes; bytes--, v >>= 8) file[at++] = (uint8_t)v;
}

/* --- looking at them ---------------------------------------------------------------------------------------------- */

struct pieces {
    span rest;
    size_t each;
};

static size_t next(void *from, uint8_t *out, size_t cap)
{
    struct pieces *p = from;
    span s = span_head(p->rest, p->each < cap ? p->each : cap);
    if (s.n) memcpy(out, s.p, s.n);
    p->rest = span_from(p->rest, s.n);
    return s.n;
}

/* As a part of that name and type, decoded in pieces of `each` bytes, or where it lies when that is 0. */
static void look_as(const char *name, span type, span subtype, size_t each)
{
    arena_reset(&arena);
    url_list_init(&urls, &arena, 256);
    attach_room_init(&room, &arena, n + 256);
    struct pieces p = {span_of(file, n), each};
    struct attach_bytes bytes = {.whole = p.rest};
    if (each) bytes = (struct attach_bytes){.next = next, .from = &p};
    attach_look(span_cstr(name), type, subtype, bytes, &room, &urls, &arena, &got);
}

static void look(void)
{
    look_as("", SPAN("application"), SPAN("octet-stream"), 0);
}

static void want(const char *what, enum attach_kind kind, uint64_t odd, uint32_t files, const char *inner)
{
    if (got.kind != kind) fail_msg("%s: is %s", what, attach_kind_word(got.kind));
    for (enum odd_bit b = 0; b < ODD_COUNT; b++)
        if ((got.odd ^ odd) >> b & 1) fail_msg("%s: %s is %d", what, odd_word(b), (int)(got.odd >> b & 1));
    if (got.files != files) fail_msg("%s: %u files", what, got.files);
    if (!span_eq(got.inner, span_cstr(inner))) fail_msg("%s: inner %.*s", what, SPAN_ARG(got.inner));
}

/* --- names -------------------------------------------------------------------------------------------------------- */

enum { RUNS = 1, TWICE = 2, TURNED = 4 };

static const struct {
    span name;
    unsigned odd;
} NAMES[] = {
    {SPAN(""), 0},
    {SPAN("report.pdf"), 0},
    {SPAN("invoice.pdf.exe"), RUNS | TWICE},
    {SPAN("invoice.pdf                                                    .exe"), RUNS | TWICE},
    {SPAN("invoice.pdf\xE3\x80\x80\xC2\xA0.exe \xE2\x80\x83"), RUNS | TWICE}, /* wide spaces */
    {SPAN("a.exe. . ."), RUNS},
    {SPAN("a.exe;"), RUNS},
    {SPAN("a.exe\0.jpg"), RUNS},
    {SPAN("a.jpg\0.exe"), RUNS | TWICE},
    {SPAN("C:\\x.pdf\\run.js"), RUNS},
    {SPAN("../../a.pdf/notes"), 0},
    {SPAN("photo\xE2\x80\xAEgpj.scr"), RUNS | TURNED}, /* U+202E: looks like photorcs.jpg */
    {SPAN("photo\xE2\x80\xAEgpj.s\xE2\x80\x8B"
          "cr"),
     RUNS | TURNED},
    {SPAN("\xE2\x81\xA7"
          "a.txt"),
     TURNED},
    {SPAN("\xE2\x80\x8E"
          "a.txt"),
     0},                                             /* a mark alone turns nothing */
    {SPAN("bill\xE2\x80\xA4pdf.exe"), RUNS | TWICE}, /* one dot leader */
    {SPAN("bill\xEF\xBC\x8Epdf\xEF\xBC\x8Ejs"), RUNS | TWICE},
    {SPAN("\xFF\xFE.exe"), RUNS},
    {SPAN("a.settingcontent-ms"), RUNS},
    {SPAN("a.settingcontent-msx"), 0},
    {SPAN("a.ex"), 0},
    {SPAN("a.exee"), 0},
    {SPAN("page.htm.html"), TWICE},
    {SPAN("bill.pdf.svg"), TWICE},
};

static void reads_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        uint64_t odd = attach_name_odd(NAMES[i].name);
        unsigned is = (odd & ODD(EXECUTABLE) ? RUNS : 0) | (odd & ODD(DOUBLE_EXTENSION) ? TWICE : 0) |
                      (odd & ODD(NAME_DIRECTION) ? TURNED : 0);
        if (is != NAMES[i].odd) fail_msg("%.*s: %u", SPAN_ARG(NAMES[i].name), is);
    }
    /* NAME_READ_MAX: the end is what counts */
    memset(file, 'a', 1000);
    memcpy(file, "x.exe", 5);
    memcpy(file + 990, "x.pdf.scr", 9);
    assert_int_equal(attach_name_odd(span_of(file, 999)), ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION));
}

/* The table is searched by halves: a word out of its order would be missed. */
static void knows_extensions(void **state)
{
    (void)state;
    static const char WORDS[] =
        "7z aac ace ade adp apk appinstaller application appref-ms appx arj avi bat bmp bz2 cab chm cmd com cpl csv "
        "dll "
        "doc docm docx dot dotm dotx emf eps exe gadget gif gz heic hta htm html ics img ins iso isp jar jnlp jpe jpeg "
        "jpg "
        "js jse library-ms lnk log lzh mht mhtml mov mp3 mp4 mpeg mpg msc msg msi msix msp mst odp ods odt one pdf pif "
        "png "
        "pot potm ppam pps ppsm ppsx ppt pptm pptx ps ps1 psm1 r00 rar reg rtf scf scr sct search-ms settingcontent-ms "
        "shtml svg tar tgz tif tiff txt url vb vbe vbs vcf vhd vhdx wav webp wma wmf wmv wps wsc wsf wsh xhtml xlam "
        "xll "
        "xls xlsb xlsm xlsx xltm xml xz z zip ";
    for (const char *p = WORDS; *p; p = strchr(p, ' ') + 1) {
        char name[40];
        snprintf(name, sizeof name, "x.%.*s", (int)(strchr(p, ' ') - p), p);
        if (attach_name(span_cstr(name)).claim == FAMILY_NONE) fail_msg("%s", name);
    }
}

static void cuts_names_in_the_middle(void **state)
{
    (void)state;
    memset(file, ' ', 1000);
    memcpy(file, "a.pdf", 5);
    memcpy(file + 996, ".exe", 4);
    arena_reset(&arena);
    span cut = attach_name_cut(span_of(file, 1000), 256, &arena);
    assert_int_equal(cut.n, 256);
    assert_int_equal(attach_name_odd(cut), ODD(EXECUTABLE));
    span whole = span_of(file, 256);
    assert_ptr_equal(attach_name_cut(whole, 256, &arena).p, whole.p);
}

/* --- kinds and lies ----------------------------------------------------------------------------------------------- */

static const struct {
    span head;
    enum attach_kind kind;
} HEADS[] = {
    {SPAN("MZ\x90\0\3"), ATTACH_PE},
    {SPAN("MZ is how this letter begins, which is no program at all"), ATTACH_TEXT},
    {SPAN("\x7F"
          "ELF\2\1\1"),
     ATTACH_ELF},
    {SPAN("\xCF\xFA\xED\xFE\7\0\0\1"), ATTACH_MACHO},
    {SPAN("\xCA\xFE\xBA\xBE\0\0\0\2"), ATTACH_MACHO},
    {SPAN("\xCA\xFE\xBA\xBE\0\0\0\x34"), ATTACH_JAVA},
    {SPAN("L\0\0\0\1\x14\2\0\0\0\0\0"), ATTACH_SHORTCUT},
    {SPAN("ITSF\3\0\0\0"), ATTACH_CHM},
    {SPAN("#!/bin/sh\nexit\n"), ATTACH_SCRIPT},
    {SPAN("#!AMR\n"), ATTACH_SOUND},
    {SPAN("  <HTML>"), ATTACH_HTML},
    {SPAN("\xEF\xBB\xBF<!-- x --> <!DOCTYPE Html>"), ATTACH_HTML},
    {SPAN("<a href=x>"), ATTACH_HTML},
    {SPAN("<abc>"), ATTACH_TEXT},
    {SPAN("\xFF\xFE<\0h\0t\0m\0l\0>\0"), ATTACH_HTML},
    {SPAN("\xFE\xFF\0<\0h\0t\0m\0l\0>"), ATTACH_HTML},
    {SPAN("<html><head><HTA:APPLICATION id=x>"), ATTACH_HTA},
    {SPAN("<?xml version='1.0'?><!-- x --><svg>"), ATTACH_SVG},
    {SPAN("<!DOCTYPE svg PUBLIC>"), ATTACH_SVG},
    {SPAN("<?xml version='1.0'?><note/>"), ATTACH_XML},
    {SPAN("BEGIN:VCALENDAR\r\n"), ATTACH_CALENDAR},
    {SPAN("begin:vcard\n"), ATTACH_CARD},
    {SPAN("-----BEGIN PGP MESSAGE-----\n"), ATTACH_PGP},
    {SPAN("\x30\x82\1\2\6\x09\x2A\x86\x48\x86\xF7\x0D\1\7\2"), ATTACH_CMS},
    {SPAN("PK\3\4"), ATTACH_ZIP},
    {SPAN("Rar!\x1A\7\0"), ATTACH_RAR},
    {SPAN("7z\xBC\xAF\x27\x1C"), ATTACH_SEVENZIP},
    {SPAN("\x1F\x8B\x08\0"), ATTACH_GZIP},
    {SPAN("BZh91AY"), ATTACH_PACKED},
    {SPAN("\xFD"
          "7zXZ\0"),
     ATTACH_PACKED},
    {SPAN("MSCF\0\0\0\0"), ATTACH_CAB},
    {SPAN("..-lh5-"), ATTACH_OLD_ARCHIVE},
    {SPAN("conectix"), ATTACH_DISK},
    {SPAN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), ATTACH_OLE},
    {SPAN("{\\rt"), ATTACH_RTF},
    {SPAN("\x78\x9F\x3E\x22"), ATTACH_TNEF},
    {SPAN("junk\0%PDF-1.4"), ATTACH_PDF},
    {SPAN("%!PS-Adobe"), ATTACH_POSTSCRIPT},
    {SPAN("\xFF\xD8\xFF\xE0"), ATTACH_JPEG},
    {SPAN("GIF89a"), ATTACH_GIF},
    {SPAN("RIFF\0\0\0\0WEBP"), ATTACH_PICTURE},
    {SPAN("BM\1\2\3\4\0\0\0\0"), ATTACH_PICTURE},
    {SPAN("\0\0\0\x18"
          "ftypmp42"),
     ATTACH_FILM},
    {SPAN("\0\0\0\x18"
          "ftypheic"),
     ATTACH_PICTURE},
    {SPAN("Hello.\n"), ATTACH_TEXT},
    {SPAN("\1\2\3"), ATTACH_UNKNOWN},
    {SPAN(""), ATTACH_EMPTY},
};

static void tells_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(HEADS); i++) {
        struct view v = {.head = HEADS[i].head, .size = HEADS[i].head.n};
        if (kind_of(&v) != HEADS[i].kind) fail_msg("%zu: is %s", i, attach_kind_word(kind_of(&v)));
        for (v.head.n = 0; v.head.n < HEADS[i].head.n; v.head.n++) kind_of(&v); /* any cut is something */
    }
    /* KIND_HEAD_MAX */
    memset(file, ' ', KIND_HEAD_MAX + 10);
    for (size_t past = 0; past < 2; past++) {
        size_t at = KIND_HEAD_MAX - 6 + past * 6;
        memcpy(file + at, "<html>", 6);
        struct view v = {.head = span_of(file, at + 6), .size = at + 6};
        assert_int_equal(kind_of(&v), past ? ATTACH_TEXT : ATTACH_HTML);
        memset(file + at, ' ', 6);
    }
    for (size_t k = 0; k < ATTACH_KIND_COUNT; k++) assert_true(attach_kind_word((enum attach_kind)k)[0]);
}

static const struct {
    const char *name, *type, *subtype, *bytes;
    bool lies;
} LIES[] = {
    {"photo.jpg", "image", "jpeg", "MZ\x90\x90", true},
    {"setup.exe", "application", "x-msdownload", "MZ\x90\x90", false},
    {"setup.exe", "audio", "x-wav", "MZ\x90\x90", true}, /* how Nimda came in */
    {"", "image", "png", "MZ\x90\x90", true},
    {"setup", "application", "octet-stream", "MZ\x90\x90", false},
    {"a.txt", "text", "plain", "#!/bin/sh\n", false},
    {"a.jpg", "image", "jpeg", "#!/bin/sh\n", true},
    {"bill.pdf", "application", "pdf", "<html>", true},
    {"bill.html", "application", "pdf", "<html>", true},
    {"bill.html", "application", "octet-stream", "<html>", false},
    {"table.xls", "application", "vnd.ms-excel", "<html>", false},
    {"page.txt", "text", "plain", "<html>", false},
    {"photo.svg", "image", "svg+xml", "<svg>", false},
    {"photo.jpg", "image", "jpeg", "<svg>", false},
    {"bill.pdf", "application", "octet-stream", "PK\3\4xxx", true},
    {"bill.zip", "application", "pdf", "PK\3\4xxx", false}, /* by its name it opens as what it is */
    {"letter.doc", "application", "msword", "{\\rtf1", false},
    {"letter.pdf", "application", "pdf", "{\\rtf1", true},
    {"photo.jpg", "image", "jpeg", "%PDF-1.4", true},
    {"photo.jpg", "image", "jpeg", "GIF89a", false},
    {"bill.pdf", "application", "pdf", "GIF89a", false},
    {"bill.pdf", "application", "pdf", "some text", false},
};

static void finds_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(LIES); i++) {
        n = 0;
        put(LIES[i].bytes, strlen(LIES[i].bytes));
        look_as(LIES[i].name, span_cstr(LIES[i].type), span_cstr(LIES[i].subtype), 0);
        if ((got.odd >> ODD_BIT_TYPE_MISMATCH & 1) != LIES[i].lies) fail_msg("%s %s", LIES[i].name, LIES[i].bytes);
    }
}

/* --- ZIP ---------------------------------------------------------------------------------------------------------- */

struct zip {
    size_t base, directory; /* where the archive begins, and its directory */
    uint32_t files;
    size_t at[8]; /* of the first files */
};

static void zip_file(struct zip *z, const char *name, uint16_t flags)
{
    if (z->files < COUNT(z->at)) z->at[z->files] = n;
    z->files++;
    put("PK\3\4\x14\0", 6);
    put_number(flags, 2);
    put_zeros(10);
    put_number(1, 4);
    put_number(1, 4);
    put_number(strlen(name), 2);
    put_number(0, 2);
    put(name, strlen(name));
    put("x", 1);
}

static void zip_entry(const struct zip *z, size_t k, const char *name, uint16_t flags)
{
    put("PK\1\2\x14\0\x14\0", 8);
    put_number(flags, 2);
    put_zeros(18);
    put_number(strlen(name), 2);
    put_zeros(12);
    put_number(k < COUNT(z->at) ? z->at[k] - z->base : 0, 4);
    put(name, strlen(name));
}

static void zip_end(const struct zip *z)
{
    size_t at = n;
    put("PK\5\6\0\0\0\0", 8);
    put_number(z->files & 0xFFFF, 2);
    put_number(z->files & 0xFFFF, 2);
    put_number(at - z->directory, 4);
    put_number(z->directory - z->base, 4);
    put_number(0, 2);
}

/* An archive of names, parted by spaces. */
static void zip(const char *names, uint16_t flags)
{
    char copy[512], *words[8];
    struct zip z = {.base = n};
    size_t count = 0;
    snprintf(copy, sizeof copy, "%s", names);
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " ")) words[count++] = w;
    for (size_t k = 0; k < count; k++) zip_file(&z, words[k], flags);
    z.directory = n;
    for (size_t k = 0; k < count; k++) zip_entry(&z, k, words[k], flags);
    zip_end(&z);
}

static const struct {
    const char *names;
    uint16_t flags;
    enum attach_kind kind;
    uint64_t odd;
    const char *inner;
} ZIPS[] = {
    {"a.txt b/ b/c.pdf", 0, ATTACH_ZIP, 0, ""},
    {"a.txt more.rar", 0, ATTACH_ZIP, 0, "more.rar"},
    {"more.rar run.js", 0, ATTACH_ZIP, ODD(ARCHIVED_PROGRAM), "run.js"},
    {"b/c.pdf.exe", 0, ATTACH_ZIP, ODD(ARCHIVED_PROGRAM) | ODD(DOUBLE_EXTENSION), "b/c.pdf.exe"},
    {"a\xE2\x80\xAE"
     "cod.lnk",
     0, ATTACH_ZIP, ODD(ARCHIVED_PROGRAM) | ODD(NAME_DIRECTION),
     "a\xE2\x80\xAE"
     "cod.lnk"},
    {"a.txt", 1, ATTACH_ZIP, ODD(ENCRYPTED), ""},
    {"1", 1 << 13, ATTACH_ZIP, ODD(ENCRYPTED), ""},
    {"list.xlsm", 0, ATTACH_ZIP, ODD(MACRO), "list.xlsm"},
    {"\x90\xBF\x8B\x81\x8F\x91.exe", 0, ATTACH_ZIP, ODD(ARCHIVED_PROGRAM), "請求書.exe"}, /* Shift_JIS */
    {"[Content_Types].xml word/document.xml", 0, ATTACH_OOXML, 0, ""},
    {"[Content_Types].xml xl/vbaProject.bin", 0, ATTACH_OOXML, ODD(MACRO), "xl/vbaProject.bin"},
    {"[Content_Types].xml xl/macrosheets/s.xml", 0, ATTACH_OOXML, ODD(MACRO), "xl/macrosheets/s.xml"},
    {"[Content_Types].xml ppt/embeddings/a.bin", 0, ATTACH_OOXML, 0, "ppt/embeddings/a.bin"},
    {"META-INF/MANIFEST.MF A.class", 0, ATTACH_JAVA, ODD(EXECUTABLE), ""},
    {"AndroidManifest.xml classes.dex", 0, ATTACH_JAVA, ODD(EXECUTABLE), ""},
    {"A.class B.class", 0, ATTACH_ZIP, 0, ""},
};

static void reads_zip(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ZIPS); i++) {
        uint32_t files = 1;
        for (const char *p = ZIPS[i].names; *p; p++) files += *p == ' ';
        n = 0;
        zip(ZIPS[i].names, ZIPS[i].flags);
        look();
        want(ZIPS[i].names, ZIPS[i].kind, ZIPS[i].odd, files, ZIPS[i].inner);
        assert_false(got.partial);
        /* cut before its directory: the same by the headers of the files */
        n = 0;
        zip(ZIPS[i].names, ZIPS[i].flags);
        n = span_search(span_of(file, n), SPAN("PK\1\2"));
        look();
        want(ZIPS[i].names, ZIPS[i].kind, ZIPS[i].odd, files, ZIPS[i].inner);
        assert_true(got.partial);
    }
}

static void reads_zip_that_lies(void **state)
{
    (void)state;
    const uint64_t program = ODD(ARCHIVED_PROGRAM);
    /* junk before it moves every offset */
    n = 0;
    put_span(SPAN("\xFF junk before"));
    zip("a.exe", 0);
    look();
    want("junk", ATTACH_ZIP, program, 1, "a.exe");
    /* a self-extracting one is the program that it is, and its names show */
    n = 0;
    put_span(SPAN("MZ\x90\0\3\0\0\0"));
    zip("a.pdf run.vbs", 0);
    look();
    want("self-extracting", ATTACH_PE, program | ODD(EXECUTABLE), 2, "run.vbs");
    /* two archives: unpackers differ in which one they open */
    n = 0;
    zip("a.exe", 0);
    zip("b.txt", 0);
    look();
    want("two", ATTACH_ZIP, program, 2, "a.exe");
    /* an end record in the comment */
    n = 0;
    zip("a.exe", 0);
    poke(n - 2, 22, 2);
    put_span(SPAN("PK\5\6\0\0\0\0\1\0\1\0\7\0\0\0\7\0\0\0\0\0"));
    look();
    want("comment", ATTACH_ZIP, program, 1, "a.exe");
    /* ZIP_END_MAX: the longest comment, and what no comment can be */
    for (size_t junk = 0xFFFF; junk <= 0x10000; junk++) {
        n = 0;
        zip("a.exe", 0);
        put_zeros(junk);
        look();
        want("end", ATTACH_ZIP, program, 1, "a.exe");
        assert_int_equal(got.partial, junk > 0xFFFF);
    }
    /* another name before the file than in the directory */
    n = 0;
    zip("a.exe", 0);
    memcpy(file + 30, "a.txt", 5);
    look();
    want("name in the directory", ATTACH_ZIP, program, 1, "a.exe");
    n = 0;
    zip("a.txt", 0);
    memcpy(file + 30, "a.exe", 5);
    look();
    want("name before the file", ATTACH_ZIP, program, 1, "a.exe");
    /* encrypted only where unpackers look last */
    n = 0;
    zip("a.txt", 0);
    poke(6, 1, 2);
    look();
    want("flag", ATTACH_ZIP, ODD(ENCRYPTED), 1, "");
    /* zip64: sizes and offsets stand elsewhere */
    for (int junk = 0; junk < 2; junk++) {
        n = 0;
        if (junk) put_span(SPAN("\xFFjunk"));
        struct zip z = {.base = n};
        zip_file(&z, "a.exe", 0);
        z.directory = n;
        zip_entry(&z, 0, "a.exe", 0);
        size_t end = n;
        put("PK\6\6", 4);
        put_number(44, 8);
        put_zeros(28);
        put_number(end - z.directory, 8);
        put_number(z.directory - z.base, 8);
        put("PK\6\7\0\0\0\0", 8);
        put_number(end - z.base, 8);
        put_number(1, 4);
        put("PK\5\6\0\0\0\0\1\0\1\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0", 22);
        look();
        want("zip64", ATTACH_ZIP, program, 1, "a.exe");
    }
    /* the name that newer unpackers use, in the extra field of the directory's entry */
    n = 0;
    struct zip z = {.base = 0};
    zip_file(&z, "a.txt", 0);
    z.directory = n;
    zip_entry(&z, 0, "a.txt", 0);
    poke(z.directory + 30, 14, 2);
    put("\x75\x70\x0A\0\1\0\0\0\0a.exe", 14);
    zip_end(&z);
    look();
    want("extra name", ATTACH_ZIP, program, 1, "a.exe");
}

static void bounds_zip(void **state)
{
    (void)state;
    /* ZIP_FILES_MAX, the last one too many being the telling one */
    for (uint32_t files = ZIP_FILES_MAX; files <= ZIP_FILES_MAX + 1; files++) {
        n = 0;
        struct zip z = {0};
        zip_file(&z, "a", 0);
        z.directory = n;
        z.files = files;
        for (uint32_t k = 1; k < files; k++) zip_entry(&z, 0, "a", 0);
        zip_entry(&z, 0, "a.exe", 0);
        zip_end(&z);
        look();
        assert_int_equal(got.files, ZIP_FILES_MAX);
        assert_int_equal(got.partial, files > ZIP_FILES_MAX);
        assert_int_equal(got.odd, files > ZIP_FILES_MAX ? 0 : ODD(ARCHIVED_PROGRAM));
    }
    /* ZIP_DIRECTORIES_MAX: the last ones are read */
    n = 0;
    zip("first.exe", 0);
    for (int k = 0; k < ZIP_DIRECTORIES_MAX; k++) zip("a.txt", 0);
    look();
    want("directories", ATTACH_ZIP, 0, ZIP_DIRECTORIES_MAX, "");
    /* ATTACH_INNER_MAX: of a long name the end stays, in whole characters */
    char name[400] = "";
    for (size_t k = 0; k < 100; k++) memcpy(name + 3 * k, "あ", 3);
    memcpy(name + 300, ".exe", 5);
    n = 0;
    zip(name, 0);
    look();
    assert_in_range(got.inner.n, ATTACH_INNER_MAX - 2, ATTACH_INNER_MAX);
    assert_int_equal(got.inner.n % 3, 1);
}

/* --- compound files ----------------------------------------------------------------------------------------------- */

/* A header of 512 bytes, one FAT sector, and room for a directory of `sectors` sectors from sector 1 on. */
static void ole_begin(size_t sectors)
{
    n = 0;
    put_span(SPAN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"));
    put_zeros(504 + 512 + sectors * 512);
    poke(30, 9, 2);
    poke(48, 1, 4);
    memset(file + 76, 0xFF, 436);
    poke(76, 0, 4);
    memset(file + 512, 0xFF, 512);
    for (size_t k = 1; k < sectors && k < 127; k++) poke(512 + 4 * k, k + 1, 4);
    if (sectors < 128) poke(512 + 4 * sectors, 0xFFFFFFFE, 4);
}

static void ole_entry(size_t k, const char *name, uint8_t type, uint32_t sector, uint32_t bytes)
{
    size_t at = 1024 + k * 128, units = 0;
    for (; name[units]; units++) file[at + 2 * units] = (uint8_t)name[units];
    poke(at + 64, 2 * units + 2, 2);
    file[at + 66] = type;
    poke(at + 116, sector, 4);
    poke(at + 120, bytes, 4);
}

static void reads_compound_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum attach_kind kind;
        uint64_t odd;
        const char *inner;
    } CASES[] = {
        {"WordDocument", ATTACH_OLE, 0, ""},
        {"_VBA_PROJECT_CUR", ATTACH_OLE, ODD(MACRO), "_VBA_PROJECT_CUR"},
        {"Macros", ATTACH_OLE, ODD(MACRO), "Macros"},
        {"vba", ATTACH_OLE, ODD(MACRO), "vba"},
        {"EncryptedPackage", ATTACH_OLE, ODD(ENCRYPTED), ""},
        {"\1Ole10Native", ATTACH_OLE, ODD(ACTIVE_DOCUMENT), "Ole10Native"},
        {"Equation Native", ATTACH_OLE, ODD(ACTIVE_DOCUMENT), "Equation Native"},
        {"__properties_version1.0", ATTACH_MSG, 0, ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        ole_begin(2);
        ole_entry(0, "Root Entry", 5, 0, 0);
        ole_entry(6, CASES[i].name, 1, 0, 0); /* in the second sector */
        look();
        want(CASES[i].name, CASES[i].kind, CASES[i].odd, 1, CASES[i].inner);
        assert_false(got.partial);
    }
    /* a workbook over two sectors that do not lie side by side */
    ole_begin(4);
    ole_entry(0, "Root Entry", 5, 0, 0);
    ole_entry(1, "Workbook", 2, 2, 600);
    poke(512 + 4, 0xFFFFFFFE, 4); /* the directory is one sector */
    poke(512 + 8, 4, 4);          /* 2, then 4 */
    poke(1536, 0x809, 2);
    poke(1538, 504, 2);
    poke(1536 + 508, 0x85, 2);
    poke(1536 + 510, 8, 2);
    poke(2560 + 5, 1, 1);
    look();
    want("Excel 4.0", ATTACH_OLE, ODD(MACRO), 1, "Excel 4.0 macro sheet");
    /* OLE_BOOK_MAX: records of 508 bytes and the sheet behind them, within and past it */
    for (size_t past = 0; past < 2; past++) {
        size_t records = OLE_BOOK_MAX / 512 - 1 + past, sectors = records + 1;
        ole_begin(sectors + 1);
        ole_entry(0, "Root Entry", 5, 0, 0);
        ole_entry(1, "Workbook", 2, 2, (uint32_t)(sectors * 512));
        poke(512 + 4, 0xFFFFFFFE, 4);
        for (size_t k = 0; k < records; k++) poke(1536 + k * 512, 508 << 16 | 1, 4);
        poke(1536 + records * 512, 12 << 16 | 0x85, 4);
        poke(1536 + records * 512 + 9, 1, 1);
        look();
        want("long workbook", ATTACH_OLE, past ? 0 : ODD(MACRO), 1, past ? "" : "Excel 4.0 macro sheet");
    }
    /* a FAT that runs in a circle ends */
    ole_begin(2);
    poke(512 + 8, 1, 4);
    ole_entry(0, "Root Entry", 5, 0, 0);
    look();
    assert_true(got.partial);
    /* sectors of no size */
    ole_begin(1);
    poke(30, 0, 2);
    look();
    assert_true(got.partial);
    /* a directory nowhere: macros show by name all the same */
    ole_begin(1);
    ole_entry(0, "_VBA_PROJECT", 1, 0, 0);
    poke(48, 12345, 4);
    look();
    want("lost directory", ATTACH_OLE, ODD(MACRO), 0, "_VBA_PROJECT");
    assert_true(got.partial);
    /* OLE_ENTRIES_MAX, a directory that fills it: sectors of 4096 bytes, so that one FAT sector does */
    enum { PER = 32, SECTORS = OLE_ENTRIES_MAX / PER + 1 };
    ole_begin(8 * (SECTORS + 2));
    poke(30, 12, 2);
    memset(file + 4096, 0xFF, 4096);
    for (size_t k = 1; k < SECTORS; k++) poke(4096 + 4 * k, k + 1, 4);
    poke(4096 + 4 * SECTORS, 0xFFFFFFFE, 4);
    for (size_t k = 0; k < OLE_ENTRIES_MAX + 1; k++) file[8192 + k * 128 + 66] = 1;
    look();
    assert_int_equal(got.files, OLE_ENTRIES_MAX);
    assert_true(got.partial);
}

/* --- other archives ----------------------------------------------------------------------------------------------- */

static void tar_file(const char *name, char type, size_t bytes)
{
    size_t at = n;
    put_zeros(512);
    memcpy(file + at, name, strlen(name));
    snprintf((char *)file + at + 124, 12, "%011zo", bytes);
    file[at + 156] = (uint8_t)type;
    memcpy(file + at + 257, "ustar", 5);
}

static void reads_tar(void **state)
{
    (void)state;
    n = 0;
    tar_file("a.txt", '0', 600);
    put_zeros(1024);
    tar_file("PaxHeaders/x", 'x', 20);
    put_span(SPAN("20 path=long/b.exe\n\n"));
    put_zeros(492);
    tar_file("cut.tx", '0', 0);
    put_zeros(1024);
    look();
    want("tar", ATTACH_TAR, ODD(ARCHIVED_PROGRAM), 2, "long/b.exe");
    assert_false(got.partial);
    /* ARCHIVE_FILES_MAX */
    n = 0;
    for (int k = 0; k <= ARCHIVE_FILES_MAX; k++) tar_file("a", '0', 0);
    look();
    assert_int_equal(got.files, ARCHIVE_FILES_MAX);
    assert_true(got.partial);
}

static void reads_tnef(void **state)
{
    (void)state;
    n = 0;
    put_span(SPAN("\x78\x9F\x3E\x22\1\0"));
    put_span(SPAN("\1\6\x90\x08\0\4\0\0\0\0\0\1\0\1\0")); /* a version */
    put_span(SPAN("\2\x10\x80\1\0\6\0\0\0a.exe\0\0\0"));  /* a file's title */
    look();
    want("tnef", ATTACH_TNEF, ODD(ARCHIVED_PROGRAM), 1, "a.exe");
    assert_false(got.partial);
    n -= 4;
    put_zeros(40);
    poke(6 + 5, 0xFFFFFFF0, 4); /* a length that leads nowhere */
    look();
    want("tnef that lies", ATTACH_TNEF, 0, 0, "");
}

static void iso_record(const char *name, uint32_t sector, bool folder)
{
    size_t at = n, bytes = 33 + (strlen(name) ? strlen(name) : 1);
    put_zeros(bytes + bytes % 2);
    file[at] = (uint8_t)(n - at);
    poke(at + 2, sector, 4);
    poke(at + 10, 2048, 4);
    file[at + 25] = folder ? 2 : 0;
    file[at + 32] = (uint8_t)(bytes - 33);
    memcpy(file + at + 33, name, strlen(name));
}

static void reads_disk_images(void **state)
{
    (void)state;
    /* folders within each other, in a circle too: each is opened once, and no more than ARCHIVE_FOLDERS_MAX */
    n = 0;
    put_zeros(16 * 2048);
    put_span(SPAN("\1CD001\1"));
    put_zeros(149);
    iso_record("", 18, true);
    put_zeros(18 * 2048 - n);
    for (uint32_t k = 0; k < ARCHIVE_FOLDERS_MAX + 4; k++) {
        iso_record("", 18 + k, true);
        iso_record("UP", 18, true);
        iso_record("A.TXT;1", 0, false);
        if (k == 10) iso_record("RUN.LNK;1", 0, false);
        iso_record("DOWN", 18 + k + 1, true);
        put_zeros((18 + k + 1) * 2048 - n);
    }
    look();
    want("iso", ATTACH_ISO, ODD(ARCHIVED_PROGRAM), ARCHIVE_FOLDERS_MAX + 1, "RUN.LNK");
    assert_true(got.partial);
}

/* --- documents ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    uint64_t odd;
    const char *links, *inner;
} DOCUMENTS[] = {
    {"%PDF-1.4 <</URI (http://a.example.com/x)>>", 0, "http://a.example.com/x", ""},
    {"%PDF-1.4 <</URI(http://a.example.com/\\050\\051\\)\\\nx(y))>>", 0, "http://a.example.com/())x(y)", ""},
    {"%PDF-1.4 <</#55#52#49<68 7474703a2f2f622e6578616d706c652e636f6d2f>>>", 0, "http://b.example.com/", ""},
    {"%PDF-1.4 /S/URI/URI(http://a.example.com/)/URI(mailto:x)/URI(www.example.org)", 0,
     "http://a.example.com/|www.example.org", ""},
    {"%PDF-1.4 /URI(http://a.example.com/", 0, "http://a.example.com/", ""},
    {"%PDF-1.4 /URI/URIS(http://a.example.com/)", 0, "", ""},
    {"%PDF-1.4 /JS(x)", ODD(ACTIVE_DOCUMENT), "", "JS"},
    {"%PDF-1.4 /JSX /Java /Launcher", 0, "", ""},
    {"%PDF-1.4 /Launch/JS", ODD(ACTIVE_DOCUMENT), "", "Launch"},
    {"%PDF-1.4 /Type/EmbeddedFile", ODD(ACTIVE_DOCUMENT), "", "EmbeddedFile"},
    {"%PDF-1.4 /Encrypt 5 0 R", ODD(ENCRYPTED), "", ""},
    {"%PDF-1.4 /OpenAction [1 0 R /Fit]", 0, "", ""},
    {"%PDF-1.4 /OpenAction 3 0 R", 0, "", ""},
    {"%PDF-1.4 /OpenAction <</S/GoTo/D[1 0 R]>>", 0, "", ""},
    {"%PDF-1.4 /OpenAction <</S/URI/URI(http://a.example.com/)>>", ODD(ACTIVE_DOCUMENT), "http://a.example.com/",
     "OpenAction"},
    {"{\\rtf1 text}", 0, "", ""},
    {"{\\rtf1{\\object\\objupdate{\\*\\objdata 01}}}", ODD(ACTIVE_DOCUMENT), "", "objupdate"},
    {"<html><a href='http://a.example.com/'>x</a>", 0, "http://a.example.com/", ""},
    {"<html><a href='http://a.example.com/'>http://bank.example.org/</a>", ODD(URL_MISMATCH), "http://a.example.com/",
     ""},
    {"<html><form action=http://a.example.com/><input></form>", ODD(HTML_FORM), "http://a.example.com/", ""},
    {"<html><p>caf\xE9 <a href=http://a.example.com/>x</a>", 0, "http://a.example.com/", ""}, /* Latin-1 */
    {"<html><script>x=1</script>", ODD(HTML_SCRIPT), "", ""},
    {"<html><script>y=URL.createObjectURL(b)</script>", ODD(HTML_SCRIPT) | ODD(ACTIVE_DOCUMENT), "", "createObjectURL"},
    {"<svg><script>x()</script></svg>", ODD(HTML_SCRIPT) | ODD(ACTIVE_DOCUMENT), "", ""},
    {"<svg onload='x()'>", ODD(HTML_SCRIPT) | ODD(ACTIVE_DOCUMENT), "", ""},
    {"<svg><a xlink:href='http://a.example.com/'/></svg>", 0, "http://a.example.com/", ""},
    {"BEGIN:VCALENDAR\r\nURL:http://a.example.com/l\r\n ong/er\r\n", 0, "http://a.example.com/long/er", ""},
    {"BEGIN:VCALENDAR\nDESCRIPTION:see http://a.example.com/\\nthen\\, go\n", 0, "http://a.example.com/", ""},
    {"BEGIN:VCARD\r\nURL:http://c.example.com/\r\n", 0, "http://c.example.com/", ""},
    {"Just http://t.example.com/ in a text", 0, "http://t.example.com/", ""},
};

static void reads_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(DOCUMENTS); i++) {
        for (size_t each = 0; each < 3; each++) { /* where it lies; byte by byte; three at a time */
            n = 0;
            put(DOCUMENTS[i].text, strlen(DOCUMENTS[i].text));
            look_as("", SPAN("application"), SPAN("octet-stream"), each);
            want(DOCUMENTS[i].text, got.kind, DOCUMENTS[i].odd, 0, DOCUMENTS[i].inner);
            char links[256] = "";
            size_t at = 0;
            for (size_t k = 0; k < urls.n; k++) {
                at +=
                    (size_t)snprintf(links + at, sizeof links - at, "%s%.*s", k ? "|" : "", SPAN_ARG(urls.v[k].whole));
                assert_int_equal(urls.v[k].place, URL_IN_FILE);
            }
            if (strcmp(links, DOCUMENTS[i].links) != 0) fail_msg("%s: links %s", DOCUMENTS[i].text, links);
            assert_int_equal(got.links, urls.n);
        }
    }
}

static void reads_onenote(void **state)
{
    (void)state;
    static const uint8_t HEAD[] = {0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D,
                                   0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3};
    static const uint8_t MARK[] = {0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45,
                                   0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC};
    /* ONENOTE_FILES_MAX pictures, and behind them what is not looked at any more */
    for (int pictures = 0; pictures <= ONENOTE_FILES_MAX; pictures += ONENOTE_FILES_MAX) {
        n = 0;
        put(HEAD, sizeof HEAD);
        for (int k = 0; k <= pictures; k++) {
            put(MARK, sizeof MARK);
            put_number(6, 8);
            put_zeros(12);
            put(k < pictures ? "GIF89a" : "MZ\x90\0\3\0", 6);
        }
        look();
        if (pictures)
            want("pictures", ATTACH_ONENOTE, 0, ONENOTE_FILES_MAX, "");
        else
            want("program", ATTACH_ONENOTE, ODD(ARCHIVED_PROGRAM), 1, "windows-program");
    }
}

static void bounds_links(void **state)
{
    (void)state;
    /* ATTACH_LINKS_MAX: what files add to a mail's links */
    n = 0;
    put_span(SPAN("%PDF-1.4\n"));
    for (int k = 0; k < ATTACH_LINKS_MAX + 10; k++) {
        char link[64];
        put(link, (size_t)snprintf(link, sizeof link, "/URI(http://h%d.example.com/)", k));
    }
    look();
    assert_int_equal(got.links, ATTACH_LINKS_MAX);
    assert_int_equal(urls.cap, 256);
    assert_true(urls.odd & ODD(URL_LIMIT));
    /* PDF_WASTED_MAX: strings that are no links */
    for (int wasted = PDF_WASTED_MAX - 1; wasted <= PDF_WASTED_MAX; wasted++) {
        n = 0;
        put_span(SPAN("%PDF-1.4\n"));
        for (int k = 0; k < wasted; k++) put_span(SPAN("/URI(x)"));
        put_span(SPAN("/URI(http://a.example.com/)"));
        look();
        assert_int_equal(got.links, wasted < PDF_WASTED_MAX);
    }
    /* ATTACH_TEXT_MAX: behind so much text of a page, what its links say is not compared any more */
    for (int past = 0; past < 2; past++) {
        n = 0;
        put_span(SPAN("<html>"));
        memset(file + n, 'x', 2 * ATTACH_TEXT_MAX);
        n += past ? ATTACH_TEXT_MAX : ATTACH_TEXT_MAX - 100;
        put_span(SPAN(" <a href=http://a.example.com/>http://bank.example.org/</a>"));
        look();
        assert_int_equal(got.odd, past ? 0 : ODD(URL_MISMATCH));
    }
    /* ATTACH_CALENDAR_MAX */
    for (int past = 0; past < 2; past++) {
        n = 0;
        put_span(SPAN("BEGIN:VCALENDAR\r\n"));
        memset(file + n, ' ', ATTACH_CALENDAR_MAX);
        n = past ? ATTACH_CALENDAR_MAX : ATTACH_CALENDAR_MAX - 30;
        put_span(SPAN("http://a.example.com/ "));
        look();
        assert_int_equal(got.links, !past);
    }
}

/* --- large files -------------------------------------------------------------------------------------------------- */

static void sees_head_and_tail(void **state)
{
    (void)state;
    static const size_t SIZES[] = {100, ATTACH_WINDOW_MAX - 300, ATTACH_WINDOW_MAX, ATTACH_WINDOW_MAX + 1, 5 * MB + 77};
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        /* a program, something large in the middle, an archive's directory at the end */
        n = 0;
        put_span(SPAN("MZ\x90\0\3\0\0\0"));
        memset(file + n, 0xAA, SIZES[i]);
        n = SIZES[i];
        zip("a.txt run.js", 0);
        uint64_t digest[2];
        hash128(span_of(file, n), digest);
        for (size_t each = 0; each <= 100000; each += 33333) {
            look_as("", SPAN("application"), SPAN("octet-stream"), each);
            want("large", ATTACH_PE, ODD(EXECUTABLE) | ODD(ARCHIVED_PROGRAM), 2, "run.js");
            assert_memory_equal(got.digest, digest, sizeof digest);
            assert_int_equal(got.bytes, n);
        }
    }
    /* what lies in the middle is out of sight, and the file says so */
    ole_begin(3 * MB / 512);
    poke(48, (3 * MB / 2) / 512, 4);
    look_as("", SPAN("application"), SPAN("octet-stream"), 4096);
    want("directory in the middle", ATTACH_OLE, 0, 0, "");
    assert_true(got.partial);
    n = 0;
    put_span(SPAN("%PDF-1.4 "));
    memset(file + n, ' ', 3 * MB);
    n = 3 * MB;
    put_span(SPAN("/JS(x)"));
    look_as("", SPAN("application"), SPAN("pdf"), 4096);
    want("long pdf", ATTACH_PDF, ODD(ACTIVE_DOCUMENT), 0, "JS");
    assert_true(got.partial);
    /* an arena with next to nothing left */
    struct arena small;
    assert_int_equal(arena_open(&small, 4096), ERR_OK);
    struct attach_room none;
    attach_room_init(&none, &small, MB);
    assert_true(small.full);
    struct pieces p = {span_of(file, n), 1000};
    attach_look(SPAN("a.exe"), SPAN("application"), SPAN("x"), (struct attach_bytes){.next = next, .from = &p}, &none,
                &urls, &small, &got);
    assert_int_equal(got.kind, ATTACH_EMPTY);
    assert_int_equal(got.odd, ODD(EXECUTABLE));
    arena_close(&small);
}

static void hashes_in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5000; i++) file[i] = (uint8_t)(i * 31 + i / 256);
    for (size_t bytes = 0; bytes < 5000; bytes += 1 + bytes / 3) {
        uint64_t whole[2], pieces[2];
        hash128(span_of(file, bytes), whole);
        struct hash_stream h;
        hash_stream_init(&h);
        for (size_t at = 0; at < bytes; at += 7 + at / 2)
            hash_stream_add(&h, span_head(span_from(span_of(file, bytes), at), 7 + at / 2));
        hash_stream_end(&h, pieces);
        assert_memory_equal(whole, pieces, sizeof whole);
    }
}

/* --- passwords ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    bool spoken;
} PASSWORDS[] = {
    {"the password is 1234", true},
    {"pw:1234", true},
    {"pwned by spwx", false},
    {"you pass it on", true}, /* only asked beside an encrypted file */
    {"passengers compass", false},
    {"解凍パスワードは別途お送りします", true},
    {"pwは別メールにて", true},
    {"別途お送りいたします", true},
    {"添付の請求書をご確認ください", false},
    {"das passwort lautet", true},
    {"le mot de passe est", true},
    {"la contraseña es", true},
    {"a senha é 1234", true},
    {"resenha", false},
    {"hasło do pliku", true},
    {"пароль от архива", true},
    {"解压密码：1234", true},
    {"비밀번호는 1234", true},
    {"see the attached file", false},
    {"", false},
};

static void hears_passwords(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(PASSWORDS); i++)
        if (password_spoken(span_cstr(PASSWORDS[i].text)) != PASSWORDS[i].spoken) fail_msg("%s", PASSWORDS[i].text);
}

static int open_arena(void **state)
{
    (void)state;
    domain_init();
    return arena_open(&arena, 4 * MB);
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names),
        cmocka_unit_test(knows_extensions),
        cmocka_unit_test(cuts_names_in_the_middle),
        cmocka_unit_test(tells_kinds),
        cmocka_unit_test(finds_lies),
        cmocka_unit_test(reads_zip),
        cmocka_unit_test(reads_zip_that_lies),
        cmocka_unit_test(bounds_zip),
        cmocka_unit_test(reads_compound_files),
        cmocka_unit_test(reads_tar),
        cmocka_unit_test(reads_tnef),
        cmocka_unit_test(reads_disk_images),
        cmocka_unit_test(reads_documents),
        cmocka_unit_test(reads_onenote),
        cmocka_unit_test(bounds_links),
        cmocka_unit_test(sees_head_and_tail),
        cmocka_unit_test(hashes_in_pieces),
        cmocka_unit_test(hears_passwords),
    };
    return cmocka_run_group_tests_name("attach", tests, open_arena, close_arena);
}
