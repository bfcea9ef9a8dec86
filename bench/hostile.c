/* SPDX-License-Identifier: Apache-2.0 */
/* hostile: storms of words, built nests, mutations; see hostile.h.
 *
 * In words a few control bytes stand for something new at each repetition: \001 any byte, \002 a number that grows,
 * \003 a word of one to eight letters, \004 any character of Unicode, \005 one of many words with the same hash, as far
 * as a table of 2^14 slots can tell (worker/text/css_rules.c finds classes by it; hashes are public). */
#include "bench/hostile.h"

#include "proto/base/hash.h"
#include "proto/base/random.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PHRASE_MAX = 5, SEED_MIX = 1000003 };

/* Where a storm stands. */
enum place { IN_HEADERS, IN_SUBJECT, IN_FROM, IN_TYPE, IN_PARTS, IN_TEXT, IN_HTML, IN_STYLE, IN_ATTRIBUTES, IN_FILE };

struct storm {
    const char *name;
    enum place place;
    const char *first; /* stands before it, once */
    const char *const *words;
};

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct storm STORMS[] = {
    {"header lines", IN_HEADERS, "",
     WORDS("Received: from a.example.com (b [192.0.2.1]) by c.example.net; Sun, 22 Nov 2026 04:00:00 +0000\r\n",
           "X-\003: \003\r\n", "A:\n", ": x\n", " folded\n", "\t\n", "no field here\n", "From: \003@example.com\n",
           "Subject: =?utf-8?B?w6k=?=\n", "Content-Type: text/html; charset=x\n", "List-Id: <\003.example.com>\n",
           "DKIM-Signature: v=1; d=example.com; b=\003\n", "References: <\002@a> <\002@b>\n", "\001\001\001", "\r",
           "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=\003.example.com; dkim=fail\r\n",
           "Content-Disposition: attachment; filename=a.exe\n", "Message-ID: <\002@example.com>\n")},
    {"subject", IN_SUBJECT, "",
     WORDS("=?utf-8?B?44GC?= ", "=?utf-8?Q?=E3=81=82?=", "=?iso-2022-jp?B?GyRCJCI=?=\r\n ", "=?x?Q?\003?= ", "=?", "?=",
           "?", "=", "=?utf-8?B?", "=?utf-8?Q?_", "=?shift_jis*ja?B?gqA=?=", "=?koi8-r?Q?=c1?= ", "\001", "a ", "\r\n ",
           "\033$B$\"\033(B", "\u200B", "\uFDFA", "e\u0301", "=?gb18030?Q?=81=30=81=30?= ", "=?utf-7?Q?+AOk-?= ")},
    {"from", IN_FROM, "",
     WORDS("(", ")", "\\", "\"", "<", ">", "@", ",", ";", ":", "\003 ", "a@b.example.com, ", "group: ", "\"x\\\"y\" ",
           "(c (d)) ", "=?utf-8?Q?a?= ", "\r\n ", "[192.0.2.1]", "\001", "<a@b> ")},
    {"parameters", IN_TYPE, "",
     WORDS("; a=b", "; name*\002=x", "; name*\002*=utf-8''%41", "; name=\"x\\\"y\"", ";", "=", "\"", "\\", "*", "'",
           "; filename*0*=''%E3%81%82", "; charset=\003", "; boundary=\002", "(comment)", " ", "\r\n ", "%41%42",
           "\001", "; name==?utf-8?Q?=41?=")},
    {"parts", IN_PARTS, "",
     WORDS("--b\r\n", "--b\n\n", "--b--\n", "--b\nContent-Type: text/html\n\n", "x", "\n", "--", "--bb\n", "-- b\n",
           "Content-Type: multipart/mixed; boundary=c\n\n", "--c\n", "--c--\n",
           "Content-Type: message/rfc822\n\nSubject: x\n\n", "Content-Transfer-Encoding: base64\n\n",
           "Content-Type: multipart/alternative; boundary=\"b\002\"\n\n", "--b\002\n",
           "--b\nContent-Type: text/plain\n\nx",
           "--b\nContent-Disposition: attachment; filename*=utf-8''%41.pdf.exe\n\nMZ", "begin 644 a\nM\n`\nend\n",
           "=ybegin line=128 size=1 name=a\nx\n=yend size=1\n", "\001", "a: b\n")},
    {"blocks", IN_TEXT, "",
     WORDS("begin 644 \003.exe\n", "M04%!04%!04%!04%!04%!04%!04%!04%!04%!04%!04%!04%!04%!04%!04\n", "`\nend\n", "end\n",
           "=ybegin part=1 line=128 size=9 name=x\n", "=ypart begin=1 end=9\n", "=yend size=9 crc32=0\n",
           "\001\001\001\n", "begin 644\n", "=y", "x\n", "\n", "begin 666 a.zip\nPK\n")},
    {"bytes", IN_TEXT, "", WORDS("\001", "\001\001", "\001a", "\001\n", " \001")},
    {"escapes", IN_TEXT, "",
     WORDS("\033$B", "\033(B", "\033(J", "\033(I", "\033$@", "\033$(D", "\033$", "\033", "\016", "\017", "$\"$$",
           "\001", "\033$)C", "~{", "~}", "~", "+AOk-", "+", "-", "a", "\n", "\033$B\n", "0\001", "\033.A\033N")},
    {"asian bytes", IN_TEXT, "",
     WORDS("\x82\xA0",
           "\x83"
           "A",
           "\xA4\xA2", "\x8E\xB1", "\xB0\xA1", "\xE3\x81\x82", "\x81\x30\x81\x30", "\xA4", "\x81", "\xC1", "\xD7\xC5",
           "\xF0", "a", "\x85@", "\xFC\xFC", "\x8F\xB0\xA1", "\n", "\xEF\xBB\xBF", "\xFF\xFE", "\xE2\x82")},
    {"invisible", IN_TEXT, "",
     WORDS("a", "\u200B", "\u00AD", "\u200D", "\uFEFF", "\u0301", "\u0489", "\u202E", "\u2066", "\u2069", "\uFE0F",
           "\u034F", "\u115F", "\u0430", " ", "\u180E", "\U000E0041", "\u0E31", "\u064B", "\u3099")},
    {"normalisation", IN_TEXT, "",
     WORDS("\uFDFA", "\uFDFB", "\u3316", "\u33AF", "\uFF21", "\uFF8A\uFF9F", "\U0001D400", "\u2460", "\u0344", "\u1E9E",
           "\u0130", "\u1100\u1161\u11A8", "\uAC00\u11A8", "\u0958", "\u0F73", "\u1F82", "\uFB03", "\u2126",
           "a\u0323\u0307", "\u0315\u0300\u0316", "\004", " ")},
    {"words", IN_TEXT, "",
     WORDS("\003 ", "\002 ", "\u6F22", "\u5B57", "\u30AB", "\u30FC", "\u3072", "\u3089", "\uD55C", "\uAE00", "\u0E01",
           "\u0E32", "\u0436", "\u05D0", "\u0627", "a", "A", "-", "'", ".", "$", "\n", "\u3002", "\004", "> ", ">",
           "\u0391", "\u30D1")},
    {"urls", IN_TEXT, "",
     WORDS("http://\003.example.com/ ", "http://", "https://a.example/?u=", "http%3A%2F%2Fb.example%2F", "www.",
           "a.com/", "\003.co.jp/ ", "//", "@", ":", "%41", "%2e", ".", "0x7f.1/", "xn--", "xn--e1afmkfd.",
           "\u0430.com/ ", "[::1]/", "?url=http://", "&", "#", "ftp://", "mailto:", "a@b.com ", "\002.",
           "http://3232235521/ ", "\u3002", "/redirect?to=", " ", "hxxp://", "(", ")")},
    {"entities", IN_HTML, "",
     WORDS("&", "&amp;", "&#", "&#x", "&#65;", "&#x1F600;", "&nosuch;", "&CounterClockwiseContourIntegral;", "&notit;",
           ";", "&lt", "&#0;", "&#xFDFA;", "&#8203;", "&zwj;", "&nbsp;", "&#9999999999999", "a", "&eacute", "&#x200B;",
           "\003", "&CounterClockwiseContourIntegra", "&ThickSpace;", "&NotNestedGreaterGreater;")},
    {"tags", IN_HTML, "",
     WORDS("<div>", "</div>", "<b>", "</b>", "<table>", "<tr>", "<td>", "</table>", "<p>",
           "<a href=http://\003.example/>", "</a>", "<font color=white>", "</font>", "<blockquote>", "<li>", "<ul>",
           "<span hidden>", "</span>", "<x\002>", "</x>", "a", " ", "<", ">", "/", "<br>", "<h1>", "<select><option>",
           "<svg>", "<math>", "<template>", "<form action=http://e.example/>", "<input value=\003>", "<title>",
           "</title>", "<style>", "</style>", "<script>", "</script>", "<textarea>", "<plaintext>", "<xmp>",
           "<noscript>", "<body bgcolor=red>", "</body>", "<html>", "<head>", "<nobr>", "<button>", "<frameset>",
           "<iframe src=//\003.example/>", "<center>", "<details>", "<base href=http://\003.example/a/>",
           "<td><font size=1>")},
    {"markup", IN_HTML, "",
     WORDS("<!--", "-->", "--!>", "<!-->", "<!", "<?", "?>", "</", "</>", "<![CDATA[", "]]>", "<!--[if mso]>",
           "<![endif]-->", "<!DOCTYPE ", "-", "<", ">", "a", "\"", "'", "=", "/", "<a b=\"", "<a b='", "<a\n", "<!---",
           "<%", "\001", " ")},
    {"attributes", IN_ATTRIBUTES, "",
     WORDS(" a=b", " \003=\003", " href=http://\003.example/", " style=color:red", " class='a b c d e f'", " id=x",
           " =", "\"", "'", " width=1", " srcset='a.png 1x, http://\003.example/b 2x'", " bgcolor=\003", "/",
           " style='&#58;'", " alt=&amp;", " hidden", " src=//\003.example/", "><i", " title='\003", " color=\002",
           " x='", "\n")},
    {"inline styles", IN_HTML, "<div>",
     WORDS("<p style='", "color:#fff;", "font-size:0;", "background:url(http://\003.example/);", "'>", "a",
           "display:none;", "\"", "(", ")", "/*", "*/", ";", ":", "!important;", "</p>", "font: 1px/2 \003;",
           "rgb(1,2,3);", "url(", "\\65 ", "<b style='color:&#x23;fff'>", "calc(1px + 2px);", "margin-left:-9999px;",
           "transform:scale(0)", "&quot;", "<i style=font-size:0.9em>", "opacity:0;",
           "background:linear-gradient(red, blue) \003 \003;")},
    {"style rules", IN_STYLE, "",
     WORDS(".c\002{color:red}", ".a{display:none}", "#i\002,", ".a .b .c ", "> ", "{", "}", "/*", "*/",
           "@media screen{", "@media(max-width:1px){", "@import url(//\003.example);", "@font-face{", "\"", "'", ";",
           ",", "p.a:hover", "*", "td.x\002{font-size:0}", "[a=b]", "\\", ":not(.a)", "a{color:#fff;background:#fff}",
           "<!--", "-->", "(", ")", "\003 ", ".a{background:url(http://\003.example/\002)}", ".a.b{", "color:white")},
    {"rules used", IN_STYLE, ".a{color:red}.b .a{font-size:0}#i.a{display:none}.c .b .a{}</style><style>",
     WORDS(".a.x\002{color:red}", ".b .x\002.a{color:red}", "</style><p class='a b c x1 x2 x3 x4 x5'>",
           "<p class=a id=i>a", "<b class='b a'>", "<style>", ".a>.b{color:#fff}", "i,b,p,.a,.b{font-size:9px}", "</b>",
           "</p>", "<i class='\003 \003 \003 \003'>")},
    {"rules of one slot", IN_STYLE, "",
     WORDS(".\005{color:red}", ".\005,.\005,.\005,.\005,.\005,.\005,.\005{font-size:0}", ".\005{}",
           ".\005{display:none}", "</style><p class='\005 \005 \005 \005 \005 \005'><style>")},
    {"links", IN_HTML, "<base href=http://base.example/a/b>",
     WORDS("<a href=http://\003.example/>", "www.example.com", "http://a.example.net/\002", "</a>",
           "<img src=\003.gif>", "<a href=/\002>", "a.b.c.d.e.f/", "<area href=//\003.example/>",
           "<a href='http://b.example/?u=http://c.example/'>", "<form action=//\003.example/>", " ", "(", ".", "<b>",
           "</b>", "<a href='java&#115;cript:x'>", "<img src=\"http://\003.example/\" srcset=\"//\003.example/ 2x\">",
           "<link href=\003.css>", "<a href='", "<meta http-equiv=refresh content='0;url=//\003.example/'>", "'>",
           "<td background=//\003.example/\002.gif>")},
    {"hidden letters", IN_HTML, "<table>",
     WORDS("<tr><td>a", "<td>b", "<span style=font-size:0>\003</span>", "a", "<!-- -->", "<b></b>", "&#8203;",
           "<i hidden>\003</i>", "<font color=#ffffff>\003</font>", "</table><table>", "<div style=display:none>",
           "</div>", "<p style='opacity:0'>", " ", "<wbr>", "<u style=display:inline-block>x</u>")},
    {"pdf", IN_FILE, "%PDF-1.7\n",
     WORDS("\002 0 obj\n", "<<", ">>", "/URI (http://\003.example/)", "/JS", "/JavaScript", "/OpenAction", "/AA",
           "/Launch", "endobj\n", "stream\n", "endstream\n", "(", ")", "\\", "/Encrypt", "<68747470>", "%", "\001",
           "/#4a#53", "xref\n", "trailer\n", "/ObjStm", "[", "]")},
    {"office", IN_FILE, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
     WORDS("\001\001\001\001\001\001\001\001", "V\001B\001A\001", "Attribut\001e VB_Nam", "_VBA_PROJECT",
           "\xFF\xFF\xFF\xFF", "M\001a\001c\001r\001o\001s", "\001", "EncryptedPackage", "\xFE\xFF\xFF\xFF")},
    {"zip bytes", IN_FILE, "PK\003\004",
     WORDS("PK\001\001", "PK\x05\x06", "\001\001\001\001", "a.exe", "/", "vbaProject.bin", "\xFF\xFF", "PK",
           "PK\x05\x06\001", "../", "\u202E", "mimetype", "\001")},
    {"calendar", IN_FILE, "BEGIN:VCALENDAR\r\n",
     WORDS("BEGIN:VEVENT\r\n", "URL:http://\003.example/\r\n", "DESCRIPTION:http://\003.example/ x\r\n", " folded\r\n",
           "\r\n ", "END:VEVENT\r\n", "ATTACH;FMTTYPE=x:https://\003.example/\r\n",
           "X-ALT-DESC;FMTTYPE=text/html:<a href=//\003.example>", "\\n", ":", ";", "\"", "\001", "\n", "http://")},
};
enum { STORM_COUNT = sizeof STORMS / sizeof *STORMS };

