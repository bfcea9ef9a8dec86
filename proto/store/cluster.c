/* SPDX-License-Identifier: Apache-2.0 */
/* cluster: the map, and commands that are sent elsewhere; see cluster.h. */
#include "proto/store/cluster.h"

#include "proto/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    NOBODY = 255,
    NO_SLOT = CLUSTER_SLOTS, /* of a command that is at home anywhere */
    HOPS_MAX = 4,
    MAP_MS = 250,    /* between two looks at the map */
    SETTLE_MS = 200, /* for all masters to be connected to, at the start */
    GUEST_MS = 5000, /* a node without slots that a command was sent to stays for so long */
};

struct node {
    struct server *server; /* NULL: a free place */
    bool seed;             /* the configuration names it */
    unsigned slots;        /* that it owns */
    int64_t guest_until_us;
};

struct cluster {
    const struct server_ways *ways;
    struct node node[CLUSTER_NODES_MAX];
    uint8_t owner[CLUSTER_SLOTS]; /* index of a node, or NOBODY */
    uint8_t at[CLUSTER_SLOTS];    /* where commands of the slot are under way */
    uint16_t due[CLUSTER_SLOTS];  /* how many */
    size_t turn;                  /* the node that is heard next */
    size_t asked;                 /* the node that was asked for a map last */
    bool map_wanted, map_due;
    int64_t map_at_us; /* not before */
    int64_t mapped_us; /* since there has been a map; 0: none */
    char why[STORE_WHY_MAX];
};

/* --- slots -------------------------------------------------------------------------------------------------------- */

unsigned cluster_slot(span key)
{
    size_t open = span_find(key, '{');
    span tag = span_from(key, open + 1);
    tag = span_head(tag, span_find(tag, '}'));
    if (open < key.n && tag.n > 0 && open + 1 + tag.n < key.n) key = tag;
    unsigned crc = 0;
    for (size_t i = 0; i < key.n; i++) {
        crc ^= (unsigned)key.p[i] << 8;
        for (int bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
        crc &= 0xFFFF;
    }
    return crc % CLUSTER_SLOTS;
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static bool is_up(const struct cluster *c, size_t i)
{
    return c->node[i].server && server_up(c->node[i].server);
}

/* The node at an address, a new one if need be; NOBODY when there is no room. */
static size_t node_at(struct cluster *c, const struct address *at)
{
    size_t room = NOBODY;
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++) {
        const struct server *s = c->node[i].server;
        if (s && address_same(server_at(s), at)) return i;
        if (!s && room == NOBODY) room = i;
    }
    if (room == NOBODY) return NOBODY;
    c->node[room] = (struct node){0};
    if (server_open(c->ways, &c->node[room].server) != ERR_OK) return NOBODY;
    server_aim(c->node[room].server, at);
    return room;
}

enum err cluster_open(const struct where *w, const struct server_ways *ways, struct cluster **out)
{
    struct cluster *c = calloc(1, sizeof *c);
    bool any = false;
    if (!c) return ERR_MEMORY;
    c->ways = ways;
    c->map_wanted = true;
    memset(c->owner, NOBODY, sizeof c->owner);
    for (size_t i = 0; i < w->hosts; i++) {
        struct address at;
        if (address_resolve(w->host[i].host, w->host[i].port, &at) != ERR_OK) continue;
        any = true;
        size_t node = node_at(c, &at);
        if (node == NOBODY) {
            cluster_close(c);
            return ERR_MEMORY;
        }
        c->node[node].seed = true;
    }
    if (!any) {
        cluster_close(c);
        return ERR_IO;
    }
    *out = c;
    return ERR_OK;
}

void cluster_close(struct cluster *c)
{
    if (!c) return;
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++) server_close(c->node[i].server);
    free(c);
}

/* Is it? If not, it is let go of. Seeds are needed while no master serves. */
static bool needed(struct node *n, bool lonely, int64_t now_us)
{
    if (n->slots > 0 || (n->seed && lonely) || now_us < n->guest_until_us || server_due(n->server) > 0) return true;
    if (n->seed) {
        if (server_fd(n->server) >= 0) server_drop(n->server, SPAN("not needed"));
    } else {
        server_close(n->server);
        *n = (struct node){0};
    }
    return false;
}

static void set_owner(struct cluster *c, unsigned slot, size_t node)
{
    if (c->owner[slot] != NOBODY) c->node[c->owner[slot]].slots--;
    c->owner[slot] = (uint8_t)node;
    if (node != NOBODY) c->node[node].slots++;
}

/* --- the map ------------------------------------------------------------------------------------------------------ */

