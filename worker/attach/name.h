/* SPDX-License-Identifier: Apache-2.0 */
/* name: what an attachment says it is, by its name, and what its first bytes say. */
#ifndef FURUI_ATTACH_NAME_H
#define FURUI_ATTACH_NAME_H

#include "proto/base/span.h"

/* ODD bits of a file name (UTF-8): EXECUTABLE when its last extension is one that a desktop runs, DOUBLE_EXTENSION
 * when such a one, or one that a browser opens, hides behind a document's ("invoice.pdf.exe"). */
uint64_t attach_name_odd(span name);

/* Do a file's first bytes say that it is a program (DOS and Windows "MZ", ELF)? */
bool attach_magic(span head);

#endif
