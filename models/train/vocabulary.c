/* SPDX-License-Identifier: Apache-2.0 */
/* vocabulary: hashes are dealt out to tables by their first bits, counted there in the mails' order, and numbered.
 *
 * Mails are taken in rounds. In each, threads first sort the hashes of some mails by table, then each table takes those
 * of its own, mail by mail: no locks, and the same sequence for each table whatever the number of threads. */
#define _GNU_SOURCE
#include "models/train/vocabulary.h"

#include "proto/base/tempfile.h"
#include "proto/base/threads.h"
#include "proto/cli/cli.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    TABLES = 16,
    TABLE_SHIFT = 28,         /* the bits above choose the table */
    TABLE_BITS = 14,          /* log2 of its slots at first */
    BLOCKS = 64,              /* of mails in a round, each sorted by one thread */
    BLOCK_FEATURES = 1 << 18, /* about so many in each */
    AHEAD = 24,               /* slots that are on their way from memory */
    COUNTS = 256,             /* counts that are told apart when the least is chosen */
    LEAST = 2,
    CHUNK = 256, /* mails that are translated at once */
};

struct slot {
    uint32_t hash;  /* 0: free */
    uint32_t count; /* mails; later the number, or NO_NUMBER */
};
enum { NO_NUMBER = UINT32_MAX };

struct table {
    struct slot *slot; /* owned; 1 << bits */
    unsigned bits, bits_limit;
    size_t used;
};

/* Some mails in a row. */
struct block {
    size_t first, end;
    uint32_t *hash; /* owned; sorted by table */
    size_t start[TABLES + 1];
};

struct counting {
    struct vocabulary *v;
    const struct corpus *c;
    struct vocabulary_limits limits;
    struct table table[TABLES];
    struct block block[BLOCKS];
    size_t blocks;
    _Atomic uint8_t *view; /* [v->n]: the first view that has the word; owned */
    uint32_t least;        /* mails, of a word that stays */
    int fd;
    atomic_int failed; /* an enum err */
    atomic_int error;  /* errno of ERR_IO */
};

static size_t mail_features(const struct counts_mail *m)
{
    size_t n = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) n += m->n[v];
    return n;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static size_t home(const struct table *t, uint32_t hash)
{
    return (hash * 0x9E3779B1u) >> (32 - t->bits);
}

static struct slot *find(const struct table *t, uint32_t hash)
{
    size_t mask = ((size_t)1 << t->bits) - 1;
    for (size_t i = home(t, hash);; i = (i + 1) & mask)
        if (t->slot[i].hash == hash || !t->slot[i].hash) return &t->slot[i];
}

static void close_table(struct table *t)
{
    if (t->slot) munmap(t->slot, sizeof *t->slot << t->bits);
    *t = (struct table){0};
}

static bool open_table(struct table *t, unsigned bits, unsigned bits_limit)
{
    size_t bytes = sizeof *t->slot << bits;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *t = (struct table){.slot = p == MAP_FAILED ? NULL : p, .bits = bits, .bits_limit = bits_limit};
    if (t->slot) madvise(p, bytes, MADV_HUGEPAGE); /* found at random: the fewer pages the better */
    return t->slot != NULL;
}

/* The same with slots of `bits`, without words of fewer than `least` mails. */
static bool rebuild(struct table *t, unsigned bits, uint32_t least)
{
    struct table to;
    if (!open_table(&to, bits, t->bits_limit)) return false;
    for (size_t i = 0; i < (size_t)1 << t->bits; i++) {
        if (!t->slot[i].hash || t->slot[i].count < least) continue;
        *find(&to, t->slot[i].hash) = t->slot[i];
        to.used++;
    }
    close_table(t);
    *t = to;
    return true;
}

/* Room for one more: a table at its limit forgets the rarest until it is half empty. */
static bool make_room(struct table *t)
{
    size_t slots = (size_t)1 << t->bits;
    if (t->used < slots / 2 + slots / 8) return true;
    if (t->bits < t->bits_limit) return rebuild(t, t->bits + 1, 0);
    for (uint32_t least = 2; t->used >= slots / 2; least++)
        if (!rebuild(t, t->bits, least)) return false;
    return true;
}

