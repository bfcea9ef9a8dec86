/* SPDX-License-Identifier: Apache-2.0 */
/* outbox: what one worker is to be told: records that go out together, as fast as it takes them.
 *
 * Records hold their frames, shared with whoever put them there, so a mail's bytes are copied once: by the kernel, from
 * the frame that it arrived in. */
#ifndef FURUI_ENGINE_OUTBOX_H
#define FURUI_ENGINE_OUTBOX_H

#include "proto/backend.h"
#include "proto/bus.h"

struct outbox_record {
    struct backend_word word;
    struct bus_frame part[BACKEND_PARTS];
};

struct outbox {
    struct outbox_record *at; /* owned: a ring of `cap`, a power of two */
    size_t cap, first, n;
    size_t sent; /* bytes of the first one that are out */
};

/* Put a record at the end; the frames (NULL: none) are lent, and shared from here on. */
void outbox_put(struct outbox *o, struct backend_word word, struct bus_frame *a, struct bus_frame *b);

/* Write what the socket takes, without waiting. ERR_BUSY: some is left. ERR_CLOSED: the worker is gone. */
enum err outbox_write(struct outbox *o, int fd);

void outbox_close(struct outbox *o); /* what was not written is forgotten */

#endif
