/* SPDX-License-Identifier: Apache-2.0 */
/* guess: which charset are these 8-bit bytes in, when the label is missing or lies?
 *
 * Surprise is -log2 of a character's share in running text, in tenths of a bit, estimated by classes: e.g. half of
 * Japanese running text is one of 83 hiragana, so one of them costs about 75. Bytes that are no character cost INVALID.
 * Letter shares of Russian are the well-known ones (O. Lyashevskaya and S. Sharov, frequency dictionary, 2009). All
 * that is laid down in tables at start, so that a guess is two loops of look-ups. */
#include "worker/text/guess.h"

#include "worker/simd/scan.h"

enum {
    INVALID = 400,
    TOUCHES = 60,        /* a letter of another script, or a strange character, beside an ASCII letter */
    SINGLE = 25,         /* a word of one letter in another script */
    WEDGED = 60,         /* a two-byte character alone between ASCII letters */
    FAVOUR_DEFAULT = 60, /* lead of windows-1252 where it is favoured: half the lies are this label; */
    FAVOUR_ONCE = 160,   /* of another, which somebody chose; */
    FAVOUR_PAIRS = 20,   /* and for each byte over 127 when it has two-byte characters, */
    FAVOUR_SINGLE = 10,  /* or one-byte ones, which anything is valid text of, */
    FIRST_HIGH = 32,     /* bytes over 127 by which it shows whether a character has two of them or one, */
    HOPELESS = 500,      /* if one lags so much behind the other */
    FAVOUR_BYTES = 48,   /* of which those behind so many count half */
};

/* --- frequent characters ------------------------------------------------------------------------------------------ */

/* Of two-byte charsets. EUC-JP's are Shift_JIS's. */
static const char *const FREQUENT[GUESS_PAIRS_END] = {
    [GUESS_SHIFT_JIS] =
        "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名"
        "会員登録無料様方事場合動手社新開発情報商品必要確認最用意思定期限内容送信受配当選者的業同部自相関法性対"
        "体家理度能力全体現実物不可電以明作成約変利化回資料連絡管問題注文支払振込口座株式京都市区町村県住所番号"
        "件質答案予定参加特別価格販売購求好安心楽世界多少何私彼返紹介友達出会系完男写真募集簡単超人気",
    [GUESS_GB18030] =
        "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心"
        "多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三己老从动两长知样现分"
        "将外但身些与高意进把法此实回二理美点月明其种声全工门信女系务品司业您请电话价网产市场量供本部加工",
    [GUESS_BIG5] =
        "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她里後小麼心"
        "多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三己老從動兩長知樣現分"
        "將外但身些與高意進把法此實回二理美點月明其種聲全工門信女系務品司業您請電話價網產市場免費資訊您嗎吧呢們使用者選"
        "擇取消訂閱聯絡服務請問客戶優惠活動郵件地址北路號樓點擊此次再",
    [GUESS_EUC_KR] =
        "이다의는에을가고하지니기로한사어서시대해도은자그리인일를수정있나것과제상부아전보들만스게주라여습무연용"
        "없었우원세조면장구성유안경오신소발비계문방으공지미동관중모생학성화적행영회터식드크트레개메"
        "광료당금품신청확매입니다세요합님께저희드립될때러분및된더위년월간번호출받실바랍감격할내했까려처럼안녕온라쇼핑"
        "몰",
};

#define RUSSIAN_LETTERS "абвгдежзийклмнопрстуфхцчшщъыьэюя", "ёіїєґ", "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
#define QUOTES          "“”‘’„«»–—…•\u00A0"

enum script { LATIN, CYRILLIC, OTHER };

/* Of one-byte charsets: by class, letters of OTHER scripts by frequency; and how unlikely the languages are from the
 * start. Where windows-1250 holds letters of Latin text alone that windows-1252 has too, either gives the same. */
