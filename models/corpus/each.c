/* SPDX-License-Identifier: Apache-2.0 */
/* each: threads take mails by a counter; in order means that a thread waits for its turn before it calls.
 *
 * Waiting is bounded by the slowest mail in flight: there are no more mails read ahead than threads, each in an arena
 * of its thread. */
#include "models/corpus/each.h"

#include "proto/base/threads.h"
#include "proto/cli/cli.h"
#include "worker/simd/scan.h"

#include <pthread.h>
#include <stdio.h>

enum { MAIL_BYTES_MAX = 64 << 20 };

struct job {
    const struct mail_index *x;
    const struct mail_context *context;
    bool in_order;
    each_fn *fn;
    void *arg;
    pthread_mutex_t lock; /* of what follows; held during fn when in_order */
    pthread_cond_t turn_came;
    size_t next, turn, done;
    enum err failed;
    char *fault;
    struct progress bar;
};

static void fail(struct job *j, enum err e, const char *fault)
{
    if (!j->failed) {
        j->failed = e;
        snprintf(j->fault, INDEX_FAULT_BYTES, "%s", fault);
    }
    pthread_cond_broadcast(&j->turn_came);
}

/* Foreign fields as any other. Their words are as written: verdicts and marks are ASCII. */
static void leave_in(struct mail *m)
{
    for (size_t i = 0; i < m->header_count; i++) {
        if (m->headers[i].id != FIELD_IGNORED) continue;
        m->headers[i].id = FIELD_OTHER;
        m->headers[i].value = span_trim(m->headers[i].raw);
    }
}

/* Read, take apart, hand on. Called and left with the lock held. */
static void one(struct job *j, size_t i, struct arena *a, struct mail_buf *buf)
{
    char fault[INDEX_FAULT_BYTES];
    struct mail m;
    struct features f;
    span raw;
    pthread_mutex_unlock(&j->lock);
    arena_reset(a);
    enum err e = index_read(j->x, &j->x->entry[i], buf, MAIL_BYTES_MAX, &raw, fault);
    if (!e) {
        mail_read(&m, raw, j->context, a);
        if (j->x->as_is) leave_in(&m);
        features_extract(&m, a, &f);
        if (!j->in_order) e = j->fn(j->arg, i, &m, &f, fault);
    }
    pthread_mutex_lock(&j->lock);
    while (j->in_order && j->turn != i && !j->failed) pthread_cond_wait(&j->turn_came, &j->lock);
    if (j->failed) return;
    if (!e && j->in_order) e = j->fn(j->arg, i, &m, &f, fault);
    j->turn = i + 1;
    j->done++;
    if (e) fail(j, e, fault);
    progress_at(&j->bar, j->done);
    if (j->in_order) pthread_cond_broadcast(&j->turn_came);
}

static void *work(void *arg)
{
    struct job *j = arg;
    struct arena a;
    struct mail_buf buf = {0};
    enum err e = arena_open(&a, MAIL_ARENA_BYTES);
    pthread_mutex_lock(&j->lock);
    if (e) fail(j, e, err_str(e));
    while (!j->failed && j->next < j->x->n) one(j, j->next++, &a, &buf);
    pthread_mutex_unlock(&j->lock);
    mail_buf_close(&buf);
    mail_close();
    arena_close(&a);
    return NULL;
}

enum err each_mail(const struct mail_index *x, const struct mail_context *c, const char *what, bool in_order,
                   each_fn *fn, void *arg, char *fault_out)
{
    return each_mail_from(x, 0, c, what, in_order, fn, arg, fault_out);
}

enum err each_mail_from(const struct mail_index *x, size_t first, const struct mail_context *c, const char *what,
                        bool in_order, each_fn *fn, void *arg, char *fault_out)
{
    const char *simd = scan_init();
    if (simd) {
        snprintf(fault_out, INDEX_FAULT_BYTES, "%s", simd);
        return ERR_SYNTAX;
    }
    struct job j = {.x = x, .context = c, .in_order = in_order, .fn = fn, .arg = arg, .fault = fault_out};
    j.next = j.turn = first;
    pthread_mutex_init(&j.lock, NULL);
    pthread_cond_init(&j.turn_came, NULL);
    progress_start(&j.bar, what, x->n - first);
    int threads = (int)threads_count(), started = 0;
    pthread_t id[THREADS_MAX];
    while (started < threads - 1 && pthread_create(&id[started], NULL, work, &j) == 0) started++;
    work(&j);
    for (int i = 0; i < started; i++) pthread_join(id[i], NULL);
    progress_end(&j.bar);
    pthread_cond_destroy(&j.turn_came);
    pthread_mutex_destroy(&j.lock);
    return j.failed;
}