static bool count_all(struct table *t, const uint32_t *hash, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) __builtin_prefetch(&t->slot[home(t, hash[i + AHEAD])], 1);
        struct slot *s = find(t, hash[i]);
        if (!hash[i]) continue; /* no feature has it, but a file may */
        if (s->hash) {
            s->count += s->count != UINT32_MAX - 1;
            continue;
        }
        *s = (struct slot){hash[i], 1};
        t->used++;
        if (!make_room(t)) return false;
    }
    return true;
}

/* --- counting ----------------------------------------------------------------------------------------------------- */

/* Sort a block's hashes by table; within one they stay in the mails' order. */
static void sort_block(void *arg, size_t job)
{
    struct counting *k = arg;
    struct block *b = &k->block[job];
    size_t n = 0, at[TABLES] = {0};
    for (size_t i = b->first; i < b->end; i++) {
        const struct counts_mail *m = k->c->mail[i];
        size_t features = mail_features(m);
        for (size_t j = 0; j < features; j++) at[m->hash[j] >> TABLE_SHIFT]++;
        n += features;
    }
    b->hash = malloc((n + 1) * sizeof *b->hash);
    if (!b->hash) {
        k->failed = ERR_MEMORY;
        return;
    }
    b->start[0] = 0;
    for (unsigned t = 0; t < TABLES; t++) {
        b->start[t + 1] = b->start[t] + at[t];
        at[t] = b->start[t];
    }
    for (size_t i = b->first; i < b->end; i++) {
        const struct counts_mail *m = k->c->mail[i];
        size_t features = mail_features(m);
        for (size_t j = 0; j < features; j++) b->hash[at[m->hash[j] >> TABLE_SHIFT]++] = m->hash[j];
    }
}

static void count_table(void *arg, size_t job)
{
    struct counting *k = arg;
    for (size_t i = 0; i < k->blocks; i++) {
        const struct block *b = &k->block[i];
        if (!b->hash || !count_all(&k->table[job], b->hash + b->start[job], b->start[job + 1] - b->start[job]))
            k->failed = ERR_MEMORY;
    }
}

/* The blocks of the next round, from mail `at` on. Returns where it ends. */
static size_t choose_blocks(struct counting *k, size_t at)
{
    for (k->blocks = 0; k->blocks < BLOCKS && at < k->c->n; k->blocks++) {
        struct block *b = &k->block[k->blocks];
        *b = (struct block){.first = at};
        for (size_t n = 0; at < k->c->n && n < BLOCK_FEATURES; at++) n += mail_features(k->c->mail[at]);
        b->end = at;
    }
    return at;
}

static enum err count_words(struct counting *k)
{
    struct progress bar;
    unsigned first = k->limits.slots < TABLE_BITS ? k->limits.slots : TABLE_BITS;
    for (unsigned t = 0; t < TABLES; t++)
        if (!open_table(&k->table[t], first, k->limits.slots)) return ERR_MEMORY;
    progress_start(&bar, "counting words", k->c->n);
    for (size_t at = 0; !k->failed && at < k->c->n;) {
        progress_at(&bar, at);
        at = choose_blocks(k, at);
        threads_run(k->blocks, sort_block, k);
        threads_run(TABLES, count_table, k);
        for (size_t i = 0; i < k->blocks; i++) free(k->block[i].hash);
    }
    progress_end(&bar);
    return (enum err)k->failed;
}

/* --- numbering ---------------------------------------------------------------------------------------------------- */

/* Words of how many mails at least are few enough. */
static uint32_t choose_least(const struct counting *k, size_t *n_out)
{
    size_t of[COUNTS] = {0}, n = 0;
    for (unsigned t = 0; t < TABLES; t++)
        for (size_t i = 0; i < (size_t)1 << k->table[t].bits; i++) {
            uint32_t count = k->table[t].slot[i].count;
            of[count < COUNTS ? count : COUNTS - 1]++;
        }
    uint32_t least = LEAST;
    for (uint32_t i = LEAST; i < COUNTS; i++) n += of[i];
    while (least < COUNTS - 1 && n > (size_t)1 << k->limits.words) n -= of[least++];
    *n_out = n < (size_t)1 << k->limits.words ? n : (size_t)1 << k->limits.words;
    return least;
}

