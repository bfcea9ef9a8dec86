/* SPDX-License-Identifier: Apache-2.0 */
/* guess: which charset are these 8-bit bytes in, when the label is missing or lies?
 *
 * Surprise is -log2 of a character's share in running text, in tenths of a bit, estimated by classes: e.g. half of
 * Japanese running text is one of 83 hiragana, so one of them costs about 75. Bytes that are no character cost INVALID.
 * Letter shares of Russian are the well-known ones (O. Lyashevskaya and S. Sharov, frequency dictionary, 2009). */
#include "worker/text/guess.h"

enum {
    INVALID = 400,
    FAVOUR_ONCE = 60,  /* a favoured candidate's lead, */
    FAVOUR_PAIRS = 20, /* and its lead for each byte over 127 when it has two-byte characters, */
    FAVOUR_SINGLE = 10 /* or one-byte ones, which anything is valid text of */
};

/* --- frequent characters ------------------------------------------------------------------------------------------ */

static const char *const FREQUENT[GUESS_COUNT] = {
    [GUESS_SHIFT_JIS] =
        "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名"
        "会員登録無料様方事場合動手社新開発情報商品必要確認最用意思定期限内容送信受配当選者的業同部自相関法性対"
        "体家理度能力全体現実物不可電以明作成約変利化回資料連絡管問題注文支払振込口座株式京都市区町村県住所番号"
        "件質答案予定参加特別価格販売購求好安心楽世界多少何私彼返紹介友達出会系完男写真募集簡単超人気",
    [GUESS_EUC_JP] = "", /* the same as Shift_JIS; see guess_frequent */
    [GUESS_GB18030] =
        "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心"
        "多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三己老从动两长知样现分"
        "将外但身些与高意进把法此实回二理美点月明其种声全工门信女系务品司业您请电话价网产市场量供本部加工",
    [GUESS_BIG5] =
        "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她里後小麼心"
        "多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三己老從動兩長知樣現分"
        "將外但身些與高意進把法此實回二理美點月明其種聲全工門信女系務品司業您請電話價網產市場免費資訊",
    [GUESS_EUC_KR] =
        "이다의는에을가고하지니기로한사어서시대해도은자그리인일를수정있나것과제상부아전보들만스게주라여습무연용"
        "없었우원세조면장구성유안경오신소발비계문방으공지미동관중모생학성화적행영회터식드크트레개메"
        "광료당금품신청확매입니다세요합",
};

/* One bit for each pair of bytes. */
static uint8_t frequent[GUESS_COUNT][65536 / 8];

const char *guess_frequent(enum guess g)
{
    if (g == GUESS_EUC_JP) g = GUESS_SHIFT_JIS;
    return FREQUENT[g] ? FREQUENT[g] : "";
}

static void tabulate(enum guess g);

void guess_learn(enum guess g, span characters)
{
    for (size_t i = 0; i + 1 < characters.n; i += 2) {
        unsigned pair = (unsigned)characters.p[i] << 8 | characters.p[i + 1];
        frequent[g][pair >> 3] |= (uint8_t)(1 << (pair & 7));
    }
    if (g <= GUESS_EUC_KR) tabulate(g);
}

static bool is_frequent(enum guess g, uint8_t a, uint8_t b)
{
    unsigned pair = (unsigned)a << 8 | b;
    return frequent[g][pair >> 3] >> (pair & 7) & 1;
}

/* --- two-byte charsets -------------------------------------------------------------------------------------------- */

static bool within(uint8_t c, uint8_t lo, uint8_t hi)
{
    return c >= lo && c <= hi;
}

/* A character of JIS X 0208 by row and cell (1 to 94). */
static int jis_cost(enum guess g, uint8_t a, uint8_t b, int row, int cell)
{
    switch (row) {
    case 1: return cell <= 3 ? 50 : cell <= 60 ? 80 : 120; /* 、 and 。 first */
    case 3: return 115;
    case 4: return cell <= 83 ? 75 : INVALID;
    case 5: return cell <= 86 ? 97 : INVALID;
    case 2:
    case 6:
    case 7:
    case 8:
    case 13: return 170;
    default: break;
    }
    if (within((uint8_t)row, 16, 47)) return is_frequent(g, a, b) ? 92 : 142;
    if (within((uint8_t)row, 48, 84)) return 205;
    return row >= 89 ? 230 : INVALID; /* NEC and IBM extensions, user-defined */
}

static int sjis_cost(uint8_t a, uint8_t b)
{
    if (!within(b, 0x40, 0xFC) || b == 0x7F) return INVALID;
    int row = ((a < 0xA0 ? a - 0x81 : a - 0xC1) << 1) + 1, cell;
    if (b >= 0x9F) {
        row++;
        cell = b - 0x9E;
    } else {
        cell = b - (b > 0x7F ? 0x40 : 0x3F);
    }
    return jis_cost(GUESS_SHIFT_JIS, a, b, row, cell);
}

