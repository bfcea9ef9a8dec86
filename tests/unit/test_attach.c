/* SPDX-License-Identifier: Apache-2.0 */
/* test_attach: what kind a file is and whether it lies about it; large files; passwords in the mail beside them.
 *
 * Its readers have tests of their own: test_name, test_zip, test_archive, test_office, test_document. */
#include "tests/unit/attach_file.h"

#include "proto/base/hash.h"
#include "worker/attach/kind.h"
#include "worker/attach/password.h"

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
        file_n = 0;
        put(LIES[i].bytes, strlen(LIES[i].bytes));
        look_as(LIES[i].name, span_cstr(LIES[i].type), span_cstr(LIES[i].subtype), 0);
        if ((got.odd >> ODD_BIT_TYPE_MISMATCH & 1) != LIES[i].lies) fail_msg("%s %s", LIES[i].name, LIES[i].bytes);
    }
}

/* --- large files -------------------------------------------------------------------------------------------------- */

static void sees_head_and_tail(void **state)
{
    (void)state;
    static const size_t SIZES[] = {100, ATTACH_WINDOW_MAX - 300, ATTACH_WINDOW_MAX, ATTACH_WINDOW_MAX + 1, 5 * MB + 77};
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        /* a program, something large in the middle, an archive's directory at the end */
        file_n = 0;
        put_span(SPAN("MZ\x90\0\3\0\0\0"));
        memset(file + file_n, 0xAA, SIZES[i]);
        file_n = SIZES[i];
        zip("a.txt run.js", 0);
        uint64_t digest[2];
        hash128(span_of(file, file_n), digest);
        for (size_t each = 0; each <= 100000; each += 33333) {
            look_as("", SPAN("application"), SPAN("octet-stream"), each);
            want("large", ATTACH_PE, ODD(EXECUTABLE) | ODD(ARCHIVED_PROGRAM), 2, "run.js");
            assert_memory_equal(got.digest, digest, sizeof digest);
            assert_int_equal(got.bytes, file_n);
        }
    }
    /* what lies in the middle is out of sight, and the file says so */
    ole_begin(3 * MB / 512);
    poke(48, (3 * MB / 2) / 512, 4);
    look_as("", SPAN("application"), SPAN("octet-stream"), 4096);
    want("directory in the middle", ATTACH_OLE, 0, 0, "");
    assert_true(got.partial);
    file_n = 0;
    put_span(SPAN("%PDF-1.4 "));
    memset(file + file_n, ' ', 3 * MB);
    file_n = 3 * MB;
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
    struct pieces p = {span_of(file, file_n), 1000};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_kinds),      cmocka_unit_test(finds_lies),      cmocka_unit_test(sees_head_and_tail),
        cmocka_unit_test(hashes_in_pieces), cmocka_unit_test(hears_passwords),
    };
    return cmocka_run_group_tests_name("attach", tests, open_arena, close_arena);
}