static const struct {
    const char *class[GUESS_CLASSES];
    enum script script;
    int surprise;
} LANGUAGES[GUESS_COUNT] = {
    [GUESS_KOI8_R] = {{RUSSIAN_LETTERS, "\u00A0©"}, CYRILLIC, 6},
    [GUESS_WINDOWS_1251] = {{RUSSIAN_LETTERS, QUOTES "№"}, CYRILLIC, 6},
    [GUESS_CP866] = {{RUSSIAN_LETTERS, "№─│"}, CYRILLIC, 120},
    [GUESS_WINDOWS_1252] = {{"éèàùâêîôûçäöüßñáíóúãõåøæìò", "ëïýœšžÿþð", "ÉÄÖÜÀÇÅØÁÓÍÑÊÈÃÕÂÔÚ", QUOTES "€£¿¡µ´¹\u00AD",
                             "©®°™·§²½±ºª¸¯"},
                            LATIN,
                            0},
    [GUESS_WINDOWS_1250] = {{"ąćęłńóśźżáčéěířšúůýžőűăşöüä", "ďňťđţôâîçëß", "ŁŚŻČŘŠŽÁÉÍÓÚÖÜĄĘĆ", QUOTES "€§°"},
                            LATIN,
                            60},
    [GUESS_WINDOWS_1253] = {{"αοιτεσνηρκπυμλς", "ίάόέώήύδγωχθφβξζψϊϋΐΰ", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ", QUOTES},
                            OTHER,
                            60},
    [GUESS_WINDOWS_1254] = {{"çğıöşü", "âîûéà", "ÇĞİÖŞÜ", QUOTES "€"}, LATIN, 60},
    [GUESS_WINDOWS_1255] = {{"יוהלארתבמשנ", "דעקחםפכגסזטןצךץף", "", QUOTES "₪\u200E\u200F"}, OTHER, 60},
    [GUESS_WINDOWS_1256] = {{"اليمنورتةبدعفسهكقح", "جصطشخذضزغثءئىظآأإؤپچگژ", "", QUOTES "،؛؟\u200C\u200D\u200E\u200F"},
                            OTHER,
                            60},
    [GUESS_WINDOWS_874] = {{"านรกเอ่มง้ยลวดัทสิีตะบปุคหไำูแจพ", "ชขโใผถซธณภษศญฉฐฟฎฏฒฝฬฮฌฤืึ็์ๆ", "", QUOTES "฿"}, OTHER, 80},
};

/* One bit for each pair of bytes. */
static uint8_t frequent[GUESS_PAIRS_END][65536 / 8];

const char *guess_frequent(enum guess g, enum guess_class k)
{
    if (g < GUESS_PAIRS_END) return k == GUESS_OFTEN ? FREQUENT[g == GUESS_EUC_JP ? GUESS_SHIFT_JIS : g] : "";
    return LANGUAGES[g].class[k] ? LANGUAGES[g].class[k] : "";
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
    case 1: /* 、 and 。 first, accents between, ☆ and on last */
        return cell <= 3 ? 50 : within((uint8_t)cell, 13, 18) ? 120 : cell <= 60 ? 80 : cell >= 89 ? 100 : 120;
    case 3: return 115;
    case 4: return cell <= 83 ? 75 : INVALID;
    case 5: return cell <= 86 ? 97 : INVALID;
    case 2: return cell <= 14 ? 115 : 170; /* ◆ to 〓 */
    case 8: return 140;                    /* rules */
    case 6:
    case 7:
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
    if (within(b, 0x30, 0x39)) return 110; /* half of a four-byte character */
    if (!within(b, 0x40, 0xFE) || b == 0x7F) return INVALID;
    if (b < 0xA1 && within(a, 0xA8, 0xA9)) return 140; /* rules */
    if (a < 0xA1 || b < 0xA1) return 190;              /* GBK's additions */
    if (is_frequent(GUESS_GB18030, a, b)) return 78;
    if (a == 0xA1) return b <= 0xA3 || b == 0xB0 || b == 0xB1 ? 60 : 110; /* and quotes */
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
    if (g == GUESS_EUC_JP && a == 0x8F) return 120; /* JIS X 0212; two bytes more that look like any pair */
    return a == 0x80 || a == 0xFF || (g == GUESS_SHIFT_JIS && (a == 0xA0 || a > 0xFC)) ? INVALID : 0;
}

/* For each pair of bytes, the first over 127: what the step costs, in STEPs; the lowest bit when it goes over both. All
 * the branches above, in one look-up. */
enum {
    STEP = 4,
    AGAIN = 24 /* at most, when a sign is the one before: rules and rows of stars */
};
static uint8_t step[GUESS_PAIRS_END][128][256];

static void tabulate(enum guess g, bool (*known)(enum guess, uint8_t, uint8_t))
{
    for (int a = 0x80; a < 0x100; a++) {
        for (int b = 0; b < 0x100; b++) {
            int alone = alone_cost(g, (uint8_t)a), cost = alone ? alone : pair_cost(g, (uint8_t)a, (uint8_t)b);
            if (!alone && b >= 0x40 && !known(g, (uint8_t)a, (uint8_t)b)) cost = INVALID;
            if (alone && cost < INVALID && b < 0x80) cost += ascii_alpha((uint8_t)b) ? TOUCHES : SINGLE; /* kana */
            step[g][a - 0x80][b] = (uint8_t)((cost / STEP) << 1 | (!alone && cost < INVALID));
        }
    }
}

/* Do marks, signs and rules stand behind this first byte? */
static bool sign_row(enum guess g, uint8_t a)
{
    switch (g) {
    case GUESS_SHIFT_JIS: return a == 0x81 || a == 0x84;
    case GUESS_EUC_JP: return within(a, 0xA1, 0xA2) || a == 0xA8;
    case GUESS_GB18030: return within(a, 0xA1, 0xA3) || within(a, 0xA8, 0xA9);
    case GUESS_BIG5: return within(a, 0xA1, 0xA3) || a == 0xF9;
    default: return within(a, 0xA1, 0xA3) || a == 0xA6;
    }
}

/* Where the bytes over 127 of a text are, up to GUESS_HIGH of them; all others cost nothing by themselves. */
struct highs {
    uint16_t at[GUESS_HIGH + 1]; /* behind the last: NOWHERE */
    size_t n;
};

enum { NOWHERE = UINT16_MAX };

static void find_highs(span text, struct highs *h)
{
    static const uint64_t HIGH = UINT64_C(0x8080808080808080);
    text = span_head(text, GUESS_BYTES);
    h->n = 0;
    for (size_t i = 0; i < text.n && h->n < GUESS_HIGH; i++) {
        for (uint64_t eight; text.n - i >= sizeof eight; i += sizeof eight) {
            memcpy(&eight, text.p + i, sizeof eight);
            if (eight & HIGH) break;
        }
        while (i < text.n && text.p[i] < 0x80) i++;
        if (i < text.n) h->at[h->n++] = (uint16_t)i;
    }
    h->at[h->n] = NOWHERE;
}

/* All of them at once: each waits for its last look-up to know where its next is, so that five interleaved take hardly
 * longer than one. Of the bytes over 127 the first n are in s. */
static void pairs_cost(span s, const struct highs *h, size_t n, bool more, int cost_out[GUESS_COUNT])
{
    size_t k[GUESS_PAIRS_END] = {0};
    for (bool going = true; going;) {
        going = false;
        for (enum guess g = 0; g < GUESS_PAIRS_END; g++) {
            if (k[g] >= n || h->at[k[g]] + 1u >= s.n) continue;
            size_t at = h->at[k[g]];
            const uint8_t *p = s.p + at;
            unsigned two = step[g][p[0] & 0x7F][p[1]]; /* no branch: hostile bytes mispredict */
            int cost = (int)(two >> 1) * STEP;
            bool again = at >= 2 && p[0] == p[-2] && p[1] == p[-1];
            if (again && two & 1 && cost > AGAIN && sign_row(g, p[0])) cost = AGAIN;
            cost_out[g] += cost;
            k[g] += 1 + (two & 1 & (h->at[k[g] + 1] == at + 1));
            going = true;
        }
    }
    for (enum guess g = 0; g < GUESS_PAIRS_END; g++) {
        if (k[g] >= n) continue;
        int alone = alone_cost(g, s.p[h->at[k[g]]]);
        cost_out[g] += alone ? alone : more ? 0 : INVALID; /* half a character: fine where only our sample ends */
    }
}

/* --- one-byte charsets -------------------------------------------------------------------------------------------- */

/* Surprise of the Russian letters in the order of the alphabet, without the one between the sixth and seventh. */
static const uint8_t RUSSIAN[32] = {36, 60, 45, 59, 51, 36, 67, 59, 38, 64, 48,  45, 50, 39, 32, 52,
                                    44, 42, 40, 53, 85, 67, 77, 62, 71, 81, 113, 57, 59, 82, 73, 56};

enum {
    SINGLES = 16,    /* places for one-byte candidates in a row */
    OFTEN = 43,      /* a Latin letter by which the language is recognised, */
    FIRST = 34,      /* of another script the most frequent letter, */
    RANK = 3,        /* and half of what each place behind it adds, */
    SELDOM = 68,     /* other letters, */
    MARK = 62,       /* a quote or dash, */
    NO_BREAK = 25,   /* the no-break space, of which HTML is full, */
    LETTER = 85,     /* a Latin letter of other languages, */
    STRANGE = 115,   /* a character that text seldom holds, */
    CONTROL = 140,   /* one below 0xA0 that the language does not use, */
    NEVER = 255,     /* an undefined byte */
    CAPITAL = 25,    /* a capital beside its letter's surprise, */
    CAPITAL_IN = 55, /* and more inside a word of small letters, */
    CAPITAL_ON = 22, /* less behind another */
    DOUBLE = 50,     /* a Latin letter over 127 behind another, */
    SAME = 30        /* the byte of before once more: rules, rows of dots, junk; it says little */
};

/* What stands around a byte. */
enum { AFTER_HIGH = 1, AT_ASCII = 2, ALONE = 4, AROUND = 8 };

static uint8_t cost[AROUND][128][SINGLES];
static uint8_t small[256][SINGLES], capital[256][SINGLES]; /* all bits set where the byte is such a letter */
static bool mark[256];                                     /* of windows-1252: one before a letter is not odd */
static bool sign[256]; /* of windows-1252: before a letter it is odd in Latin text, and half a character of Big5 */

void guess_learn(enum guess g, enum guess_class k, span characters)
{
    if (g < GUESS_PAIRS_END) {
        for (size_t i = 0; i + 1 < characters.n; i += 2) {
            unsigned pair = (unsigned)characters.p[i] << 8 | characters.p[i + 1];
            frequent[g][pair >> 3] |= (uint8_t)(1 << (pair & 7));
        }
        return;
    }
    static const uint8_t COST[GUESS_CLASSES] = {OFTEN, SELDOM, OFTEN + CAPITAL, MARK, MARK};
    bool russian = characters.n == sizeof RUSSIAN && g <= GUESS_CP866;
    for (size_t i = 0; i < characters.n; i++) {
        uint8_t c = characters.p[i];
        if (c < 0x80) continue;
        int n = COST[k];
        if (russian) n = RUSSIAN[i] + (k == GUESS_UPPER ? CAPITAL : 0);
        if (k == GUESS_OFTEN && LANGUAGES[g].script == OTHER) n = FIRST + RANK * (int)i / 2;
        cost[0][c - 0x80][g - GUESS_PAIRS_END] = (uint8_t)n;
        if (k == GUESS_OFTEN || k == GUESS_SELDOM) small[c][g - GUESS_PAIRS_END] = 0xFF;
        if (k == GUESS_UPPER) capital[c][g - GUESS_PAIRS_END] = 0xFF;
        if (g == GUESS_WINDOWS_1252 && k >= GUESS_MARK) mark[c] = true;
        if (k == GUESS_SIGN) sign[c] = true;
    }
}

void guess_ready(bool (*known)(enum guess, uint8_t, uint8_t))
{
    for (enum guess g = 0; g < GUESS_PAIRS_END; g++) tabulate(g, known);
    for (enum guess g = GUESS_PAIRS_END; g < GUESS_COUNT; g++) {
        unsigned at = g - GUESS_PAIRS_END;
        for (int c = 0; c < 256; c++)
            if (LANGUAGES[g].script == LATIN && ascii_alpha((uint8_t)c)) (c & 0x20 ? small : capital)[c][at] = 0xFF;
        for (int c = 0x80; c < 0x100; c++) {
            bool letter = small[c][at] || capital[c][at], latin = LANGUAGES[g].script == LATIN;
            int own = cost[0][c - 0x80][at];
            if (!own && latin && c >= 0xC0) own = LETTER, letter = true;
            if (!own) own = c < 0xA0 ? CONTROL : STRANGE;
            if (c == 0xA0 && own == MARK) own = NO_BREAK;
            if (!known(g, (uint8_t)c, 0)) own = NEVER;
            for (int k = 0; k < AROUND; k++) {
                int more = 0;
                if (k & AFTER_HIGH && latin && (letter || c >= 0xC0)) more += DOUBLE;
                if (k & AT_ASCII && (letter ? !latin : own >= STRANGE)) more += TOUCHES;
                if (k & ALONE && letter && !latin) more += SINGLE;
                cost[k][c - 0x80][at] = (uint8_t)(own + more < 255 ? own + more : 255);
            }
        }
    }
}

/* All at once, a candidate in each place of a row. `before` is the byte in front of s. */
static void singles_cost(span s, const struct highs *h, size_t n, uint8_t before, int cost_out[GUESS_COUNT])
{
    static const uint8_t AGAIN_COST[SINGLES] = {[0 ... SINGLES - 1] = SAME}, NONE[SINGLES];
    uint16_t sum[SINGLES] = {0}; /* GUESS_HIGH times 255 + CAPITAL_IN fit */
    int glued = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = h->at[i];
        uint8_t c = s.p[at], last = at ? s.p[at - 1] : before, next = at + 1 < s.n ? s.p[at + 1] : 0;
        unsigned around = (last & 0x80 && !mark[last] ? AFTER_HIGH : 0) |
                          (ascii_alpha(last) || ascii_alpha(next) ? AT_ASCII : 0) | ((last | next) & 0x80 ? 0 : ALONE);
        bool same = c == last;
        glued += sign[c] && ascii_alpha(next);
        const uint8_t *row = same ? AGAIN_COST : cost[around][c - 0x80], *big = same ? NONE : capital[c],
                      *low = small[last], *high = capital[last];
        for (int k = 0; k < SINGLES; k++)
            sum[k] += (uint16_t)(row[k] + (low[k] & big[k] & CAPITAL_IN) - (high[k] & big[k] & CAPITAL_ON));
    }
    for (enum guess g = GUESS_PAIRS_END; g < GUESS_COUNT; g++)
        cost_out[g] = sum[g - GUESS_PAIRS_END] + (LANGUAGES[g].script == LATIN ? glued * TOUCHES : 0);
}