/* --- writing ------------------------------------------------------------------------------------------------------ */

struct maker {
    struct hostile *out;
    uint64_t random;
    size_t most;
    unsigned count;
};

static size_t draw(struct maker *k, size_t below)
{
    return below ? random_next(&k->random) % below : 0;
}

static void put(struct maker *k, span s)
{
    struct hostile *h = k->out;
    if (h->n + s.n > h->cap) {
        h->cap = (h->n + s.n) * 2 + 4096;
        h->p = realloc(h->p, h->cap);
        assert(h->p && "out of memory");
    }
    if (s.n) memcpy(h->p + h->n, s.p, s.n);
    h->n += s.n;
}

static void put_byte(struct maker *k, unsigned byte)
{
    uint8_t b = (uint8_t)byte;
    put(k, span_of(&b, 1));
}

__attribute__((format(printf, 2, 3))) static void putf(struct maker *k, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    put(k, span_of(line, n < (int)sizeof line ? (size_t)n : sizeof line - 1));
}

/* Any character but a surrogate. */
static void put_character(struct maker *k)
{
    static const uint32_t PLANES[] = {0x80, 0x800, 0x10000, 0x20000, 0x110000};
    uint32_t c = (uint32_t)draw(k, PLANES[draw(k, sizeof PLANES / sizeof *PLANES)]);
    if (c >= 0xD800 && c < 0xE000) c -= 0x800;
    if (c < 0x80) return put_byte(k, c);
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    put_byte(k, (0xF00u >> more & 0xFF) | c >> 6 * more);
    while (more--) put_byte(k, 0x80 | (c >> 6 * more & 0x3F));
}

