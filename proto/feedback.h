/* SPDX-License-Identifier: Apache-2.0 */
/* feedback: a report as it is kept: what somebody said of a mail, and what must be known of the mail to learn from it.
 *
 * A worker makes it, the journal and the stream hold it, every host's learner reads it: the one form in which a mail
 * outlives its verdict. Two more things go the same way, so that all hosts meet them at the same place: mails of the
 * traffic that nobody said anything of, by which the learner sees what it does to others, and an operator's orders. A
 * record holds no text of the mail but the names that reputation is counted by, and hashes; people
 * are keyed hashes (RFC 2104's purpose, by SipHash). Read back it is a stranger's bytes. docs/feedback.md has its
 * layout. */
#ifndef FURUI_FEEDBACK_H
#define FURUI_FEEDBACK_H

#include "proto/base/arena.h"
#include "proto/wire.h"

enum {
    FEEDBACK_VERSION = 2,
    FEEDBACK_FEATURES = 4, /* version of the hashes that are learnt: FEATURE_VERSION */
    FEEDBACK_NAMES_MAX = 32,
    FEEDBACK_ALIKE_MAX = 5,
    FEEDBACK_NAME_BYTES_MAX = 253,
    FEEDBACK_ORDER_MAX = 1024, /* bytes of an order */
    FEEDBACK_VIEWS_MAX = 16,
    FEEDBACK_VIEW_MAX = 8192,      /* features in one view */
    FEEDBACK_BYTES_MAX = 64 << 10, /* of a packed record; a mail full of features has 46 KB */
};

enum feedback_kind {
    FEEDBACK_REPORT,
    FEEDBACK_SAMPLE,  /* a mail of the traffic: score, features, digest; no names, nobody's word */
    FEEDBACK_CONTROL, /* an operator's order */
    FEEDBACK_KINDS
};

/* One of the names that a mail carries: its kind as worker/rep numbers them. */
struct feedback_name {
    uint8_t kind;
    span name;
};

struct feedback_view {
    const uint32_t *v; /* ascending, none twice, none 0 */
    size_t n;
};

struct feedback {
    enum feedback_kind kind;
    enum wire_say says;                 /* of a report: SPAM, HAM or UNDO; a feedback report was taken apart before */
    bool trap;                          /* the mail came to an address that nobody uses (docs/feedback.md, "Traps") */
    bool learns;                        /* views are there: the mail itself was reported, not a ticket */
    int64_t wall_ms;                    /* when the report came in, since 1970 */
    double score;                       /* log-odds that the bundle gave the content */
    uint32_t features;                  /* version of what views hold (FEATURE_VERSION) */
    uint64_t digest[2];                 /* of the mail: the same for each recipient's copy */
    uint64_t alike[FEEDBACK_ALIKE_MAX]; /* bands of its text's fingerprint: mails that share one say the same */
    size_t alike_count;
    uint64_t reporter;   /* keyed hash; 0: the gateway itself */
    span tenant, ticket; /* at most WIRE_TEXT_MAX bytes */
    span order;          /* of FEEDBACK_CONTROL: proto/pairs.h text, at most FEEDBACK_ORDER_MAX bytes */
    struct feedback_name names[FEEDBACK_NAMES_MAX];
    size_t name_count;
    struct feedback_view view[FEEDBACK_VIEWS_MAX];
    size_t view_count;
};

/* Pack `r` into to[cap]; returns the bytes used, or 0 when they do not fit. Views are sorted in place by the caller:
 * a view that does not ascend is a bug. About 2.7 bytes a feature. */
size_t feedback_pack(const struct feedback *r, uint8_t *to, size_t cap);

/* Unpack; text points into `in`, views go to the arena.
 *
 *   fault_out   what is wrong and at which byte; FEEDBACK_FAULT_MAX bytes, NUL-terminated
 *
 * ERR_SYNTAX, ERR_VERSION, ERR_TOO_BIG, ERR_MEMORY. What is packed again gives the same bytes. Safe on any bytes. */
enum { FEEDBACK_FAULT_MAX = 80 };
enum err feedback_unpack(span in, struct arena *a, struct feedback *out, char *fault_out);

#endif
