/* SPDX-License-Identifier: Apache-2.0 */
/* file: write(2) until all is written; see file.h. */
#include "proto/base/file.h"

#include <errno.h>
#include <unistd.h>

bool file_write(int fd, span s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        s = span_from(s, (size_t)n);
    }
    return true;
}