/* A word whose hash as a CSS class ends as that of the others does. */
static void put_colliding(struct maker *k)
{
    enum { WORDS_KEPT = 600, LETTERS = 5, CLASS = 1 };
    static char words[WORDS_KEPT][LETTERS + 1];
    static size_t n;
    for (uint32_t i = 0; n < WORDS_KEPT; i++) {
        uint32_t left = i;
        char *word = words[n];
        for (size_t at = 0; at < LETTERS; at++, left /= 26) word[at] = (char)('a' + left % 26);
        n += (hash64(span_of(word, LETTERS), CLASS) >> 1 & 0x3FFF) == 0 && left == 0;
        if (left) break; /* there are no more */
    }
    assert(n);
    put(k, span_of(words[draw(k, n)], LETTERS));
}

static void put_word(struct maker *k, const char *word)
{
    for (; *word; word++) {
        switch (*word) {
        case 1: put_byte(k, (unsigned)draw(k, 256)); break;
        case 2: putf(k, "%u", k->count++); break;
        case 3:
            for (size_t n = 1 + draw(k, 8); n; n--) put_byte(k, 'a' + (unsigned)draw(k, 26));
            break;
        case 4: put_character(k); break;
        case 5: put_colliding(k); break;
        default: put_byte(k, (uint8_t)*word);
        }
    }
}

