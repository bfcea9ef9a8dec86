/* SPDX-License-Identifier: Apache-2.0 */
/* settings: how to reach the store, as [redis] in a configuration says. */
#ifndef FURUI_STORE_SETTINGS_H
#define FURUI_STORE_SETTINGS_H

#include "proto/config.h"
#include "proto/store/store.h"

/* Texts are lent by `c`. Where `server` says "private" the caller must put the socket in. */
void store_settings(const struct config *c, struct store_options *out);

#endif
