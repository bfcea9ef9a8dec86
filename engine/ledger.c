/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: the history of models; see ledger.h. */
#include "engine/ledger.h"

#include "proto/base/hash.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static const char *const STATE[] = {"candidate", "shadow", "serving", "previous", "refused"};
enum { STATES = sizeof STATE / sizeof *STATE };

const char *ledger_state_name(enum ledger_state s)
{
    return STATE[s];
}

static void take_out(struct ledger *l, size_t i)
{
    memmove(l->row + i, l->row + i + 1, (--l->n - i) * sizeof *l->row);
}

struct ledger_row *ledger_add(struct ledger *l)
{
    if (l->n == LEDGER_ROWS_MAX) {
        size_t i = 0;
        while (l->row[i].state < LEDGER_PREVIOUS || l->row[i].kept) i++;
        assert(i < l->n && "more files kept than rows");
        take_out(l, i);
    }
    struct ledger_row *r = &l->row[l->n++];
    *r = (struct ledger_row){.number = ++l->last};
    return r;
}

struct ledger_row *ledger_find(struct ledger *l, uint64_t number)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->row[i].number == number) return &l->row[i];
    return NULL;
}

struct ledger_row *ledger_newest(struct ledger *l, enum ledger_state s)
{
    for (size_t i = l->n; i-- > 0;)
        if (l->row[i].state == s) return &l->row[i];
    return NULL;
}

struct ledger_row *ledger_back(struct ledger *l, uint64_t below)
{
    for (size_t i = l->n; i-- > 0;)
        if (l->row[i].state == LEDGER_PREVIOUS && l->row[i].kept && l->row[i].number < below) return &l->row[i];
    return NULL;
}

void ledger_drop(struct ledger *l, uint64_t number)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->row[i].number == number) take_out(l, i--);
}

void ledger_set(struct ledger_row *r, enum ledger_state s, uint64_t now_s, const char *why)
{
    r->state = s;
    r->since_s = now_s;
    snprintf(r->why, sizeof r->why, "%s", why);
}

size_t ledger_retire(struct ledger *l, size_t keep)
{
    size_t gone = 0;
    for (size_t i = l->n; i-- > 0;) {
        struct ledger_row *r = &l->row[i];
        if (!r->kept || r->state < LEDGER_PREVIOUS) continue;
        if (r->state == LEDGER_PREVIOUS && keep) {
            keep--;
            continue;
        }
        r->kept = false;
        gone++;
    }
    return gone;
}

/* --- as text ------------------------------------------------------------------------------------------------------ */

void ledger_put_row(const struct ledger_row *r, struct pairs *to)
{
    pairs_put_number(to, "number", r->number);
    pairs_put(to, "state", STATE[r->state]);
    pairs_put_number(to, "kept", r->kept);
    pairs_put(to, "id", r->id);
    pairs_put_number(to, "size", r->size);
    pairs_put_number(to, "uid", r->uid);
    pairs_put_number(to, "pushed", r->pushed_s);
    pairs_put_number(to, "since", r->since_s);
    pairs_put(to, "by", r->by);
    pairs_put(to, "name", r->name);
    pairs_put(to, "note", r->note);
    pairs_put(to, "why", r->why);
    pairs_put(to, "manifest", r->manifest);
    pairs_end_record(to);
}

static void put_sum(struct pairs *to)
{
    char sum[17];
    snprintf(sum, sizeof sum, "%016" PRIx64, hash64(span_of(to->p, to->n), 0));
    pairs_put(to, "sum", sum);
}

void ledger_write(const struct ledger *l, struct pairs *to)
{
    to->n = 0;
    pairs_put_number(to, "history", 1);
    pairs_put_number(to, "last", l->last);
    pairs_end_record(to);
    for (size_t i = 0; i < l->n; i++)
        if (l->row[i].state != LEDGER_CANDIDATE) ledger_put_row(&l->row[i], to);
    put_sum(to);
}

static bool read_state(span value, enum ledger_state *out)
{
    for (int s = 0; s < STATES; s++) {
        if (!span_eq(value, span_cstr(STATE[s]))) continue;
        *out = (enum ledger_state)s;
        return true;
    }
    return false;
}

/* One field into its place; unknown ones are passed over. */
static bool take(struct ledger_row *r, span key, span value)
{
    uint64_t yes = r->kept;
    const struct {
        const char *key;
        uint64_t *number;
        char *text;
        size_t cap;
    } PLACES[] = {
        {"number", &r->number, NULL, 0},
        {"kept", &yes, NULL, 0},
        {"size", &r->size, NULL, 0},
        {"uid", &r->uid, NULL, 0},
        {"pushed", &r->pushed_s, NULL, 0},
        {"since", &r->since_s, NULL, 0},
        {"id", NULL, r->id, sizeof r->id},
        {"by", NULL, r->by, sizeof r->by},
        {"name", NULL, r->name, sizeof r->name},
        {"note", NULL, r->note, sizeof r->note},
        {"why", NULL, r->why, sizeof r->why},
        {"manifest", NULL, r->manifest, sizeof r->manifest},
    };
    bool good = true;
    if (span_eq(key, SPAN("state"))) return read_state(value, &r->state);
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        if (!span_eq(key, span_cstr(PLACES[i].key))) continue;
        good =
            PLACES[i].number ? pairs_number(value, PLACES[i].number) : pairs_text(value, PLACES[i].text, PLACES[i].cap);
    }
    r->kept = yes != 0;
    return good;
}

/* The text without its last line, if that line is the checksum of it. */
static bool check_sum(span *text)
{
    size_t at = text->n;
    if (at == 0 || text->p[at - 1] != '\n') return false;
    for (at--; at > 0 && text->p[at - 1] != '\n'; at--) {
    }
    span body = span_head(*text, at), line = span_from(*text, at);
    char want[24];
    snprintf(want, sizeof want, "sum=%016" PRIx64 "\n", hash64(body, 0));
    *text = body;
    return span_eq(line, span_cstr(want));
}

/* Numbers count up, one serves at most, nothing is half done. */
static bool sound(const struct ledger *l)
{
    size_t serving = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct ledger_row *r = &l->row[i];
        if (r->number == 0 || r->number > l->last || (i && r->number <= l->row[i - 1].number)) return false;
        if (r->state == LEDGER_CANDIDATE) return false;
        serving += r->state == LEDGER_SERVING;
    }
    return serving <= 1;
}

enum err ledger_read(span text, struct ledger *l)
{
    uint64_t version = 0;
    span key, value;
    bool good = check_sum(&text);
    *l = (struct ledger){0};
    while (good && (good = pairs_next(&text, &key, &value)) && key.n) {
        if (span_eq(key, SPAN("history"))) good = pairs_number(value, &version);
        if (span_eq(key, SPAN("last"))) good = pairs_number(value, &l->last);
    }
    good = good && version == 1;
    struct ledger_row *r = NULL;
    while (good && text.n) {
        good = pairs_next(&text, &key, &value) && (r || l->n < LEDGER_ROWS_MAX);
        if (!good) break;
        if (key.n == 0) {
            good = r != NULL;
            r = NULL;
            continue;
        }
        if (!r) {
            r = &l->row[l->n++];
            *r = (struct ledger_row){0};
        }
        good = take(r, key, value);
    }
    if (good && !r && sound(l)) return ERR_OK;
    *l = (struct ledger){0};
    return ERR_SYNTAX;
}
