/* SPDX-License-Identifier: Apache-2.0 */
/* backend: the words between furuid and its workers; both sides are of one build, so it carries no version.
 *
 * Each worker has one end of a socket pair as descriptor BACKEND_LINK_FD, furuid the other (proto/link.h): who speaks
 * is known by the socket, and its end is the end of the process. A record is one fixed-size word, whose first byte is
 * its type, and two parts whose lengths the word names. Numbers are native: one machine.
 *
 *   worker to engine
 *     READY   model id, text; SIMD level, text    once, when the next mail can be judged
 *     FAULT   one line for people                 instead of READY: cannot start; names file and reason; exit(1)
 *     BEAT                                        sign of life; carries flags
 *     ANSWER  answer for the client               one a job, any order; carries the job's number, outcome, flags,
 *                                                 and what a candidate would have said
 *     REPORT  request header; record              a mail came to a trap, or is shown as a sample of the traffic:
 *                                                 nobody waits for an answer
 *   engine to worker
 *     JOB     request header; mail                carries the job's number and its deadline
 *     QUIT                                        finish what was received, answer it, exit(0)
 *
 * Reports. A worker makes a record of a report (ANSWER with BACKEND_RECORD); furuid gives it to furui-learner, over a
 * link of the same kind: JOB with the request's header and the record, answered by ANSWER with what the client is to be
 * told. The learner says READY, FAULT and BEAT as a worker does; its BEAT carries a struct
 * backend_learner.
 *
 * Operators. What somebody asks of the learner at the operator's door (proto/admin.h) goes to it as ASK: `uid=N`, by the
 * kernel's word, and the request as it came; its `job` is the ticket. TOLD brings the answer, whole. furuid looks into
 * neither.
 *
 * Signs of life. Any message is one. A worker that has sent nothing for `heartbeat_ms` sends BEAT, also between two
 * mails of a batch; one that is silent for `hang_ms` is killed (SIGKILL). BEAT must come from the thread that judges
 * mail: a thread of its own would prove nothing.
 *
 * Deadlines. JOB carries an absolute time on CLOCK_MONOTONIC. The engine itself answers `late` when it passes; a
 * worker that finds it passed before it began answers with outcome BACKEND_SKIPPED and no more, which only gives the
 * credit back.
 *
 * Blame. When a worker dies, each job that it had not answered is tried once more, alone at a worker; the second
 * time it is `poison`. A worker therefore sends each answer no later than the end of its batch.
 *
 * Shadow. A worker that was started with --candidate scores --share-ppm mails of a million with that model too, and
 * says in `shadow` which class the tenant's policy makes of it; the answer is the serving model's. Mails of a dry run
 * and jobs with BACKEND_RETRY are not scored so: a candidate that kills workers must not make a mail poison.
 *
 * Start. The engine runs
 *     furui-worker --config /dev/fd/3 --index I [--live] [--candidate /dev/fd/6 --share-ppm N]
 * with descriptor 3 a sealed memfd (config_write's text) and 4 the bundle, opened: the config's `bundle` is
 * "/dev/fd/4", so a worker that restarts maps the same file even if the path was replaced since; 5 is the link; 6 is a
 * candidate's bundle, when there is one; 7, with --live, the live model's table for reading (proto/livetable.h), the
 * same memory for all workers as long as the engine lives. Descriptors above are closed on exec; 0 is /dev/null. The worker has its own process
 * group, ignores SIGINT and gets SIGKILL when the engine dies.
 *     furui-learner --config /dev/fd/3 [--live]
 * runs with descriptor 4 as its link, 5, with --live, as the live model's table for writing, and gets SIGTERM when the engine dies: it then writes down what it knows.
 *     furui-worker --config /dev/fd/3 --check
 * opens the bundle, and exits 0; or says on standard error what is wrong in one line, and exits 1.
 *     furui-worker --admit
 * copies a pushed bundle from descriptor 3, from its beginning, to the empty file at 4, syncs it, and verifies the copy
 * as a worker would. It says pairs (proto/pairs.h) on standard output: id, size, manifest, and exits 0; or fault, and
 * exits 1. */
