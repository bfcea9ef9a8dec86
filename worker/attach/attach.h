/* SPDX-License-Identifier: Apache-2.0 */
/* attach: what an attached file is, by its bytes beside what it is called.
 *
 * Nothing is inflated, run or written: directories, magic numbers and plain scans only. */
#ifndef FURUI_ATTACH_ATTACH_H
#define FURUI_ATTACH_ATTACH_H

#include "proto/base/span.h"

/* What the content is. */
enum attach_kind { ATTACH_UNKNOWN, ATTACH_PROGRAM, ATTACH_KIND_COUNT };

struct attachment {
    enum attach_kind kind;
    uint64_t
        digest[2]; /* XXH3-128 of the decoded bytes, all of them: the same file is the same digest wherever it is */
};

#endif
