/* SPDX-License-Identifier: Apache-2.0 */
/* publish: what furui-learner has learnt, put where workers read it: the table of proto/livetable.h.
 *
 * One writer, any number of readers, no lock. A cell is one 16-bit store; the head follows its cells, so that who reads
 * of reports in the head finds what they changed. */
#ifndef FURUI_LIVE_PUBLISH_H
#define FURUI_LIVE_PUBLISH_H

#include "proto/base/err.h"
#include "proto/livetable.h"

#define PUBLISH_STEP 0x1p-11f /* log-odds of one step of a cell: a cell holds ± 16 */

struct publish {
    struct livetable *t; /* owned mapping; NULL: nobody reads, and nothing is written */
    unsigned bits;
};

/* Map the table for writing and see that its head is ours: what an earlier learner of this build has left there stays,
 * anything else becomes zeros. The descriptor is the caller's and no longer needed.
 *
 *   features  version of the hashes that cells are numbered by
 *   step      log-odds of one step of a cell
 *
 * ERR_IO with errno; ERR_MODEL: of another size than a table for `bits` has. */
enum err publish_open(struct publish *p, int fd, unsigned bits, uint32_t features, float step);
void publish_close(struct publish *p);

/* Cells from `first` on: weight[n] in log-odds, rounded to steps, and held to what a cell holds. About 5 ms a million. */
void publish_cells(struct publish *p, uint32_t first, const float *weight, size_t n);

/* What the head says, after the cells: how many reports they hold, whether learning goes on, and a bit for each tenant who
 * may have reports of his own (livetable_tenant_bit). Without reports readers look at no cell from here on. */
void publish_head(struct publish *p, uint64_t learnt, bool frozen, const uint64_t tenants[LIVETABLE_TENANT_BITS / 64]);

#endif
