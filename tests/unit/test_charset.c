/* SPDX-License-Identifier: Apache-2.0 */
/* test_charset: one sentence in every charset, labelled rightly, wrongly and not at all, reads the same.
 *
 * The sentences are encoded here by iconv from UTF-8 (for ISO-2022-JP by its own escape sequences), so nothing of the
 * reader's is its own witness but the way back. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <iconv.h>
#include <cmocka.h>

#include "worker/text/charset.h"
#include "worker/text/decode.h"
#include "worker/text/guess.h"
#include "worker/text/label.h"
#include "worker/text/odd.h"

static const char JAPANESE[] = "ふるいは迷惑メールを選り分けます。カタカナと漢字も読みます。";
static const char CHINESE[] = "您好，这是一封测试邮件。我们在这里写一些中文，看看能不能读出来。";
static const char RULES[] =
    "《通知》  会  议\n══════════════════════════════\n时  间：＿＿＿＿＿＿＿＿＿＿  请  准  时\n";
static const char TAIWAN[] = "您好，這是一封測試郵件。我們在這裡寫一些中文，看看能不能讀出來。";
static const char KOREAN[] = "안녕하세요. 이것은 시험 메일입니다. 한국어를 읽을 수 있는지 봅니다.";
static const char RUSSIAN[] = "Здравствуйте! Это пробное письмо. Посмотрим, можно ли его прочитать.";
static const char FRENCH[] = "Voilà un courriel d’essai où l’été dernier est décrit à côté du château.";

static const char POLISH[] = "„Zażółć gęślą jaźń” – śpiewał Łukasz, źle i ciągle.";
static const char GREEK[] = "Καλημέρα – αυτό είναι ένα δοκιμαστικό μήνυμα…";

enum { RIGHT = 0 };
static const uint64_t WRONG = ODD(WRONG_CHARSET), NONE = ODD(NO_CHARSET), UNKNOWN = ODD(BAD_CHARSET);

static const struct {
    const char *text, *encoding, *label;
    uint64_t odd;
} CASES[] = {
    {JAPANESE, "ISO-2022-JP", "ISO-2022-JP", RIGHT},
    {JAPANESE, "ISO-2022-JP", "iso-2022-jp-ms", RIGHT},
    {JAPANESE, "ISO-2022-JP", "", NONE},
    {JAPANESE, "ISO-2022-JP", "us-ascii", WRONG},
    {JAPANESE, "ISO-2022-JP", "Shift_JIS", WRONG},
    {JAPANESE, "ISO-2022-JP", "utf-8", WRONG},
    {JAPANESE, "CP932", "Shift_JIS", RIGHT},
    {JAPANESE, "CP932", "x-sjis", RIGHT},
    {JAPANESE, "CP932", "windows-31j", RIGHT},
    {JAPANESE, "CP932", "", NONE},
    {JAPANESE, "CP932", "iso-2022-jp", WRONG},
    {JAPANESE, "CP932", "euc-jp", WRONG},
    {JAPANESE, "CP932", "utf-8", WRONG},
    {JAPANESE, "CP932", "us-ascii", WRONG},
    {JAPANESE, "CP932", "iso-8859-1", WRONG},
    {JAPANESE, "CP932", "gb2312", WRONG},
    {JAPANESE, "CP932", "x-klingon", UNKNOWN},
    {JAPANESE, "EUC-JP", "EUC-JP", RIGHT},
    {JAPANESE, "EUC-JP", "\"euc_jp\"", RIGHT},
    {JAPANESE, "EUC-JP", "", NONE},
    {JAPANESE, "EUC-JP", "iso-2022-jp", WRONG},
    {JAPANESE, "EUC-JP", "shift_jis", WRONG},
    {JAPANESE, "EUC-JP", "utf-8", WRONG},
    {JAPANESE, "EUC-JP", "gb2312", WRONG},
    {JAPANESE, "EUC-JP", "iso-8859-1", WRONG},
    {JAPANESE, "UTF-8", "utf-8", RIGHT},
    {JAPANESE, "UTF-8", "", NONE},
    {JAPANESE, "UTF-8", "iso-2022-jp", WRONG},
    {JAPANESE, "UTF-8", "shift_jis", WRONG},
    {JAPANESE, "UTF-8", "euc-jp", WRONG},
    {JAPANESE, "UTF-8", "iso-8859-1", WRONG},
    {JAPANESE, "UTF-8", "us-ascii", WRONG},
    {JAPANESE, "UTF-7", "utf-7", RIGHT},
    {JAPANESE, "UTF-16", "utf-16", RIGHT},
    {CHINESE, "GB2312", "gb2312", RIGHT},
    {CHINESE, "GB18030", "GBK", RIGHT},
    {CHINESE, "GB2312", "", NONE},
    {CHINESE, "GB2312", "us-ascii", WRONG},
    {CHINESE, "GB2312", "iso-8859-1", WRONG},
    {CHINESE, "GB2312", "big5", WRONG},
    {CHINESE, "GB2312", "utf-8", WRONG},
    {RULES, "GB18030", "gb2312", RIGHT},
    {RULES, "GB18030", "", NONE},
    {TAIWAN, "BIG5", "big5", RIGHT},
    {TAIWAN, "BIG5", "", NONE},
    {TAIWAN, "BIG5", "gb2312", WRONG},
    {TAIWAN, "BIG5", "iso-8859-1", WRONG},
    {"AÇÃO DE TESTE", "CP1252", "iso-8859-1", RIGHT},
    {"AÇÃO DE TESTE", "CP1252", "", NONE},
    {"Ray¹s house, Wallace¹s company, the world¹s end", "CP1252", "iso-8859-1", RIGHT},
    {"> ────────────────────────────", "KOI8-R", "koi8-r", RIGHT},
    {"P L A N E T ·¸¸·´¯`·¸¸·´¯`·¸¸·´¯`·", "CP1252", "", NONE},
    {"Artık haberleri tek sayfadan, güncel ve hızlı okuyacağınız çağ: şimdi ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ", "CP1254", "", NONE},
    {"made by “YEMA” of China", "GB18030", "", NONE},
    {"«\u00A0Fin\u00A0»", "CP1252", "", NONE},
    {"'v'i'a'g'r®a' phar®mac©y", "CP1252", "", NONE},
    {"Così martedì e mercoledì è già lì, però non più", "CP1252", "utf-8", WRONG},
    {"Ayrıca arşivimizde canlı sohbet odası var, sadece tıklayın", "CP1254", "", NONE},
    {"25 µg/m3 and 30 µg/m3", "CP1252", "iso-8859-1", RIGHT},
    {"Pour lire ce message, allez à l'adresse", "CP1252", "", NONE},
    {POLISH, "CP1250", "windows-1250", RIGHT},
    {POLISH, "CP1250", "iso-8859-2", RIGHT},
    {GREEK, "CP1253", "iso-8859-7", RIGHT},
    {KOREAN, "EUC-KR", "ks_c_5601-1987", RIGHT},
    {KOREAN, "EUC-KR", "", NONE},
    {KOREAN, "EUC-KR", "iso-8859-1", WRONG},
    {KOREAN, "EUC-KR", "gb2312", WRONG},
    {KOREAN, "ISO-2022-KR", "iso-2022-kr", RIGHT},
    {RUSSIAN, "KOI8-R", "koi8-r", RIGHT},
    {RUSSIAN, "KOI8-R", "koi8-u", RIGHT},
    {RUSSIAN, "KOI8-R", "", NONE},
    {RUSSIAN, "KOI8-R", "windows-1251", WRONG},
    {RUSSIAN, "KOI8-R", "iso-8859-1", WRONG},
    {RUSSIAN, "CP1251", "windows-1251", RIGHT},
    {RUSSIAN, "CP1251", "", NONE},
    {RUSSIAN, "CP1251", "koi8-r", WRONG},
    {RUSSIAN, "CP1251", "us-ascii", WRONG},
    {RUSSIAN, "ISO-8859-5", "iso-8859-5", RIGHT},
    {FRENCH, "CP1252", "iso-8859-1", RIGHT},
    {FRENCH, "CP1252", "windows-1252", RIGHT},
    {FRENCH, "CP1252", "", NONE},
    {FRENCH, "CP1252", "us-ascii", WRONG},
    {FRENCH, "CP1252", "utf-8", WRONG},
};

/* `text` (UTF-8) in another encoding; exits when iconv cannot. */
static size_t encode(const char *text, const char *encoding, char *out, size_t cap)
{
    iconv_t cd = iconv_open(encoding, "UTF-8");
    char *from = (char *)(uintptr_t)text, *to = out;
    size_t in_left = strlen(text), out_left = cap;
    if (cd == (iconv_t)-1 || iconv(cd, &from, &in_left, &to, &out_left) == (size_t)-1) fail_msg("%s", encoding);
    iconv(cd, NULL, NULL, &to, &out_left);
    iconv_close(cd);
    return cap - out_left;
}

