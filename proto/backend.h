/* SPDX-License-Identifier: Apache-2.0 */
/* backend: the words between furuid and its workers; both sides are of one build, so it carries no version.
 *
 * The engine binds a ROUTER to ipc://STATE_DIR/workers.ipc (the directory is 0700); each worker connects one DEALER
 * whose identity is backend_identity(index, pid). The engine believes only identities of processes that it started.
 * Each message begins with one fixed-size word; its first byte is its type. Numbers are native: one machine.
 *
 *   worker to engine
 *     [READY]  [model id, text] [SIMD level, text]    once, when the next mail can be judged
 *     [FAULT]  [one line for people]                  instead of READY: cannot start; names file and reason; exit(1)
 *     [BEAT]                                          sign of life; carries flags
 *     [ANSWER] [answer frame for the client]          one a job, any order; carries the job's number, outcome, flags,
 *                                                     and what a candidate would have said
 *     [BYE]                                           after QUIT: nothing is in hand, exit(0) follows
 *   engine to worker
 *     [JOB]    [request header] [mail]                carries the job's number and its deadline
 *     [QUIT]                                          finish what was received, answer it, say BYE, exit(0)
 *
 * Signs of life. Any message is one. A worker that has sent nothing for `heartbeat_ms` sends BEAT, also between two
 * mails of a batch; one that is silent for `hang_ms` is killed (SIGKILL). BEAT must come from the thread that judges
 * mail: a thread of its own would prove nothing.
 *
 * Deadlines. JOB carries an absolute time on CLOCK_MONOTONIC. The engine itself answers `late` when it passes; a
 * worker that finds it passed before it began answers with outcome BACKEND_SKIPPED and an empty frame, which only
 * gives the credit back.
 *
 * Blame. When a worker dies, each job that it had not answered is tried once more, alone at a worker; the second
 * time it is `poison`. A worker therefore sends each answer no later than the end of its batch.
 *
 * Shadow. A worker that was started with --candidate scores --share-ppm mails of a million with that model too, and
 * says in `shadow` which class the tenant's policy makes of it; the answer is the serving model's. Mails of a dry run
 * and jobs with BACKEND_RETRY are not scored so: a candidate that kills workers must not make a mail poison.
 *
 * Start. The engine runs
 *     furui-worker --config /dev/fd/3 --index I --connect ENDPOINT [--candidate /dev/fd/5 --share-ppm N]
 * with descriptor 3 a sealed memfd (config_write's text) and 4 the bundle, opened: the config's `bundle` is
 * "/dev/fd/4", so a worker that restarts maps the same file even if the path was replaced since; 5 is a candidate's
 * bundle, when there is one. Descriptors above are closed on exec; 0 is /dev/null. The worker has its own process
 * group, ignores SIGINT and gets SIGKILL when the engine dies.
 *     furui-worker --config /dev/fd/3 --check
 * opens the bundle, and exits 0; or says on standard error what is wrong in one line, and exits 1.
 *     furui-worker --admit
 * copies a pushed bundle from descriptor 3, from its beginning, to the empty file at 4, syncs it, and verifies the copy
 * as a worker would. It says pairs (proto/pairs.h) on standard output: id, size, manifest, and exits 0; or fault, and
 * exits 1. */
#ifndef FURUI_BACKEND_H
#define FURUI_BACKEND_H

#include "proto/base/span.h"

#include <stdio.h>

enum backend_type {
    BACKEND_READY = 'R',
    BACKEND_FAULT = 'F',
    BACKEND_BEAT = 'H',
    BACKEND_ANSWER = 'A',
    BACKEND_BYE = 'B',
    BACKEND_JOB = 'J',
    BACKEND_QUIT = 'Q',
};

enum {
    BACKEND_CONFIG_FD = 3,
    BACKEND_BUNDLE_FD = 4,
    BACKEND_CANDIDATE_FD = 5,
    BACKEND_ADMIT_FROM_FD = 3,
    BACKEND_ADMIT_TO_FD = 4,
    BACKEND_ADMIT_MAX = 256 << 20, /* bytes of a pushed bundle */
    BACKEND_IDENTITY_MAX = 32,     /* bytes, with NUL */
    BACKEND_TEXT_MAX = 512,        /* bytes of a fault, a model id, a SIMD level */
};
#define BACKEND_BUNDLE_PATH    "/dev/fd/4"
#define BACKEND_CANDIDATE_PATH "/dev/fd/5"

/* ANSWER: what the answer frame holds, for the engine's counters. The first three are enum wire_class. */
enum backend_outcome { BACKEND_HAM, BACKEND_UNSURE, BACKEND_SPAM, BACKEND_REFUSED, BACKEND_SKIPPED };

/* DEGRADED: BEAT: Redis is away now; ANSWER: this verdict says `degraded`. RETRY: JOB: a worker died with it in
 * hand. */
enum { BACKEND_DEGRADED = 1, BACKEND_RETRY = 2 };

/* The first frame of every message. Fields that a type does not use are 0. */
struct backend_word {
    uint8_t type;    /* enum backend_type */
    uint8_t outcome; /* enum backend_outcome */
    uint8_t flags;
    uint8_t why;    /* ANSWER with BACKEND_REFUSED: enum wire_refusal */
    uint8_t shadow; /* ANSWER: 0, or 1 + enum wire_class that a candidate gave */
    uint8_t zero[3];
    uint64_t job;        /* JOB, ANSWER; any value, returned as it came */
    int64_t deadline_us; /* JOB; as clock_us() */
};

static inline span backend_word_span(const struct backend_word *w)
{
    return span_of(w, sizeof *w);
}

/* False when `frame` is not such a word. */
static inline bool backend_word_read(span frame, struct backend_word *word_out)
{
    if (frame.n != sizeof *word_out) return false;
    memcpy(word_out, frame.p, sizeof *word_out);
    return true;
}

/* How the engine names worker `index`, running as process `pid`. */
static inline void backend_identity(char out[BACKEND_IDENTITY_MAX], int index, long pid)
{
    snprintf(out, BACKEND_IDENTITY_MAX, "w%d.%ld", index, pid);
}

#endif
