/* SPDX-License-Identifier: Apache-2.0 */
/* request: one message of a client, as the jobs that it is split into.
 *
 * A request is one allocation with one job a mail. It leaves memory when it is answered and no worker holds a job of
 * it any more: a job whose client was told `late` may still be in a worker's hands. */
#ifndef FURUI_ENGINE_REQUEST_H
#define FURUI_ENGINE_REQUEST_H

#include "proto/bus.h"
#include "proto/wire.h"

struct client;
struct request;

enum job_state {
    JOB_NEW,     /* not admitted yet */
    JOB_WAITING, /* in its client's queue */
    JOB_SUSPECT, /* was in the hands of a worker that died; waits for a try of its own */
    JOB_GIVEN,   /* a worker has it */
    JOB_DONE,    /* no worker has it, and its answer is in `answer` or was sent */
};

/* One mail. */
struct job {
    struct request *request;
    struct job *prev, *next; /* in the one list that its state names */
    struct bus_frame mail, answer;
    size_t bytes;    /* of the mail; 0 when no longer held */
    uint64_t number; /* names this try to the worker; 0 while no worker has it */
    int seat;        /* of the worker that has it */
    enum job_state state;
    bool answered; /* `answer` is final */
    bool suspect;  /* one worker died with it in hand */
    bool alone;    /* was given to a worker that had nothing else */
    bool record;   /* `answer` is a report's record, for the learner */
};

struct request {
    struct client *client; /* while unanswered */
    struct bus_frame identity, header;
    bool delimiter; /* an empty frame followed the identity (REQ sockets) */
    bool answered;  /* all its answers were handed to the front */
    uint64_t id;
    int64_t received_us, deadline_us;
    size_t heap_at; /* position in the deadlines' heap + 1; 0: not in it */
    size_t count;   /* of jobs; 1 to WIRE_BATCH_MAX */
    size_t bytes;   /* of the header, while counted as held */
    size_t unanswered, given;
    struct job job[];
};

/* A request with `count` empty jobs; owned. Memory running out ends the process (a worker pool without a front door
 * is of no use). */
struct request *request_new(size_t count);
void request_free(struct request *r);

/* Answer one job with a refusal; it is final. detail: for people, static or copied. */
void job_refuse(struct job *j, enum wire_refusal why, const char *detail);

/* A list of jobs, through prev and next. */
struct job_list {
    struct job *head, *tail;
    size_t n;
};
void job_list_push(struct job_list *l, struct job *j);
void job_list_remove(struct job_list *l, struct job *j);

/* calloc that ends the process rather than fail. */
void *must_calloc(size_t n, size_t size);

#endif
