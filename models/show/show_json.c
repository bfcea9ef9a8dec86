/* SPDX-License-Identifier: Apache-2.0 */
/* show_json: the same for programs, whole; docs/show.md describes each key. */
#include "models/show/show.h"

#include "proto/base/json.h"
#include "worker/mime/auth.h"

#include <inttypes.h>

static void put_verdict(struct json *j, const struct show *s)
{
    json_open_object(j, "verdict");
    json_str(j, "class", span_cstr(wire_class_name(s->klass)));
    json_num(j, "p", s->scores->p, 6);
    json_num(j, "score", s->scores->score, 6);
    json_num(j, "bayes", s->scores->bayes, 6);
    json_num(j, "linear", s->scores->linear, 6);
    json_num(j, "net", s->scores->net, 6);
    json_num(j, "unsure_at", s->unsure_at, 6);
    json_num(j, "spam_at", s->spam_at, 6);
    json_str(j, "model", span_cstr(s->model_id));
    json_str(j, "bundle", span_cstr(s->bundle));
    json_close_object(j);
}

static void put_weights(struct json *j, const struct show *s)
{
    const struct weighing *w = s->w;
    json_open_object(j, "weights");
    json_num(j, "base", w->base, 6);
    json_num(j, "sum", w->sum, 6);
    json_num(j, "rest", show_rest(s), 6);
    json_bool(j, "cut", w->cut);
    json_open_array(j, "views");
    for (int v = 0; v < VIEW_COUNT; v++) {
        json_open_object(j, NULL);
        json_str(j, "view", span_cstr(view_word((enum feature_view)v)));
        json_uint(j, "features", w->view[v].features);
        json_uint(j, "known", w->view[v].known);
        json_num(j, "sum", w->view[v].sum, 6);
        json_close_object(j);
    }
    json_close_array(j);
    json_open_array(j, "features");
    for (size_t i = 0; i < w->n; i++) {
        json_open_object(j, NULL);
        json_num(j, "weight", w->v[i].weight, 9);
        json_str(j, "view", span_cstr(view_word(w->v[i].view)));
        json_str(j, "what", weighed_text(&w->v[i], s->a));
        json_uint(j, "features", w->v[i].features);
        json_close_object(j);
    }
    json_close_array(j);
    json_close_object(j);
}

static void put_oddities(struct json *j, const struct show *s)
{
    json_open_array(j, "oddities");
    for (int bit = 0; bit < ODD_COUNT; bit++) {
        if (!(s->odd >> bit & 1)) continue;
        json_open_object(j, NULL);
        json_str(j, "word", span_cstr(odd_word((enum odd_bit)bit)));
        json_str(j, "sentence", span_cstr(odd_sentence((enum odd_bit)bit)));
        json_close_object(j);
    }
    json_close_array(j);
}

static void put_words(struct json *j, const char *key, uint64_t odd)
{
    json_open_array(j, key);
    for (int bit = 0; bit < ODD_COUNT; bit++)
        if (odd >> bit & 1) json_str(j, NULL, span_cstr(odd_word((enum odd_bit)bit)));
    json_close_array(j);
}

static void put_auth(struct json *j, const struct show *s)
{
    const struct mail_auth *a = &s->m->auth;
    json_open_object(j, "auth");
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) {
        if (a->result[k] == AUTH_ABSENT) continue;
        span domain = k == AUTH_SPF ? a->spf_domain : k == AUTH_DKIM ? a->dkim_domain : SPAN_NONE;
        json_open_object(j, auth_method_word((enum auth_method)k));
        json_str(j, "result", span_cstr(auth_result_word(a->result[k])));
        if (domain.n) {
            json_str(j, "domain", domain);
            json_bool(j, "aligned", k == AUTH_SPF ? a->spf_aligned : a->dkim_aligned);
        }
        json_close_object(j);
    }
    json_close_object(j);
    struct show_results r = {0};
    json_open_array(j, "auth_fields");
    while (show_results(s, &r)) {
        json_open_object(j, NULL);
        json_bool(j, "arc", r.arc);
        json_str(j, "id", r.id);
        json_bool(j, "trusted", r.trusted);
        json_uint(j, "received_above", r.received);
        json_str(j, "standing", span_cstr(r.standing));
        json_close_object(j);
    }
    json_close_array(j);
}