/* One byte over 127 between ASCII letters, or two: in words of Latin languages more often than as one two-byte
 * character; but for the ideographic space, and where the letter before is itself the end of such a character. */
static int wedged_cost(span s, const struct highs *h, size_t high, uint8_t before)
{
    int n = 0;
    for (size_t i = 0; i < high && h->at[i] + 2u < s.n; i++) {
        size_t at = h->at[i];
        uint8_t c = s.p[at], next = s.p[at + 1], last = s.p[at + 2];
        uint8_t near = at ? s.p[at - 1] : before, further = at > 1 ? s.p[at - 2] : at ? before : 0;
        if (!ascii_alpha(near) || further >= 0x80) continue;
        n += next < 0x80 ? ascii_alpha(next) && last < 0x80 : ascii_alpha(last) && !(c == 0xA1 && next == 0xA1);
    }
    return WEDGED * n;
}

/* What the label is worth, and how unlikely a candidate is without it. */
static void favour(unsigned favoured, unsigned beside, size_t high, int sums[GUESS_COUNT])
{
    int bytes = (int)(high < FAVOUR_BYTES ? high : (FAVOUR_BYTES + high) / 2);
    for (enum guess g = 0; g < GUESS_COUNT; g++) {
        int once = g == GUESS_WINDOWS_1252 ? FAVOUR_DEFAULT : FAVOUR_ONCE;
        int lead = once + (g < GUESS_PAIRS_END ? FAVOUR_PAIRS : FAVOUR_SINGLE) * bytes;
        int whole = -(int)(favoured >> g & 1), half = -(int)(beside >> g & 1) & ~whole; /* all bits set, or none */
        sums[g] += (LANGUAGES[g].surprise & ~(whole | half)) - (lead & whole) - (lead / 2 & half);
    }
}

