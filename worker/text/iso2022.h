/* SPDX-License-Identifier: Apache-2.0 */
/* iso2022: ISO-2022-JP and -KR (RFC 1468, 1557, and what mailers and gateways made of them), taken into pieces.
 *
 * Our own reader because iconv's gives up where mail clients go on: half-width kana, rows 13 and up (NEC's and IBM's
 * characters), a shift back that is missing, escape sequences cut by line breaks or without their ESC, 8-bit bytes in
 * between. A piece lies in the input, so nothing is copied; decode.c knows the characters. */
#ifndef FURUI_TEXT_ISO2022_H
#define FURUI_TEXT_ISO2022_H

#include "proto/base/span.h"

enum iso2022 { ISO2022_NONE, ISO2022_JP, ISO2022_KR, ISO2022_CN };

/* Whose escape sequences stand in `s`: by the first that shifts away from ASCII. O(s.n). */
enum iso2022 iso2022_kind(span s);

/* Are there shifts in 7-bit text that is said to be of that kind, and has none by ESC? SO, or "$B" before what reads as
 * Japanese: a gateway has taken the ESC bytes out. O(s.n). */
bool iso2022_lost(span s, enum iso2022 kind);

enum iso2022_set {
    ISO2022_ASCII,   /* the bytes themselves */
    ISO2022_JIS0208, /* pairs of bytes from 0x21 to 0x7E */
    ISO2022_JIS0212, /* pairs */
    ISO2022_GB2312,  /* pairs */
    ISO2022_KSX1001, /* pairs */
    ISO2022_KANA,    /* half-width kana, one byte each, from 0x21 to 0x5F */
    ISO2022_STRAY,   /* 8-bit bytes of another charset, and the ASCII between them */
    ISO2022_NOTHING  /* bytes that are no character in the set shifted to */
};

struct iso2022_reader {
    span rest;            /* not read yet */
    bool broken;          /* so far something was damaged: ODD(BROKEN_ESCAPE) */
    enum iso2022 kind;    /* private, as all below */
    enum iso2022_set set; /* shifted to */
    bool shifted;         /* by SO */
    size_t esc_left;      /* rest.n where the next ESC stands */
    size_t plain_left;    /* rest.n down to which no "$B" without ESC begins a run */
    uint8_t joined[2];    /* a pair that a line end had cut */
};

/* kind: ISO2022_JP or ISO2022_KR. */
void iso2022_init(struct iso2022_reader *r, span in, enum iso2022 kind);

/* The next piece; false at the end. `piece_out` lies in the input, or in *r until the next call; it is not empty. All
 * calls together are O(in.n). */
bool iso2022_next(struct iso2022_reader *r, enum iso2022_set *set_out, span *piece_out);

#endif
