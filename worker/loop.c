/* SPDX-License-Identifier: Apache-2.0 */
/* loop: see loop.h. Time of a batch is bounded as well as its count, so that nobody waits long behind a huge mail. */
#include "worker/loop.h"

#include "proto/base/clock.h"
#include "worker/fault.h"
#include "worker/mime/mail.h"
#include "worker/report.h"
#include "worker/token/feature.h"
#include "worker/verdict.h"

#include <assert.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    BATCH_MAX = 32,
    BATCH_US = 10000,  /* a batch takes in no more mails after that long */
    SAMPLES_SOON = 32, /* … which come SOONER times as often */
    SOONER = 20,
    REASON_ARENA = 1 << 20, /* reasons of one batch: 32 mails, 32 reasons, 1 KB each */
};

struct job {
    struct link_record record; /* the parts are lent until the batch is answered */
    struct judged judged;
};

struct worker {
    const struct config *config;
    const struct model *model;
    struct worker_shadow shadow;
    struct livesum *live;
    uint64_t dice;     /* state of the generator that chooses mails for the candidate, and samples */
    uint64_t samples;  /* planned */
    int64_t sample_us; /* the next mail after this is shown to the learner; INT64_MAX: none */
    struct rep *rep;
    struct report_maker reports;
    struct link *engine;
    bool quitting, alone; /* nothing more will come; the engine is gone */
    int64_t said_us;      /* when the engine last heard from us */
    struct arena mail_arena, reason_arena;
    struct wire_buf out;
    struct verdict_space space;
    span trusted[CONFIG_HOSTS_MAX]; /* within config's text */
    size_t trusted_count;
    struct job job[BATCH_MAX];
};

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), of a seed that nobody outside knows. */
static uint64_t throw_dice(struct worker *w)
{
    uint64_t z = w->dice += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

/* Samples come at random times, `sample_s` apart on average; past ones tell nothing of the next (exponential waits). The
 * first ones come sooner: without any the learner learns nothing. */
static void plan_sample(struct worker *w)
{
    double even = (double)((throw_dice(w) >> 11) + 1) * 0x1p-53; /* over 0, up to 1 */
    double mean_us = w->config->sample_s * 1e6 / (w->samples++ < SAMPLES_SOON ? SOONER : 1);
    w->sample_us = mean_us > 0 ? clock_us() + (int64_t)(-log(even) * mean_us) : INT64_MAX;
}

enum err worker_new(const struct config *c, const struct worker_models *m, struct rep *r, const struct secret *secret,
                    struct link *engine, struct worker **out)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w) return ERR_MEMORY;
    w->config = c;
    w->model = m->model;
    w->shadow = m->shadow;
    w->live = m->live;
    w->dice = (uint64_t)clock_us() ^ (uint64_t)getpid() << 32;
    (void)!getrandom(&w->dice, sizeof w->dice, GRND_NONBLOCK);
    w->rep = r;
    w->reports = (struct report_maker){c, m->model, secret};
    plan_sample(w);
    w->engine = engine;
    w->trusted_count = config_hosts(c->trusted_authserv, w->trusted);
    if (arena_open(&w->mail_arena, MAIL_ARENA_BYTES) != ERR_OK ||
        arena_open(&w->reason_arena, REASON_ARENA) != ERR_OK) {
        worker_free(w);
        return ERR_MEMORY;
    }
    *out = w;
    return ERR_OK;
}

void worker_free(struct worker *w)
{
    if (!w) return;
    arena_close(&w->mail_arena);
    arena_close(&w->reason_arena);
    wire_buf_close(&w->out);
    free(w);
}

/* --- words to the engine ------------------------------------------------------------------------------------------ */

/* Put into the next flush. */
static void say(struct worker *w, struct backend_word word, span a, span b)
{
    if (link_put(w->engine, word, a, b) != ERR_OK) abort(); /* no memory: the engine gives our mails to another */
}

static void flush(struct worker *w)
{
    if (link_flush(w->engine) != ERR_OK) w->alone = true;
    w->said_us = clock_us();
}

static uint8_t degraded_flag(const struct worker *w)
{
    struct rep_stat s;
    rep_stat(w->rep, &s);
    return s.away ? BACKEND_DEGRADED : 0;
}

