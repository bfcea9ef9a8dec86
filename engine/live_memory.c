/* SPDX-License-Identifier: Apache-2.0 */
/* live_memory: a sealed memfd, opened twice; see live_memory.h. F_SEAL_FUTURE_WRITE would bind the learner too, who must
 * map it anew when it starts again. */
#define _GNU_SOURCE
#include "engine/live_memory.h"

#include "proto/livetable.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum err live_memory_open(struct live_memory *m, unsigned bits)
{
    char path[32];
    *m = (struct live_memory){-1, -1};
    if (bits == 0) return ERR_OK;
    m->write_fd = memfd_create("furui-live", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (m->write_fd < 0) return ERR_IO;
    snprintf(path, sizeof path, "/proc/self/fd/%d", m->write_fd);
    if (ftruncate(m->write_fd, (off_t)livetable_bytes(bits)) == 0 &&
        fcntl(m->write_fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
        m->read_fd = open(path, O_RDONLY | O_CLOEXEC);
    /* From here on the file is read-only for whoever opens it anew, as a worker could through /proc. */
    if (m->read_fd >= 0 && fchmod(m->write_fd, 0400) == 0) return ERR_OK;
    live_memory_close(m);
    return ERR_IO;
}

void live_memory_close(struct live_memory *m)
{
    if (m->write_fd >= 0) close(m->write_fd);
    if (m->read_fd >= 0) close(m->read_fd);
    *m = (struct live_memory){-1, -1};
}
