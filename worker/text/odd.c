/* SPDX-License-Identifier: Apache-2.0 */
/* odd: the words that verdicts name the bits by, and a sentence for each; see odd.h. */
#include "worker/text/odd.h"

const char *odd_word(enum odd_bit bit)
{
    static const char *const WORDS[] = {
#define X(name, word) word,
        ODD_LIST(X)
#undef X
    };
    return bit < ODD_COUNT ? WORDS[bit] : "?";
}

const char *odd_sentence(enum odd_bit bit)
{
    static const char *const SENTENCES[ODD_COUNT] = {
#define X(name, text) [ODD_BIT_##name] = text
        X(EMPTY, "there is not a single byte"),
        X(NO_HEADERS, "the first line is no header field, so all of it is taken for body"),
        X(NO_BODY, "there is a header and nothing after it"),
        X(NUL, "NUL bytes in header or text; some filters stop reading there, mail clients do not"),
        X(RAW_8BIT, "a header field has bytes over 127 that are not UTF-8; a proper mailer encodes them"),
        X(BARE_CR, "a CR without LF; programs disagree on whether a line ends there"),
        X(LONG_LINE, "a line is longer than the 998 bytes that are allowed"),
        X(HEADER_LIMIT, "there is more header than is read; the rest of it was not looked at"),
        X(BAD_HEADER, "a line within the header is no field"),
        X(DEEP, "parts are nested deeper than is followed"),
        X(MANY_PARTS, "there are more parts than are read; the first and the last were"),
        X(NO_BOUNDARY, "a multipart names no boundary, or one of a multipart around it"),
        X(BOUNDARY_UNSEEN, "the boundary that a multipart names never comes"),
        X(TRUNCATED, "a multipart has no end"),
        X(BAD_BASE64, "base64 has foreign bytes in it, or breaks off"),
        X(BAD_QP, "quoted-printable has a '=' that encodes nothing"),
        X(BAD_ENCODING, "nobody knows the Content-Transfer-Encoding that is named, or few as it is spelt"),
        X(BAD_CHARSET, "nobody knows the charset that is named"),
        X(WRONG_CHARSET,
          "a text is not in the charset that it claims; it was repaired where the true one was recognised"),
        X(NO_CHARSET, "8-bit text does not say which charset it is in"),
        X(BAD_WORD, "an encoded word in the header is broken"),
        X(TEXT_LIMIT, "there is more text than is kept, or a part of a megabyte and more; the rest was left out"),
        X(URL_LIMIT, "there are more links than are kept; those that a reader sees went first"),
        X(HIDDEN_TEXT, "the HTML holds text that its reader cannot see"),
        X(SPLIT_WORD, "comments or empty tags stand inside words, which filters trip over and readers do not see"),
        X(URL_IP, "a link goes to an address in place of a name"),
        X(URL_USERINFO, "a link has something before an @ in front of its host, which can pass for the host"),
        X(URL_MISMATCH, "a link shows one domain and goes to another"),
        X(HTML_SCRIPT, "the HTML has scripts"),
        X(HTML_FORM, "the HTML has a form"),
        X(ONLY_IMAGE, "there are pictures and next to no text"),
        X(DOUBLE_EXTENSION, "a file name hides its true extension behind a document's"),
        X(EXECUTABLE, "an attachment is a program, by its name or its first bytes"),
        X(DUPLICATE_HEADER, "a field that may come once comes twice; programs disagree on which one counts"),
        X(NO_FROM, "there is no From field"),
        X(NO_DATE, "there is no Date field"),
        X(NO_MESSAGE_ID, "there is no Message-ID field"),
        X(ARENA_FULL, "the memory for one mail ran out; the rest was left out"),
        X(ZERO_WIDTH, "invisible characters stand inside words"),
        X(BIDI, "characters or markup turn the direction of writing, so that what is read is not what is written"),
        X(ENCODED_MESSAGE, "an enclosed message is in base64 or quoted-printable, which no standard allows"),
        X(BLOCK, "a text has a uuencode or yEnc block in it"),
        X(ALTERNATIVES, "the plain and the HTML side say different things; the reader sees only one of them"),
        X(BROKEN_ESCAPE, "ISO-2022 escape sequences are cut short, or 8-bit bytes stand among its 7-bit ones"),
        X(CONFUSABLE, "letters of one script pass for another's inside a word"),
        X(STYLED, "words are dressed up in mathematical, circled, full-width or the like letters"),
        X(MARKS, "letters are buried under combining marks"),
        X(URL_OBSCURED, "a link's host is written in escapes, odd letters or an odd base, spelt so that only people "
                        "follow, or stands "
                        "behind a scheme that starts a program"),
        X(URL_LOOKALIKE,
          "a link's host can be taken for the sender's or for the one that From names, or the sender's for it"),
        X(URL_MIXED, "a link's host mixes scripts as no language does"),
        X(URL_REDIRECT, "a link carries a link to another domain within it"),
        X(FORM_ELSEWHERE, "a form sends what is typed to another domain than the sender's"),
        X(TYPE_MISMATCH, "an attachment is not what its type or its name says"),
        X(NAME_DIRECTION, "a file name changes the direction of writing, so that its extension is misread"),
        X(ARCHIVED_PROGRAM, "an archive or a notebook holds a program or a script"),
        X(MACRO, "an Office file has macros"),
        X(ENCRYPTED, "an archive or document is encrypted: nobody can look inside"),
        X(PASSWORD, "an attachment is encrypted and the mail speaks of its password"),
        X(ACTIVE_DOCUMENT, "an attached document or page runs scripts, or unpacks or starts what it brings"),
        X(AUTH_FAIL, "SPF, DKIM or DMARC failed, as told by a host that is trusted"),
        X(STYLE_LIMIT, "there are more rules in style sheets than are remembered; some text may be hidden unnoticed"),
        X(UNALIGNED, "SPF or DKIM passed, but for another domain than the From field's"),
#undef X
    };
    return bit < ODD_COUNT && SENTENCES[bit] ? SENTENCES[bit] : odd_word(bit);
}
