/* SPDX-License-Identifier: Apache-2.0 */
/* voices: see voices.h and docs/feedback.md, "Trust". */
#include "models/live/state/voices.h"

#include "proto/base/fixmath.h"
#include "proto/base/hash.h"
#include "proto/store/name.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double NEWCOMER = 0.2;        /* weight of a first word: (0 + 1) / (0 + 5) */
static const double STRANGER = 0.5;        /* below this weight a reporter is a stranger */
static const double STRANGERS_MOST = 1.0;  /* what strangers together may say of one name, or mail, at a time */
static const double STRANGERS_TEACH = 0.1; /* what they may teach content against one From domain, at a time */
static const double TRAP = 3.0;            /* weight of a trap's word */
static const double DISAGREE = 4.0;        /* how much more a disagreement weighs than an agreement */
static const double AGREED_MOST = 40.0;    /* beyond it, credit is not saved up */
static const double CONTENT_MOST = 0.8;    /* the content's voice, at most: it settles nothing alone */
static const double CONTENT_SHARE = 0.2;   /* of its log-odds */
static const double SETTLED = 1.0;         /* opinions this far from 0 are settled */
static const double ALONE_SHRINK = 0.5;    /* of a reporter's words about one name each next counts half */
static const double DAY_MS = 86400e3;
static const int64_t CREDIT_MS = 86400000; /* how much longer an agreement keeps a reporter from being forgotten */

enum { SAID_SPAM = 1, SAID_HAM = 2 };

/* One reporter about one mail. */
struct word {
    uint64_t mail, who;
    int64_t at_ms;
    double weight;
    uint8_t said;
    int8_t judged; /* 1 agreed with what is settled, -1 not, 0 nothing is settled */
    uint8_t names;
    bool learnt;
    struct {
        uint32_t name; /* hash */
        float given;
    } given[FEEDBACK_NAMES_MAX];
};

struct mail {
    double spam, ham, strangers; /* weighed words; of those, strangers' */
    double content;              /* the content's voice when it was first spoken about */
    uint64_t voice[VOICES_KEPT_MAX];
    uint32_t voices;
    int32_t settled; /* 1 spam, -1 ham, 0 not */
};

struct who {
    double agreed, disagreed;
    int64_t first_ms, last_ms;
    uint64_t words;
};

/* What was lately said of a name: by strangers together, or by one reporter. */
struct about {
    double sum;
    int64_t at_ms;
};

static const struct {
    unsigned bits;
    size_t item_bytes;
} TABLE[] = {{VOICES_WORD_BITS, sizeof(struct word)},
             {VOICES_MAIL_BITS, sizeof(struct mail)},
             {VOICES_ALIKE_BITS, sizeof(uint64_t)},
             {VOICES_WHO_BITS, sizeof(struct who)},
             {VOICES_NAME_BITS, sizeof(struct about)}};
enum { TABLES = sizeof TABLE / sizeof *TABLE };

enum err voices_open(struct voices *v, const struct voices_rules *rules)
{
    struct memo *memo[TABLES] = {&v->words, &v->mails, &v->alike, &v->who, &v->names};
    *v = (struct voices){.rules = *rules};
    for (size_t i = 0; i < TABLES; i++) v->bytes += memo_bytes(TABLE[i].bits, TABLE[i].item_bytes);
    v->block = calloc(1, v->bytes);
    if (!v->block) return ERR_MEMORY;
    uint8_t *at = v->block;
    for (size_t i = 0; i < TABLES; i++) {
        memo_init(memo[i], at, TABLE[i].bits, TABLE[i].item_bytes);
        at += memo_bytes(TABLE[i].bits, TABLE[i].item_bytes);
    }
    return ERR_OK;
}

void voices_close(struct voices *v)
{
    free(v->block);
    *v = (struct voices){0};
}

/* Keys are never 0. */
static uint64_t key_of(uint64_t a, uint64_t b)
{
    return hash_pair(a, b) | 1;
}

/* --- trust -------------------------------------------------------------------------------------------------------- */

static bool is_trusted(const struct voices *v, uint64_t reporter)
{
    size_t from = 0, to = v->rules.trusted_count;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (v->rules.trusted[mid] == reporter) return true;
        if (v->rules.trusted[mid] < reporter)
            from = mid + 1;
        else
            to = mid;
    }
    return false;
}

/* Of one who is not trusted from the first: (agreed + 1) / (agreed + 4 disagreed + 5), the mean of a Beta distribution
 * that begins at 1 to 4 and holds each disagreement for four. */
static double weight_of(const struct voices *v, uint64_t reporter, const struct who *w)
{
    if (v->rules.equal || is_trusted(v, reporter)) return 1;
    return w ? (w->agreed + 1) / (w->agreed + DISAGREE * w->disagreed + 5) : NEWCOMER;
}