static void beat_when_due(struct worker *w)
{
    if (clock_us() - w->said_us < (int64_t)w->config->heartbeat_ms * 1000) return;
    say(w, (struct backend_word){.type = BACKEND_BEAT, .flags = degraded_flag(w)}, SPAN_NONE, SPAN_NONE);
    flush(w);
}

static void answer(struct worker *w, const struct job *j, struct backend_word word, span bytes)
{
    word.type = BACKEND_ANSWER;
    word.job = j->record.word.job;
    say(w, word, bytes, SPAN_NONE);
}

static void refuse(struct worker *w, const struct job *j, uint64_t id, const char *why)
{
    wire_put_refusal(&w->out, &(struct wire_refused){.id = id, .why = WIRE_BAD_REQUEST, .detail = span_cstr(why)});
    struct backend_word word = {.outcome = BACKEND_REFUSED, .why = WIRE_BAD_REQUEST};
    answer(w, j, word, span_of(w->out.p, w->out.n));
}

/* --- one mail ----------------------------------------------------------------------------------------------------- */

/* Is the mail worth starting on? If not, its answer is given here. */
static bool accept(struct worker *w, struct job *j, struct wire_request *q)
{
    char fault[WIRE_FAULT_MAX];
    if (clock_us() >= j->record.word.deadline_us) {
        answer(w, j, (struct backend_word){.outcome = BACKEND_SKIPPED}, SPAN_NONE);
        return false;
    }
    if (wire_parse_request(j->record.part[0], &w->mail_arena, q, fault) != ERR_OK) {
        refuse(w, j, q->id, fault);
        return false;
    }
    if (q->kind == WIRE_CLASSIFY || q->kind == WIRE_REPORT) return true;
    refuse(w, j, q->id, "key 'kind': workers classify and read reports");
    return false;
}

/* What of the `n` reasons behind v's must outlive the mail. */
static void keep_reasons(struct worker *w, struct judged *v, size_t n)
{
    for (const struct model_reason *r = v->reasons + v->reason_count, *end = r + n; r < end; r++) {
        span what = arena_copy(&w->reason_arena, span_head(r->what, WIRE_TEXT_MAX));
        if (!what.p) return;
        v->reasons[v->reason_count++] = (struct model_reason){what, r->weight};
    }
}

/* `by`: NULL when nothing was learnt from reports. */
static void explain(struct worker *w, struct judged *v, const struct mail *m, const struct livesum_by *by)
{
    v->reason_count = 0;
    if (!v->explain) return;
    uint8_t *room = arena_alloc(&w->mail_arena, 0);
    keep_reasons(w, v, model_explain(w->model, m, &w->mail_arena, v->reasons, WIRE_REASON_MAX));
    if (!by) return;
    if (room) arena_trim(&w->mail_arena, room, 0);
    struct model_reason *more = v->reasons + v->reason_count;
    keep_reasons(w, v, livesum_explain(by, m, &w->mail_arena, more, WIRE_REASON_MAX));
}

/* Take the next job into `j`. False when none waits. */
static bool take(struct worker *w, struct job *j)
{
    for (;;) {
        enum err e = link_next(w->engine, &j->record);
        if (e == ERR_BUSY && (e = link_read(w->engine)) == ERR_OK) continue;
        if (e == ERR_CLOSED) w->alone = true;
        assert(e != ERR_TOO_BIG);
        if (e != ERR_OK) return false;
        if (j->record.word.type == BACKEND_QUIT) w->quitting = true;
        if (j->record.word.type == BACKEND_JOB) return true;
    }
}

/* --- a batch ------------------------------------------------------------------------------------------------------ */

/* What is known of a mail beside its bytes. */
static struct mail_context context_of(const struct worker *w, const struct wire_request *q)
{
    return (struct mail_context){
        .auth = {[AUTH_SPF] = q->auth.spf,
                 [AUTH_DKIM] = q->auth.dkim,
                 [AUTH_DMARC] = q->auth.dmarc,
                 [AUTH_ARC] = q->auth.arc},
        .dkim_domain = q->auth.dkim_domain,
        .mail_from = q->mail_from,
        .trusted = w->trusted,
        .trusted_count = w->trusted_count,
        .own_received = (unsigned)w->config->own_received,
    };
}

/* A report is answered at once: by its record, which the learner keeps. */
static void record(struct worker *w, const struct job *j, const struct wire_request *q)
{
    span bytes;
    struct mail_context c = context_of(w, q);
    const char *wrong = report_make(&w->reports, q, &c, j->record.part[1], &w->mail_arena, &bytes);
    if (wrong)
        refuse(w, j, q->id, wrong);
    else
        answer(w, j, (struct backend_word){.outcome = BACKEND_RECORD}, bytes);
}