/* --- encodings ---------------------------------------------------------------------------------------------------- */

enum encoding { AS_IT_IS, AS_BASE64, AS_QP };

static void put_base64(struct maker *k, span s)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        unsigned v = (unsigned)s.p[i] << 16, left = s.n - i > 2 ? 3 : (unsigned)(s.n - i);
        if (left > 1) v |= (unsigned)s.p[i + 1] << 8;
        if (left > 2) v |= s.p[i + 2];
        for (unsigned d = 0; d < 4; d++) put_byte(k, d <= left ? (uint8_t)DIGITS[v >> (18 - 6 * d) & 63] : '=');
        if (i % 57 == 54) put(k, SPAN("\r\n"));
    }
}

static void put_qp(struct maker *k, span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '=' || s.p[i] > 126 || (s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\r'))
            putf(k, "=%02X", s.p[i]);
        else
            put_byte(k, s.p[i]);
        if (i % 64 == 63) put(k, SPAN("=\n"));
    }
}

/* Encode what was written from byte `at` on. */
static void encode(struct maker *k, size_t at, enum encoding how)
{
    if (how == AS_IT_IS) return;
    size_t n = k->out->n - at;
    uint8_t *copy = malloc(n + 1);
    assert(copy && "out of memory");
    memcpy(copy, k->out->p + at, n);
    k->out->n = at;
    (how == AS_BASE64 ? put_base64 : put_qp)(k, span_of(copy, n));
    free(copy);
}