/* Classes of counts: each twice as common as the next. */
static unsigned class_of(uint32_t count)
{
    return (unsigned)__builtin_clz(count);
}

/* Let the rare words go, and fit the table to the rest. */
static void prune_table(void *arg, size_t job)
{
    struct counting *k = arg;
    struct table *t = &k->table[job];
    unsigned bits = 4;
    size_t kept = 0;
    for (size_t i = 0; i < (size_t)1 << t->bits; i++) kept += t->slot[i].hash && t->slot[i].count >= k->least;
    while ((size_t)1 << bits < 2 * kept) bits++;
    if (!rebuild(t, bits, k->least)) k->failed = ERR_MEMORY;
}

/* The commonest first, in classes; within one in the tables' order. */
static enum err number_words(struct counting *k)
{
    struct vocabulary *v = k->v;
    size_t start[33] = {0};
    k->least = choose_least(k, &v->n);
    threads_run(TABLES, prune_table, k);
    while ((size_t)1 << v->bits < v->n) v->bits++;
    v->word = malloc((v->n + 1) * sizeof *v->word);
    k->view = malloc((v->n + 1) * sizeof *k->view);
    if (!v->word || !k->view || k->failed) return ERR_MEMORY;
    memset((void *)k->view, VIEW_COUNT, v->n);
    for (unsigned t = 0; t < TABLES; t++)
        for (size_t i = 0; i < (size_t)1 << k->table[t].bits; i++)
            if (k->table[t].slot[i].hash) start[class_of(k->table[t].slot[i].count) + 1]++;
    for (unsigned i = 1; i < 33; i++) start[i] += start[i - 1];
    for (unsigned t = 0; t < TABLES; t++)
        for (size_t i = 0; i < (size_t)1 << k->table[t].bits; i++) {
            struct slot *s = &k->table[t].slot[i];
            if (!s->hash) continue;
            size_t number = start[class_of(s->count)]++;
            s->count = number < v->n ? (uint32_t)number : NO_NUMBER; /* over the limit even so */
            if (number < v->n) v->word[number] = (struct learner_word){.hash = s->hash, .cell = (uint32_t)number};
        }
    return ERR_OK;
}

/* --- mails as numbers --------------------------------------------------------------------------------------------- */

/* A word that is in two views by chance is one of the first of them, whichever thread met it first. */
static void note_view(_Atomic uint8_t *of, uint8_t view)
{
    uint8_t have = atomic_load_explicit(of, memory_order_relaxed);
    while (view < have && !atomic_compare_exchange_weak(of, &have, view)) continue;
}

/* The numbers of a mail's words to `to`, behind how many there are of each view. */
static void translate(struct counting *k, const struct counts_mail *m, uint32_t *to)
{
    const uint32_t *hash = m->hash, *end = hash + mail_features(m);
    uint32_t *number = to + VIEW_COUNT;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        const uint32_t *first = number;
        for (size_t i = 0; i < m->n[v]; i++, hash++) {
            if (end - hash > AHEAD) {
                const struct table *next = &k->table[hash[AHEAD] >> TABLE_SHIFT];
                __builtin_prefetch(&next->slot[home(next, hash[AHEAD])]);
            }
            const struct slot *s = find(&k->table[*hash >> TABLE_SHIFT], *hash);
            if (!s->hash || s->count == NO_NUMBER) continue;
            note_view(&k->view[s->count], (uint8_t)v);
            *number++ = s->count;
        }
        to[v] = (uint32_t)(number - first);
    }
}

static bool write_at(int fd, const uint8_t *p, size_t n, uint64_t at)
{
    while (n) {
        ssize_t done = pwrite(fd, p, n, (off_t)at);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        p += done, n -= (size_t)done, at += (uint64_t)done;
    }
    return true;
}

