/* SPDX-License-Identifier: Apache-2.0 */
/* fault: crashes on demand, for the tests of what happens when a worker dies.
 *
 * Only the environment at start arms it (FURUI_TEST_CRASH, FURUI_TEST_HANG: a word each; FURUI_TEST_CRASH_MODEL,
 * FURUI_TEST_HANG_MODEL: a model's id); nothing in a mail or request
 * can. CONTRIBUTING.md names it among the test hooks. */
#ifndef FURUI_WORKER_FAULT_H
#define FURUI_WORKER_FAULT_H

#include "proto/base/span.h"

/* Abort, or loop for ever, when this is the model that a worker shall not get over loading. */
void fault_model(const char *id);

/* Read the environment; says in the log when it is armed. */
void fault_init(void);

/* Abort, or loop for ever, when a mail contains the word; else nothing. */
void fault_strike(span mail);

#endif
