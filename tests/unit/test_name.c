/* SPDX-License-Identifier: Apache-2.0 */
/* test_name: what file names claim and hide, the list of extensions, and names that are too long.
 *
 * Names are bytes of strangers: what an operating system would make of them is what counts. */
#include "tests/unit/attach_file.h"

#include "worker/attach/name.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names),
        cmocka_unit_test(knows_extensions),
        cmocka_unit_test(cuts_names_in_the_middle),
    };
    return cmocka_run_group_tests_name("name", tests, open_arena, close_arena);
}
