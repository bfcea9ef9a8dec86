/* SPDX-License-Identifier: Apache-2.0 */
/* test_zip: directories of ZIP archives: honest, cut, lying, and at every limit.
 *
 * Archives are built by a few lines (attach_file.h); those of other writers are read by test_golden. */
#include "tests/unit/attach_file.h"

#include "worker/attach/zip.h"

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
        file_n = 0;
        zip(ZIPS[i].names, ZIPS[i].flags);
        look();
        want(ZIPS[i].names, ZIPS[i].kind, ZIPS[i].odd, files, ZIPS[i].inner);
        assert_false(got.partial);
        /* cut before its directory: the same by the headers of the files */
        file_n = 0;
        zip(ZIPS[i].names, ZIPS[i].flags);
        file_n = span_search(span_of(file, file_n), SPAN("PK\1\2"));
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
    file_n = 0;
    put_span(SPAN("\xFF junk before"));
    zip("a.exe", 0);
    look();
    want("junk", ATTACH_ZIP, program, 1, "a.exe");
    /* a self-extracting one is the program that it is, and its names show */
    file_n = 0;
    put_span(SPAN("MZ\x90\0\3\0\0\0"));
    zip("a.pdf run.vbs", 0);
    look();
    want("self-extracting", ATTACH_PE, program | ODD(EXECUTABLE), 2, "run.vbs");
    /* two archives: unpackers differ in which one they open */
    file_n = 0;
    zip("a.exe", 0);
    zip("b.txt", 0);
    look();
    want("two", ATTACH_ZIP, program, 2, "a.exe");
    /* an end record in the comment */
    file_n = 0;
    zip("a.exe", 0);
    poke(file_n - 2, 22, 2);
    put_span(SPAN("PK\5\6\0\0\0\0\1\0\1\0\7\0\0\0\7\0\0\0\0\0"));
    look();
    want("comment", ATTACH_ZIP, program, 1, "a.exe");
    /* ZIP_END_MAX: the longest comment, and what no comment can be */
    for (size_t junk = 0xFFFF; junk <= 0x10000; junk++) {
        file_n = 0;
        zip("a.exe", 0);
        put_zeros(junk);
        look();
        want("end", ATTACH_ZIP, program, 1, "a.exe");
        assert_int_equal(got.partial, junk > 0xFFFF);
    }
    /* another name before the file than in the directory */
    file_n = 0;
    zip("a.exe", 0);
    memcpy(file + 30, "a.txt", 5);
    look();
    want("name in the directory", ATTACH_ZIP, program, 1, "a.exe");
    file_n = 0;
    zip("a.txt", 0);
    memcpy(file + 30, "a.exe", 5);
    look();
    want("name before the file", ATTACH_ZIP, program, 1, "a.exe");
    /* encrypted only where unpackers look last */
    file_n = 0;
    zip("a.txt", 0);
    poke(6, 1, 2);
    look();
    want("flag", ATTACH_ZIP, ODD(ENCRYPTED), 1, "");
    /* zip64: sizes and offsets stand elsewhere */
    for (int junk = 0; junk < 2; junk++) {
        file_n = 0;
        if (junk) put_span(SPAN("\xFFjunk"));
        struct zip z = {.base = file_n};
        zip_file(&z, "a.exe", 0);
        z.directory = file_n;
        zip_entry(&z, 0, "a.exe", 0);
        size_t end = file_n;
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
    file_n = 0;
    struct zip z = {.base = 0};
    zip_file(&z, "a.txt", 0);
    z.directory = file_n;
    zip_entry(&z, 0, "a.txt", 0);
    poke(z.directory + 30, 14, 2);
    put("\x75\x70\x0A\0\1\0\0\0\0a.exe", 14);
    zip_end(&z);
    look();
    want("extra name", ATTACH_ZIP, program, 1, "a.exe");
}

/* Archives in an archive, stored as they are, the last one with a program, and behind them more than a comment can
 * hold, so that none of their directories is taken for one of the outer archive. */
