/* SPDX-License-Identifier: Apache-2.0 */
/* iso2022: ISO-2022-JP (RFC 1468, and what mailers made of it) to EUC-JP, byte by byte.
 *
 * Our own reader because iconv's gives up where mail clients go on: half-width kana, rows 13 and up (NEC's and IBM's
 * characters), a shift back that is missing, escape sequences cut by line breaks, 8-bit bytes in between. */
#ifndef FURUI_TEXT_ISO2022_H
#define FURUI_TEXT_ISO2022_H

#include "proto/base/span.h"

enum iso2022 { ISO2022_NONE, ISO2022_JP, ISO2022_KR, ISO2022_CN };

/* Whose escape sequences stand in `s`: by the first that shifts away from ASCII. O(s.n). */
enum iso2022 iso2022_kind(span s);

struct iso2022_reader {
    span rest;       /* not read yet */
    int set;         /* shifted to; private */
    bool shifted;    /* SO; private */
    size_t esc_left; /* rest.n where the next ESC stands; private */
};

void iso2022_init(struct iso2022_reader *r, span in);

/* Read up to the first byte over 127 that stands outside a shifted run, or to the end.
 *
 *   out   room for 2 * r->rest.n bytes
 *
 * Returns bytes written: EUC-JP (with JIS X 0212 in its three-byte form); 0xFF stands for what is no character. */
size_t iso2022_next(struct iso2022_reader *r, uint8_t *out);

/* After iso2022_next: take the 8-bit stretch that stopped it, up to the next ESC or the end. */
span iso2022_stray(struct iso2022_reader *r);

#endif