/* --- storms ------------------------------------------------------------------------------------------------------- */

static size_t word_count(const char *const *words)
{
    size_t n = 0;
    while (words[n]) n++;
    return n;
}

/* Phrases of a few words, again and again, until `until` bytes are written. */
static void repeat(struct maker *k, const char *const *words, size_t until)
{
    const char *phrase[PHRASE_MAX];
    size_t total = word_count(words), n = 1 + draw(k, PHRASE_MAX);
    for (size_t i = 0; i < n; i++) phrase[i] = words[draw(k, total)];
    for (bool anew = draw(k, 8) == 0; k->out->n < until;)
        for (size_t i = 0; i < n; i++) put_word(k, anew ? words[draw(k, total)] : phrase[i]);
}

static void put_head(struct maker *k)
{
    put(k, SPAN("From: Somebody <somebody@example.com>\r\nTo: you@example.org\r\n"
                "Date: Sun, 22 Nov 2026 04:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"));
}

static void make_storm(struct maker *k, const struct storm *s)
{
    static const char *const CHARSETS[] = {"utf-8", "iso-2022-jp", "shift_jis", "euc-jp",   "gb18030",
                                           "big5",  "euc-kr",      "koi8-r",    "us-ascii", "windows-1252",
                                           "utf-7", "utf-16",      "nosuch",    NULL};
    static const char *const OPENING[] = {
        [IN_SUBJECT] = "Subject: ",
        [IN_FROM] = "From: ",
        [IN_TYPE] = "Content-Type: multipart/mixed",
        [IN_PARTS] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        [IN_TEXT] = "Content-Type: text/plain; charset=",
        [IN_HTML] = "Content-Type: text/html; charset=",
        [IN_STYLE] = "Content-Type: text/html; charset=",
        [IN_ATTRIBUTES] = "Content-Type: text/html; charset=",
        [IN_FILE] = "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=",
    };
    static const char *const NAMES[] = {"a.pdf", "a.zip", "a.doc", "a.ics", "a.pdf.exe", "a", NULL};
    static const char *const CODINGS[] = {"8bit", "base64", "quoted-printable"};
    enum encoding how = s->place == IN_FILE ? AS_BASE64 : draw(k, 4) ? AS_IT_IS : (enum encoding)(1 + draw(k, 2));
    size_t body = 0;
    if (s->place != IN_FROM) put_head(k);
    if (OPENING[s->place]) put_word(k, OPENING[s->place]);
    if (s->place >= IN_TEXT) {
        const char *const *words = s->place == IN_FILE ? NAMES : CHARSETS;
        put_word(k, words[s->place == IN_FILE || draw(k, 2) ? draw(k, word_count(words)) : 0]);
        putf(k, "\r\nContent-Transfer-Encoding: %s\r\n\r\n", CODINGS[how]);
        body = k->out->n;
    }
    if (s->place == IN_STYLE) put(k, SPAN("<style>"));
    if (s->place == IN_ATTRIBUTES) put(k, SPAN("<p"));
    put_word(k, s->first);
    size_t half = k->most / 2;
    if (draw(k, 4) == 0) repeat(k, s->words, draw(k, 2) ? half : half / 16);
    repeat(k, s->words, k->most);
    if (body) encode(k, body, how);
    if (s->place <= IN_TYPE && draw(k, 2)) put(k, SPAN("\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n"));
}