/* First half: what the reputation look-up needs. False when the job was answered without a verdict. */
static bool read_mail(struct worker *w, struct job *j, size_t slot, struct mail *m)
{
    struct wire_request q;
    struct judged *v = &j->judged;
    v->begun_us = clock_us();
    arena_reset(&w->mail_arena);
    if (!accept(w, j, &q)) return false;
    v->id = q.id;
    v->tenant = q.tenant;
    v->explain = q.explain;
    v->dry_run = q.dry_run;
    span raw = j->record.part[1];
    fault_strike(raw);
    if (q.kind == WIRE_REPORT) {
        record(w, j, &q);
        return false;
    }
    struct mail_context c = context_of(w, &q);
    mail_read(m, raw, &c, &w->mail_arena);
    rep_names(m, q.client_ip, q.mail_from, &v->names);
    rep_people(w->rep, &v->names, q.outbound ? q.auth_user : SPAN_NONE, q.rcpt_to, q.rcpt_count);
    rep_ask(w->rep, slot, v->tenant, &v->names);
    return true;
}

/* Is this mail the candidate's, too? Dice decide, so nobody outside can. */
static bool in_shadow(struct worker *w, const struct job *j)
{
    if (!w->shadow.model || j->judged.dry_run || (j->record.word.flags & BACKEND_RETRY)) return false;
    return (throw_dice(w) >> 32) * 1000000 >> 32 < w->shadow.share_ppm;
}

/* What the ticket stands for, until a report may name it. */
static void remember(struct worker *w, const struct judged *v, const struct mail *m, const struct fingerprint *print)
{
    uint8_t bytes[REPORT_TICKET_MAX];
    size_t n = report_ticket(m, &v->names, print, v->scores.score, v->tenant, bytes);
    if (n) rep_remember(w->rep, span_of(v->ticket, TICKET_BYTES), span_of(bytes, n), w->config->ticket_hours * 3600);
}

/* What `furui campaigns` may show of it. */
static void note_subject(const struct worker *w, struct judged *v, const struct mail *m)
{
    v->subject_bytes = 0;
    if (v->dry_run || !config_policy_for(w->config, v->tenant)->campaign_subject) return;
    const struct mail_header *subject = mail_find(m, FIELD_SUBJECT);
    if (subject) v->subject_bytes = campaign_subject(subject->value, v->subject);
}

/* Mail to an address that nobody uses reports itself. The mail is read anew: by now it may be forgotten. */
static void trap(struct worker *w, const struct job *j)
{
    char fault[WIRE_FAULT_MAX];
    struct wire_request q;
    span bytes;
    arena_reset(&w->mail_arena);
    if (wire_parse_request(j->record.part[0], &w->mail_arena, &q, fault) != ERR_OK) return;
    if (!report_is_trap(w->config, q.rcpt_to, q.rcpt_count)) return;
    struct mail_context c = context_of(w, &q);
    q.says = WIRE_SAY_SPAM;
    if (report_make(&w->reports, &q, &c, j->record.part[1], &w->mail_arena, &bytes)) return;
    say(w, (struct backend_word){.type = BACKEND_REPORT}, j->record.part[0], bytes);
}

/* Show the mail to the learner, when it is time for one. Nobody waits for what becomes of it. */
static void sample(struct worker *w, const struct job *j, const struct mail *m)
{
    span bytes;
    if (clock_us() < w->sample_us || (j->record.word.flags & BACKEND_RETRY)) return;
    plan_sample(w);
    if (report_sample(m, livesum_views(w->model), j->judged.scores.score, &w->mail_arena, &bytes))
        say(w, (struct backend_word){.type = BACKEND_REPORT}, j->record.part[0], bytes);
}