static void test_sentences(void **state)
{
    struct arena *a = *state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char bytes[1024];
        size_t n = encode(CASES[i].text, CASES[i].encoding, bytes, sizeof bytes);
        uint64_t odd = 0;
        span got = charset_to_utf8(span_of(bytes, n), span_cstr(CASES[i].label), a, &odd);
        if (!span_eq(got, span_cstr(CASES[i].text)) || odd != CASES[i].odd)
            fail_msg("%s labelled '%s': odd %llx, want %llx: %.*s", CASES[i].encoding, CASES[i].label,
                     (unsigned long long)odd, (unsigned long long)CASES[i].odd, SPAN_ARG(got));
        arena_reset(a);
    }
}

/* What is damaged, and what is read all the same. */
static const struct {
    const char *in, *label, *want;
} DAMAGED[] = {
    /* ISO-2022-JP: kana by SO and by escape, NEC's row 13, JIS X 0212, a shift back missing, line ends inside */
    {"\x1B(I6E\x1B(B", "iso-2022-jp", "ｶﾅ"},
    {"\x0E"
     "6E\x0F \x1B$B$\"\x1B(B",
     "iso-2022-jp", "ｶﾅ あ"},
    {"\x1B$B-!-j\x1B(B", "iso-2022-jp", "①㈱"},
    {"\x1B$(D0!\x1B(B", "iso-2022-jp", "丂"},
    {"\x1B$B$\"\nplain", "iso-2022-jp", "あ\nplain"},
    {"\x1B$B$\"\n$$\x1B(B.", "iso-2022-jp", "あ\nい."},
    {"\x1B\r\n$B$\"\x1B(\nB.", "iso-2022-jp", "あ."},
    {"\x1B$B$\"\x1B(J\\", "iso-2022-jp", "あ\\"},
    {"\x1B$B$\"$", "iso-2022-jp", "あ"},
    /* escapes that lost their ESC, or were cut with a folded line; pairs that were */
    {"$B$\"(B and $@$$(J.", "iso-2022-jp", "あ and い."},
    {"$B$\"$$$&$(", "iso-2022-jp", "あいうえ"},
    {"$Buy $BIG, $BAD (B)", "iso-2022-jp", "$Buy $BIG, $BAD (B)"},
    {"$B$\"(B", "us-ascii", "$B$\"(B"},
    {"\x1B\r\n $B$\"\x1B(\r\n\tB.", "iso-2022-jp", "あ."},
    {"\x1B$B$\"$\r\n$\x1B(B.", "iso-2022-jp", "あい."},
    {"\x1B$B$\"(B.", "iso-2022-jp", "あ."},
    {"\x1B$B$\"\xA4$\"\x1B(B", "iso-2022-jp", "あ\xEF\xBF\xBDあ"},
    {"\x1B$B$\"\x1B(B\x1B$", "iso-2022-jp", "あ"},
    /* other sets: GB 2312 and KS X 1001 by ISO-2022-JP-2, KS X 1001 by SO */
    {"\x1B$AVPND\x1B(B \x1B$(CGQ1[\x1B(B", "iso-2022-jp-2", "中文 한글"},
    {"\x1B$)C\x0EGQ1[\x0F a", "iso-2022-kr", "한글 a"},
    {"\x0EGQ1[\x0F a", "iso-2022-kr", "한글 a"},
    /* 8-bit strays beside it */
    {"\x1B$B$\"\x1B(B \x96\xC0\x98\x66\x83\x81\x81\x5B\x83\x8B", "iso-2022-jp", "あ 迷惑メール"},
    {"\x1B$B$\"\x1B(B \xE3\x81\x84\xE3\x81\x86\xE3\x81\x88", "iso-2022-jp", "あ いうえ"},
    {"\x1B$B$\"\x1B(B \xA4\xA4\xA4\xA6\xCC\xC2\xCF\xC7", "iso-2022-jp", "あ いう迷惑"},
    {"\x1B$B$\"\x1B(B\r\n\xB5\xC8\xB6\xDE\xB2\xBC\xCF\xBD", "iso-2022-jp", "あ\r\nｵﾈｶﾞｲｼﾏｽ"},
    {"\x1B$B$\"\x1B(J\xC4\xB3\xDB\xB8\x1B$B$\"\x1B(B", "iso-2022-jp", "あﾄｳﾛｸあ"},
    {"\x1B$B$\"\x1B(B \xC4\xB3\xDB\xB8\xA4\xD1\xD8\xAE\xB3", "iso-2022-jp", "あ ﾄｳﾛｸ､ﾑﾘｮｳ"},
    /* Shift_JIS with Microsoft's characters and half-width kana */
    {"\x87\x40\x87\x8A\x82\xCC\x82\xA0 \xB6\xC5\xB6\xC5 \xED\x40", "shift_jis", "①㈱のあ ｶﾅｶﾅ 纊"},
    {"\xAD\xA1\xAD\xEA", "euc-jp", "①㈱"},
    {"\x8E\xB6\x8E\xC5", "euc-jp", "ｶﾅ"},
    {"~{VPND~} ~~ a", "hz-gb-2312", "中文 ~ a"},
    /* a stray lead byte hides no ASCII */
    {"\x82\xA0\x82<b>\x82\xA0", "shift_jis", "あ\xEF\xBF\xBD<b>あ"},
    {"\xA4\xA2\x8F\xB0<\xA4\xA2", "euc-jp", "あ\xEF\xBF\xBD<あ"},
    {"\xC4\xE3\xBA\xC3\x81\x30<", "gb18030", "你好\uFFFD0<"},
    {"\x81\x30\x84\x36\xD6\xD0\x95\x32\x82\x36", "gb18030", "\xC2\xA5中\xF0\xA0\x80\x80"},
    {"caf\xC3\xA9 d\xC3\xA9j\xC3\xA0 \xE9t\xE9", "iso-8859-1", "café déjà été"},
    {"\x1B nothing", "iso-2022-jp", "\x1B nothing"},
    /* UTF-8 cut at its end, and damaged in a few places */
    {"\xE3\x81\x82\xE3\x81", "utf-8", "あ"},
    {"\xE3\x81\x82\xE3\x81\x84\xE3\x81\x86\xE3\x81\x88\xFF!", "utf-8", "あいうえ\xEF\xBF\xBD!"},
    {"caf\xE9", "", "café"},
    {"caf\xE9 \x80 100", "iso-8859-1", "café € 100"},
    {"ASCII", "utf-16", "ASCII"},
};

