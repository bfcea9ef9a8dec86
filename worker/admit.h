/* SPDX-License-Identifier: Apache-2.0 */
/* admit: takes a pushed bundle in: copy, sync, verify the copy, say what it is (proto/backend.h, --admit).
 *
 * The copy is verified and not the original: whoever holds that may write to it meanwhile. */
#ifndef FURUI_WORKER_ADMIT_H
#define FURUI_WORKER_ADMIT_H

/* From descriptor BACKEND_ADMIT_FROM_FD to BACKEND_ADMIT_TO_FD; the exit status. */
int admit(void);

#endif
