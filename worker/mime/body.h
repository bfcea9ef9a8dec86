/* SPDX-License-Identifier: Apache-2.0 */
/* body: the texts of a mail, decoded one after the other and written down as its reader sees them. */
#ifndef FURUI_MIME_BODY_H
#define FURUI_MIME_BODY_H

#include "worker/mime/choose.h"
#include "worker/mime/mail.h"
#include "worker/mime/pieces.h"

/* What is being written down. */
struct body {
    struct mail *m;
    struct arena *a;
    struct text visible, hidden, other;
    struct url_list urls;
    bool sides;           /* multipart/alternative has one that is not shown */
    size_t budget;        /* bytes that may still be decoded at once */
    struct pieces pieces; /* for texts over that, where the mail is so long that there can be any */
    bool cut;             /* more is seen than there is room for */
    bool aside;           /* text of an attached message was added to `other`, ... */
    size_t nearer;        /* ... behind so many bytes of it */
};

/* Begin with nothing; `budget` is at most MAIL_DECODE_TOTAL_MAX. */
void body_init(struct body *b, struct mail *m, struct arena *a, size_t budget);

/* Add text part i: to what is seen, or to what the other sides say. Sets its `decoded`. Blocks found in a text that is
 * seen become parts behind all others, so m->parts may move. SIDE_ASIDE: after all others. `last`: no part behind it is
 * seen. O(its body). */
void body_add(struct body *b, size_t i, enum part_kind kind, enum part_side side, bool last);

/* Add what clients show on top of a message within: From and Subject of the message that part i holds. SIDE_SHOWN or,
 * after all others, SIDE_ASIDE. */
void body_add_head(struct body *b, size_t i, enum part_side side);

/* Hand over: sets m->text, other, nearer, hidden, urls (their counts are headlink.h's) and the ODD bits of all of
 * these. */
void body_end(struct body *b);

#endif
