/* SPDX-License-Identifier: Apache-2.0 */
/* test_same: the same words are the same features whatever charset, transfer encoding and label they came in.
 *
 * Each text is encoded by iconv (ISO-2022-JP with Microsoft's characters by the formula that turns Shift_JIS into rows
 * and cells, since iconv lacks it), put into a mail's Subject and body, and compared with the UTF-8 mail's lists. */
#define _GNU_SOURCE 1 /* memmem */
#include "worker/text/domain.h"
#include "worker/token/feature.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct letter {
    const char *subject, *body;
} HAM = {"来週の会議について（①資料あり）",
         "お世話になっております。株式会社ふるいの山田です。\n"
         "来週の会議は１０月１２日（月）の１０時～１１時に変わりました。場所は㈱ミナトの第Ⅱ会議室、℡は№３の表をご覧\n"
         "ください。ｺﾋﾟｰ ﾌﾞ数は―いつも通り―二十部です。よろしくお願いいたします。\n"},
  SPAM = {"★緊急★ 今だけ①０万円が当たる！",
          "━━━━━━━━━━━━━━━━━━\n"
          "◆◇無料で登録するだけ！◇◆\n"
          "━━━━━━━━━━━━━━━━━━\n"
          "当選おめでとうございます♪ 賞金をお受け取りになるには、本日中に下のページで口座番号をご入力ください。\n"
          "ﾀﾀﾞで会える女性が待っています～ http://example.com/win ㈲ラッキー\n"},
  PLAIN = {"議事録の送付", "鈴木様\n先日の打ち合わせの議事録をお送りします。ご確認のほどよろしくお願いいたします。\n"},
  KANJI = {"【重要】価格改定のお知らせ①",
           "━━━━━━━━━━\n平素は格別のお引き立てを賜り、厚く御礼申し上げます。\n㈱ミナトでは４月～６月に"
           "第Ⅱ期の価格を改めます。\nABCとXYZの価格は10%上がります。\n"},
  KOREAN = {"다음 주 회의 안내",
            "안녕하세요. 다음 주 회의 시간이 바뀌었습니다. 자료를 확인해 주시기 바랍니다. 감사합니다.\n"},
  CHINA = {"关于下周的会议", "您好，下周的会议时间改了。请看附件里的资料，有问题请给我打电话。谢谢大家的支持！\n"},
  TAIWAN = {"關於下週的會議", "您好，下週的會議時間改了。請看附件裡的資料，有問題請給我打電話。謝謝大家的支持！\n"},
  RUSSIAN = {"Собрание на следующей неделе",
             "Добрый день! Время собрания изменилось, посмотрите, пожалуйста, приложенные документы. До встречи!\n"},
  GREEK = {"Η συνάντηση της επόμενης εβδομάδας",
           "Καλημέρα σας, η ώρα της συνάντησης άλλαξε. Δείτε τα έγγραφα, ευχαριστώ.\n"},
  HEBREW = {"הפגישה בשבוע הבא",
            "שלום רב, שעת הפגישה השתנתה. נא לעיין במסמכים המצורפים ולהודיע לנו אם יש שאלות. תודה רבה\n"},
  ARABIC = {"اجتماع الأسبوع القادم",
            "السلام عليكم، لقد تغير موعد الاجتماع. يرجى قراءة الوثائق المرفقة وإبلاغنا إذا كانت لديكم أسئلة.\n"},
  THAI = {"การประชุมสัปดาห์หน้า", "สวัสดีครับ เวลาประชุมเปลี่ยนแล้ว กรุณาดูเอกสารที่แนบมา ถ้ามีคำถามโปรดติดต่อเรา ขอบคุณครับ\n"},
  POLISH = {"Spotkanie w przyszłym tygodniu", "Dzień dobry, zmieniła się godzina spotkania. Proszę obejrzeć załączone "
                                              "pliki, są już gotowe. Dziękuję, Łukasz\n"},
  FRENCH = {
      "Réunion de la semaine prochaine",
      "Bonjour, l’heure de la réunion a changé. Voyez les pièces jointes, s’il vous plaît. À bientôt, François\n"};

enum { RAW, QP, BASE64, TRANSFERS };