/* Words of a header: what the mail is in elsewhere decides where their own label says nothing. */
static void test_words(void **state)
{
    static const struct {
        const char *text, *encoding, *label, *beside;
    } WORDS[] = {
        {"董莉娟", "GB18030", "gb2312", "euc-kr"},
        {"董莉娟", "GB18030", "us-ascii", "gb2312"},
        {"董莉娟", "GB18030", "", "gb2312"},
        {"金秀", "EUC-KR", "euc-kr", "gb2312"},
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        char bytes[64];
        size_t n = encode(WORDS[i].text, WORDS[i].encoding, bytes, sizeof bytes);
        uint64_t odd = 0;
        span label = span_cstr(WORDS[i].label), beside = span_cstr(WORDS[i].beside);
        span got = charset_words(span_of(bytes, n), label, beside, *state, &odd);
        if (!span_eq(got, span_cstr(WORDS[i].text))) fail_msg("%zu: %.*s", i, SPAN_ARG(got));
    }
}

static void test_damaged(void **state)
{
    struct arena *a = *state;
    for (size_t i = 0; i < sizeof DAMAGED / sizeof *DAMAGED; i++) {
        uint64_t odd = 0;
        span got = charset_to_utf8(span_cstr(DAMAGED[i].in), span_cstr(DAMAGED[i].label), a, &odd);
        if (!span_eq(got, span_cstr(DAMAGED[i].want))) fail_msg("case %zu: %.*s", i, SPAN_ARG(got));
        arena_reset(a);
    }
}

