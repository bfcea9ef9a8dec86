/* SPDX-License-Identifier: Apache-2.0 */
/* threads: a counter that whoever is free takes the next job from; see threads.h. */
#include "proto/base/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static unsigned limit;

void threads_limit(unsigned n)
{
    limit = n;
}

unsigned threads_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long n = limit ? (long)limit : cores;
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

struct pool {
    atomic_size_t next;
    size_t jobs;
    void (*fn)(void *arg, size_t job);
    void *arg;
};

static void *work(void *arg)
{
    struct pool *p = arg;
    for (size_t job; (job = atomic_fetch_add(&p->next, 1)) < p->jobs;) p->fn(p->arg, job);
    return NULL;
}

void threads_run(size_t jobs, void (*fn)(void *arg, size_t job), void *arg)
{
    struct pool p = {.jobs = jobs, .fn = fn, .arg = arg};
    pthread_t id[THREADS_MAX];
    size_t others = threads_count() - 1, started = 0;
    if (others >= jobs) others = jobs ? jobs - 1 : 0;
    while (started < others && pthread_create(&id[started], NULL, work, &p) == 0) started++;
    work(&p); /* a thread that could not be started only makes it slower */
    for (size_t i = 0; i < started; i++) pthread_join(id[i], NULL);
}
