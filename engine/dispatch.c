/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch: which mail goes to which worker, how many may wait, and when it is too late; see dispatch.h. */
#include "engine/dispatch.h"

#include <assert.h>
#include <stdlib.h>

void dispatch_open(struct dispatch *d, const struct dispatch_ops *ops, const struct dispatch_limits *l, uint64_t seed)
{
    *d = (struct dispatch){.ops = *ops, .limits = *l};
    client_table_open(&d->clients, seed);
}

void dispatch_close(struct dispatch *d)
{
    for (int s = 0; s < d->seats; s++) {
        for (struct job *j = d->seat[s].given.head, *next; j; j = next) {
            next = j->next;
            struct request *r = j->request;
            if (--r->given == 0 && r->answered) request_free(r);
        }
    }
    for (size_t i = 0; i < d->deadlines.n; i++) request_free(d->deadlines.at[i]);
    heap_close(&d->deadlines);
    client_table_close(&d->clients);
    free(d->slot);
    *d = (struct dispatch){0};
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static void number_take(struct dispatch *d, struct job *j)
{
    if (!d->free_slot) {
        uint32_t slots = d->slots ? d->slots * 2 : 64;
        struct slot *slot = must_calloc(slots, sizeof *slot);
        if (d->slots) memcpy(slot, d->slot, d->slots * sizeof *slot);
        for (uint32_t i = d->slots; i < slots; i++) slot[i].next_free = i + 1 < slots ? i + 2 : 0;
        d->free_slot = d->slots + 1;
        free(d->slot);
        d->slot = slot;
        d->slots = slots;
    }
    uint32_t at = d->free_slot;
    struct slot *s = &d->slot[at - 1];
    d->free_slot = s->next_free;
    s->job = j;
    s->round++;
    j->number = (uint64_t)s->round << 32 | at;
}

static struct job *number_find(const struct dispatch *d, uint64_t number)
{
    uint32_t at = (uint32_t)number;
    if (at == 0 || at > d->slots) return NULL;
    struct job *j = d->slot[at - 1].job;
    return j && j->number == number ? j : NULL;
}

static void number_drop(struct dispatch *d, struct job *j)
{
    uint32_t at = (uint32_t)j->number;
    d->slot[at - 1].job = NULL;
    d->slot[at - 1].next_free = d->free_slot;
    d->free_slot = at;
    j->number = 0;
}

/* --- the end of a job and of a request ---------------------------------------------------------------------------- */

static void drop_mail(struct dispatch *d, struct job *j)
{
    bus_frame_close(&j->mail);
    d->held_bytes -= j->bytes;
    j->bytes = 0;
}

static void refuse(struct dispatch *d, struct job *j, enum wire_refusal why, const char *detail)
{
    job_refuse(j, why, detail);
    d->totals.refused[why]++;
}

/* Answer the request when its last job is answered; free it when no worker holds a part of it. */
static void settle(struct dispatch *d, struct request *r, int64_t now_us)
{
    if (!r->unanswered && !r->answered) {
        r->answered = true;
        heap_remove(&d->deadlines, r);
        r->client->unanswered -= r->count;
        client_drop_idle(&d->clients, r->client);
        r->client = NULL;
        d->requests--;
        hist_add(&d->totals.latency, now_us - r->received_us);
        d->ops.answer(d->ops.ctx, r);
    }
    if (!r->answered || r->given) return;
    d->held_bytes -= r->bytes;
    request_free(r);
}

/* A job leaves its worker's hands. */
static void take_back(struct dispatch *d, struct job *j)
{
    struct seat *s = &d->seat[j->seat];
    job_list_remove(&s->given, j);
    s->bytes -= j->bytes;
    number_drop(d, j);
    d->given--;
    j->request->given--;
    if (j->alone) s->reserved = false;
    j->seat = -1;
    j->state = JOB_DONE;
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* Why a request cannot be taken; NULL: it can. The last quarter of the queue is for clients that have little in it,
 * so that one who floods fills the queue for itself and not for all. */
static const char *no_room(const struct dispatch *d, const struct request *r, const struct client *c, size_t bytes)
{
    const struct dispatch_limits *l = &d->limits;
    size_t has = c ? c->unanswered : 0;
    bool crowd = has + r->count > DISPATCH_FEW;
    size_t mails = crowd ? l->queue_mails - l->queue_mails / 4 : l->queue_mails;
    size_t room = crowd ? l->queue_bytes - l->queue_bytes / 4 : l->queue_bytes;
    if (d->clients.waiting + d->suspects.n + r->unanswered > mails) return "the queue is full";
    if (d->held_bytes && d->held_bytes + bytes > room) return "the queue is full (bytes)";
    if (has + r->count > l->client_mails) return "this client has too many unanswered mails";
    return NULL;
}

bool dispatch_admit(struct dispatch *d, struct request *r, int64_t now_us, enum wire_refusal *why_out,
                    const char **detail_out)
{
    span identity = bus_frame_span(&r->identity);
    size_t header = bus_frame_span(&r->header).n, bytes = header;
    for (size_t i = 0; i < r->count; i++)
        if (!r->job[i].answered) bytes += bus_frame_span(&r->job[i].mail).n;
    *why_out = WIRE_BUSY;
    *detail_out = no_room(d, r, client_find(&d->clients, identity), bytes);
    if (*detail_out) return false;

    struct client *c = client_of(&d->clients, identity);
    c->unanswered += r->count;
    r->client = c;
    d->requests++;
    d->totals.requests++;
    d->totals.mails += r->count;
    d->totals.bytes += bytes - header;
    d->held_bytes += r->bytes = header;
    heap_add(&d->deadlines, r);
    for (size_t i = 0; i < r->count; i++) {
        struct job *j = &r->job[i];
        enum blame_kind blame = j->answered ? BLAME_NONE : blame_find(&d->blame, bus_frame_span(&j->mail), now_us);
        if (blame == BLAME_POISON) refuse(d, j, WIRE_POISON, "workers died of this very mail before");
        if (j->answered) {
            bus_frame_close(&j->mail);
            j->state = JOB_DONE;
            continue;
        }
        j->bytes = bus_frame_span(&j->mail).n;
        d->held_bytes += j->bytes;
        j->suspect = blame == BLAME_SUSPECT;
        j->state = j->suspect ? JOB_SUSPECT : JOB_WAITING;
        if (j->suspect)
            job_list_push(&d->suspects, j);
        else
            client_push(&d->clients, c, j);
    }
    settle(d, r, now_us);
    return true;
}

void dispatch_count_refusal(struct dispatch *d, enum wire_refusal why, size_t mails)
{
    d->totals.refused[why] += mails;
}

/* --- workers come and go ------------------------------------------------------------------------------------------ */

void dispatch_up(struct dispatch *d, int seat)
{
    struct seat *s = &d->seat[seat];
    assert(!s->up && !s->given.n);
    *s = (struct seat){.up = true};
    if (seat >= d->seats) d->seats = seat + 1;
}

void dispatch_leave(struct dispatch *d, int seat)
{
    d->seat[seat].up = false;
}

size_t dispatch_down(struct dispatch *d, int seat, int64_t now_us)
{
    struct seat *s = &d->seat[seat];
    size_t had = s->given.n;
    s->up = false;
    d->suspects_from_us = now_us + d->limits.rest_us;
    while (s->given.head) {
        struct job *j = s->given.head;
        struct request *r = j->request;
        take_back(d, j);
        if (j->alone) {
            blame_note(&d->blame, bus_frame_span(&j->mail), BLAME_POISON, now_us);
            d->ops.poison(d->ops.ctx, r->id, bus_frame_span(&j->mail));
            if (!j->answered) refuse(d, j, WIRE_POISON, "two workers died of this mail; it is kept aside");
            drop_mail(d, j);
        } else if (j->answered) { /* late: nobody waits, but it may come again */
            blame_note(&d->blame, bus_frame_span(&j->mail), BLAME_SUSPECT, now_us);
            drop_mail(d, j);
        } else {
            j->suspect = true;
            j->state = JOB_SUSPECT;
            job_list_push(&d->suspects, j);
            d->totals.retries++;
        }
        settle(d, r, now_us);
    }
    s->reserved = false;
    while (d->seats && !d->seat[d->seats - 1].up && !d->seat[d->seats - 1].given.n) d->seats--;
    return had;
}

bool dispatch_answered(struct dispatch *d, int seat, const struct backend_word *w, struct bus_frame *answer,
                       int64_t now_us)
{
    struct job *j = number_find(d, w->job);
    if (!j || j->seat != seat) return false;
    struct request *r = j->request;
    take_back(d, j);
    d->seat[seat].done++;
    if (j->alone) blame_forget(&d->blame, bus_frame_span(&j->mail));
    drop_mail(d, j);
    if (j->answered) {
        d->totals.too_late += w->outcome != BACKEND_SKIPPED;
    } else if (w->outcome == BACKEND_SKIPPED) {
        refuse(d, j, WIRE_LATE, "the deadline passed on the way to a worker");
    } else {
        bus_frame_move(&j->answer, answer);
        j->answered = true;
        r->unanswered--;
        j->record = w->outcome == BACKEND_RECORD;
        if (w->outcome <= BACKEND_SPAM) d->totals.by_outcome[w->outcome]++;
        if (w->outcome == BACKEND_REFUSED && w->why <= WIRE_POISON) d->totals.refused[w->why]++;
        d->totals.degraded += (w->flags & BACKEND_DEGRADED) != 0;
    }
    settle(d, r, now_us);
    return true;
}

/* --- time --------------------------------------------------------------------------------------------------------- */

/* Refuse what is unanswered of a request. What a worker has stays with it, and keeps its mail: should the worker die
 * of it, that mail is to be known again. */
static void give_up(struct dispatch *d, struct request *r, enum wire_refusal why, const char *waiting_detail,
                    const char *given_detail, int64_t now_us)
{
    for (size_t i = 0; i < r->count; i++) {
        struct job *j = &r->job[i];
        if (j->answered) continue;
        bool given = j->state == JOB_GIVEN;
        if (j->state == JOB_WAITING) client_remove(&d->clients, r->client, j);
        if (j->state == JOB_SUSPECT) job_list_remove(&d->suspects, j);
        if (!given) {
            j->state = JOB_DONE;
            drop_mail(d, j);
        }
        refuse(d, j, why, given ? given_detail : waiting_detail);
    }
    settle(d, r, now_us);
}

void dispatch_expire(struct dispatch *d, int64_t now_us)
{
    for (struct request *r; (r = heap_first(&d->deadlines)) && r->deadline_us <= now_us;)
        give_up(d, r, WIRE_LATE, "the deadline passed while it waited for a worker",
                "the deadline passed while a worker had it", now_us);
}

void dispatch_refuse_all(struct dispatch *d, enum wire_refusal why, const char *detail, int64_t now_us)
{
    for (struct request *r; (r = heap_first(&d->deadlines));) give_up(d, r, why, detail, detail, now_us);
}

int64_t dispatch_next_us(const struct dispatch *d)
{
    struct request *r = heap_first(&d->deadlines);
    int64_t due = r ? r->deadline_us : INT64_MAX;
    return d->resting && d->suspects_from_us < due ? d->suspects_from_us : due;
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* Into a worker's hands. */
static void give(struct dispatch *d, int seat, struct job *j)
{
    struct request *r = j->request;
    number_take(d, j);
    d->ops.give(d->ops.ctx, seat, j->number, r->deadline_us, &r->header, &j->mail);
    j->alone = j->state == JOB_SUSPECT;
    j->state = JOB_GIVEN;
    j->seat = seat;
    job_list_push(&d->seat[seat].given, j);
    d->seat[seat].bytes += j->bytes;
    r->given++;
    d->given++;
}

/* The seat with the least work among those that are up; -1: none has room. */
static int least_loaded(const struct dispatch *d, size_t room)
{
    int best = -1;
    size_t least = 0;
    for (int i = 0; i < d->seats; i++) {
        const struct seat *s = &d->seat[i];
        size_t work = s->bytes + s->given.n * DISPATCH_MAIL_BYTES;
        if (!s->up || s->reserved || s->given.n >= room || (best >= 0 && work >= least)) continue;
        best = i;
        least = work;
    }
    return best;
}

bool dispatch_sated(const struct dispatch *d)
{
    for (int i = 0; i < d->seats; i++)
        if (d->seat[i].up && d->seat[i].given.n < DISPATCH_ENOUGH) return false;
    return d->given > 0;
}

static void pump_suspects(struct dispatch *d, int64_t now_us)
{
    int up = 0, reserved = 0;
    size_t emptying = 0; /* reserved, and not yet with its suspect */
    for (int i = 0; i < d->seats; i++) {
        struct seat *s = &d->seat[i];
        bool has_one = s->given.n && s->given.head->alone;
        if (s->up && s->reserved && !has_one && emptying >= d->suspects.n) s->reserved = false; /* no longer needed */
        up += s->up;
        reserved += s->up && s->reserved;
        emptying += s->up && s->reserved && !has_one;
    }
    int most = up / 2 > 1 ? up / 2 : 1;
    for (int s; reserved < most && emptying < d->suspects.n && (s = least_loaded(d, SIZE_MAX)) >= 0;) {
        d->seat[s].reserved = true;
        reserved++;
        emptying++;
    }
    d->resting = d->suspects.n && now_us < d->suspects_from_us;
    for (int i = 0; i < d->seats && d->suspects.n && !d->resting; i++) {
        struct seat *s = &d->seat[i];
        if (!s->up || !s->reserved || s->given.n) continue;
        struct job *j = d->suspects.head;
        job_list_remove(&d->suspects, j);
        give(d, i, j);
    }
}

void dispatch_pump(struct dispatch *d, int64_t now_us)
{
    pump_suspects(d, now_us);
    while (d->clients.waiting) {
        int seat = least_loaded(d, (size_t)d->limits.credit);
        if (seat < 0) break;
        give(d, seat, client_next(&d->clients));
    }
}
