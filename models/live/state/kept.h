/* SPDX-License-Identifier: Apache-2.0 */
/* kept: the last mails that something was learnt of, to be learnt again or looked at: packed records in a ring.
 *
 * One block of memory without pointers, to be written to a file and read back; records are unpacked as a stranger's
 * (proto/feedback.h), since the file may be one. */
#ifndef FURUI_STATE_KEPT_H
#define FURUI_STATE_KEPT_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/feedback.h"

/* What is known of a mail beside its features. */
struct kept_mail {
    uint64_t key; /* of the word that it was learnt by; 0: gone */
    double score; /* log-odds that bundle and live model together gave it when it came */
    double mark;  /* … and when the hour began */
    double now;   /* … and when it was last looked at (guard.h) */
    double weight;
    uint64_t spam;      /* 0 or 1 */
    uint32_t at, bytes; /* in the ring's bytes */
};

struct kept {
    void *block; /* owned */
    size_t bytes;
    struct kept_head *head; /* within the block, as all below */
    struct kept_mail *mail;
    uint8_t *record;
    size_t most, room;
};

/* For `most` mails at most, whose records come to `room` bytes at most. ERR_MEMORY. */
enum err kept_open(struct kept *k, size_t most, size_t room);
void kept_close(struct kept *k);
void kept_clear(struct kept *k);

/* Keep a mail; the oldest go. Of the record only features, tenant and the bundle's score are kept. Lent until the next
 * kept_put; NULL when it does not fit at all. */
struct kept_mail *kept_put(struct kept *k, const struct feedback *r, const struct kept_mail *about);

/* How many there are; the i-th, oldest first. Gone ones count. */
size_t kept_count(const struct kept *k);
struct kept_mail *kept_at(const struct kept *k, size_t i);

/* The one with this key; NULL when there is none. O(count). */
struct kept_mail *kept_find(const struct kept *k, uint64_t key);

/* Its record; text points into the ring. False when it is damaged. */
bool kept_read(const struct kept *k, const struct kept_mail *m, struct arena *a, struct feedback *out);

#endif
