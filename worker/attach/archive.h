/* SPDX-License-Identifier: Apache-2.0 */
/* archive: what archives other than ZIP hold, where a plain walk over headers tells: RAR, 7z, gzip, tar, cabinet files,
 * TNEF (winmail.dat), ISO 9660 images. Names are judged, encryption is seen; nothing is inflated. */
#ifndef FURUI_ATTACH_ARCHIVE_H
#define FURUI_ATTACH_ARCHIVE_H

#include "worker/attach/inside.h"

enum {
    ARCHIVE_FILES_MAX = 1 << 14, /* headers of one archive that are walked over */
    ARCHIVE_FOLDERS_MAX = 64,    /* folders of a disk image that are opened */
};

/* Read the archive that in->out->kind says it is; other kinds are nothing to do. What lies out of sight, or behind
 * ARCHIVE_FILES_MAX headers, sets in->out->partial. O(what is in sight). */
void archive_read(struct inside *in);

#endif
