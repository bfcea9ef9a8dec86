/* SPDX-License-Identifier: Apache-2.0 */
/* state: the engine's directory: one engine at a time, its sockets, Redis's files, the poison box.
 *
 *     furuid.lock   locked (flock) while an engine runs; holds its pid
 *     admin.sock    the operator's door
 *     models/       pushed bundles and their history, unless the config names another folder
 *     redis.sock, redis.lock, redis.log, redis/   the private redis-server's
 *     poison/       mails that killed two workers
 *
 * It is created 0700; one that others may write to is refused. */
#ifndef FURUI_ENGINE_STATE_H
#define FURUI_ENGINE_STATE_H

#include "proto/config.h"

enum { STATE_PATH_MAX = CONFIG_TEXT_MAX + 64, STATE_SOCKET_MAX = 107 /* bytes of a socket's path: unix(7) */ };

struct state {
    char dir[CONFIG_TEXT_MAX];
    int lock_fd;
};

/* Make the directory if need be, and lock it.
 *
 *   fault_out  one line on error; CONFIG_FAULT_MAX bytes
 *
 * ERR_BUSY: another engine has it; ERR_TOO_BIG: its path leaves no room for a socket's name; ERR_IO. */
enum err state_open(struct state *s, const char *dir, char *fault_out);
void state_close(struct state *s);

/* The pid in the lock of an engine that runs there; 0 when none does. */
long state_owner(const char *dir);

/* DIR/name; name is one of ours, so it fits. */
void state_path(const struct state *s, const char *name, char path_out[STATE_PATH_MAX]);

/* A lock that outlives us in a child that inherits it: DIR/name, open and locked, close-on-exec; -1 while somebody
 * else has it. */
int state_lock_child(const struct state *s, const char *name);

#endif