static enum guess least(const int sums[GUESS_COUNT], enum guess from, enum guess end)
{
    enum guess best = from;
    for (enum guess g = from; g < end; g++)
        if (sums[g] < sums[best]) best = g;
    return best;
}

enum guess guess_charset(span text, unsigned favoured, unsigned beside)
{
    size_t first = 0;
    while (first < text.n && text.p[first] < 0x80) { /* `plain` stops at an ESC, too */
        size_t plain = scan->plain(text.p + first, text.n - first);
        first += plain ? plain : 1;
    }
    uint8_t before = first && first < text.n ? text.p[first - 1] : 0;
    text = span_from(text, first);
    struct highs h;
    find_highs(text, &h);
    bool pairs = true, singles = true;
    enum guess best = GUESS_WINDOWS_1252;
    for (size_t most = FIRST_HIGH;; most = GUESS_HIGH) {
        /* The text up to so many bytes over 127. */
        size_t high = h.n < most ? h.n : most;
        span s = span_head(text, high == most ? h.at[most - 1] + 1u : GUESS_BYTES);
        int sums[GUESS_COUNT] = {0};
        if (pairs) {
            pairs_cost(s, &h, high, s.n < text.n, sums);
            int wedged = wedged_cost(s, &h, high, before);
            for (enum guess g = 0; g < GUESS_PAIRS_END; g++) sums[g] += wedged;
        }
        if (singles) singles_cost(s, &h, high, before, sums);
        favour(favoured, beside, high, sums);
        enum guess pair = least(sums, 0, GUESS_PAIRS_END), single = least(sums, GUESS_PAIRS_END, GUESS_COUNT);
        bool by_pair = pairs && (!singles || sums[pair] <= sums[single]);
        best = by_pair ? pair : single;
        if (most == GUESS_HIGH || s.n == text.n) return best;
        /* Which kind it is shows early: the other is not looked at again. */
        pairs = sums[pair] < sums[single] + HOPELESS;
        singles = sums[single] < sums[pair] + HOPELESS;
    }
}
