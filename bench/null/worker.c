/* SPDX-License-Identifier: Apache-2.0 */
/* worker: the program furui-worker of a service that is measured without its work: every mail gets the same verdict at
 * once, and no byte of it is looked at.
 *
 * What the way through engine and sockets costs alone; beside it one sees what share is ours. proto/backend.h is the
 * protocol; a furuid in the same folder starts this by the name furui-worker. */
#include "proto/backend.h"
#include "proto/base/clock.h"
#include "proto/config.h"
#include "proto/link.h"
#include "proto/wire.h"

#include <assert.h>
#include <endian.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 64, BATCH_MAX = 32, ARENA_BYTES = 64 * 1024, READ_AHEAD = 1 << 20 };

struct null_worker {
    struct link engine;
    struct arena arena;
    struct wire_buf verdict; /* encoded once; the id is the 8 bytes at id_at */
    size_t id_at;
    int64_t said_us;
    bool alone; /* the engine is gone */
};

static void say(struct null_worker *w, struct backend_word word, span a, span b)
{
    if (link_put(&w->engine, word, a, b) != ERR_OK) abort();
}

static void flush(struct null_worker *w)
{
    if (link_flush(&w->engine) != ERR_OK) w->alone = true;
    w->said_us = clock_us();
}

static void make_verdict(struct null_worker *w)
{
    static const uint8_t ID[] = {0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}; /* msgpack: uint 64 */
    wire_put_verdict(&w->verdict, &(struct wire_verdict){.id = UINT64_MAX,
                                                         .klass = WIRE_UNSURE,
                                                         .p = 0.5,
                                                         .action = SPAN("tag"),
                                                         .model = SPAN("0000000000000000"),
                                                         .ticket = SPAN("0000000000000000000000000000000000000000")});
    while (memcmp(w->verdict.p + w->id_at, ID, sizeof ID) != 0) w->id_at++;
    w->id_at++;
}

static void answer(struct null_worker *w, const struct link_record *job)
{
    struct wire_request q;
    char fault[WIRE_FAULT_MAX];
    arena_reset(&w->arena);
    wire_parse_request(job->part[0], &w->arena, &q, fault); /* of one that cannot be read the id is 0 */
    uint64_t id = htobe64(q.id);
    memcpy(w->verdict.p + w->id_at, &id, sizeof id);
    struct backend_word word = {.type = BACKEND_ANSWER, .outcome = BACKEND_UNSURE, .job = job->word.job};
    say(w, word, span_of(w->verdict.p, w->verdict.n), SPAN_NONE);
}

/* Take the next job. False when none waits. */
static bool take(struct null_worker *w, struct link_record *job, bool *quitting)
{
    for (;;) {
        enum err e = link_next(&w->engine, job);
        if (e == ERR_BUSY && (e = link_read(&w->engine)) == ERR_OK) continue;
        if (e == ERR_CLOSED) w->alone = true;
        assert(e != ERR_TOO_BIG);
        if (e != ERR_OK) return false;
        if (job->word.type == BACKEND_QUIT) *quitting = true;
        if (job->word.type == BACKEND_JOB) return true;
    }
}

/* Until QUIT, or the engine has gone. */
static void serve(struct null_worker *w, int heartbeat_ms)
{
    struct link_record job;
    say(w, (struct backend_word){.type = BACKEND_READY}, SPAN("null"), SPAN("none"));
    flush(w);
    for (bool quitting = false; !w->alone;) {
        size_t n = 0;
        for (; n < BATCH_MAX && take(w, &job, &quitting); n++) answer(w, &job);
        bool due = clock_us() - w->said_us >= (int64_t)heartbeat_ms * 1000;
        if (due) say(w, (struct backend_word){.type = BACKEND_BEAT}, SPAN_NONE, SPAN_NONE);
        if (n || due) flush(w);
        if (link_settle(&w->engine) != ERR_OK) abort();
        if (n) continue;
        if (quitting) return;
        poll(&(struct pollfd){.fd = w->engine.fd, .events = POLLIN}, 1, heartbeat_ms);
    }
}

/* The value of an option that furuid gives; NULL when it is missing. */
static const char *option(char **argv, const char *name)
{
    for (; *argv; argv++)
        if (strcmp(*argv, name) == 0) return argv[1];
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *config = option(argv, "--config");
    if (!config || !option(argv, "--index")) {
        fprintf(stderr, "furui-worker (null): furuid starts this; nobody else needs to\n");
        return EXIT_USAGE;
    }
    struct config c;
    char fault[CONFIG_FAULT_MAX];
    struct null_worker w = {0};
    config_init(&c);
    if (config_load(&c, config, fault) != ERR_OK || arena_open(&w.arena, ARENA_BYTES) != ERR_OK ||
        link_open(&w.engine, BACKEND_LINK_FD, READ_AHEAD, BACKEND_GIVEN_MAX) != ERR_OK)
        return 1;
    make_verdict(&w);
    serve(&w, c.heartbeat_ms);
    link_close(&w.engine);
    wire_buf_close(&w.verdict);
    arena_close(&w.arena);
    config_close(&c);
    return 0;
}