static void put_header(struct json *j, const struct mail *m)
{
    json_open_object(j, "from");
    json_str(j, "address", m->from_addr);
    json_str(j, "name", m->from_name);
    json_str(j, "domain", m->from_domain);
    json_close_object(j);
    json_open_array(j, "header");
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *h = &m->headers[i];
        json_open_object(j, NULL);
        json_str(j, "name", h->name);
        if (h->id == FIELD_IGNORED)
            json_bool(j, "ignored", true);
        else
            json_str(j, "value", h->value);
        if (h->charset.n) json_str(j, "charset", h->charset);
        json_close_object(j);
    }
    json_close_array(j);
}

static void put_file(struct json *j, const struct attachment *f)
{
    char digest[40];
    json_open_object(j, "file");
    json_str(j, "kind", span_cstr(attach_kind_word(f->kind)));
    json_uint(j, "bytes", f->bytes);
    json_uint(j, "files", f->files);
    if (f->inner.n) json_str(j, "inner", f->inner);
    json_uint(j, "links", f->links);
    json_bool(j, "partial", f->partial);
    put_words(j, "odd", f->odd);
    if (f->digest[0] | f->digest[1]) {
        snprintf(digest, sizeof digest, "%016" PRIx64 "%016" PRIx64, f->digest[0], f->digest[1]);
        json_str(j, "xxh3", span_cstr(digest));
    }
    json_close_object(j);
}

static void put_parts(struct json *j, const struct mail *m)
{
    json_open_array(j, "parts");
    for (size_t i = 0; i < m->part_count; i++) {
        const struct mail_part *p = &m->parts[i];
        json_open_object(j, NULL);
        if (p->parent >= 0) json_int(j, "within", p->parent);
        json_str(j, "type", p->type);
        json_str(j, "subtype", p->subtype);
        if (p->charset.n) json_str(j, "charset", p->charset);
        json_str(j, "encoding", span_cstr(show_encoding_word(p->encoding)));
        json_uint(j, "bytes", p->body.n);
        json_uint(j, "decoded", p->decoded);
        json_bool(j, "attachment", p->attachment);
        if (p->block) json_bool(j, "block", true);
        if (p->name.n) json_str(j, "name", p->name);
        if (p->file.kind != ATTACH_NONE) put_file(j, &p->file);
        json_close_object(j);
    }
    json_close_array(j);
}

static void put_texts(struct json *j, const struct mail *m)
{
    struct show_side side;
    for (size_t i = 0; show_side(m, i, &side); i++)
        if (side.body) json_str(j, side.name, side.plain);
    json_open_object(j, "normalised");
    for (size_t i = 0; show_side(m, i, &side); i++) json_str(j, side.name, side.folded);
    json_close_object(j);
}

static void put_links(struct json *j, const struct mail *m)
{
    json_open_array(j, "links");
    for (size_t i = 0; i < m->url_count + m->list_url_count; i++) {
        const struct url *u = &m->urls[i];
        json_open_object(j, NULL);
        json_str(j, "place", span_cstr(show_place_word(u->place)));
        json_str(j, "domain", u->domain);
        json_str(j, "host", u->host);
        json_str(j, "shown", u->shown);
        json_str(j, "url", u->whole);
        if (u->port) json_uint(j, "port", u->port);
        put_words(j, "odd", u->odd);
        json_close_object(j);
    }
    json_close_array(j);
}

static void put_numbers(struct json *j, const struct show *s)
{
    const char *name;
    uint64_t value;
    json_open_object(j, "counts");
    for (size_t i = 0; show_count(s->m, i, &name, &value); i++) json_uint(j, name, value);
    json_close_object(j);
    json_open_object(j, "numbers");
    for (int i = 0; i < NUMBER_COUNT; i++)
        json_num(j, show_number_word((enum feature_number)i), (double)s->w->number[i], 6);
    json_close_object(j);
}

void show_json(FILE *to, const struct show *s)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_str(&j, "path", span_cstr(s->path));
    if (s->number) json_uint(&j, "number", s->number);
    json_uint(&j, "bytes", s->m->raw.n);
    put_verdict(&j, s);
    put_weights(&j, s);
    put_oddities(&j, s);
    put_auth(&j, s);
    put_header(&j, s->m);
    put_parts(&j, s->m);
    put_texts(&j, s->m);
    put_links(&j, s->m);
    put_numbers(&j, s);
    json_close_object(&j);
    fwrite(j.buf, 1, j.n, to);
    fputc('\n', to);
    json_close(&j);
}
