/* SPDX-License-Identifier: Apache-2.0 */
/* decode: bytes of a charset that is known to UTF-8.
 *
 * Charsets of one and two bytes go by tables that iconv filled once for the process, the rest by iconv itself, whose
 * descriptors each thread keeps. Shift_JIS, EUC-JP and ISO-2022-JP share Microsoft's table of JIS X 0208 (as browsers
 * do: WHATWG Encoding, index jis0208), so that a sentence is the same in all three. Only decode.c sees iconv.h. */
#ifndef FURUI_TEXT_DECODE_H
#define FURUI_TEXT_DECODE_H

#include "worker/text/label.h"

enum {
    DECODE_GROWTH = 3,        /* no byte of any charset becomes more bytes of UTF-8; nor does a broken one (U+FFFD) */
    DECODE_ERRORS_MAX = 1000, /* broken characters of one text that iconv looks at one by one */
};

/* Where UTF-8 goes. What does not fit is left out, cut between characters, and nothing follows it. */
struct sink {
    uint8_t *p;
    size_t n, cap;
};

/* Open and fill all there is now, and not on a message's way: before a worker gives up the right to open files. Without
 * it each table is filled, each descriptor opened, at first use. */
void decode_warm(void);

/* Close what this thread opened. */
void decode_close(void);

void decode_ascii(struct sink *out, span in); /* bytes that are ASCII */
void decode_unknown(struct sink *out);        /* U+FFFD */
/* UTF-8, but what is broken is windows-1252: texts pasted together. */
void decode_utf8_latin(struct sink *out, span in);
void decode_utf16(struct sink *out, span in, bool little); /* a byte order mark is left out */

/* Bytes of charset `c`, which is none that shifts by escapes (label.h's CODED_ISO2022, CODED_HZ) but ISO-2022-CN. */
void decode(struct sink *out, enum charset c, span in);

/* Pairs of 7 bits of a 94 by 94 set, as ISO 2022 designates them: SHIFT_JIS stands for JIS X 0208, EUC_JP for JIS X
 * 0212, GB18030 for GB 2312, EUC_KR for KS X 1001. in.n is even, each byte from 0x21 to 0x7E. */
void decode_pairs(struct sink *out, enum charset c, span in);

/* Half-width kana in 7 bits: each byte from 0x21 to 0x5F. */
void decode_kana(struct sink *out, span in);

/* UTF-8 to charset `c` by iconv, leaving out what it lacks; at start. Returns bytes written. */
size_t decode_backwards(enum charset c, const char *utf8, uint8_t *out, size_t cap);

/* Is byte `a`, over 127, a character of a charset of CODED_SINGLE, or `a` and `b` one of a charset of CODED_PAIRS? */
bool decode_knows(enum charset c, uint8_t a, uint8_t b);

#endif
