/* SPDX-License-Identifier: Apache-2.0 */
/* load_show: a measurement under load, for people and as JSON. */
#ifndef FURUI_BENCH_LOAD_SHOW_H
#define FURUI_BENCH_LOAD_SHOW_H

#include "bench/load.h"
#include "proto/base/json.h"

/* Some lines, headed by `what`. */
void load_text(const char *what, const struct load_result *r);

/* Its figures, as keys of the object that is open. */
void load_json(struct json *j, const struct load_result *r);

#endif
