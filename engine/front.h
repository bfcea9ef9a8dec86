/* SPDX-License-Identifier: Apache-2.0 */
/* front: the front door: requests in, answers out, whatever strangers send.
 *
 * One ROUTER on every `listen` endpoint; docs/protocol.md has the messages. Only the header is read: a mail is one
 * opaque frame that moves on. What is wrong with a request is said in a typed refusal and the connection lives on;
 * only a frame above `frame_max` closes it, before the frame is in memory.
 *
 * A request that is refused as a whole gets one refusal for each of its mails, so that a client always counts as many
 * answers as mails; `bad_request`, and any request without mails, gets one. */
#ifndef FURUI_ENGINE_FRONT_H
#define FURUI_ENGINE_FRONT_H

#include "engine/dispatch.h"
#include "proto/base/json.h"
#include "proto/config.h"

struct front_ops {
    void *ctx;
    void (*stat)(void *ctx, struct json *j); /* write the one object of a `stat` answer */
};

struct front {
    struct bus_sock *sock;
    struct dispatch *dispatch;
    struct front_ops ops;
    char wanted[CONFIG_LISTEN_MAX][CONFIG_TEXT_MAX]; /* as configured */
    char bound[CONFIG_LISTEN_MAX][CONFIG_TEXT_MAX];  /* as bound: a port 0 has its number */
    size_t count;
    size_t mail_max, frame_max; /* bytes */
    int deadline_ms, deadline_max_ms;
    const char *closing;                        /* not NULL: refuse every mail, and this is why */
    uint64_t bad;                               /* messages that were no request */
    uint64_t undeliverable, undeliverable_told; /* answers; of those, already in the log */
    int64_t told_us;
    struct arena arena;
    struct wire_buf buf;
    struct bus_msg msg; /* the one being read */
};

/* Bind every endpoint of the config.
 *
 *   fault_out  one line naming the endpoint; CONFIG_FAULT_MAX bytes
 *
 * On error nothing is bound and *f needs no close. */
enum err front_open(struct front *f, struct bus *bus, const struct config *c, struct dispatch *d,
                    const struct front_ops *ops, char *fault_out);
void front_close(struct front *f, int linger_ms);

/* Take over the limits of another config. */
void front_limits(struct front *f, const struct config *c);
/* Bind what is new in its list, then let go of what left it: libzmq then cuts those who are connected there. On error
 * nothing has changed. */
enum err front_listen(struct front *f, const struct config *c, char *fault_out);

/* Read up to `most` messages; returns how many there were. */
size_t front_read(struct front *f, size_t most);
/* Send the answers of a request: a dispatch_ops.answer. ctx is the front. */
void front_answer(void *ctx, struct request *r);
/* Log what could not be delivered since last time, at most every few seconds. */
void front_tell(struct front *f, int64_t now_us);

#endif
