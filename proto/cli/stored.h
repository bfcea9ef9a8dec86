/* SPDX-License-Identifier: Apache-2.0 */
/* stored: verbs that look into the service's Redis: it is found by the service's own configuration.
 *
 * Who may read that and reach the store (the private one's socket is its owner's alone) is the operator. */
#ifndef FURUI_CLI_STORED_H
#define FURUI_CLI_STORED_H

#include "proto/config.h"
#include "proto/store/record.h"
#include "proto/store/store.h"

/* Read a service's configuration over the defaults (`file` and `state_dir` may be NULL), and which half-lives it says.
 * `c` was config_init'ed. CLI_OK, or what cli_fail returned: no such file, a Redis that is off. */
int stored_config(struct config *c, const char *verb, const char *file, const char *state_dir,
                  struct record_lives *lives_out);

/* The store of that service. Connects with the first command. */
int stored_open(const struct config *c, const char *verb, struct store **out);

/* Send one command and wait for its reply, which is lent until the next one: 5 seconds at most, as often as the server
 * says that it may work later. An error is told. */
int stored_command(struct store *s, const char *verb, span key, const span *words, size_t n, struct store_reply *reply);

/* Send a command of two words for each of n keys, without waiting between them, and hand each reply to `take`, in any
 * order. As stored_command, with its patience for each 512. */
typedef void stored_take(void *to, size_t i, const struct store_value *v);
int stored_each(struct store *s, const char *verb, const char *command, const span *keys, size_t n, stored_take *take,
                void *to);

#endif