/* --- nests and heaps ---------------------------------------------------------------------------------------------- */

static void make_multiparts(struct maker *k)
{
    bool same = draw(k, 4) == 0, close = draw(k, 2), alternative = draw(k, 2);
    unsigned depth = 0, pad = (unsigned)draw(k, 2) * 60;
    put_head(k);
    for (; k->out->n < k->most / (close ? 2 : 1); depth++) {
        unsigned id = same ? 0 : depth;
        putf(k, "Content-Type: multipart/%s; boundary=\"%0*u\"\r\n\r\n--%0*u\r\n",
             alternative ? "alternative" : "mixed", pad, id, pad, id);
    }
    put(k, SPAN("\r\ntext\r\n"));
    while (close && depth--) putf(k, "--%0*u--\r\n", pad, same ? 0 : depth);
}

/* Thousands of parts, each of a byte or with a name; some of them only look like boundaries. */
static void make_parts(struct maker *k)
{
    static const char *const KINDS[] = {
        "--b\r\n\r\nx\r\n",
        "--b\n\n",
        "--b\nContent-Type: image/png; name=\"\003.png\"\n\n\001",
        "--b\nContent-Type: text/html\n\n<b>x",
        "--b\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: base64\n\nGyRCJCI=\n",
        "--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\nUEsDBA==\n",
        "--b\nContent-Type: message/rfc822\n\nSubject: \003\n\n\003\n",
        "--bx\n",
        "-- b\n",
        "--b\002\n",
    };
    enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };
    put_head(k);
    put(k, SPAN("Content-Type: multipart/mixed; boundary=b\r\n\r\n"));
    for (const char *a = KINDS[draw(k, KIND_COUNT)], *b = KINDS[draw(k, KIND_COUNT)]; k->out->n < k->most;) {
        put_word(k, a);
        put_word(k, b);
    }
}

/* Mails within mails; in base64 each level is a third longer than what it holds, so these are built inside out. */
static void make_messages(struct maker *k)
{
    if (draw(k, 2)) {
        while (k->out->n < k->most) putf(k, "Subject: %u\r\nContent-Type: message/rfc822\r\n\r\n", k->count++);
        return;
    }
    put(k, SPAN("Subject: inner\r\n\r\nwords at the bottom http://example.com/\r\n"));
    while (k->out->n < k->most) {
        size_t n = k->out->n;
        uint8_t *inner = malloc(n);
        assert(inner && "out of memory");
        memcpy(inner, k->out->p, n);
        k->out->n = 0;
        bool qp = draw(k, 3) == 0;
        put_head(k);
        putf(k, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %s\r\n\r\n",
             qp ? "quoted-printable" : "base64");
        (qp ? put_qp : put_base64)(k, span_of(inner, n));
        free(inner);
    }
}