static int euc_jp_cost(uint8_t a, uint8_t b)
{
    if (a == 0x8E) return within(b, 0xA1, 0xDF) ? 180 : INVALID;
    if (!within(a, 0xA1, 0xFE) || !within(b, 0xA1, 0xFE)) return INVALID;
    return jis_cost(GUESS_EUC_JP, a, b, a - 0xA0, b - 0xA0);
}

static int gb_cost(uint8_t a, uint8_t b)
{
    if (!within(a, 0x81, 0xFE)) return INVALID;
    if (within(b, 0x30, 0x39)) return 200; /* half of a four-byte character */
    if (!within(b, 0x40, 0xFE) || b == 0x7F) return INVALID;
    if (a < 0xA1 || b < 0xA1) return 190; /* GBK's additions */
    if (is_frequent(GUESS_GB18030, a, b)) return 78;
    if (a == 0xA1) return b <= 0xA3 ? 60 : 110;
    if (a == 0xA3) return b == 0xAC || b == 0xA1 || b == 0xBA || b == 0xBF ? 60 : 115;
    if (within(a, 0xB0, 0xD7)) return 127;
    if (within(a, 0xD8, 0xF7)) return 190;
    return 200;
}

static int big5_cost(uint8_t a, uint8_t b)
{
    if (!within(a, 0x81, 0xFE) || !(within(b, 0x40, 0x7E) || within(b, 0xA1, 0xFE))) return INVALID;
    if (is_frequent(GUESS_BIG5, a, b)) return 78;
    if (a == 0xA1) return within(b, 0x41, 0x4D) ? 65 : 120;
    if (within(a, 0xA2, 0xA3)) return 140;
    if (within(a, 0xA4, 0xC6)) return 130;
    return within(a, 0xC9, 0xF9) ? 205 : 240;
}

static int euc_kr_cost(uint8_t a, uint8_t b)
{
    if (!within(a, 0x81, 0xFE)) return INVALID;
    if (a >= 0xA1 && b >= 0xA1 && b != 0xFF) {
        if (is_frequent(GUESS_EUC_KR, a, b)) return 72;
        if (within(a, 0xB0, 0xC8)) return 122;
        return within(a, 0xCA, 0xFD) ? 190 : 165;
    }
    bool letter = within(b | 0x20, 'a', 'z');
    return letter || within(b, 0x81, 0xFE) ? 220 : INVALID; /* UHC's additions */
}

static int pair_cost(enum guess g, uint8_t a, uint8_t b)
{
    switch (g) {
    case GUESS_SHIFT_JIS: return sjis_cost(a, b);
    case GUESS_EUC_JP: return euc_jp_cost(a, b);
    case GUESS_GB18030: return gb_cost(a, b);
    case GUESS_BIG5: return big5_cost(a, b);
    default: return euc_kr_cost(a, b);
    }
}

/* What a byte over 127 costs that is a whole character, or none at all; 0 when it is the first half of one. */
static int alone_cost(enum guess g, uint8_t a)
{
    if (g == GUESS_SHIFT_JIS && within(a, 0xA1, 0xDF)) return 116; /* half-width kana */
    return a == 0x80 || a == 0xFF || (g == GUESS_SHIFT_JIS && (a == 0xA0 || a > 0xFC)) ? INVALID : 0;
}

/* For each pair of bytes: twice what the first step costs, plus one when it goes over both. All the branches above, in
 * one look-up. */
static uint16_t step[GUESS_EUC_KR + 1][128][256];

static void tabulate(enum guess g)
{
    for (int a = 0x80; a < 0x100; a++) {
        for (int b = 0; b < 0x100; b++) {
            int alone = alone_cost(g, (uint8_t)a), cost = alone ? alone : pair_cost(g, (uint8_t)a, (uint8_t)b);
            step[g][a - 0x80][b] = (uint16_t)(2 * cost + (!alone && cost < INVALID));
        }
    }
}

/* All of them at once: each waits for its last look-up to know where its next is, so that five interleaved take hardly
 * longer than one. */
static void pairs_cost(span s, bool more, int cost_out[GUESS_EUC_KR + 1])
{
    size_t at[GUESS_EUC_KR + 1] = {0};
    memset(cost_out, 0, sizeof at / sizeof *at * sizeof *cost_out);
    for (bool going = true; going;) {
        going = false;
        for (enum guess g = 0; g <= GUESS_EUC_KR; g++) {
            if (at[g] + 1 >= s.n) continue;
            const uint8_t *p = s.p + at[g];
            unsigned two = p[0] < 0x80 ? 0 : step[g][p[0] - 0x80][p[1]];
            cost_out[g] += (int)(two >> 1);
            at[g] += 1 + (two & 1);
            going = true;
        }
    }
    for (enum guess g = 0; g <= GUESS_EUC_KR; g++) {
        if (at[g] >= s.n || s.p[at[g]] < 0x80) continue;
        int alone = alone_cost(g, s.p[at[g]]);
        cost_out[g] += alone ? alone : more ? 0 : INVALID; /* half a character: fine where only our sample ends */
    }
}