bool voices_who(const struct voices *v, uint64_t reporter, struct voices_who *out)
{
    const struct who *w = memo_find(&v->who, key_of(reporter, 0));
    *out = (struct voices_who){.weight = weight_of(v, reporter, w), .trusted = is_trusted(v, reporter)};
    out->stranger = out->weight < STRANGER;
    if (!w) return false;
    out->agreed = w->agreed;
    out->disagreed = w->disagreed;
    out->first_ms = w->first_ms;
    out->last_ms = w->last_ms;
    out->words = w->words;
    return true;
}

void voices_how(const struct voices_who *w, char *out, size_t cap)
{
    snprintf(out, cap, "(agreed %.3g + 1) / (agreed %.3g + %g x disagreed %.3g + 5)", w->agreed, w->agreed, DISAGREE,
             w->disagreed);
}

static struct who *meet(struct voices *v, uint64_t reporter, int64_t now_ms)
{
    uint64_t key = key_of(reporter, 0);
    const struct who *known = memo_find(&v->who, key);
    /* Who has earned trust is not pushed out by a crowd of newcomers. */
    int64_t credit = known ? (int64_t)known->agreed * CREDIT_MS : 0;
    struct who *w = memo_put(&v->who, key, now_ms + credit);
    if (!w->first_ms) w->first_ms = now_ms;
    w->last_ms = now_ms;
    return w;
}

/* A word turned out to agree with what is settled (1), not to (-1), or to be open again (0). */
static void judge(struct voices *v, struct word *w, int verdict)
{
    struct who *who = memo_find(&v->who, key_of(w->who, 0));
    if (!who || w->judged == verdict) return;
    if (w->judged > 0) who->agreed = fmax(who->agreed - 1, 0);
    if (w->judged < 0) who->disagreed = fmax(who->disagreed - 1, 0);
    if (verdict > 0) who->agreed += 1;
    if (verdict < 0) who->disagreed += 1;
    w->judged = (int8_t)verdict;
    double too_much = (who->agreed + who->disagreed) / AGREED_MOST;
    if (too_much <= 1) return;
    who->agreed /= too_much;
    who->disagreed /= too_much;
}

/* --- opinions of a mail ------------------------------------------------------------------------------------------- */

/* The content's voice, of its log-odds. */
static double voice_of(double z)
{
    return fmax(fmin(CONTENT_SHARE * z, CONTENT_MOST), -CONTENT_MOST);
}

static double opinion(const struct mail *m)
{
    return m->content + m->spam - m->ham;
}