static const struct {
    const struct letter *text;
    const char *charset, *label;
} CASES[] = {
    /* as it should be, and by other names */
    {&HAM, "UTF-8", "utf-8"},
    {&HAM, "CP932", "shift_jis"},
    {&HAM, "CP932", "windows-31j"},
    {&HAM, "EUC-JP-MS", "euc-jp"},
    {&HAM, "CP50221", "iso-2022-jp"},
    {&HAM, "CP50221", "cp50221"},
    {&HAM, "UTF-16", "utf-16"},
    {&HAM, "UTF-16LE", "utf-16le"},
    {&HAM, "UTF-16BE", "utf-16be"},
    {&HAM, "GB18030", "gb18030"},
    {&SPAM, "UTF-8", "utf-8"},
    {&SPAM, "CP932", "shift_jis"},
    {&SPAM, "EUC-JP-MS", "euc-jp"},
    {&SPAM, "CP50221", "iso-2022-jp"},
    {&SPAM, "UTF-16", "utf-16"},
    {&PLAIN, "ISO-2022-JP", "iso-2022-jp"},
    {&PLAIN, "UTF-7", "utf-7"},
    {&PLAIN, "EUC-JP", "euc-jp"},
    {&PLAIN, "SHIFT_JIS", "shift_jis"},
    /* no label */
    {&HAM, "UTF-8", NULL},
    {&HAM, "CP932", NULL},
    {&HAM, "EUC-JP-MS", NULL},
    {&HAM, "CP50221", NULL},
    {&SPAM, "CP932", NULL},
    {&SPAM, "EUC-JP-MS", NULL},
    {&SPAM, "CP50221", NULL},
    {&PLAIN, "CP932", NULL},
    {&PLAIN, "EUC-JP", NULL},
    {&PLAIN, "ISO-2022-JP", NULL},
    /* a wrong one */
    {&HAM, "CP932", "iso-2022-jp"},
    {&HAM, "EUC-JP-MS", "iso-2022-jp"},
    {&HAM, "UTF-8", "iso-2022-jp"},
    {&HAM, "CP50221", "us-ascii"},
    {&HAM, "CP50221", "shift_jis"},
    {&HAM, "CP50221", "utf-8"},
    {&HAM, "CP932", "euc-jp"},
    {&HAM, "CP932", "utf-8"},
    {&HAM, "CP932", "us-ascii"},
    {&HAM, "CP932", "iso-8859-1"},
    {&HAM, "CP932", "gb2312"},
    {&HAM, "CP932", "x-unknown"},
    {&HAM, "EUC-JP-MS", "shift_jis"},
    {&HAM, "EUC-JP-MS", "utf-8"},
    {&HAM, "EUC-JP-MS", "iso-8859-1"},
    {&HAM, "EUC-JP-MS", "euc-kr"},
    {&HAM, "UTF-8", "shift_jis"},
    {&HAM, "UTF-8", "euc-jp"},
    {&HAM, "UTF-8", "iso-8859-1"},
    {&SPAM, "CP932", "iso-2022-jp"},
    {&SPAM, "CP932", "iso-8859-1"},
    {&SPAM, "EUC-JP-MS", "iso-2022-jp"},
    {&SPAM, "CP50221", "us-ascii"},
    {&SPAM, "UTF-8", "us-ascii"},
    /* others, and their twins */
    {&KOREAN, "CP949", "ks_c_5601-1987"},
    {&KOREAN, "CP949", NULL},
    {&KOREAN, "CP949", "iso-8859-1"},
    {&KOREAN, "CP949", "utf-8"},
    {&KOREAN, "ISO-2022-KR", "iso-2022-kr"},
    {&KOREAN, "ISO-2022-KR", NULL},
    {&KOREAN, "JOHAB", "johab"},
    {&CHINA, "GB18030", "gb2312"},
    {&CHINA, "GB18030", NULL},
    {&CHINA, "GB18030", "iso-8859-1"},
    {&CHINA, "GB18030", "big5"},
    {&CHINA, "GB18030", "utf-8"},
    {&CHINA, "UTF-16", "utf-16"},
    {&CHINA, "ISO-2022-CN", "iso-2022-cn"},
    {&TAIWAN, "BIG5", "big5"},
    {&TAIWAN, "BIG5", NULL},
    {&TAIWAN, "BIG5", "gb2312"},
    {&TAIWAN, "BIG5", "iso-8859-1"},
    {&TAIWAN, "GB18030", "gbk"},
    {&TAIWAN, "EUC-TW", "euc-tw"},
    {&RUSSIAN, "KOI8-R", "koi8-r"},
    {&RUSSIAN, "KOI8-R", NULL},
    {&RUSSIAN, "KOI8-R", "windows-1251"},
    {&RUSSIAN, "KOI8-R", "iso-8859-1"},
    {&RUSSIAN, "CP1251", "windows-1251"},
    {&RUSSIAN, "CP1251", NULL},
    {&RUSSIAN, "CP1251", "koi8-r"},
    {&RUSSIAN, "CP1251", "us-ascii"},
    {&RUSSIAN, "CP866", "cp866"},
    {&RUSSIAN, "CP866", NULL},
    {&RUSSIAN, "ISO-8859-5", "iso-8859-5"},
    {&GREEK, "CP1253", "iso-8859-7"},
    {&GREEK, "CP1253", NULL},
    {&HEBREW, "CP1255", "iso-8859-8-i"},
    {&HEBREW, "CP1255", NULL},
    {&ARABIC, "CP1256", "windows-1256"},
    {&ARABIC, "CP1256", NULL},
    {&THAI, "CP874", "tis-620"},
    {&THAI, "CP874", NULL},
    {&POLISH, "CP1250", "windows-1250"},
    {&POLISH, "ISO-8859-2", "iso-8859-2"},
    {&POLISH, "CP1250", NULL},
    {&FRENCH, "CP1252", "iso-8859-1"},
    {&FRENCH, "CP1252", NULL},
    {&FRENCH, "CP1252", "utf-8"},
    {&FRENCH, "UTF-8", "iso-8859-1"},
};