/* A NUL and a byte that is no UTF-8, wherever they stand, do not make two-byte characters of an 8-bit text. */
static void test_one_nul(void **state)
{
    struct arena *a = *state;
    static const char *const LABELS[] = {"", "us-ascii", "utf-8", "iso-8859-1", "no-such-charset"};
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++) {
        for (size_t at = 0; at < 4; at++) {
            uint8_t text[200];
            uint64_t odd = 0;
            for (size_t k = 0; k < sizeof text; k++) text[k] = (uint8_t) "claim your prize "[k % 17];
            text[40 + at] = 0;
            text[60] = 0xFF;
            span got = charset_to_utf8(span_of(text, sizeof text), span_cstr(LABELS[i]), a, &odd);
            assert_true(got.n >= 100 && memmem(got.p + 70, got.n - 70, "claim your prize", 16));
            arena_reset(a);
        }
    }
}

/* The tables hold what iconv holds, but where Japanese charsets share Microsoft's and Big5 has a few signs more. */
static void test_tables(void **state)
{
    (void)state;
    static const struct {
        enum charset charset;
        const char *iconv;
        int from, end, trail;
    } TABLES[] = {
        {CHARSET_SHIFT_JIS, "CP932", 0x81, 0xFF, 0x40}, {CHARSET_EUC_JP, "EUC-JP-MS", 0xA1, 0xF5, 0xA1},
        {CHARSET_GB18030, "GB18030", 0x81, 0xFF, 0x40}, {CHARSET_BIG5, "BIG5-HKSCS", 0x81, 0xFF, 0x40},
        {CHARSET_EUC_KR, "CP949", 0x81, 0xFF, 0x40},
    };
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        iconv_t cd = iconv_open("UTF-8", TABLES[i].iconv);
        for (int a = TABLES[i].from; a < TABLES[i].end; a++) {
            for (int b = TABLES[i].trail; b < 0xFF; b++) {
                char pair[2] = {(char)a, (char)b}, want[8], *from = pair, *to = want;
                size_t in_left = 2, out_left = sizeof want;
                iconv(cd, NULL, NULL, NULL, NULL);
                if (iconv(cd, &from, &in_left, &to, &out_left) == (size_t)-1) continue;
                iconv(cd, NULL, NULL, &to, &out_left);
                uint8_t got[16];
                struct sink out = {got, 0, sizeof got};
                decode(&out, TABLES[i].charset, span_of(pair, 2));
                if (!span_eq(span_of(got, out.n), span_of(want, sizeof want - out_left)))
                    fail_msg("%s: %02X%02X is %.*s", TABLES[i].iconv, a, b, (int)out.n, (char *)got);
            }
        }
        iconv_close(cd);
    }
}

