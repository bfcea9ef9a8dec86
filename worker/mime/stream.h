/* SPDX-License-Identifier: Apache-2.0 */
/* stream: codec_decode in pieces, for files that are larger than what is kept of them. */
#ifndef FURUI_MIME_STREAM_H
#define FURUI_MIME_STREAM_H

#include "worker/mime/mail.h"

enum { STREAM_ROOM_MIN = 256 }; /* bytes of output that stream_next asks for */

/* A decoder between two pieces. Base64 that is not clean is decoded with care from there on. */
struct stream {
    enum mail_encoding encoding;
    span rest; /* still encoded */
    bool careful;
    uint32_t bits;  /* digits of the open group, and how many */
    int have, owed; /* padding still to come after a closed group */
};

/* Can this encoding be decoded in pieces? Base64 and quoted-printable can. */
bool stream_can(enum mail_encoding e);

/* Begin with an encoding that can. `in` is lent for as long as the stream is used. */
void stream_init(struct stream *s, enum mail_encoding e, span in);

/* The next decoded bytes, at least one and at most `cap` (not under STREAM_ROOM_MIN); 0 at the end. All pieces together
 * are what codec_decode gives. O(what is decoded). Any thread. */
size_t stream_next(struct stream *s, uint8_t *out, size_t cap);

#endif