/* --- encoding ----------------------------------------------------------------------------------------------------- */

struct bytes {
    char p[8192];
    size_t n;
};

static void put(struct bytes *b, const char *s, size_t n)
{
    assert_true(b->n + n <= sizeof b->p);
    memcpy(b->p + b->n, s, n);
    b->n += n;
}

static void puts_to(struct bytes *b, const char *s)
{
    put(b, s, strlen(s));
}

static void by_iconv(const char *text, const char *charset, struct bytes *out)
{
    iconv_t cd = iconv_open(charset, "UTF-8");
    char *from = (char *)(uintptr_t)text, *to = out->p;
    size_t left = strlen(text), room = sizeof out->p;
    if (cd == (iconv_t)-1 || iconv(cd, &from, &left, &to, &room) == (size_t)-1)
        fail_msg("%s cannot: %s", charset, from);
    iconv(cd, NULL, NULL, &to, &room);
    iconv_close(cd);
    out->n = sizeof out->p - room;
}

/* Microsoft's ISO-2022-JP, code page 50221: rows and cells of Shift_JIS, half-width kana by ESC ( I. */
static void cp50221(const char *text, struct bytes *out)
{
    struct bytes sjis;
    by_iconv(text, "CP932", &sjis);
    const char *now = "(B";
    out->n = 0;
    for (size_t i = 0; i < sjis.n; i++) {
        uint8_t a = (uint8_t)sjis.p[i], b = i + 1 < sjis.n ? (uint8_t)sjis.p[i + 1] : 0;
        const char *want = a < 0x80 ? "(B" : a >= 0xA1 && a <= 0xDF ? "(I" : "$B";
        if (strcmp(now, want) != 0) puts_to(out, "\x1B"), puts_to(out, want);
        now = want;
        uint8_t seven[2] = {a & 0x7F, 0};
        if (*want == '$') {
            if (a >= 0xFA) /* IBM's characters have a second place among NEC's */
                fail_msg("not in these texts");
            seven[0] = (uint8_t)((a < 0xA0 ? a - 0x81 : a - 0xC1) * 2 + 0x21 + (b >= 0x9F));
            seven[1] = (uint8_t)(b >= 0x9F ? b - 0x7E : b > 0x7F ? b - 0x20 : b - 0x1F);
            i++;
        }
        put(out, (char *)seven, *want == '$' ? 2 : 1);
    }
    if (strcmp(now, "(B") != 0) puts_to(out, "\x1B(B");
}