/* Mails [job * CHUNK, …) into the file. */
static void translate_chunk(void *arg, size_t job)
{
    struct counting *k = arg;
    const uint64_t *offset = k->v->offset;
    size_t first = job * CHUNK, end = first + CHUNK < k->c->n ? first + CHUNK : k->c->n;
    size_t bytes = offset[end] - offset[first];
    uint8_t *p = k->failed ? NULL : calloc(1, bytes + 1);
    if (!p) {
        if (!k->failed) k->failed = ERR_MEMORY;
        return;
    }
    for (size_t i = first; i < end; i++)
        translate(k, k->c->mail[i], (uint32_t *)(void *)(p + offset[i] - offset[first]));
    if (!write_at(k->fd, p, bytes, offset[first])) {
        k->error = errno;
        k->failed = ERR_IO;
    }
    free(p);
}

/* Words one view after the other, in the order of their numbers. */
static enum err sort_by_view(struct counting *k)
{
    struct vocabulary *v = k->v;
    struct learner_word *sorted = malloc((v->n + 1) * sizeof *sorted);
    size_t at[VIEW_COUNT + 2] = {0}; /* a word that no mail has is of none: there is no such word */
    if (!sorted) return ERR_MEMORY;
    for (size_t i = 0; i < v->n; i++) at[k->view[i] + 1]++;
    for (unsigned i = 1; i <= VIEW_COUNT; i++) at[i] += at[i - 1];
    for (size_t i = 0; i < v->n; i++) {
        v->word[i].view = k->view[i];
        sorted[at[k->view[i]]++] = v->word[i];
    }
    free(v->word);
    v->word = sorted;
    return ERR_OK;
}

static enum err translate_all(struct counting *k)
{
    struct vocabulary *v = k->v;
    size_t n = k->c->n;
    v->offset = malloc((n + 1) * sizeof *v->offset);
    if (!v->offset) return ERR_MEMORY;
    v->offset[0] = 0;
    for (size_t i = 0; i < n; i++)
        v->offset[i + 1] = v->offset[i] + (VIEW_COUNT + mail_features(k->c->mail[i])) * sizeof(uint32_t);
    threads_run((n + CHUNK - 1) / CHUNK, translate_chunk, k);
    if (k->failed) return (enum err)k->failed;
    v->map_bytes = v->offset[n];
    void *p = v->map_bytes ? mmap(NULL, v->map_bytes, PROT_READ, MAP_SHARED, k->fd, 0) : NULL;
    if (p == MAP_FAILED) return ERR_MEMORY;
    v->map = p;
    return sort_by_view(k);
}

enum err vocabulary_open(struct vocabulary *v, const struct corpus *c, struct vocabulary_limits limits,
                         const char *folder, char *fault_out)
{
    struct counting k = {.v = v, .c = c, .limits = limits, .fd = tempfile_open(folder)};
    *v = (struct vocabulary){0};
    enum err e = k.fd >= 0 ? count_words(&k) : ERR_IO;
    if (k.fd < 0) k.error = errno;
    if (!e) e = number_words(&k);
    if (!e) e = translate_all(&k);
    if (e == ERR_IO)
        snprintf(fault_out, VOCABULARY_FAULT_BYTES, "a temporary file of %.1f MB (TMPDIR says where): %s",
                 (double)(v->offset ? v->offset[c->n] : 0) / 1e6, strerror(k.error));
    else if (e)
        snprintf(fault_out, VOCABULARY_FAULT_BYTES, "%s", err_str(e));
    for (unsigned t = 0; t < TABLES; t++) close_table(&k.table[t]);
    free((void *)k.view);
    if (k.fd >= 0) close(k.fd);
    if (e) vocabulary_close(v);
    return e;
}

void vocabulary_close(struct vocabulary *v)
{
    if (v->map) munmap((void *)v->map, v->map_bytes);
    free(v->word);
    free(v->offset);
    *v = (struct vocabulary){0};
}

void vocabulary_features(const struct vocabulary *v, size_t i, struct features *out)
{
    const uint32_t *n = (const void *)(v->map + v->offset[i]), *at = n + VIEW_COUNT;
    *out = (struct features){0};
    for (unsigned j = 0; j < VIEW_COUNT; j++) {
        out->view[j] = (struct feature_list){at, n[j]};
        at += n[j];
    }
}
