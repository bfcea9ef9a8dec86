/* SPDX-License-Identifier: Apache-2.0 */
/* pieces: a text part that is too long to be decoded at once, as UTF-8, a piece at a time.
 *
 * Junk before a text costs its sender nothing; in pieces it costs us no memory either. A piece ends with a line where
 * it can, so that charsets that shift by escapes begin anew with it, and is converted by itself. */
#ifndef FURUI_MIME_PIECES_H
#define FURUI_MIME_PIECES_H

#include "worker/mime/stream.h"
#include "worker/text/charset.h"

enum { PIECES_RAW = HTML_PIECE_MAX / 3 }; /* decoded bytes of a piece: no charset makes more than three of one */

struct pieces {
    struct stream stream; /* of base64 and quoted-printable */
    span rest;            /* of encodings that change nothing */
    bool coded, last;
    size_t skip;  /* bytes that are passed over still */
    size_t bytes; /* decoded so far */
    uint8_t *raw; /* PIECES_RAW bytes: n of them read, `given` of these handed out */
    size_t n, given;
    uint8_t *html;     /* room for html_read_pieces */
    struct arena text; /* one piece, converted */
    span label;
    uint8_t label_bytes[CHARSET_LABEL_MAX];
    uint64_t odd; /* ODD bits of what was met */
};

/* Take the room that any number of parts needs, one after the other. False when the arena has not so much left. */
bool pieces_open(struct pieces *s, struct arena *a);

/* Begin with a part's body, `skip` decoded bytes into it; lent. False for an encoding that cannot be read in pieces. */
bool pieces_begin(struct pieces *s, const struct mail_part *p, bool html, size_t skip);

/* The next piece, without NULs when `plain`: whole characters, at most HTML_PIECE_MAX bytes, lent until the next call;
 * empty at the end. All together O(the body). */
span pieces_next(struct pieces *s, bool plain);

/* The charset that a document names in its own head (<meta charset=...>), or empty. */
span pieces_html_label(span html);

#endif