static void encode(const char *text, const char *charset, struct bytes *out)
{
    if (strcmp(charset, "CP50221") == 0)
        cp50221(text, out);
    else
        by_iconv(text, charset, out);
}

static void base64(struct bytes *out, const struct bytes *in, size_t line)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < in->n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) v = v << 8 | (i + k < in->n ? (uint8_t)in->p[i + k] : 0);
        char four[4] = {DIGITS[v >> 18], DIGITS[v >> 12 & 63], DIGITS[v >> 6 & 63], DIGITS[v & 63]};
        if (i + 1 >= in->n) four[2] = '=';
        if (i + 2 >= in->n) four[3] = '=';
        put(out, four, 4);
        if (line && (i / 3 + 1) % line == 0) puts_to(out, "\n");
    }
}

static void quoted(struct bytes *out, const struct bytes *in)
{
    size_t column = 0;
    for (size_t i = 0; i < in->n; i++) {
        char c = in->p[i], hex[8];
        bool plain = c > ' ' && c < 127 && c != '=' && c != '?' && c != '_';
        snprintf(hex, sizeof hex, plain ? "%c" : "=%02X", plain ? c : (uint8_t)c);
        if (column + 3 > 72) puts_to(out, "=\n"), column = 0;
        puts_to(out, hex);
        column += strlen(hex);
    }
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

static struct arena arena;

static struct features features_of(const struct bytes *mail, uint64_t *odd_out)
{
    struct mail m;
    struct features f;
    span raw = arena_copy(&arena, span_of(mail->p, mail->n));
    mail_read(&m, raw, NULL, &arena);
    features_extract(&m, &arena, &f);
    *odd_out = m.odd;
    return f;
}

/* Can these bytes stand in a mail without a transfer encoding? */
static bool fits_raw(const struct bytes *b)
{
    return memchr(b->p, 0, b->n) == NULL;
}

static void write_mail(struct bytes *mail, const struct bytes *subject, const struct bytes *body, const char *label,
                       int transfer)
{
    static const char *const NAMES[] = {"8bit", "quoted-printable", "base64"};
    mail->n = 0;
    puts_to(mail, "From: a@example.org\nMessage-ID: <1@example.org>\nDate: x\nMIME-Version: 1.0\nSubject: ");
    if (label && transfer != RAW) {
        puts_to(mail, "=?");
        puts_to(mail, label);
        puts_to(mail, "?B?");
        base64(mail, subject, 0);
        puts_to(mail, "?=");
    } else {
        put(mail, subject->p, subject->n);
    }
    puts_to(mail, "\nContent-Type: text/plain");
    if (label) puts_to(mail, "; charset="), puts_to(mail, label);
    puts_to(mail, "\nContent-Transfer-Encoding: ");
    puts_to(mail, NAMES[transfer]);
    puts_to(mail, "\n\n");
    if (transfer == RAW) put(mail, body->p, body->n);
    if (transfer == QP) quoted(mail, body);
    if (transfer == BASE64) base64(mail, body, 19);
}

static bool same_list(struct feature_list a, struct feature_list b)
{
    return a.n == b.n && a.n && memcmp(a.v, b.v, a.n * sizeof *a.v) == 0;
}

static uint64_t compare(const struct bytes *subject, const struct bytes *body, const char *label, int transfer,
                        const struct letter *text, const char *what)
{
    static struct bytes mail, utf8;
    struct bytes plain_subject, plain_body;
    uint64_t odd;
    arena_reset(&arena);
    encode(text->subject, "UTF-8", &plain_subject);
    encode(text->body, "UTF-8", &plain_body);
    write_mail(&utf8, &plain_subject, &plain_body, "utf-8", BASE64);
    write_mail(&mail, subject, body, label, transfer);
    struct features want = features_of(&utf8, &odd), got = features_of(&mail, &odd);
    static const enum feature_view VIEWS[] = {VIEW_TEXT, VIEW_TEXT_GRAM};
    for (size_t i = 0; i < 2; i++)
        if (!same_list(want.view[VIEWS[i]], got.view[VIEWS[i]])) {
            struct mail m;
            mail_read(&m, arena_copy(&arena, span_of(mail.p, mail.n)), NULL, &arena);
            const struct mail_header *s = mail_find(&m, FIELD_SUBJECT);
            fail_msg("%s labelled %s, transfer %d: view %d differs: %.*s\n%.*s", what, label ? label : "not at all",
                     transfer, (int)VIEWS[i], SPAN_ARG(s->value), SPAN_ARG(m.text));
        }
    return odd;
}

static void same_in_every_charset(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bytes subject, body;
        encode(CASES[i].text->subject, CASES[i].charset, &subject);
        encode(CASES[i].text->body, CASES[i].charset, &body);
        for (int transfer = RAW; transfer < TRANSFERS; transfer++) {
            if (!fits_raw(&subject) || !fits_raw(&body)) {
                if (transfer == RAW) continue; /* nor can UTF-16 stand in a header */
                if (!CASES[i].label) encode(CASES[i].text->subject, "UTF-8", &subject);
            }
            if (transfer == RAW && strcmp(CASES[i].charset, "UTF-7") == 0) continue; /* "+-" in a header is no shift */
            compare(&subject, &body, CASES[i].label, transfer, CASES[i].text, CASES[i].charset);
        }
    }
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

static void drop_esc(struct bytes *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] != 0x1B) b->p[n++] = b->p[i];
    b->n = n;
}