/* Second half: the models. After it the mail may be forgotten. */
static void score_mail(struct worker *w, struct job *j, size_t slot, const struct mail *m)
{
    struct features f;
    struct fingerprint print;
    struct livesum_by by;
    struct judged *v = &j->judged;
    v->shadowed = in_shadow(w, j);
    unsigned views = livesum_views(w->model);
    bool learnt = livesum_begin(w->live, v->tenant, views, &by);
    features_extract_views(m, &w->mail_arena, views | (v->shadowed ? model_views(w->shadow.model) : 0), &f);
    fingerprint_make(f.told, f.told_count, &print);
    rep_names_text(&v->names, &print);
    rep_ask(w->rep, slot, v->tenant, &v->names);
    model_score(w->model, &f, &v->scores);
    if (v->shadowed) model_score(w->shadow.model, &f, &v->candidate);
    v->live = learnt ? livesum_score(&by, &f) : 0;
    v->odd = m->odd | (w->mail_arena.full ? ODD(ARENA_FULL) : 0);
    explain(w, v, m, learnt ? &by : NULL);
    ticket_make(m->raw, clock_wall_us(), v->ticket);
    note_subject(w, v, m);
    if (v->dry_run) return;
    if (w->config->ticket_hours) remember(w, v, m, &print);
    sample(w, j, m);
    if (w->config->traps[0]) trap(w, j);
}

/* Read and score jobs from w->job[0], which was taken, until none waits or the batch is full. Returns how many. */
static size_t judge(struct worker *w)
{
    int64_t begun_us = clock_us();
    size_t n = 0;
    for (bool more = true; more;) {
        struct mail m;
        struct job *j = &w->job[n];
        bool read = read_mail(w, j, n, &m);
        n += read;
        more = n < BATCH_MAX && clock_us() - begun_us < BATCH_US && take(w, &w->job[n]);
        if (!read) continue;
        if (!more) rep_send(w->rep); /* Redis answers while the last mail is scored */
        score_mail(w, j, n - 1, &m);
        beat_when_due(w);
    }
    return n;
}

/* What is counted of a mail once it has its verdict. */
static void count(struct worker *w, const struct judged *v, size_t slot)
{
    struct tally_seen seen = verdict_seen(w->config, &v->scores);
    struct rep_sample shown = {span_of(v->subject, v->subject_bytes), w->config->policies[0].campaign_subject};
    if (v->dry_run) return;
    rep_count(w->rep, slot, v->tenant, &v->names, seen);
    rep_note(w->rep, slot, v->tenant, &v->names, seen, &shown);
}

static void answer_all(struct worker *w, size_t n)
{
    rep_collect(w->rep, clock_us() + (int64_t)w->config->redis_deadline_ms * 1000);
    for (size_t i = 0; i < n; i++) {
        struct job *j = &w->job[i];
        struct rep_score rep;
        struct wire_verdict v;
        rep_result(w->rep, i, &rep);
        verdict_build(&j->judged, &rep, w->config, model_id(w->model), clock_us(), &w->space, &v);
        wire_put_verdict(&w->out, &v);
        struct backend_word word = {.outcome = (uint8_t)v.klass, .flags = rep.known ? 0 : BACKEND_DEGRADED};
        if (j->judged.shadowed)
            word.shadow =
                (uint8_t)(1 + verdict_class(w->config, j->judged.tenant, &j->judged.candidate, j->judged.live, &rep));
        answer(w, j, word, span_of(w->out.p, w->out.n));
        count(w, &j->judged, i);
    }
    flush(w);
    arena_reset(&w->reason_arena);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

/* Sleep until a job comes, Redis says something, or something is due. */
static void rest(struct worker *w)
{
    int wish_ms = rep_tick(w->rep);
    struct pollfd watch[] = {{.fd = w->engine->fd, .events = POLLIN}, {.fd = rep_fd(w->rep), .events = POLLIN}};
    int64_t due_ms = w->config->heartbeat_ms - (clock_us() - w->said_us) / 1000;
    int wait_ms = due_ms < 0 ? 0 : (int)due_ms;
    if (wish_ms >= 0 && wish_ms < wait_ms) wait_ms = wish_ms;
    poll(watch, sizeof watch / sizeof *watch, wait_ms);
}

void worker_serve(struct worker *w, const char *simd, volatile sig_atomic_t *stop)
{
    say(w, (struct backend_word){.type = BACKEND_READY}, span_cstr(model_id(w->model)), span_cstr(simd));
    flush(w);
    while (!w->alone) {
        if (*stop) w->quitting = true;
        if (take(w, &w->job[0])) {
            rep_begin(w->rep);
            answer_all(w, judge(w));
            rep_tick(w->rep);
        } else if (w->quitting) {
            break;
        } else {
            rest(w);
        }
        if (link_settle(w->engine) != ERR_OK) abort(); /* no memory for a large mail: another may have it */
        beat_when_due(w);
    }
}