/* --- one-byte charsets -------------------------------------------------------------------------------------------- */

/* Surprise of the Russian letters in the order of the alphabet, without the one between the sixth and seventh. */
static const uint8_t RUSSIAN[32] = {36, 60, 45, 59, 51, 36, 67, 59, 38, 64, 48,  45, 50, 39, 32, 52,
                                    44, 42, 40, 53, 85, 67, 77, 62, 71, 81, 113, 57, 59, 82, 73, 56};
/* KOI8-R's order, as places in the alphabet. */
static const uint8_t KOI8[32] = {30, 0,  1,  22, 4,  5,  20, 3, 21, 8,  9, 10, 11, 12, 13, 14,
                                 15, 31, 16, 17, 18, 19, 6,  2, 28, 27, 7, 24, 29, 25, 23, 26};

static int cyrillic_cost(enum guess g, span s)
{
    int cost = 0;
    bool word = false, upper = false; /* the byte before: a Cyrillic letter; an upper-case one */
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c < 0x80) {
            word = false;
            continue;
        }
        if (c < 0xC0) {
            bool letter = g == GUESS_KOI8_R ? c == 0xA3 || c == 0xB3 : c == 0xA8 || c == 0xB8;
            bool mark = g == GUESS_WINDOWS_1251 && (c == 0xAB || c == 0xBB || c == 0xB9 || within(c, 0x93, 0x97) ||
                                                    c == 0x84 || c == 0x85 || c == 0xA0);
            cost += letter ? 100 : mark ? 70 : 130;
            word = letter;
            upper = false;
            continue;
        }
        bool big = g == GUESS_KOI8_R ? c >= 0xE0 : c < 0xE0;
        cost += RUSSIAN[g == GUESS_KOI8_R ? KOI8[c & 31] : c & 31];
        if (big) cost += !word ? 25 : upper ? 10 : 80;
        bool touches = (i && ascii_alpha(s.p[i - 1])) || (i + 1 < s.n && ascii_alpha(s.p[i + 1]));
        if (touches) cost += 60;
        word = true;
        upper = big;
    }
    return cost;
}

static int latin_cost(span s)
{
    static const char LETTERS[] = "\xE9\xE8\xE0\xF9\xE2\xEA\xEE\xF4\xFB\xE7\xE4\xF6\xFC\xDF\xF1\xE1\xED\xF3\xFA\xE3\xF5"
                                  "\xE5\xF8\xE6\xC9\xC4\xD6\xDC";
    static const char MARKS[] = "\x91\x92\x93\x94\x95\x96\x97\x85\x99\x80\xA0\xA1\xA3\xA9\xAB\xAE\xB0\xB4\xB7\xBB\xBF";
    int cost = 0;
    bool before = false; /* the byte before is a letter over 127 */
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c < 0x80) {
            before = false;
            continue;
        }
        bool letter = c >= 0xC0;
        if (letter)
            cost += memchr(LETTERS, c, sizeof LETTERS - 1) ? 45 : 85;
        else
            cost += memchr(MARKS, c, sizeof MARKS - 1) ? 60 : c < 0xA0 ? 130 : 100;
        if (before) cost += 50;
        before = letter || c < 0xA0;
    }
    return cost;
}

enum guess guess_charset(span text, unsigned favoured)
{
    size_t first = 0, high = 0;
    while (first < text.n && text.p[first] < 0x80) first++;
    span s = span_head(span_from(text, first), GUESS_BYTES);
    bool more = text.n - first > s.n;
    for (size_t i = 0; i < s.n; i++) high += s.p[i] >> 7;
    int least = 0, pairs[GUESS_EUC_KR + 1];
    enum guess best = GUESS_COUNT;
    pairs_cost(s, more, pairs);
    for (enum guess g = 0; g < GUESS_COUNT; g++) {
        int cost = g <= GUESS_EUC_KR ? pairs[g] : g < GUESS_WINDOWS_1252 ? cyrillic_cost(g, s) : latin_cost(s);
        int per_byte = g <= GUESS_EUC_KR ? FAVOUR_PAIRS : FAVOUR_SINGLE;
        if (favoured >> g & 1) cost -= FAVOUR_ONCE + per_byte * (int)high;
        if (best != GUESS_COUNT && cost >= least) continue;
        best = g;
        least = cost;
    }
    return best;
}
