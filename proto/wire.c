/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of wire.h, and the only file that sees msgpack-c. wire_read.c reads. */
#include "proto/wire.h"

#include "proto/base/utf8.h"

#include <assert.h>
#include <msgpack.h>
#include <stdlib.h>

struct writer {
    struct wire_buf *b;
    msgpack_packer pk;
};

/* A map that is being written: its head is one byte, so it holds 15 pairs at most. */
struct map {
    size_t at;
    unsigned pairs;
};

void wire_buf_close(struct wire_buf *b)
{
    free(b->p);
    *b = (struct wire_buf){0};
}

static int append(void *to, const char *bytes, size_t n)
{
    struct wire_buf *b = to;
    if (n > b->cap - b->n) {
        size_t cap = (b->n + n) * 2 + 256;
        uint8_t *grown = realloc(b->p, cap);
        assert(grown && "out of memory");
        b->p = grown;
        b->cap = cap;
    }
    if (n) memcpy(b->p + b->n, bytes, n);
    b->n += n;
    return 0;
}

static struct map open_map(struct writer *w)
{
    struct map m = {.at = w->b->n};
    msgpack_pack_map(&w->pk, 0);
    return m;
}

static void close_map(struct writer *w, const struct map *m)
{
    assert(m->pairs <= 15);
    w->b->p[m->at] |= (uint8_t)m->pairs;
}

/* How many bytes at the beginning are valid UTF-8. */
static size_t valid_head(span s)
{
    size_t good = 0;
    for (size_t step; (step = utf8_len(span_from(s, good))) > 0;) good += step;
    return good;
}

static void put_str(struct writer *w, span s)
{
    msgpack_pack_str(&w->pk, s.n);
    msgpack_pack_str_body(&w->pk, s.p, s.n);
}

static void put_exact(struct writer *w, span s)
{
    if (valid_head(s) == s.n) {
        put_str(w, s);
        return;
    }
    msgpack_pack_bin(&w->pk, s.n);
    msgpack_pack_bin_body(&w->pk, s.p, s.n);
}

/* As UTF-8 of at most `max` bytes: what is none becomes U+FFFD. Two passes, since the length stands first. */
static void put_clean(struct writer *w, span s, size_t max)
{
    static const span REPLACEMENT = {(const uint8_t *)"\xEF\xBF\xBD", 3};
    if (s.n <= max && valid_head(s) == s.n) { /* nearly always */
        put_str(w, s);
        return;
    }
    size_t total = 0, end = 0;
    for (int writing = 0; writing < 2; writing++) {
        for (size_t i = 0; i < (writing ? end : s.n);) {
            size_t good = utf8_len(span_from(s, i));
            span piece = good ? span_of(s.p + i, good) : REPLACEMENT;
            i += good ? good : 1;
            if (writing) {
                msgpack_pack_str_body(&w->pk, piece.p, piece.n);
                continue;
            }
            if (total + piece.n > max) break;
            total += piece.n;
            end = i;
        }
        if (!writing) msgpack_pack_str(&w->pk, total);
    }
}

static void put_key(struct writer *w, struct map *m, const char *key)
{
    m->pairs++;
    put_str(w, span_cstr(key));
}

static void put_uint(struct writer *w, struct map *m, const char *key, uint64_t value)
{
    put_key(w, m, key);
    msgpack_pack_uint64(&w->pk, value);
}

static void put_real(struct writer *w, struct map *m, const char *key, double value)
{
    put_key(w, m, key);
    msgpack_pack_double(&w->pk, value);
}

static void put_true(struct writer *w, struct map *m, const char *key, bool value)
{
    if (!value) return;
    put_key(w, m, key);
    msgpack_pack_true(&w->pk);
}

static void put_sent(struct writer *w, struct map *m, const char *key, span value)
{
    if (value.n == 0) return;
    put_key(w, m, key);
    put_exact(w, value);
}

static void put_shown(struct writer *w, struct map *m, const char *key, span value)
{
    if (value.n == 0) return;
    put_key(w, m, key);
    put_clean(w, value, WIRE_TEXT_MAX);
}

static void put_words(struct writer *w, struct map *m, const char *key, const span *list, size_t n)
{
    if (n == 0) return;
    if (n > WIRE_WORDS_MAX) n = WIRE_WORDS_MAX;
    put_key(w, m, key);
    msgpack_pack_array(&w->pk, n);
    for (size_t i = 0; i < n; i++) put_clean(w, list[i], WIRE_TEXT_MAX);
}

static struct map begin(struct writer *w, struct wire_buf *b, const char *kind, uint64_t id)
{
    b->n = 0;
    w->b = b;
    msgpack_packer_init(&w->pk, b, append);
    struct map m = open_map(w);
    put_uint(w, &m, "v", WIRE_VERSION);
    put_key(w, &m, "kind");
    put_str(w, span_cstr(kind));
    put_uint(w, &m, "id", id);
    return m;
}

