/* SPDX-License-Identifier: Apache-2.0 */
/* series: older snapshots on this host's disk, to begin again from when a rewind is ordered.
 *
 * A folder of hard links, each named by the place in the stream where it ends (MS-N): of the last 24 hours the first of
 * each hour, before that the first of each day. Time is the stream's. */
#ifndef FURUI_RESUME_SERIES_H
#define FURUI_RESUME_SERIES_H

#include "models/live/stream/follow.h"

enum { SERIES_MAX = 512, SERIES_PATH_BYTES = 4096 };

/* Take in the snapshot at `path`, which ends at `at`; what is not wanted any more goes, and what is over `days` old.
 * `dir` is made when missing. ERR_IO (errno says why). */
enum err series_keep(const char *dir, const char *path, struct follow_place at, unsigned days);

/* The newest that ends at or before `to`. False when there is none. */
bool series_find(const char *dir, struct follow_place to, char path_out[SERIES_PATH_BYTES],
                 struct follow_place *at_out);

/* Remove those that end behind `from` and before `to`. */
void series_forget(const char *dir, struct follow_place from, struct follow_place to);

#endif
