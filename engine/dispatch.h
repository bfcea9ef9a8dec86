/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch: which mail goes to which worker, how many may wait, and when it is too late.
 *
 * Logic only: no socket, no clock, no process; the tests drive it with a table. Every job that is admitted is
 * answered exactly once.
 *
 * Credit. A worker has at most `credit` jobs in hand; the next job goes to the one with the least work: bytes,
 * and as many for each mail as a worker could read while it does what any mail takes, so that small mails do not stand
 * behind a large one. Waiting clients are served in turn, and one that floods leaves a quarter of the queue to the others.
 *
 * Blame. When a worker dies, some of the jobs in its hands may be why, and nobody knows which. Each becomes a
 * suspect and is tried once more ALONE: a worker is emptied, gets that one job, and nothing else until it answers.
 * If that worker dies too, the job did it: `poison`. An innocent neighbour of a poisonous mail is thus never called
 * poison. At most half of the workers (but one at least) are kept for suspects, so that other mail flows on. */
#ifndef FURUI_ENGINE_DISPATCH_H
#define FURUI_ENGINE_DISPATCH_H

#include "engine/blame.h"
#include "engine/client.h"
#include "engine/heap.h"
#include "engine/hist.h"
#include "proto/backend.h"

enum {
    DISPATCH_SEATS = 256,       /* worker processes at one time, both sides of a roll-out counted */
    DISPATCH_MAIL_BYTES = 4096, /* work of a mail beside its own bytes: some 20 us */
    DISPATCH_FEW = 64,          /* unanswered mails up to which a client may use the last quarter of the queue */
};

struct dispatch_limits {
    int credit;
    size_t queue_mails;  /* waiting */
    size_t queue_bytes;  /* of all mails and headers held, waiting or in a worker's hands */
    size_t client_mails; /* unanswered, of one client */
    int64_t rest_us;     /* after a death, before suspects are tried: workers that one cause kills die one by one */
};

struct dispatch_ops {
    void *ctx;
    /* Send a job to a worker; the frames are lent. */
    void (*give)(void *ctx, int seat, uint64_t number, int64_t deadline_us, struct bus_frame *header,
                 struct bus_frame *mail);
    /* All jobs have their answers: send them. May take identity, header and answers out of `r`; must not free it. */
    void (*answer)(void *ctx, struct request *r);
    /* This mail killed a worker while alone with it: keep it aside. */
    void (*poison)(void *ctx, uint64_t id, span mail);
};

struct seat {
    bool up;       /* may get jobs */
    bool reserved; /* is being emptied for a suspect, or has one */
    struct job_list given;
    size_t bytes;  /* of their mails */
    uint64_t done; /* answers */
};

/* Where a job in a worker's hands is found again; the round makes numbers differ from try to try. */
struct slot {
    struct job *job;
    uint32_t round, next_free; /* index + 1; 0 ends the list */
};

struct dispatch_totals {
    uint64_t requests, mails, bytes;   /* admitted */
    uint64_t by_outcome[3];            /* verdicts, by enum wire_class */
    uint64_t degraded;                 /* of those */
    uint64_t refused[WIRE_POISON + 1]; /* by enum wire_refusal; mails */
    uint64_t retries;                  /* second tries */
    uint64_t too_late;                 /* verdicts that came after their client was told `late` */
    struct hist latency;               /* of requests, from receipt to answer */
};

struct dispatch {
    struct dispatch_ops ops;
    struct dispatch_limits limits;
    struct client_table clients;
    struct heap deadlines;
    struct job_list suspects;
    int64_t suspects_from_us; /* none is tried before */
    bool resting;             /* some wait for that */
    struct seat seat[DISPATCH_SEATS];
    int seats;         /* no seat from here on is in use */
    struct slot *slot; /* owned; a job's number is its slot + 1 below, the slot's round above */
    uint32_t slots, free_slot;
    size_t held_bytes;
    size_t requests; /* unanswered */
    size_t given;    /* jobs in workers' hands */
    struct blame blame;
    struct dispatch_totals totals;
};

void dispatch_open(struct dispatch *d, const struct dispatch_ops *ops, const struct dispatch_limits *l, uint64_t seed);
/* Frees all; whoever is unanswered stays so. */
void dispatch_close(struct dispatch *d);

/* Take over a request with identity, header, mails, id and times filled in; jobs may already hold refusals.
 *
 *   why_out, detail_out  on false: nothing was taken and the caller still owns `r`; a static sentence
 *
 * May call ops->answer (when every job was refused already) but not ops->give. */
bool dispatch_admit(struct dispatch *d, struct request *r, int64_t now_us, enum wire_refusal *why_out,
                    const char **detail_out);

/* Count a refusal that was made outside. */
void dispatch_count_refusal(struct dispatch *d, enum wire_refusal why, size_t mails);

/* A worker can take jobs; its seat was down. */
void dispatch_up(struct dispatch *d, int seat);
/* It gets no more; what it has it may finish. */
void dispatch_leave(struct dispatch *d, int seat);
/* It is dead. Returns how many jobs it had in hand. */
size_t dispatch_down(struct dispatch *d, int seat, int64_t now_us);

/* A worker answered a job; the frame is taken when the answer is wanted, else left. A number that the worker does
 * not have is ignored (false). */
bool dispatch_answered(struct dispatch *d, int seat, const struct backend_word *w, struct bus_frame *answer,
                       int64_t now_us);

/* Answer `late` to all whose deadline has passed. */
void dispatch_expire(struct dispatch *d, int64_t now_us);
/* Refuse all that is unanswered. */
void dispatch_refuse_all(struct dispatch *d, enum wire_refusal why, const char *detail, int64_t now_us);
/* When dispatch_expire or dispatch_pump has work next, if nothing else happens; INT64_MAX: never. */
int64_t dispatch_next_us(const struct dispatch *d);

/* Every worker has work for longer than DISPATCH_LINGER_US: a mail that comes now can wait so long without harm. */
enum { DISPATCH_LINGER_US = 250, DISPATCH_ENOUGH = 8 /* mails */ };
bool dispatch_sated(const struct dispatch *d);

/* Give what can be given. */
void dispatch_pump(struct dispatch *d, int64_t now_us);

#endif