static void zip_in_zip(size_t copies)
{
    static uint8_t inner[256];
    struct zip z = {0};
    size_t from[ZIP_WITHIN_MAX + 2], bytes[ZIP_WITHIN_MAX + 2];
    file_n = 0;
    for (size_t k = 0; k < copies; k++) {
        size_t start = file_n;
        zip(k + 1 == copies ? "run.js" : "x.txt", 0);
        bytes[k] = file_n - start;
        memcpy(inner, file + start, bytes[k]);
        file_n = start;
        from[k] = start;
        zip_file(&z, "in.zip", 0);
        file_n--; /* its one byte */
        put(inner, bytes[k]);
        poke(from[k] + 18, bytes[k], 4);
    }
    put_zeros(ZIP_END_MAX);
    z.directory = file_n;
    for (size_t k = 0; k < copies; k++) {
        size_t at = file_n;
        zip_entry(&z, 0, "in.zip", 0);
        poke(at + 20, bytes[k], 4);
        poke(at + 42, from[k], 4);
    }
    zip_end(&z);
}

static void reads_zip_in_zip(void **state)
{
    (void)state;
    /* ZIP_WITHIN_MAX */
    for (uint32_t copies = 1; copies <= ZIP_WITHIN_MAX + 1; copies += ZIP_WITHIN_MAX / 2) {
        zip_in_zip(copies);
        look();
        bool past = copies > ZIP_WITHIN_MAX;
        want("zip in zip", ATTACH_ZIP, past ? 0 : ODD(ARCHIVED_PROGRAM), copies, past ? "in.zip" : "run.js");
        assert_int_equal(got.partial, past);
    }
    /* ZIP_WITHIN_FILES, the last one too many being the telling one */
    for (uint32_t files = ZIP_WITHIN_FILES; files <= ZIP_WITHIN_FILES + 1; files++) {
        file_n = 0;
        struct zip z = {0};
        zip_file(&z, "in.zip", 0);
        struct zip in = {.base = --file_n};
        zip_file(&in, "a", 0);
        in.directory = file_n;
        in.files = files;
        for (uint32_t k = 1; k < files; k++) zip_entry(&in, 0, "a", 0);
        zip_entry(&in, 0, "a.exe", 0);
        zip_end(&in);
        put_zeros(ZIP_END_MAX);
        z.directory = file_n;
        zip_entry(&z, 0, "in.zip", 0);
        poke(z.directory + 20, z.directory - ZIP_END_MAX - in.base, 4);
        zip_end(&z);
        look();
        bool past = files > ZIP_WITHIN_FILES;
        want("many within", ATTACH_ZIP, past ? 0 : ODD(ARCHIVED_PROGRAM), 1, past ? "in.zip" : "a.exe");
        assert_int_equal(got.partial, past);
    }
    /* compressed: its name is all that shows */
    zip_in_zip(1);
    poke(file_n - 22 - 46 - 6 + 10, 8, 2);
    look();
    want("packed", ATTACH_ZIP, 0, 1, "in.zip");
}

static void bounds_zip(void **state)
{
    (void)state;
    /* ZIP_FILES_MAX, the last one too many being the telling one */
    for (uint32_t files = ZIP_FILES_MAX; files <= ZIP_FILES_MAX + 1; files++) {
        file_n = 0;
        struct zip z = {0};
        zip_file(&z, "a", 0);
        z.directory = file_n;
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
    file_n = 0;
    zip("first.exe", 0);
    for (int k = 0; k < ZIP_DIRECTORIES_MAX; k++) zip("a.txt", 0);
    look();
    want("directories", ATTACH_ZIP, 0, ZIP_DIRECTORIES_MAX, "");
    /* ATTACH_INNER_MAX: of a long name the end stays, in whole characters */
    char name[400] = "";
    for (size_t k = 0; k < 100; k++) memcpy(name + 3 * k, "あ", 3);
    memcpy(name + 300, ".exe", 5);
    file_n = 0;
    zip(name, 0);
    look();
    assert_in_range(got.inner.n, ATTACH_INNER_MAX - 2, ATTACH_INNER_MAX);
    assert_int_equal(got.inner.n % 3, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_zip),
        cmocka_unit_test(reads_zip_that_lies),
        cmocka_unit_test(reads_zip_in_zip),
        cmocka_unit_test(bounds_zip),
    };
    return cmocka_run_group_tests_name("zip", tests, open_arena, close_arena);
}
