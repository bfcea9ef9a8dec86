/* SPDX-License-Identifier: Apache-2.0 */
/* config_find: where things are when no file says so: the state, and the bundle that came with the program. */
#ifndef FURUI_CONFIG_FIND_H
#define FURUI_CONFIG_FIND_H

#include "proto/config.h"

void config_find_state_dir(char out[CONFIG_TEXT_MAX]);
void config_find_bundle(char out[CONFIG_TEXT_MAX]);

#endif
