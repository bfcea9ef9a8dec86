/* SPDX-License-Identifier: Apache-2.0 */
/* control: see control.h. Texts are written over zeros, so that equal states are equal bytes. */
#include "models/live/stream/control.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const WORDS[] = {[CONTROL_FREEZE] = "freeze", [CONTROL_THAW] = "thaw", [CONTROL_REWIND] = "rewind"};
enum { WORD_COUNT = sizeof WORDS / sizeof *WORDS, DAY_MS = 86400000 };

const char *control_word(enum control_do what)
{
    return WORDS[what];
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static bool read_what(span value, uint32_t *out)
{
    for (uint32_t i = 0; i < WORD_COUNT; i++) {
        if (!span_eq(value, span_cstr(WORDS[i]))) continue;
        *out = i;
        return true;
    }
    return false;
}

/* What does not fit, or is no text, leaves zeros behind. */
static bool read_text(span value, char *out, size_t cap)
{
    memset(out, 0, cap);
    if (pairs_text(value, out, cap)) return true;
    memset(out, 0, cap);
    return false;
}

const char *control_parse(span text, struct control_order *out)
{
    bool what = false, to = false;
    span key, value;
    memset(out, 0, sizeof *out);
    while (pairs_next(&text, &key, &value)) {
        bool good = true;
        if (span_eq(key, SPAN("do"))) good = what = read_what(value, &out->what);
        if (span_eq(key, SPAN("to"))) good = to = follow_place_read(value, &out->to);
        if (span_eq(key, SPAN("id"))) good = pairs_number(value, &out->id);
        if (span_eq(key, SPAN("by"))) good = read_text(value, out->by, sizeof out->by);
        if (span_eq(key, SPAN("note"))) good = read_text(value, out->note, sizeof out->note);
        if (!good) return "a key of the order has a value that it cannot have";
    }
    if (text.n) return "the order is not lines of key=value";
    if (!what) return "the order does not say what to do";
    if (to != (out->what == CONTROL_REWIND)) return "a rewind, and nothing else, has a place to go back to";
    return NULL;
}

void control_write(const struct control_order *o, struct pairs *out)
{
    char place[FOLLOW_PLACE_TEXT];
    follow_place_write(o->to, place);
    pairs_put(out, "do", WORDS[o->what]);
    if (o->what == CONTROL_REWIND) pairs_put(out, "to", place);
    if (o->id) pairs_put_number(out, "id", o->id);
    if (o->by[0]) pairs_put(out, "by", o->by);
    if (o->note[0]) pairs_put(out, "note", o->note);
}

/* --- orders ------------------------------------------------------------------------------------------------------- */

static enum control_outcome refuse(char *why_out, const char *why)
{
    snprintf(why_out, CONTROL_WHY_MAX, "%s", why);
    return CONTROL_REFUSED;
}

static bool by_guard(const struct control_order *o)
{
    return strcmp(o->by, CONTROL_GUARD) == 0;
}

/* What an operator says stands above what a guard has found; since when stays. */
static enum control_outcome freeze(struct control *c, const struct control_order *o, char *why_out)
{
    struct follow_place since = c->frozen ? c->freeze.at : o->at;
    if (c->frozen && (by_guard(o) || !by_guard(&c->freeze))) return refuse(why_out, "it is frozen already");
    c->frozen = 1;
    c->freeze = *o;
    c->freeze.at = since;
    return CONTROL_DONE;
}

static enum control_outcome thaw(struct control *c, char *why_out)
{
    if (!c->frozen) return refuse(why_out, "it is not frozen");
    c->frozen = 0;
    memset(&c->freeze, 0, sizeof c->freeze);
    return CONTROL_DONE;
}

static void drop(struct control *c, uint32_t i)
{
    memmove(&c->skip[i], &c->skip[i + 1], (c->skips - i - 1) * sizeof *c->skip);
    memset(&c->skip[--c->skips], 0, sizeof *c->skip);
}

/* The newest interval ends at this place, so those that it covers or touches stand at the end of the list. One that
 * ends here or later is known from an earlier reading. */
static enum control_outcome rewind_to(struct control *c, const struct control_order *o, char *why_out)
{
    struct control_skip s = {o->to, o->at};
    if (follow_place_cmp(o->to, o->at) >= 0) return refuse(why_out, "that place is not in the past of the stream");
    if (c->skips && follow_place_cmp(c->skip[c->skips - 1].to, s.to) >= 0) return CONTROL_DONE; /* met again */
    while (c->skips && follow_place_cmp(c->skip[c->skips - 1].to, s.from) >= 0) {
        if (follow_place_cmp(c->skip[c->skips - 1].from, s.from) < 0) s.from = c->skip[c->skips - 1].from;
        drop(c, c->skips - 1);
    }
    if (c->skips == CONTROL_SKIPS_MAX) {
        uint64_t kept_ms = (uint64_t)CONTROL_SKIP_KEPT_DAYS * DAY_MS;
        if (o->at.ms < kept_ms || c->skip[0].to.ms > o->at.ms - kept_ms) {
            snprintf(why_out, CONTROL_WHY_MAX, "there were %d rewinds in %d days", CONTROL_SKIPS_MAX,
                     CONTROL_SKIP_KEPT_DAYS);
            return CONTROL_REFUSED;
        }
        drop(c, 0);
    }
    c->skip[c->skips++] = s;
    return CONTROL_REWOUND;
}

enum control_outcome control_take(struct control *c, const struct control_order *o, struct follow_place at,
                                  char *why_out)
{
    struct control_order now = *o;
    enum control_outcome outcome = CONTROL_REFUSED;
    now.at = at;
    why_out[0] = 0;
    switch ((enum control_do)o->what) {
    case CONTROL_FREEZE: outcome = freeze(c, &now, why_out); break;
    case CONTROL_THAW: outcome = thaw(c, why_out); break;
    case CONTROL_REWIND: outcome = rewind_to(c, &now, why_out); break;
    }
    if (outcome != CONTROL_REFUSED) c->order[c->orders++ % CONTROL_ORDERS_KEPT] = now;
    return outcome;
}

bool control_guard(struct control *c, struct follow_place at, const char *note)
{
    char why[CONTROL_WHY_MAX];
    struct control_order o = {.what = CONTROL_FREEZE, .by = CONTROL_GUARD};
    strncpy(o.note, note, sizeof o.note - 1);
    return control_take(c, &o, at, why) != CONTROL_REFUSED;
}

bool control_skips(const struct control *c, struct follow_place at)
{
    for (uint32_t i = c->skips; i-- > 0;)
        if (follow_place_cmp(c->skip[i].from, at) < 0 && follow_place_cmp(at, c->skip[i].to) <= 0) return true;
    return false;
}

void control_skip_as(struct control *older, const struct control *newer)
{
    memcpy(older->skip, newer->skip, sizeof older->skip);
    older->skips = newer->skips;
}
