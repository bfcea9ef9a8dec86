/* SPDX-License-Identifier: Apache-2.0 */
/* accept: strangers who take every descriptor must not end the engine.
 *
 * libzmq's ipc listener (4.3.4 and 4.3.5, src/ipc_listener.cpp) aborts the process when accept4(2) fails with EMFILE,
 * though it bears ENFILE, which means the same for the whole machine. So furuid brings its own accept4, which the
 * linker prefers to libc's: it says ENFILE instead, after a short rest, since the listener would try again at once. */
#ifndef FURUI_ENGINE_ACCEPT_H
#define FURUI_ENGINE_ACCEPT_H

#include <stdint.h>

/* Raise the limit of open descriptors as far as it goes: a connection is one. Returns the limit. */
uint64_t accept_raise_limit(void);

/* How often a connection was refused for want of a descriptor. Any thread. */
uint64_t accept_starved(void);

#endif
