/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: the history of models: which were pushed, when, by whom, from what data, and what became of them.
 *
 * Logic only; depot.h keeps it on disk. As text it is a record of pairs (proto/pairs.h) a row, oldest first, and a
 * last one with the XXH3-64 of all before, so that a damaged history is known for one. */
#ifndef FURUI_ENGINE_LEDGER_H
#define FURUI_ENGINE_LEDGER_H

#include "proto/admin.h"
#include "proto/base/err.h"
#include "proto/pairs.h"

enum { LEDGER_ROWS_MAX = 64, LEDGER_MANIFEST_MAX = 1024, LEDGER_TEXT_MAX = 1 << 20 };

enum ledger_state {
    LEDGER_CANDIDATE, /* comes in, or is being rolled out; never on disk */
    LEDGER_SHADOW,
    LEDGER_SERVING,  /* one row at most */
    LEDGER_PREVIOUS, /* served, and was replaced */
    LEDGER_REFUSED,  /* did not serve, or was rolled back */
};

struct ledger_row {
    uint64_t number; /* counts up; names the file */
    enum ledger_state state;
    bool kept;                  /* its file is there */
    char id[ADMIN_ID_MAX];      /* "" when it could not be read */
    uint64_t size;              /* bytes */
    uint64_t uid;               /* who pushed it, by the kernel's word */
    uint64_t pushed_s, since_s; /* seconds since 1970: pushed; in this state */
    char by[ADMIN_BY_MAX], name[ADMIN_NAME_MAX], note[ADMIN_NOTE_MAX];
    char why[ADMIN_WHY_MAX];            /* it is in this state */
    char manifest[LEDGER_MANIFEST_MAX]; /* of the bundle; the lines that fit */
};

struct ledger {
    struct ledger_row row[LEDGER_ROWS_MAX]; /* by number */
    size_t n;
    uint64_t last; /* number given */
};

const char *ledger_state_name(enum ledger_state s);

/* A new row, with the next number and all else zero. The oldest that neither serves nor is in shadow makes room; it
 * must have no file then (ledger_retire sees to it). */
struct ledger_row *ledger_add(struct ledger *l);
/* The row of that number, or NULL. Rows move when one is added: keep numbers, not pointers. */
struct ledger_row *ledger_find(struct ledger *l, uint64_t number);
/* The newest in this state, or NULL. */
struct ledger_row *ledger_newest(struct ledger *l, enum ledger_state s);
/* What a rollback returns to: the newest previous one below this number whose file is kept, or NULL. */
struct ledger_row *ledger_back(struct ledger *l, uint64_t below);
/* Take a row out. */
void ledger_drop(struct ledger *l, uint64_t number);
void ledger_set(struct ledger_row *r, enum ledger_state s, uint64_t now_s, const char *why);

/* Files stay with what serves, what is in shadow or a candidate, and the newest `keep` previous ones. Clears `kept` of
 * others, and returns of how many. */
size_t ledger_retire(struct ledger *l, size_t keep);

/* One row as pairs: number, state, kept, id, size, uid, pushed, since, by, name, note, why, manifest. */
void ledger_put_row(const struct ledger_row *r, struct pairs *to);

void ledger_write(const struct ledger *l, struct pairs *to);
/* ERR_SYNTAX: damaged, or none of ours; *l is then empty. Safe on any bytes. */
enum err ledger_read(span text, struct ledger *l);

#endif