/* One tag opened to the size of the mail, and closed or not. */
static void make_deep_html(struct maker *k)
{
    static const char *const TAGS[] = {
        "div", "table><tr><td", "blockquote", "b",   "span hidden", "font color=white",
        "p",   "ul><li",        "svg",        "x:y", "i><p",        "a href=//a.example/"};
    const char *tag = TAGS[draw(k, sizeof TAGS / sizeof *TAGS)];
    bool close = draw(k, 2);
    size_t end = strcspn(tag, " >");
    put_head(k);
    put(k, SPAN("Content-Type: text/html\r\n\r\n"));
    while (k->out->n < k->most / (close ? 2 : 1)) putf(k, "<%s>%s", tag, draw(k, 2) ? "a" : "");
    while (close && k->out->n < k->most) putf(k, "</%.*s>b", (int)end, tag);
}

static void put_le(struct maker *k, uint32_t v, unsigned bytes)
{
    while (bytes--) put_byte(k, v & 255), v >>= 8;
}

/* An archive whose directory holds as many entries as fit, with all that may be wrong about it. */
static void make_archive(struct maker *k)
{
    static const char *const NAMES[] = {"\003.exe",  "\003.txt", "", "\003/\003/\003.js", "word/vbaProject.bin",
                                        "\u202E\003"};
    put_head(k);
    put(k, SPAN("Content-Type: application/zip\r\nContent-Disposition: attachment; filename=a.zip\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n"));
    size_t body = k->out->n, name = draw(k, sizeof NAMES / sizeof *NAMES);
    bool lies = draw(k, 2), encrypted = draw(k, 2);
    size_t end = draw(k, 8) ? k->most * 3 / 4 : k->most * 4; /* now and then as many as a directory can count */
    put(k, SPAN("PK\x03\x04"));
    for (int i = 0; i < 26; i++) put_byte(k, 0);
    size_t first = k->out->n - body;
    unsigned entries = 0;
    for (; entries < 65535 && k->out->n < end; entries++) {
        size_t at = k->out->n;
        put(k, SPAN("PK\x01\x02\x14\x00\x14\x00"));
        put_le(k, encrypted, 2);
        put_le(k, 8, 2);
        for (int i = 0; i < 16; i++) put_byte(k, i < 4 ? 0 : (unsigned)draw(k, 256));
        put_le(k, 0, 2); /* of the name, below */
        put_le(k, lies ? (uint32_t)draw(k, 65536) : 0, 2);
        put_le(k, 0, 2);
        for (int i = 0; i < 8; i++) put_byte(k, 0);
        put_le(k, lies ? (uint32_t)draw(k, 1u << 31) : 0, 4);
        size_t begin = k->out->n;
        put_word(k, NAMES[name]);
        k->out->p[at + 28] = (uint8_t)(k->out->n - begin);
    }
    size_t bytes = k->out->n - body - first;
    put(k, SPAN("PK\x05\x06\x00\x00\x00\x00"));
    put_le(k, entries, 2);
    put_le(k, lies ? 65535 : entries, 2);
    put_le(k, (uint32_t)bytes, 4);
    put_le(k, lies ? 0 : (uint32_t)first, 4);
    put_le(k, 0, 2);
    encode(k, body, AS_BASE64);
}

static void make_long_field(struct maker *k)
{
    static const char *const FIELDS[] = {"Subject: ",
                                         "X-A: ",
                                         "Received: ",
                                         "To: ",
                                         "Content-Type: text/plain; name=",
                                         "From: ",
                                         "Message-ID: <",
                                         "Date: ",
                                         "Content-Disposition: attachment; filename="};
    static const char *const WORDS[] = {"a",  "a ", "a\r\n ", "\003 ", "\001", "<a@b.example>, ",
                                        "\"", "(",  "\u3042", "="};
    const char *field = FIELDS[draw(k, sizeof FIELDS / sizeof *FIELDS)];
    const char *word = WORDS[draw(k, sizeof WORDS / sizeof *WORDS)];
    put_word(k, field);
    while (k->out->n < k->most) put_word(k, word);
    put(k, SPAN("\r\n\r\ntext\r\n"));
}

