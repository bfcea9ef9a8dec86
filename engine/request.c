/* SPDX-License-Identifier: Apache-2.0 */
/* request: one message of a client, as the jobs that it is split into; see request.h. */
#include "engine/request.h"

#include "proto/base/log.h"

#include <assert.h>
#include <stdlib.h>

void *must_calloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p) {
        LOG(LEVEL_ERROR, "out_of_memory", L_INT("bytes", n * size));
        abort();
    }
    return p;
}

struct request *request_new(size_t count)
{
    assert(count >= 1 && count <= WIRE_BATCH_MAX);
    struct request *r = must_calloc(1, sizeof *r + count * sizeof r->job[0]);
    r->count = r->unanswered = count;
    bus_frame_init(&r->identity);
    bus_frame_init(&r->header);
    for (size_t i = 0; i < count; i++) {
        r->job[i].request = r;
        r->job[i].seat = -1;
        bus_frame_init(&r->job[i].mail);
        bus_frame_init(&r->job[i].answer);
    }
    return r;
}

void request_free(struct request *r)
{
    if (!r) return;
    bus_frame_close(&r->identity);
    bus_frame_close(&r->header);
    for (size_t i = 0; i < r->count; i++) {
        bus_frame_close(&r->job[i].mail);
        bus_frame_close(&r->job[i].answer);
    }
    free(r);
}

void job_refuse(struct job *j, enum wire_refusal why, const char *detail)
{
    assert(!j->answered);
    struct wire_buf b = {0};
    wire_put_refusal(&b, &(struct wire_refused){j->request->id, why, span_cstr(detail)});
    if (bus_frame_copy_in(&j->answer, span_of(b.p, b.n)) != ERR_OK) abort(); /* no memory for 100 bytes */
    wire_buf_close(&b);
    j->answered = true;
    j->request->unanswered--;
}

void job_list_push(struct job_list *l, struct job *j)
{
    j->prev = l->tail;
    j->next = NULL;
    *(l->tail ? &l->tail->next : &l->head) = j;
    l->tail = j;
    l->n++;
}

void job_list_remove(struct job_list *l, struct job *j)
{
    *(j->prev ? &j->prev->next : &l->head) = j->next;
    *(j->next ? &j->next->prev : &l->tail) = j->prev;
    j->prev = j->next = NULL;
    l->n--;
}
