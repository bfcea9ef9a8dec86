/* SPDX-License-Identifier: Apache-2.0 */
/* sentinel: rounds of one question to all; see sentinel.h. */
#include "proto/store/sentinel.h"

#include "proto/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PATIENCE_MS = 300, /* for the others, once one has answered */
    ROUND_MS = 250,    /* between rounds without agreement */
    SILENCE_MS = 2000, /* after which nobody's answer is a reason to tell */
};

struct voice {
    struct server *server;
    bool asked, answered, named;
    struct address master;
};

struct sentinel {
    const struct where *where;
    struct voice voice[WHERE_HOSTS_MAX];
    size_t n;
    uint64_t round;
    int64_t round_us; /* when the round began, or is to begin */
    int64_t first_us; /* its first answer; 0: none */
    char why[STORE_WHY_MAX];
};

enum err sentinel_open(const struct where *w, const struct server_ways *ways, struct sentinel **out)
{
    struct sentinel *s = calloc(1, sizeof *s);
    if (!s) return ERR_MEMORY;
    s->where = w;
    for (size_t i = 0; i < w->hosts; i++) {
        struct address at;
        if (address_resolve(w->host[i].host, w->host[i].port, &at) != ERR_OK) continue;
        if (server_open(ways, &s->voice[s->n].server) != ERR_OK) {
            sentinel_close(s);
            return ERR_MEMORY;
        }
        server_aim(s->voice[s->n++].server, &at);
    }
    if (s->n == 0) {
        sentinel_close(s);
        return ERR_IO;
    }
    *out = s;
    return ERR_OK;
}

void sentinel_close(struct sentinel *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n; i++) server_close(s->voice[i].server);
    free(s);
}

static void begin_round(struct sentinel *s, int64_t at_us)
{
    s->round++;
    s->round_us = at_us;
    s->first_us = 0;
    for (size_t i = 0; i < s->n; i++) s->voice[i].asked = s->voice[i].answered = s->voice[i].named = false;
}

static bool read_port(span text, uint16_t *out)
{
    unsigned port = 0;
    if (text.n == 0 || text.n > 5) return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!ascii_digit(text.p[i])) return false;
        port = 10 * port + (unsigned)(text.p[i] - '0');
    }
    *out = (uint16_t)port;
    return port > 0 && port < 65536;
}

static void hear(struct voice *v, uint64_t round)
{
    struct server_reply r;
    uint16_t port;
    while (server_next(v->server, &r)) {
        if (r.due.tag != round) continue; /* of an earlier round */
        v->asked = v->answered = !r.lost;
        v->named = r.v->kind == STORE_LIST && r.n == 3 && r.v[1].kind == STORE_TEXT && r.v[2].kind == STORE_TEXT &&
                   read_port(r.v[2].text, &port) && address_digits(r.v[1].text, port, &v->master);
    }
}

static void turn(struct sentinel *s, struct voice *v)
{
    span words[] = {SPAN("SENTINEL"), SPAN("get-master-addr-by-name"), s->where->name};
    server_pump(v->server);
    hear(v, s->round);
    if (v->asked) return;
    v->asked =
        server_put(v->server, (struct due){.kind = DUE_STORE, .tag = s->round}, &(struct redis_words){words, 3}, 1);
    if (v->asked) server_pump(v->server);
    hear(v, s->round);
}

/* The address that more than half of `answered` name, or NULL. */
static const struct address *agreed(const struct sentinel *s, size_t answered)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t same = 0;
        for (size_t k = 0; k < s->n && s->voice[i].named; k++)
            same += s->voice[k].named && address_same(&s->voice[i].master, &s->voice[k].master);
        if (2 * same > answered) return &s->voice[i].master;
    }
    return NULL;
}

static void tell_silence(struct sentinel *s)
{
    char at[ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < s->n; i++) {
        if (!*server_why(s->voice[i].server)) continue;
        address_text(server_at(s->voice[i].server), at);
        snprintf(s->why, sizeof s->why, "no sentinel answers: %s: %.40s", at, server_why(s->voice[i].server));
        return;
    }
    snprintf(s->why, sizeof s->why, "no sentinel answers");
}

bool sentinel_ask(struct sentinel *s, struct address *out)
{
    int64_t now_us = clock_us();
    size_t answered = 0, named = 0;
    if (now_us < s->round_us) return false;
    if (s->round_us == 0) begin_round(s, now_us);
    for (size_t i = 0; i < s->n; i++) {
        turn(s, &s->voice[i]);
        answered += s->voice[i].answered;
        named += s->voice[i].named;
    }
    if (answered == 0 && now_us - s->round_us > SILENCE_MS * 1000) tell_silence(s);
    if (answered && !s->first_us) s->first_us = now_us;
    if (answered == 0 || (answered < s->n && now_us - s->first_us < PATIENCE_MS * 1000)) return false;
    const struct address *master = agreed(s, answered);
    if (master) {
        *out = *master;
        s->why[0] = 0;
        begin_round(s, 0);
        return true;
    }
    if (named)
        snprintf(s->why, sizeof s->why, "sentinels disagree who is the master");
    else
        snprintf(s->why, sizeof s->why, "sentinels name no address for a master '%.*s'",
                 SPAN_ARG(span_head(s->where->name, 40)));
    begin_round(s, now_us + ROUND_MS * 1000);
    return false;
}

const char *sentinel_why(const struct sentinel *s)
{
    return s->why;
}