static void test_no_copy(void **state)
{
    struct arena *a = *state;
    static const char *const TEXTS[] = {"", "plain", "日本語"};
    for (size_t i = 0; i < 3; i++) {
        uint64_t odd = 0;
        span in = span_cstr(TEXTS[i]), out = charset_to_utf8(in, SPAN("utf-8"), a, &odd);
        assert_ptr_equal(in.p, out.p);
        assert_int_equal(odd, 0);
        assert_int_equal(a->used, 0);
    }
}

static void test_labels(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum charset want;
    } LABELS[] = {
        {"", CHARSET_NONE},
        {"  ", CHARSET_NONE},
        {"UTF-8", CHARSET_UTF_8},
        {"utf8", CHARSET_UTF_8},
        {"x-utf_8", CHARSET_UTF_8},
        {"ISO_8859-1", CHARSET_WINDOWS_1252},
        {"iso-8859-9", CHARSET_WINDOWS_1254},
        {"iso-8859-8-i", CHARSET_ISO_8859_8},
        {"cp932", CHARSET_SHIFT_JIS},
        {"X-SJIS", CHARSET_SHIFT_JIS},
        {"gb2312", CHARSET_GB18030},
        {"ks_c_5601-1987", CHARSET_EUC_KR},
        {"'big5'", CHARSET_BIG5},
        {"koi8-r; format=flowed", CHARSET_KOI8_R},
        {"646", CHARSET_ASCII},
        {"zzz", CHARSET_UNKNOWN},
        {"utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8", CHARSET_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++)
        if (charset_by_label(span_cstr(LABELS[i].label)) != LABELS[i].want) fail_msg("%s", LABELS[i].label);
}