static void ask_map(struct cluster *c, int64_t now_us)
{
    static const span WORDS[] = {SPAN("CLUSTER"), SPAN("SLOTS")};
    if (!c->map_wanted || c->map_due || now_us < c->map_at_us) return;
    for (size_t n = 1; n <= CLUSTER_NODES_MAX; n++) {
        size_t i = (c->asked + n) % CLUSTER_NODES_MAX;
        if (!is_up(c, i)) continue;
        c->asked = i;
        c->map_due = server_put(c->node[i].server, (struct due){.kind = DUE_STORE, .group = NO_SLOT},
                                &(struct redis_words){WORDS, 2}, 1);
        if (c->map_due) return;
    }
}

/* Behind a value and all that is in it; n when it was cut. */
static size_t behind(const struct store_value *v, size_t n, size_t at)
{
    for (size_t open = 1; open > 0 && at < n; at++, open--)
        if (v[at].kind == STORE_LIST) open += v[at].n < n ? v[at].n : n;
    return at;
}

/* A host as a server says it; none, or an empty one, is the host that said so. */
static bool read_host(const struct cluster *c, size_t from, span host, int64_t port, struct address *out)
{
    if (port <= 0 || port > 65535) return false;
    if (host.n) return address_digits(host, (uint16_t)port, out);
    *out = *server_at(c->node[from].server);
    address_set_port(out, (uint16_t)port);
    return true;
}

/* The master of a range: [host, port, id, …] at v[at]. */
static size_t read_master(struct cluster *c, size_t from, const struct store_value *v, size_t n, size_t at)
{
    struct address a;
    if (at + 2 >= n || v[at].kind != STORE_LIST || v[at].n < 2 || v[at + 2].kind != STORE_INTEGER) return NOBODY;
    if (v[at + 1].kind != STORE_TEXT && v[at + 1].kind != STORE_NIL) return NOBODY;
    if (read_host(c, from, v[at + 1].text, v[at + 2].integer, &a)) return node_at(c, &a);
    span host =
        v[at + 1].text; /* a name: its address stands among further facts, ["ip", address], of servers from 7 on */
    for (size_t i = at + 5; v[at].n > 3 && i + 1 < behind(v, n, at); i += 2) {
        if (!span_eq(v[i].text, SPAN("ip")) || !read_host(c, from, v[i + 1].text, v[at + 2].integer, &a)) continue;
        snprintf(a.name, sizeof a.name, "%.*s", SPAN_ARG(span_head(host, sizeof a.name - 1)));
        return node_at(c, &a);
    }
    return NOBODY;
}

/* [[first, last, master, replica…]…]. A reply longer than what is kept tells of some slots only; the others are asked
 * for anywhere, and MOVED tells. */
static void on_map(struct cluster *c, size_t from, const struct server_reply *r)
{
    static uint8_t next[CLUSTER_SLOTS];
    const struct store_value *v = r->v;
    bool any = false;
    c->map_due = false;
    if (r->lost) return;
    c->map_at_us = clock_us() + (int64_t)MAP_MS * 1000;
    memset(next, NOBODY, sizeof next);
    for (size_t at = 1; v->kind == STORE_LIST && at < r->n; at = behind(v, r->n, at)) {
        if (at + 3 >= r->n || v[at].kind != STORE_LIST || v[at].n < 3) break;
        int64_t first = v[at + 1].integer, last = v[at + 2].integer;
        if (v[at + 1].kind != STORE_INTEGER || v[at + 2].kind != STORE_INTEGER) break;
        if (first < 0 || last < first || last >= CLUSTER_SLOTS) break;
        size_t node = read_master(c, from, v, r->n, at + 3);
        if (node == NOBODY) continue;
        memset(next + first, (int)node, (size_t)(last - first + 1));
        any = true;
    }
    if (!any) {
        span why = v->kind == STORE_ERROR ? v->text : SPAN("the cluster names no address for any slot");
        snprintf(c->why, sizeof c->why, "%.*s", SPAN_ARG(span_head(why, sizeof c->why - 1)));
        return;
    }
    for (unsigned slot = 0; slot < CLUSTER_SLOTS; slot++) set_owner(c, slot, next[slot]);
    c->map_wanted = false;
    if (!c->mapped_us) c->mapped_us = clock_us();
}

/* --- a turn ------------------------------------------------------------------------------------------------------- */

void cluster_pump(struct cluster *c)
{
    int64_t now_us = clock_us();
    bool lonely = true;
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++) lonely = lonely && !(c->node[i].slots > 0 && is_up(c, i));
    if (cluster_away(c) > 0) c->map_wanted = true;
    ask_map(c, now_us);
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++)
        if (c->node[i].server && needed(&c->node[i], lonely, now_us)) server_pump(c->node[i].server);
}