#ifndef FURUI_BACKEND_H
#define FURUI_BACKEND_H

#include "proto/base/span.h"

enum backend_type {
    BACKEND_READY = 'R',
    BACKEND_FAULT = 'F',
    BACKEND_BEAT = 'H',
    BACKEND_ANSWER = 'A',
    BACKEND_JOB = 'J',
    BACKEND_QUIT = 'Q',
    BACKEND_REPORT = 'T',
    BACKEND_ASK = 'O',
    BACKEND_TOLD = 'I',
};

enum {
    BACKEND_CONFIG_FD = 3,
    BACKEND_BUNDLE_FD = 4,
    BACKEND_LINK_FD = 5,
    BACKEND_CANDIDATE_FD = 6,
    BACKEND_LIVE_FD = 7,
    BACKEND_LEARNER_LINK_FD = 4,
    BACKEND_LEARNER_LIVE_FD = 5,
    BACKEND_ADMIT_FROM_FD = 3,
    BACKEND_ADMIT_TO_FD = 4,
    BACKEND_ADMIT_MAX = 256 << 20, /* bytes of a pushed bundle */
    BACKEND_TEXT_MAX = 512,        /* bytes of a fault, a model id, a SIMD level */
    BACKEND_PARTS = 2,             /* behind a word */
    BACKEND_TOLD_MAX = 256 << 10,  /* bytes of an answer to an operator */
    BACKEND_SAID_MAX = 1 << 20,    /* bytes of a record that a worker may send; who sends more is killed */
    BACKEND_GIVEN_MAX = 1025 << 20 /* … that it may get: the largest mail that a config allows, and its header */
};
#define BACKEND_BUNDLE_PATH    "/dev/fd/4"
#define BACKEND_CANDIDATE_PATH "/dev/fd/6"

/* ANSWER: what the answer holds, for the engine's counters. The first three are enum wire_class. RECORD: no answer yet
 * but what a report says (proto/feedback.h), for the learner. */
enum backend_outcome { BACKEND_HAM, BACKEND_UNSURE, BACKEND_SPAM, BACKEND_REFUSED, BACKEND_SKIPPED, BACKEND_RECORD };

/* DEGRADED: BEAT: Redis is away now; ANSWER: this verdict says `degraded`. RETRY: JOB: a worker died with it in
 * hand. */
enum { BACKEND_DEGRADED = 1, BACKEND_RETRY = 2 };

/* What furui-learner says of itself. */
struct backend_learner {
    uint64_t taken, again, refused, limited; /* reports; of those: said before, refused, refused over a limit */
    uint64_t in_journal;                     /* not in the stream yet */
    uint64_t learnt, unreadable, samples;    /* from the stream, of all hosts */
    uint64_t published;                      /* of `learnt`, those that workers have */
    uint64_t for_redis;                      /* words that records do not hold yet */
    uint64_t redis_up;
    uint64_t frozen;     /* the content model stands still: by an operator or a guard */
    uint64_t rewinding;  /* it is on its way back through the stream */
    uint64_t missed_ms;  /* where it missed something, or could not go back: it is not as on other hosts. 0: it is */
    uint64_t redis_lost; /* how often Redis had lost what it had acknowledged */
};

/* The head of every record. Fields that a type does not use are 0. */
struct backend_word {
    uint8_t type;    /* enum backend_type */
    uint8_t outcome; /* enum backend_outcome */
    uint8_t flags;
    uint8_t why;    /* ANSWER with BACKEND_REFUSED: enum wire_refusal */
    uint8_t shadow; /* ANSWER: 0, or 1 + enum wire_class that a candidate gave */
    uint8_t zero[3];
    uint32_t bytes[BACKEND_PARTS]; /* of what follows */
    uint64_t job;                  /* JOB, ANSWER; any value, returned as it came */
    int64_t deadline_us;           /* JOB; as clock_us() */
};

#endif