/* Every charset of the list is known to this system, and no byte string makes one of them give invalid UTF-8. */
static void test_every_charset(void **state)
{
    struct arena *a = *state;
    static const struct {
        const char *iconv;
    } NAMES[] = {
#define X(id, iconv, kind) {iconv},
        CHARSET_LIST(X)
#undef X
    };
    charset_warm();
    uint8_t all[3 * 256];
    for (size_t i = 0; i < sizeof all; i++) all[i] = (uint8_t)(i < 256 ? i : i * 7 + i / 256);
    for (size_t i = 0; i < CHARSET_COUNT; i++) {
        if (!*NAMES[i].iconv) continue;
        iconv_t cd = iconv_open("UTF-8", NAMES[i].iconv);
        if (cd == (iconv_t)-1)
            fail_msg("iconv has no %s", NAMES[i].iconv);
        else
            iconv_close(cd);
        uint64_t odd = 0;
        assert_true(utf8_valid(charset_to_utf8(span_of(all, sizeof all), span_cstr(NAMES[i].iconv), a, &odd)));
        arena_reset(a);
    }
    charset_close();
}

/* DECODE_ERRORS_MAX: bytes that are nothing cost one iconv call each only so often. */
static void test_error_limit(void **state)
{
    struct arena *a = *state;
    enum { N = 3 * DECODE_ERRORS_MAX };
    static uint8_t in[2 * N];
    for (size_t i = 0; i < N; i++) {
        in[2 * i] = 'a';
        in[2 * i + 1] = 0xFF;
    }
    memcpy(in, "\x1B$B$\"\x1B(B", 8);
    uint64_t odd = 0;
    span out = charset_to_utf8(span_of(in, sizeof in), SPAN("iso-2022-kr"), a, &odd);
    assert_true(utf8_valid(out));
    arena_reset(a);
    memset(in, 0xA4, sizeof in);
    for (size_t i = 0; i < sizeof in; i += 3) in[i] = '\n';
    out = charset_to_utf8(span_of(in, sizeof in), SPAN("euc-tw"), a, &odd);
    assert_true(utf8_valid(out));
}

/* GUESS_BYTES: a text is judged by its beginning, wherever the sample cuts a character. */
static void test_long_guess(void **state)
{
    struct arena *a = *state;
    char one[1024];
    size_t n = encode(JAPANESE, "CP932", one, sizeof one);
    static char text[3 * GUESS_BYTES];
    for (size_t shift = 0; shift < 2; shift++) {
        size_t total = shift ? 2 : 0;
        memcpy(text, "\xB6-", 2); /* one half-width kana, so that the sample ends within a character or not */
        for (; total + n <= sizeof text; total += n) memcpy(text + total, one, n);
        uint64_t odd = 0;
        span got = charset_to_utf8(span_of(text, total), SPAN_NONE, a, &odd);
        assert_int_equal(odd, NONE);
        assert_true(span_eq(span_head(span_from(got, shift ? 4 : 0), sizeof JAPANESE - 1), span_cstr(JAPANESE)));
        arena_reset(a);
    }
}

static void test_full_arena(void **state)
{
    (void)state;
    for (size_t cap = 16; cap < 4096; cap += 48) {
        struct arena a;
        assert_int_equal(arena_open(&a, cap), ERR_OK);
        for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
            char bytes[1024];
            size_t n = encode(CASES[i].text, CASES[i].encoding, bytes, sizeof bytes);
            uint64_t odd = 0;
            assert_true(utf8_valid(charset_to_utf8(span_of(bytes, n), span_cstr(CASES[i].label), &a, &odd)));
            arena_reset(&a);
        }
        arena_close(&a);
    }
}

static int setup(void **state)
{
    static struct arena a;
    *state = &a;
    return arena_open(&a, 1u << 20);
}

static int teardown(void **state)
{
    arena_close(*state);
    charset_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sentences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_nul, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_copy, setup, teardown),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_labels),
        cmocka_unit_test_setup_teardown(test_every_charset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_error_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_guess, setup, teardown),
        cmocka_unit_test(test_full_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