bool cluster_put(struct cluster *c, span key, struct due d, const struct redis_words *runs, size_t run_count)
{
    unsigned slot = key.n ? cluster_slot(key) : NO_SLOT;
    size_t node = key.n ? c->owner[slot] : NOBODY;
    for (size_t i = 0; i < CLUSTER_NODES_MAX && node == NOBODY; i++)
        if (is_up(c, i)) node = i;
    if (node == NOBODY || !c->mapped_us || (key.n && c->due[slot] > 0 && c->at[slot] != node)) return false;
    d.group = (uint16_t)slot;
    if (!server_put(c->node[node].server, d, runs, run_count)) return false;
    if (key.n) {
        c->due[slot]++;
        c->at[slot] = (uint8_t)node;
    }
    return true;
}

/* --- elsewhere ---------------------------------------------------------------------------------------------------- */

static bool take_number(span *s, uint32_t *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < s->n && n < 5 && ascii_digit(s->p[n]); n++) *out = *out * 10 + (uint32_t)(s->p[n] - '0');
    *s = span_from(*s, n);
    return n > 0;
}

/* "MOVED SLOT HOST:PORT", "ASK SLOT HOST:PORT": send it there. False when that cannot be: the caller is told. */
static bool send_on(struct cluster *c, size_t from, const struct server_reply *r)
{
    bool ask = span_starts(r->v->text, SPAN("ASK "));
    if (r->v->kind != STORE_ERROR || (!ask && !span_starts(r->v->text, SPAN("MOVED ")))) return false;
    struct address at;
    uint32_t slot, port;
    span rest = span_from(r->v->text, ask ? 4 : 6);
    if (!ask) c->map_wanted = true;
    if (!take_number(&rest, &slot) || slot >= CLUSTER_SLOTS || rest.n == 0 || rest.p[0] != ' ') return false;
    size_t colon = rest.n;
    while (colon > 0 && rest.p[colon - 1] != ':') colon--;
    span digits = span_from(rest, colon);
    if (colon < 2 || !take_number(&digits, &port) || digits.n > 0) return false;
    if (!read_host(c, from, span_head(span_from(rest, 1), colon - 2), port, &at)) return false;
    size_t to = node_at(c, &at);
    if (to == NOBODY) return false;
    c->node[to].guest_until_us = clock_us() + (int64_t)GUEST_MS * 1000;
    if (!ask && slot == r->due.group) set_owner(c, slot, to);
    struct due d = r->due;
    if (to == from || d.hops == HOPS_MAX || !r->command.n) return false;
    d.hops++;
    if (!server_put_raw(c->node[to].server, d, r->command, ask)) return false;
    if (d.group != NO_SLOT) c->due[d.group]++;
    return true;
}

static bool hear(struct cluster *c, size_t i, struct server_reply *out)
{
    while (c->node[i].server && server_next(c->node[i].server, out)) {
        if (out->due.kind == DUE_STORE) {
            on_map(c, i, out);
            continue;
        }
        if (out->due.group != NO_SLOT) c->due[out->due.group]--;
        if (out->lost || (out->v->kind == STORE_ERROR && span_starts(out->v->text, SPAN("CLUSTERDOWN"))))
            c->map_wanted = true;
        if (!send_on(c, i, out)) return true;
    }
    return false;
}

bool cluster_next(struct cluster *c, struct server_reply *out)
{
    for (size_t n = 0; n < CLUSTER_NODES_MAX; n++, c->turn = (c->turn + 1) % CLUSTER_NODES_MAX)
        if (hear(c, c->turn, out)) return true;
    return false;
}

/* --- how it is ---------------------------------------------------------------------------------------------------- */

bool cluster_up(const struct cluster *c)
{
    bool any = false, untried = false;
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++) {
        if (c->node[i].slots == 0) continue;
        any = any || is_up(c, i);
        untried = untried || !server_tried(c->node[i].server);
    }
    return any && (!untried || clock_us() - c->mapped_us > (int64_t)SETTLE_MS * 1000);
}

size_t cluster_away(const struct cluster *c)
{
    size_t n = 0;
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++) n += c->node[i].slots > 0 && !is_up(c, i);
    return n;
}

void cluster_why(const struct cluster *c, char out[STORE_WHY_MAX])
{
    char at[ADDRESS_TEXT_MAX];
    snprintf(out, STORE_WHY_MAX, "%s", c->why);
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++) {
        const struct node *n = &c->node[i];
        if (!n->server || is_up(c, i) || !*server_why(n->server) || (c->mapped_us && n->slots == 0)) continue;
        address_text(server_at(n->server), at);
        snprintf(out, STORE_WHY_MAX, "%.50s: %.70s", at, server_why(n->server));
        return;
    }
}

int cluster_wish_ms(const struct cluster *c)
{
    int wish_ms = c->map_wanted && !c->map_due ? MAP_MS : -1;
    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++) {
        int its_ms =
            c->node[i].slots > 0 || (c->node[i].seed && !c->mapped_us) ? server_wish_ms(c->node[i].server) : -1;
        if (its_ms >= 0 && (wish_ms < 0 || its_ms < wish_ms)) wish_ms = its_ms;
    }
    return wish_ms;
}