/* No shift back at the end of lines. */
static void drop_return(struct bytes *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (i + 3 < b->n && memcmp(b->p + i, "\x1B(B\n", 4) == 0) i += 3;
        b->p[n++] = b->p[i];
    }
    b->n = n;
}

/* A line end after each ESC, or within each pair of bytes before a shift back. */
static void cut_escapes(struct bytes *b)
{
    struct bytes cut = {.n = 0};
    for (size_t i = 0; i < b->n; i++) {
        put(&cut, b->p + i, 1);
        if (b->p[i] == 0x1B) puts_to(&cut, "\r\n");
    }
    *b = cut;
}

static void roman(struct bytes *b)
{
    for (size_t i = 0; i + 2 < b->n; i++)
        if (memcmp(b->p + i, "\x1B(B", 3) == 0) b->p[i + 2] = 'J';
}

/* JIS C 6226-1978's designation, which many mailers wrote. */
static void old_kanji(struct bytes *b)
{
    for (size_t i = 0; i + 2 < b->n; i++)
        if (memcmp(b->p + i, "\x1B$B", 3) == 0) b->p[i + 2] = '@';
}

/* Half-width kana by SO and SI. */
static void shift_out(struct bytes *b)
{
    struct bytes out = {.n = 0};
    bool kana = false;
    for (size_t i = 0; i < b->n; i++) {
        if (b->p[i] == 0x1B && i + 2 < b->n) {
            if (kana) puts_to(&out, "\x0F");
            kana = memcmp(b->p + i, "\x1B(I", 3) == 0;
            put(&out, kana ? "\x1B(B\x0E" : b->p + i, kana ? 4 : 3);
            i += 2;
            continue;
        }
        put(&out, b->p + i, 1);
    }
    *b = out;
}

/* Bytes behind the text's end that a decoder's limit left of a shift or a character. */
static void cut_end(struct bytes *b)
{
    puts_to(b, "\x1B$");
}

