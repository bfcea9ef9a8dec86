/* SPDX-License-Identifier: Apache-2.0 */
/* tempfile: O_TMPFILE where the file system has it, else a name for a moment; see tempfile.h. */
#define _GNU_SOURCE
#include "proto/base/tempfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int tempfile_open(const char *folder)
{
    const char *dir = getenv("TMPDIR");
    char *name;
    if (!dir || !*dir) dir = folder && *folder ? folder : "/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || asprintf(&name, "%s/furui.XXXXXX", dir) < 0) return fd;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) unlink(name);
    free(name);
    return fd;
}