/* Has opinion of the mail turned? Then all whose words are remembered are judged by it. */
static void settle(struct voices *v, struct mail *m)
{
    double x = opinion(m);
    int32_t now = x >= SETTLED ? 1 : x <= -SETTLED ? -1 : 0;
    m->settled = now ? now : m->settled; /* what is settled stays so until it turns */
    for (uint32_t i = 0; i < m->voices; i++) {
        struct word *w = memo_find(&v->words, m->voice[i]);
        if (w && m->settled) judge(v, w, (w->said == SAID_SPAM) == (m->settled > 0) ? 1 : -1);
    }
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static double faded(const struct about *a, int64_t now_ms)
{
    double days = (double)(now_ms - a->at_ms) / DAY_MS;
    return a->at_ms && days > 0 ? a->sum * fix_exp(-0.6931471805599453 * days) : a->sum;
}

static void remember(struct voices *v, uint64_t key, double more, int64_t now_ms)
{
    struct about *a = memo_put(&v->names, key, now_ms);
    a->sum = fmax(faded(a, now_ms) + more, 0);
    a->at_ms = now_ms;
}

static uint64_t name_hash(const struct feedback *r, size_t i)
{
    return hash_pair(hash64(r->names[i].name, r->names[i].kind), hash64(r->tenant, 0));
}

/* How much of `weight` one more word may add to what is said of this name, and what it leaves behind. */
static double allowance(struct voices *v, uint64_t name, uint64_t reporter, double weight, int64_t now_ms)
{
    uint64_t alone = key_of(name, reporter), strangers = key_of(name, 1);
    const struct about *before = memo_find(&v->names, alone);
    /* Each next word of one reporter about a name counts half: in sum no more than twice his weight. */
    double left = before ? fmax(weight / ALONE_SHRINK - faded(before, now_ms), 0) * ALONE_SHRINK : weight;
    if (left > weight) left = weight;
    if (weight < STRANGER) {
        const struct about *all = memo_find(&v->names, strangers);
        left = fmin(left, fmax(STRANGERS_MOST - (all ? faded(all, now_ms) : 0), 0));
        remember(v, strangers, left, now_ms);
    }
    remember(v, alone, left, now_ms);
    return left;
}

/* --- a word ------------------------------------------------------------------------------------------------------- */

/* Take back what a word gave. Names of the record that the word did not give anything stay. */
static void take_back(struct voices *v, struct word *w, struct mail *m, const struct feedback *r, int64_t now_ms,
                      struct voices_effect *out)
{
    out->has_back = true;
    out->back.spam = w->said == SAID_SPAM;
    out->back.at_ms = w->at_ms;
    out->back.learn = w->learnt ? w->weight : 0;
    judge(v, w, 0);
    if (m) {
        double *side = out->back.spam ? &m->spam : &m->ham;
        *side = fmax(*side - w->weight, 0);
        if (w->weight < STRANGER) m->strangers = fmax(m->strangers - w->weight, 0);
    }
    for (size_t i = 0; i < r->name_count; i++) {
        uint64_t name = name_hash(r, i);
        for (size_t k = 0; k < w->names; k++) {
            if (w->given[k].name != (uint32_t)name) continue;
            out->back.amount[i] = (double)w->given[k].given;
            remember(v, key_of(name, w->who), -out->back.amount[i], now_ms);
            break;
        }
    }
}

/* Strangers together teach content little against one sender, unless content leans to spam by itself: log-odds of 1. */
static double strangers_room(struct voices *v, const struct word *w, uint64_t from, double voice, double more,
                             int64_t now_ms)
{
    if (w->weight >= STRANGER || w->said != SAID_SPAM || voice >= CONTENT_SHARE) return more;
    uint64_t key = key_of(from, 2);
    const struct about *taught = memo_find(&v->names, key);
    more = fmin(more, fmax(STRANGERS_TEACH - (taught ? faded(taught, now_ms) : 0), 0));
    remember(v, key, more, now_ms);
    return more;
}

static void give(struct voices *v, struct word *w, const struct feedback *r, double voice, int64_t now_ms,
                 struct voices_effect *out)
{
    out->has_now = true;
    out->now.spam = w->said == SAID_SPAM;
    out->now.at_ms = w->at_ms = now_ms;
    w->learnt = r->learns;
    out->now.learn = w->learnt ? w->weight : 0;
    for (size_t i = 0; i < r->name_count; i++) {
        uint64_t name = name_hash(r, i);
        float amount = (float)allowance(v, name, w->who, w->weight, now_ms);
        w->given[w->names].name = (uint32_t)name;
        w->given[w->names++].given = amount;
        out->now.amount[i] = (double)amount;
        if (r->names[i].kind == NAME_FROM && out->now.learn > 0)
            out->now.learn = strangers_room(v, w, name, voice, out->now.learn, now_ms);
    }
}

static void add_voice(struct mail *m, uint64_t key)
{
    for (uint32_t i = 0; i < m->voices; i++)
        if (m->voice[i] == key) return;
    if (m->voices < VOICES_KEPT_MAX) m->voice[m->voices++] = key;
}

/* The key under which opinions of the mail are kept: that of one spoken about before which it is alike, else its own. */
static uint64_t mail_of(struct voices *v, const struct feedback *r, uint64_t digest, int64_t now_ms)
{
    const uint64_t *known = NULL;
    for (size_t i = 0; i < r->alike_count && !known; i++) known = memo_find(&v->alike, r->alike[i] | 1);
    uint64_t mail = known ? *known : digest;
    for (size_t i = 0; i < r->alike_count; i++) *(uint64_t *)memo_put(&v->alike, r->alike[i] | 1, now_ms) = mail;
    return mail;
}

static uint64_t digest_key(const struct feedback *r)
{
    return key_of(r->digest[0], r->digest[1]);
}

static uint8_t said_of(enum wire_say says)
{
    return says == WIRE_SAY_SPAM ? SAID_SPAM : says == WIRE_SAY_HAM ? SAID_HAM : 0;
}

bool voices_heard(const struct voices *v, const struct feedback *r)
{
    const struct word *w = memo_find(&v->words, key_of(digest_key(r), r->reporter));
    return w ? w->said == said_of(r->says) : r->says == WIRE_SAY_UNDO;
}

void voices_take(struct voices *v, const struct feedback *r, double z, int64_t now_ms, struct voices_effect *out)
{
    uint64_t digest = digest_key(r), key = key_of(digest, r->reporter);
    uint64_t mail_key = mail_of(v, r, digest, now_ms);
    uint8_t said = said_of(r->says);
    *out = (struct voices_effect){.again = voices_heard(v, r)};
    if (out->again) return;
    struct word *w = memo_find(&v->words, key);

    struct mail *m = memo_find(&v->mails, mail_key);
    if (w) {
        take_back(v, w, m, r, now_ms, out);
        memo_drop(&v->words, key);
    }
    if (!said) {
        if (m) settle(v, m);
        return;
    }
    if (!m) {
        m = memo_put(&v->mails, mail_key, now_ms);
        m->content = voice_of(z);
    } else {
        m = memo_put(&v->mails, mail_key, now_ms);
    }
    struct who *who = meet(v, r->reporter, now_ms);
    who->words++;
    w = memo_put(&v->words, key, now_ms);
    w->mail = mail_key;
    w->who = r->reporter;
    w->said = said;
    w->weight = r->trap ? TRAP : weight_of(v, r->reporter, who);
    double *side = said == SAID_SPAM ? &m->spam : &m->ham;
    if (w->weight < STRANGER) {
        double room = fmax(STRANGERS_MOST - m->strangers, 0);
        w->weight = fmin(w->weight, room);
        m->strangers += w->weight;
    }
    *side += w->weight;
    give(v, w, r, voice_of(z), now_ms, out);
    add_voice(m, key);
    settle(v, m);
}
