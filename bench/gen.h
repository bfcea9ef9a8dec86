/* SPDX-License-Identifier: Apache-2.0 */
/* gen: a load generator: sends mails to a service by many connections and counts what comes back.
 *
 * Open loop (a rate: each request is sent when it is due) or closed (so many mails in flight, each answer replaced at
 * once). One thread, no allocation and no copy of a mail once it is open: a request is a few bytes of header before
 * the mail where it lies, an answer is read in place. */
#ifndef FURUI_BENCH_GEN_H
#define FURUI_BENCH_GEN_H

#include "bench/hdr.h"
#include "bench/mails.h"
#include "bench/schedule.h"
#include "bench/zmtp.h"
#include "proto/base/arena.h"
#include "proto/wire.h"

#include <signal.h>

enum {
    GEN_CLIENTS_MAX = 1000,
    GEN_FAULT_MAX = 512,
    GEN_SENDERS_MAX = 20000,
    GEN_SLOTS = 65536, /* requests in flight; more that are due wait, and their latency grows */
    GEN_UNANSWERED = WIRE_POISON + 1,
    GEN_OUTCOMES, /* refusals by enum wire_refusal, and GEN_UNANSWERED */
};

/* What became of the mails that were due in [from_us, until_us), and how much was done in that time. Large: 75 KB. */
struct gen_tally {
    int64_t from_us, until_us;
    uint64_t verdicts, degraded, refused[GEN_OUTCOMES]; /* of mails due then, whenever answered; a mail each */
    struct hdr latency;                                 /* from when they were due to their verdict */
    struct hdr slip;                                    /* from when they were due until we came to send them */
    uint64_t done, done_bytes;                          /* verdicts that came then, whenever due */
};

struct gen_options {
    const char *endpoint;
    int clients;                       /* connections; 1 to GEN_CLIENTS_MAX */
    size_t batch;                      /* mails behind one header; 1 to WIRE_BATCH_MAX */
    bool explain;                      /* ask for reasons */
    size_t senders;                    /* hosts that mails come from, each always from the same; 0: it is not said */
    const volatile sig_atomic_t *stop; /* ends gen_run early; may be NULL */
};

struct gen_slot {
    uint64_t id; /* 0: free */
    int64_t due_us;
    uint32_t first, mails; /* the mails [first, first + mails), round the list */
    uint32_t client;
    int32_t next; /* free list, or the client's requests that are not wholly sent */
    bool queued;
};

struct gen_client {
    struct zmtp z;
    int32_t first, last; /* requests not wholly sent */
    size_t sent;         /* bytes of the first that are */
    size_t frames;       /* of an answer, received before the present one */
    bool blocked;        /* the socket is full: epoll tells when it is not */
    bool dirty;          /* in gen.dirty */
};

struct gen {
    struct gen_options o;
    const struct mails *mails;
    struct gen_client *client;
    struct gen_slot *slot;
    int32_t free;
    size_t in_flight; /* mails */
    size_t slots_used;
    uint64_t submitted;
    size_t next_mail;
    int next_client, lost; /* connections that ended */
    uint32_t *dirty;       /* clients with something to send */
    size_t dirty_n;
    uint8_t header[128]; /* of a request, as a frame; its id is the 8 bytes at id_at */
    size_t header_n, id_at, address_at, sender_at;
    struct arena arena;
    int epoll_fd;
    int64_t swept_us;
    bool open_loop;
    struct schedule schedule;
    size_t in_flight_wanted; /* closed loop: mails */
    struct gen_tally *tally; /* NULL: nothing is counted */
    char fault[GEN_FAULT_MAX];
};

/* Connect all clients. Options and mails are lent. ERR_IO, ERR_SYNTAX (no endpoint), ERR_CLOSED, ERR_MEMORY: with one
 * line in g->fault. Close it in any case. */
enum err gen_open(struct gen *g, const struct gen_options *o, const struct mails *mails);
void gen_close(struct gen *g);

/* From now on: a fixed rate of mails a second, or a number of them in flight. */
void gen_rate(struct gen *g, double mails_per_s, bool poisson);
void gen_in_flight(struct gen *g, size_t mails);

/* Send and receive until clock_us() is until_us. False when no connection is left. */
bool gen_run(struct gen *g, int64_t until_us);
bool gen_stopped(const struct gen *g); /* by its option `stop`, or since no connection is left */

/* Send nothing more; wait for what is in flight, at most timeout_us. What has no answer then is counted as unanswered
 * and forgotten. */
void gen_drain(struct gen *g, int64_t timeout_us);

/* Begin to count into *t, which is emptied, what is due in [from_us, until_us). */
void gen_count(struct gen *g, struct gen_tally *t, int64_t from_us, int64_t until_us);

void gen_tally_add(struct gen_tally *t, const struct gen_tally *from); /* but for its times */
uint64_t gen_tally_refused(const struct gen_tally *t);                 /* all kinds, and unanswered */
uint64_t gen_tally_sent(const struct gen_tally *t);                    /* that, and verdicts */
const char *gen_tally_outcome(int outcome);                            /* "busy", …, "unanswered" */

#endif