void wire_put_request(struct wire_buf *b, const struct wire_request *r)
{
    struct writer w;
    struct map m = begin(&w, b, wire_kind_name(r->kind), r->id);
    bool report = r->kind == WIRE_REPORT;
    if (report) put_sent(&w, &m, "says", span_cstr(wire_say_name(r->says)));
    put_sent(&w, &m, "tenant", r->tenant);
    if (r->outbound) put_sent(&w, &m, "direction", SPAN("out"));
    put_sent(&w, &m, "client_ip", r->client_ip);
    put_sent(&w, &m, "helo", r->helo);
    put_sent(&w, &m, "mail_from", r->mail_from);
    if (r->rcpt_count) {
        put_key(&w, &m, "rcpt_to");
        msgpack_pack_array(&w.pk, r->rcpt_count);
        for (size_t i = 0; i < r->rcpt_count; i++) put_exact(&w, r->rcpt_to[i]);
    }
    put_sent(&w, &m, "auth_user", r->auth_user);
    const struct wire_auth *a = &r->auth;
    if (a->spf.n + a->dkim.n + a->dmarc.n + a->arc.n + a->dkim_domain.n > 0) {
        put_key(&w, &m, "auth");
        struct map auth = open_map(&w);
        put_sent(&w, &auth, "spf", a->spf);
        put_sent(&w, &auth, "dkim", a->dkim);
        put_sent(&w, &auth, "dmarc", a->dmarc);
        put_sent(&w, &auth, "arc", a->arc);
        put_sent(&w, &auth, "dkim_domain", a->dkim_domain);
        close_map(&w, &auth);
    }
    if (r->deadline_ms) put_uint(&w, &m, "deadline_ms", r->deadline_ms);
    put_true(&w, &m, "explain", r->explain && !report); /* so that no map has more than 15 pairs */
    put_true(&w, &m, "dry_run", r->dry_run && !report);
    if (report) put_sent(&w, &m, "reporter", r->reporter);
    if (report) put_sent(&w, &m, "ticket", r->ticket);
    close_map(&w, &m);
}

void wire_put_verdict(struct wire_buf *b, const struct wire_verdict *v)
{
    assert(v->p >= 0 && v->p <= 1);
    struct writer w;
    struct map m = begin(&w, b, wire_answer_name(WIRE_ANSWER_VERDICT), v->id);
    put_shown(&w, &m, "class", span_cstr(wire_class_name(v->klass)));
    put_real(&w, &m, "p", v->p);
    put_real(&w, &m, "score", v->score);
    put_shown(&w, &m, "action", v->action);
    put_key(&w, &m, "parts");
    struct map parts = open_map(&w);
    put_real(&w, &parts, "bayes", v->bayes);
    put_real(&w, &parts, "linear", v->linear);
    put_real(&w, &parts, "net", v->net);
    put_real(&w, &parts, "reputation", v->reputation);
    if (v->live != 0) put_real(&w, &parts, "live", v->live);
    close_map(&w, &parts);
    if (v->reason_count) {
        size_t n = v->reason_count < WIRE_REASON_MAX ? v->reason_count : WIRE_REASON_MAX;
        put_key(&w, &m, "reasons");
        msgpack_pack_array(&w.pk, n);
        for (size_t i = 0; i < n; i++) {
            msgpack_pack_array(&w.pk, 2);
            put_clean(&w, v->reasons[i].what, WIRE_TEXT_MAX);
            msgpack_pack_double(&w.pk, v->reasons[i].weight);
        }
    }
    put_words(&w, &m, "oddities", v->oddities, v->oddity_count);
    put_words(&w, &m, "degraded", v->degraded, v->degraded_count);
    put_shown(&w, &m, "model", v->model);
    put_uint(&w, &m, "time_us", v->time_us);
    put_shown(&w, &m, "ticket", v->ticket);
    close_map(&w, &m);
}

void wire_put_refusal(struct wire_buf *b, const struct wire_refused *r)
{
    struct writer w;
    struct map m = begin(&w, b, wire_answer_name(WIRE_ANSWER_REFUSAL), r->id);
    put_shown(&w, &m, "why", span_cstr(wire_refusal_name(r->why)));
    put_shown(&w, &m, "detail", r->detail);
    close_map(&w, &m);
}

void wire_put_reported(struct wire_buf *b, const struct wire_reported *r)
{
    struct writer w;
    struct map m = begin(&w, b, wire_answer_name(WIRE_ANSWER_REPORTED), r->id);
    put_shown(&w, &m, "kept", span_cstr(wire_kept_name(r->kept)));
    put_shown(&w, &m, "ticket", r->ticket);
    put_true(&w, &m, "again", r->again);
    close_map(&w, &m);
}

void wire_put_pong(struct wire_buf *b, uint64_t id)
{
    struct writer w;
    struct map m = begin(&w, b, wire_answer_name(WIRE_ANSWER_PONG), id);
    close_map(&w, &m);
}

void wire_put_stat(struct wire_buf *b, uint64_t id, span json)
{
    struct writer w;
    struct map m = begin(&w, b, wire_answer_name(WIRE_ANSWER_STAT), id);
    put_key(&w, &m, "json");
    put_clean(&w, json, WIRE_STAT_MAX);
    close_map(&w, &m);
}
