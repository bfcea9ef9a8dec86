/* SPDX-License-Identifier: Apache-2.0 */
/* plain: the words of ASCII text, which most text is, 64 bytes at a time.
 *
 * What token.h says of words is bits here: where letters are, marks that join them, marks that are words. token.c's
 * careful way, a character at a time, takes what is not ASCII, and all words when names are asked for. */
#ifndef FURUI_TOKEN_PLAIN_H
#define FURUI_TOKEN_PLAIN_H

#include "worker/token/token.h"

/* Take words from p on. Returns where one begins that must be read carefully, or `end`. The stream's bag has no names. */
const uint8_t *plain_words(struct token_stream *t, const uint8_t *p, const uint8_t *end);

#endif
