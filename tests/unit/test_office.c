/* SPDX-License-Identifier: Apache-2.0 */
/* test_office: compound files and OneNote: macros, passwords, what they bring along, and the limits.
 *
 * Files are built byte by byte; those of other writers are read by test_golden. */
#include "tests/unit/attach_file.h"

#include "worker/attach/office.h"

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

static void reads_onenote(void **state)
{
    (void)state;
    static const uint8_t HEAD[] = {0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D,
                                   0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3};
    static const uint8_t MARK[] = {0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45,
                                   0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC};
    /* ONENOTE_FILES_MAX pictures, and behind them what is not looked at any more */
    for (int pictures = 0; pictures <= ONENOTE_FILES_MAX; pictures += ONENOTE_FILES_MAX) {
        file_n = 0;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_compound_files),
        cmocka_unit_test(reads_onenote),
    };
    return cmocka_run_group_tests_name("office", tests, open_arena, close_arena);
}
