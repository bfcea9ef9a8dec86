/* SPDX-License-Identifier: Apache-2.0 */
/* odd: what was strange about a mail, a bit each.
 *
 * Bad mail is not an error: readers set bits and go on; the verdict names them and the model weighs them. */
#ifndef FURUI_TEXT_ODD_H
#define FURUI_TEXT_ODD_H

#include <assert.h>
#include <stdint.h>

/* Oddities: facts that are evidence. The word is what a verdict shows; scoring uses the bit's number, so new ones go to
 * the end and a changed meaning is a new feature version. */
#define ODD_LIST(X)                                                                                                   \
    X(EMPTY, "empty")                     /* no byte at all */                                                        \
    X(NO_HEADERS, "no-headers")           /* the first line is not a header field */                                  \
    X(NO_BODY, "no-body")                 /* headers and nothing after them */                                        \
    X(NUL, "nul-bytes")                   /* NUL in header or text */                                                 \
    X(RAW_8BIT, "raw-8bit-header")        /* bytes over 127 in a header that are not UTF-8 */                         \
    X(BARE_CR, "bare-cr")                 /* CR without LF */                                                         \
    X(LONG_LINE, "long-line")             /* a line over 998 bytes (RFC 5322 2.1.1) */                                \
    X(HEADER_LIMIT, "header-limit")       /* header bytes or count over the limit */                                  \
    X(BAD_HEADER, "bad-header")           /* a line within the header that is no field */                             \
    X(DEEP, "too-deep")                   /* nesting over MAIL_DEPTH_MAX */                                           \
    X(MANY_PARTS, "too-many-parts")       /* over MAIL_PARTS_MAX */                                                   \
    X(NO_BOUNDARY, "no-boundary")         /* multipart without a boundary parameter of its own */                     \
    X(BOUNDARY_UNSEEN, "boundary-unseen") /* the declared boundary never occurs */                                    \
    X(TRUNCATED, "truncated-multipart")   /* no closing boundary */                                                   \
    X(BAD_BASE64, "bad-base64")           /* foreign bytes, bad padding or a cut group */                             \
    X(BAD_QP, "bad-quoted-printable")     /* '=' without two hex digits */                                            \
    X(BAD_ENCODING, "unknown-encoding")   /* Content-Transfer-Encoding nobody knows, or few as it is spelt */         \
    X(BAD_CHARSET, "unknown-charset")     /* a charset nobody knows */                                                \
    X(WRONG_CHARSET, "wrong-charset")     /* text that is not what its label says; repaired when recognised */        \
    X(NO_CHARSET, "no-charset")           /* 8-bit text without a label */                                            \
    X(BAD_WORD, "bad-encoded-word")       /* a broken RFC 2047 word */                                                \
    X(TEXT_LIMIT, "text-limit")           /* more text than is kept */                                                \
    X(URL_LIMIT, "url-limit")             /* more URLs than are kept */                                               \
    X(HIDDEN_TEXT, "hidden-text")         /* HTML text that its reader cannot see */                                  \
    X(SPLIT_WORD, "split-words")          /* comments or empty tags inside words */                                   \
    X(URL_IP, "url-ip-host")              /* a URL whose host is an address */                                        \
    X(URL_USERINFO, "url-userinfo")       /* user@ before a URL's host */                                             \
    X(URL_MISMATCH, "url-mismatch")       /* the link shown names another domain than the link followed */            \
    X(HTML_SCRIPT, "html-script")                                                                                     \
    X(HTML_FORM, "html-form")                                                                                         \
    X(ONLY_IMAGE, "only-image")             /* pictures and next to no text */                                        \
    X(DOUBLE_EXTENSION, "double-extension") /* an attachment named like invoice.pdf.exe */                            \
    X(EXECUTABLE, "executable")             /* an attachment whose name or first bytes say program */                 \
    X(DUPLICATE_HEADER,                                                                                               \
      "duplicate-header") /* a second From, Subject, Date, To, Message-ID; two encodings of a part */                 \
    X(NO_FROM, "no-from")                                                                                             \
    X(NO_DATE, "no-date")                                                                                             \
    X(NO_MESSAGE_ID, "no-message-id")                                                                                 \
    X(ARENA_FULL, "arena-full")            /* the memory for one message ran out; the rest was left out */            \
    X(ZERO_WIDTH, "zero-width")            /* invisible characters inside text */                                     \
    X(BIDI, "bidi-control")                /* overrides of direction: characters in text, HTML */                     \
    X(ENCODED_MESSAGE, "encoded-message")  /* message/rfc822 in base64 or quoted-printable */                         \
    X(BLOCK, "encoded-block")              /* a uuencode or yEnc block in a text */                                   \
    X(ALTERNATIVES, "alternatives-differ") /* the sides of multipart/alternative say different things */              \
    X(BROKEN_ESCAPE, "broken-escape")      /* ISO-2022 escapes cut short, or 8-bit bytes among its 7-bit ones */      \
    X(CONFUSABLE, "confusables")           /* letters of one script that pass for another's inside a word (TR39) */   \
    X(STYLED, "styled-letters")         /* words in mathematical, circled, full-width or other dressed-up letters */  \
    X(MARKS, "stacked-marks")           /* letters buried under combining marks */                                    \
    X(URL_OBSCURED, "url-obscured")     /* a host in escapes, odd letters or base, spelt, or in another scheme */     \
    X(URL_LOOKALIKE, "url-lookalike")   /* a host that can be taken for From's or a named domain */                   \
    X(URL_MIXED, "url-mixed-scripts")   /* an internationalised host that mixes scripts */                            \
    X(URL_REDIRECT, "url-redirect")     /* a link within a link, to another domain */                                 \
    X(FORM_ELSEWHERE, "form-elsewhere") /* a form that sends what is typed to another domain than From's */           \
    X(TYPE_MISMATCH, "type-mismatch")   /* an attachment that is not what its type or name says */                    \
    X(NAME_DIRECTION, "name-direction") /* direction controls in a file name */                                       \
    X(ARCHIVED_PROGRAM, "program-in-archive") /* a program or script inside an archive */                             \
    X(MACRO, "macros")                        /* an Office file with macros */                                        \
    X(ENCRYPTED, "encrypted-attachment")      /* an archive or document that asks for a password */                   \
    X(PASSWORD, "password-beside")            /* ... and the mail speaks of the password */                           \
    X(ACTIVE_DOCUMENT, "active-document")     /* a document that runs scripts, unpacks or starts what it brings */    \
    X(AUTH_FAIL, "auth-fail")                 /* SPF, DKIM or DMARC failed, as told by somebody we trust */           \
    X(UNALIGNED, "auth-unaligned")            /* what passed vouches for another domain than From's (RFC 7489 3.1) */ \
    X(STYLE_LIMIT, "style-limit") /* more rules of style sheets than are remembered: what hides behind them? */

enum odd_bit {
#define X(name, word) ODD_BIT_##name,
    ODD_LIST(X)
#undef X
        ODD_COUNT
};
static_assert(ODD_COUNT <= 64, "oddities are bits of one word");
#define ODD(name) (UINT64_C(1) << ODD_BIT_##name)

/* The word of a bit; static. */
const char *odd_word(enum odd_bit bit);

/* What it means, in a sentence for a postmaster, without a full stop; the word itself where nobody wrote one.
 * Static. */
const char *odd_sentence(enum odd_bit bit);

#endif
