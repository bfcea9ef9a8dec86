/* SPDX-License-Identifier: Apache-2.0 */
/* live_memory: the memory of the live model's table (proto/livetable.h): made once in the engine's life, so that it
 * stays whatever child ends.
 *
 * A memfd with two descriptors: furui-learner's, for writing, and the workers', for reading. A worker closes its own
 * once it is mapped; what is left in it then can be made writable by no call of its own. Its size is sealed, so that no
 * reader can be made to read past its end. */
#ifndef FURUI_ENGINE_LIVE_MEMORY_H
#define FURUI_ENGINE_LIVE_MEMORY_H

#include "proto/base/err.h"

struct live_memory {
    int write_fd, read_fd; /* owned; -1: there is no live model */
};

/* Zeros, for 1 << bits cells; 0 bits: none. ERR_IO with errno. */
enum err live_memory_open(struct live_memory *m, unsigned bits);
void live_memory_close(struct live_memory *m);

#endif
