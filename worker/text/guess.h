/* SPDX-License-Identifier: Apache-2.0 */
/* guess: which charset are these 8-bit bytes in, when the label is missing or lies?
 *
 * Each candidate reads the bytes as text of its language and adds up how surprised it is (bits, by what share of such
 * text is kana, everyday kanji, frequent letters, ...); the least surprised wins. No dictionary, one pass each. */
#ifndef FURUI_TEXT_GUESS_H
#define FURUI_TEXT_GUESS_H

#include "proto/base/span.h"

/* Those of two bytes a character first. */
#define GUESS_LIST(X) \
    X(SHIFT_JIS)      \
    X(EUC_JP)         \
    X(GB18030)        \
    X(BIG5)           \
    X(EUC_KR)         \
    X(KOI8_R)         \
    X(WINDOWS_1251)   \
    X(CP866)          \
    X(WINDOWS_1252)   \
    X(WINDOWS_1250)   \
    X(WINDOWS_1253)   \
    X(WINDOWS_1254)   \
    X(WINDOWS_1255)   \
    X(WINDOWS_1256)   \
    X(WINDOWS_874)

enum guess {
#define X(id) GUESS_##id,
    GUESS_LIST(X)
#undef X
        GUESS_COUNT,
    GUESS_PAIRS_END = GUESS_EUC_KR + 1
};

/* Looked at: from the first byte over 127 on so many bytes, or so many of those over 127. */
enum { GUESS_BYTES = 1024, GUESS_HIGH = 96 };

/* Which candidate explains `text` best. `favoured` is a set of (1 << guess): what the label says, or its language; they
 * win when the rest is near. `beside` is such a set too, of what a mail is in elsewhere, and worth half as much. Never
 * fails: windows-1252 explains anything, badly. O(GUESS_BYTES). */
enum guess guess_charset(span text, unsigned favoured, unsigned beside);

/* What a candidate must know of its language's characters. Those of two bytes know the OFTEN ones alone; in one-byte
 * charsets a language is spelt out. */
enum guess_class {
    GUESS_OFTEN,  /* letters by which text is recognised, lower case where there are cases */
    GUESS_SELDOM, /* other letters of the languages */
    GUESS_UPPER,  /* capitals of both */
    GUESS_MARK,   /* quotes, dashes and the like */
    GUESS_SIGN,   /* other signs, which stand before no letter */
    GUESS_CLASSES
};

/* The characters of a class, UTF-8, maybe empty. */
const char *guess_frequent(enum guess g, enum guess_class k);

/* Teach a candidate its characters of a class, converted to its own charset; none if they cannot be, the guesses are
 * only less sharp then. At start, each class of each candidate once; then guess_ready; before any guess. `known` says
 * whether bytes are a character of the candidate: the first alone in a one-byte charset, else both. */
void guess_learn(enum guess g, enum guess_class k, span characters);
void guess_ready(bool (*known)(enum guess g, uint8_t a, uint8_t b));

#endif
