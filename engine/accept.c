/* SPDX-License-Identifier: Apache-2.0 */
/* accept: strangers who take every descriptor must not end the engine; see accept.h. */
#define _GNU_SOURCE
#include "engine/accept.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { REST_NS = 10 * 1000000 };

static _Atomic uint64_t starved;

__attribute__((visibility("default"))) int accept4(int fd, struct sockaddr *restrict from,
                                                   socklen_t *restrict from_bytes, int flags)
{
    int got = (int)syscall(SYS_accept4, fd, from, from_bytes, flags);
    if (got >= 0 || errno != EMFILE) return got;
    atomic_fetch_add_explicit(&starved, 1, memory_order_relaxed);
    nanosleep(&(struct timespec){.tv_nsec = REST_NS}, NULL);
    errno = ENFILE;
    return -1;
}

uint64_t accept_starved(void)
{
    return atomic_load_explicit(&starved, memory_order_relaxed);
}

uint64_t accept_raise_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0) return 0;
    rlim_t was = l.rlim_cur;
    l.rlim_cur = l.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &l) == 0 ? l.rlim_cur : was;
}