static const struct {
    const char *name;
    void (*make)(struct maker *k);
} BUILT[] = {
    {"nested multiparts", make_multiparts}, {"many parts", make_parts}, {"nested messages", make_messages},
    {"deep html", make_deep_html},          {"archive", make_archive},  {"long field", make_long_field},
};
enum { BUILT_COUNT = sizeof BUILT / sizeof *BUILT, MUTATED = STORM_COUNT + BUILT_COUNT, CLASS_COUNT };

/* --- mutations ---------------------------------------------------------------------------------------------------- */

static void mutate_once(struct maker *k, const uint8_t *donor, size_t donor_n)
{
    struct hostile *h = k->out;
    if (!h->n) return;
    size_t at = draw(k, h->n), n = 1 + draw(k, draw(k, 2) ? 16 : h->n - at);
    if (n > h->n - at) n = h->n - at;
    switch (draw(k, 6)) {
    case 0: h->p[at] ^= (uint8_t)(1u << draw(k, 8)); break;
    case 1: h->p[at] = (uint8_t)draw(k, 256); break;
    case 2: /* cut a piece out */
        memmove(h->p + at, h->p + at + n, h->n - at - n);
        h->n -= n;
        break;
    case 3: /* cut the end off, not too often */
        if (draw(k, 4) == 0) h->n = at;
        break;
    default: { /* a piece of it, or of another, once or a thousand times */
        bool other = donor_n && draw(k, 2);
        size_t from = other ? draw(k, donor_n) : at, most = other ? donor_n - from : h->n - at;
        if (n > most) n = most;
        size_t times = draw(k, 4) ? 1 : 1 + draw(k, 1000), tail = h->n - at;
        uint8_t *piece = malloc(n + tail + 1);
        assert(piece && "out of memory");
        memcpy(piece, other ? donor + from : h->p + at, n);
        memcpy(piece + n, h->p + at, tail);
        h->n = at;
        while (times-- && h->n + tail + n < k->most) put(k, span_of(piece, n));
        put(k, span_of(piece + n, tail));
        free(piece);
    }
    }
}

static void make_mutant(struct maker *k, const span *own, size_t own_count)
{
    struct hostile donor = {0};
    uint64_t seed = random_next(&k->random);
    size_t small = k->most < 16384 ? k->most : 16384;
    hostile_make(draw(k, MUTATED), seed, NULL, 0, small, &donor);
    if (own_count) {
        span s = own[draw(k, own_count)];
        put(k, span_head(s, k->most));
    } else {
        struct hostile base = {0};
        hostile_make(draw(k, MUTATED), seed + 1, NULL, 0, small, &base);
        put(k, span_of(base.p, base.n));
        hostile_close(&base);
    }
    for (size_t n = 1 + draw(k, 24); n; n--) mutate_once(k, donor.p, donor.n);
    hostile_close(&donor);
}

/* --- classes ------------------------------------------------------------------------------------------------------ */

void hostile_close(struct hostile *h)
{
    free(h->p);
    *h = (struct hostile){0};
}

size_t hostile_count(void)
{
    return CLASS_COUNT;
}

const char *hostile_name(size_t class)
{
    if (class < STORM_COUNT) return STORMS[class].name;
    return class < MUTATED ? BUILT[class - STORM_COUNT].name : "mutations";
}

void hostile_make(size_t class, uint64_t seed, const span *own, size_t own_count, size_t most, struct hostile *out)
{
    enum { LEAST = 256 };
    struct maker k = {.out = out, .random = seed * SEED_MIX + class};
    out->n = 0;
    k.most = LEAST; /* mostly large, some of each smaller size */
    while (k.most * 2 <= most && draw(&k, 12)) k.most *= 2;
    k.most += draw(&k, k.most);
    if (k.most > most) k.most = most;
    if (class < STORM_COUNT)
        make_storm(&k, &STORMS[class]);
    else if (class < MUTATED)
        BUILT[class - STORM_COUNT].make(&k);
    else
        make_mutant(&k, own, own_count);
}
