/* SPDX-License-Identifier: Apache-2.0 */
/* test_archive: tar, TNEF and disk images, and the limits of their walks.
 *
 * Files are built byte by byte; those of other writers are read by test_golden. */
#include "tests/unit/attach_file.h"

#include "worker/attach/archive.h"

static void tar_file(const char *name, char type, size_t bytes)
{
    size_t at = file_n;
    put_zeros(512);
    memcpy(file + at, name, strlen(name));
    snprintf((char *)file + at + 124, 12, "%011zo", bytes);
    file[at + 156] = (uint8_t)type;
    memcpy(file + at + 257, "ustar", 5);
}

static void reads_tar(void **state)
{
    (void)state;
    file_n = 0;
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
    file_n = 0;
    for (int k = 0; k <= ARCHIVE_FILES_MAX; k++) tar_file("a", '0', 0);
    look();
    assert_int_equal(got.files, ARCHIVE_FILES_MAX);
    assert_true(got.partial);
}

static void reads_tnef(void **state)
{
    (void)state;
    file_n = 0;
    put_span(SPAN("\x78\x9F\x3E\x22\1\0"));
    put_span(SPAN("\1\6\x90\x08\0\4\0\0\0\0\0\1\0\1\0")); /* a version */
    put_span(SPAN("\2\x10\x80\1\0\6\0\0\0a.exe\0\0\0"));  /* a file's title */
    look();
    want("tnef", ATTACH_TNEF, ODD(ARCHIVED_PROGRAM), 1, "a.exe");
    assert_false(got.partial);
    file_n -= 4;
    put_zeros(40);
    poke(6 + 5, 0xFFFFFFF0, 4); /* a length that leads nowhere */
    look();
    want("tnef that lies", ATTACH_TNEF, 0, 0, "");
}

static void iso_record(const char *name, uint32_t sector, bool folder)
{
    size_t at = file_n, bytes = 33 + (strlen(name) ? strlen(name) : 1);
    put_zeros(bytes + bytes % 2);
    file[at] = (uint8_t)(file_n - at);
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
    file_n = 0;
    put_zeros(16 * 2048);
    put_span(SPAN("\1CD001\1"));
    put_zeros(149);
    iso_record("", 18, true);
    put_zeros(18 * 2048 - file_n);
    for (uint32_t k = 0; k < ARCHIVE_FOLDERS_MAX + 4; k++) {
        iso_record("", 18 + k, true);
        iso_record("UP", 18, true);
        iso_record("A.TXT;1", 0, false);
        if (k == 10) iso_record("RUN.LNK;1", 0, false);
        iso_record("DOWN", 18 + k + 1, true);
        put_zeros((18 + k + 1) * 2048 - file_n);
    }
    look();
    want("iso", ATTACH_ISO, ODD(ARCHIVED_PROGRAM), ARCHIVE_FOLDERS_MAX + 1, "RUN.LNK");
    assert_true(got.partial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_tar),
        cmocka_unit_test(reads_tnef),
        cmocka_unit_test(reads_disk_images),
    };
    return cmocka_run_group_tests_name("archive", tests, open_arena, close_arena);
}