static void same_when_damaged(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*damage)(struct bytes *b);
        bool broken;
    } DAMAGES[] = {
        {"without ESC", drop_esc, true},    {"without shifts back", drop_return, true},
        {"cut escapes", cut_escapes, true}, {"JIS X 0201", roman, false},
        {"JIS C 6226", old_kanji, false},   {"kana by SO", shift_out, false},
        {"cut at the end", cut_end, false},
    };
    static const struct letter *const TEXTS[] = {&HAM, &SPAM, &PLAIN, &KANJI};
    for (size_t i = 0; i < sizeof DAMAGES / sizeof *DAMAGES; i++) {
        for (size_t k = 0; k < 4; k++) {
            struct letter text = *TEXTS[k];
            struct bytes subject, body;
            encode(text.subject, "CP50221", &subject);
            encode(text.body, "CP50221", &body);
            /* Without ESC half-width kana are letters, and nobody can tell. */
            if (DAMAGES[i].damage == drop_esc && memmem(body.p, body.n, "\x1B(I", 3)) continue;
            DAMAGES[i].damage(&body);
            if (DAMAGES[i].damage != cut_escapes && DAMAGES[i].damage != cut_end) DAMAGES[i].damage(&subject);
            static const char *const LABELS[] = {"iso-2022-jp", "us-ascii", NULL};
            for (size_t l = 0; l < 3; l++) {
                if (DAMAGES[i].damage == drop_esc && l) continue;
                for (int transfer = RAW; transfer < TRANSFERS; transfer++) {
                    uint64_t odd = compare(&subject, &body, LABELS[l], transfer, &text, DAMAGES[i].name);
                    if ((odd >> ODD_BIT_BROKEN_ESCAPE & 1) != DAMAGES[i].broken)
                        fail_msg("%s: broken-escape is not %d", DAMAGES[i].name, DAMAGES[i].broken);
                }
            }
        }
    }
}

/* Another charset's bytes among ISO-2022-JP's. */
static void same_with_strays(void **state)
{
    (void)state;
    static const char *const STRAYS[] = {"CP932", "EUC-JP-MS", "UTF-8"};
    for (size_t i = 0; i < 3; i++) {
        struct bytes subject, first, second;
        encode(HAM.subject, "CP50221", &subject);
        encode(HAM.body, "CP50221", &first);
        encode(HAM.body, STRAYS[i], &second);
        char *end = memchr(first.p, '\n', first.n), *start = memchr(second.p, '\n', second.n);
        first.n = (size_t)(end - first.p);
        put(&first, start, second.n - (size_t)(start - second.p));
        for (int transfer = RAW; transfer < TRANSFERS; transfer++)
            compare(&subject, &first, "iso-2022-jp", transfer, &HAM, STRAYS[i]);
    }
}

/* The pairs that converters disagree about: wave dash, parallel, minus, dash, cent, pound, not. */
static void same_by_either_table(void **state)
{
    (void)state;
    static const struct {
        const char *unicode, *microsoft;
    } PAIRS[] = {{"〜", "～"}, {"‖", "∥"}, {"−", "－"}, {"—", "―"}, {"¢", "￠"}, {"£", "￡"}, {"¬", "￢"}};
    static const char *const CHARSETS[][2] = {
        {"UTF-8", "utf-8"}, {"CP932", "shift_jis"}, {"EUC-JP-MS", "euc-jp"}, {"CP50221", "iso-2022-jp"}};
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        static struct bytes mail;
        struct bytes subject, body;
        struct mail want, got;
        char one[256], two[256];
        arena_reset(&arena);
        snprintf(one, sizeof one, "東京%s大阪の切符を10枚%s買いました。\n", PAIRS[i].unicode, PAIRS[i].unicode);
        snprintf(two, sizeof two, "東京%s大阪の切符を10枚%s買いました。\n", PAIRS[i].microsoft, PAIRS[i].microsoft);
        encode("切符", "UTF-8", &subject);
        encode(one, "UTF-8", &body);
        write_mail(&mail, &subject, &body, "utf-8", BASE64);
        mail_read(&want, arena_copy(&arena, span_of(mail.p, mail.n)), NULL, &arena);
        for (size_t k = 0; k < 4; k++) {
            encode("切符", CHARSETS[k][0], &subject);
            encode(two, CHARSETS[k][0], &body);
            write_mail(&mail, &subject, &body, CHARSETS[k][1], BASE64);
            mail_read(&got, arena_copy(&arena, span_of(mail.p, mail.n)), NULL, &arena);
            if (!span_eq(want.folded.text, got.folded.text))
                fail_msg("%s: %.*s and %.*s", CHARSETS[k][0], SPAN_ARG(want.folded.text), SPAN_ARG(got.folded.text));
        }
    }
}

static int start(void **state)
{
    (void)state;
    domain_init();
    return arena_open(&arena, 32 << 20);
}

static int stop(void **state)
{
    (void)state;
    arena_close(&arena);
    mail_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_in_every_charset),
        cmocka_unit_test(same_when_damaged),
        cmocka_unit_test(same_with_strays),
        cmocka_unit_test(same_by_either_table),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
