/* SPDX-License-Identifier: Apache-2.0 */
/* learn: the live model: what reports teach about content, beside the bundle and until its next training.
 *
 * A report's mail is learnt on what bundle and live model together leave unsaid, by as much as its reporter is believed,
 * and doubted when both speak strongly against it; an undo takes the step back. A mail of the past is learnt again with
 * each report. Mails of the traffic, of which nobody said anything, teach which features are common, so that what a
 * report moves is what is peculiar to its mail; and when nearly all reports are of one class, they are held where they
 * were. A tenant's report moves the tenant's own cells, and everybody's a little. Formulas, and what each part brings:
 * docs/feedback.md, "The live model". Logic only; the same calls give the same state, byte by byte. */
#ifndef FURUI_STATE_LEARN_H
#define FURUI_STATE_LEARN_H

#include "models/live/state/cells.h"
#include "models/live/state/kept.h"
#include "models/live/state/memo.h"
#include "models/live/state/snapshot.h"
#include "models/live/state/voices.h"

enum {
    LEARN_WORD_BITS = VOICES_WORD_BITS, /* steps that can be taken back */
    LEARN_KEPT_MAX = 2048,              /* mails to learn again */
    LEARN_KEPT_BYTES = 8 << 20,
    LEARN_SAMPLES_MAX = 256, /* mails of the traffic */
    LEARN_SAMPLES_BYTES = 4 << 20,
    LEARN_BLOCKS = 5,
};

struct learn {
    struct cells cells;
    struct kept reports, samples;
    struct memo steps;
    void *steps_block; /* owned */
    size_t steps_bytes;
    struct learn_head *head; /* owned */
    struct arena arena;
    uint64_t version; /* changes whenever the cells do; of this process alone */
};

/* bits: log2 of cells. ERR_MEMORY; some 30 MB beside the cells, touched as they are used. */
enum err learn_open(struct learn *l, unsigned bits);
void learn_close(struct learn *l);

/* All that it knows, in LEARN_BLOCKS blocks, for a snapshot; nothing at all again. */
void learn_blocks(const struct learn *l, struct snapshot_block out[LEARN_BLOCKS]);
void learn_clear(struct learn *l);

/* A report, and what follows from it (voices.h). Of no use: records of other features. */
void learn_report(struct learn *l, const struct feedback *r, const struct voices_effect *e, int64_t now_ms);

/* A mail of the traffic. */
void learn_sample(struct learn *l, const struct feedback *r, int64_t now_ms);

/* Look at the i-th sample again: its log-odds go to `now`. NULL when it cannot be read. */
struct kept_mail *learn_look(struct learn *l, size_t i);

/* Log-odds that the live model gives the mail of a record. */
double learn_score(const struct learn *l, const struct feedback *r);

/* Reports that moved something; a bit (livetable_tenant_bit) for each tenant with reports of its own. */
uint64_t learn_learnt(const struct learn *l);
const uint64_t *learn_tenants(const struct learn *l);

#endif
