/* SPDX-License-Identifier: Apache-2.0 */
/* replace: temp file, fsync, rename, fsync of the folder; see replace.h. */
#define _GNU_SOURCE
#include "models/replace.h"

#include "proto/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err fault(char *out, enum err e, const char *path, const char *what)
{
    snprintf(out, REPLACE_FAULT_BYTES, "%.150s: %s", path, what);
    return e;
}

static enum err fault_errno(char *out, const char *path, const char *doing)
{
    char what[96];
    snprintf(what, sizeof what, "cannot %s: %s", doing, strerror(errno));
    return fault(out, ERR_IO, path, what);
}

enum err replace_open(struct replace *r, const char *path, char *fault_out)
{
    *r = (struct replace){.fd = -1, .path = path};
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return fault(fault_out, ERR_IO, path, "there is something that is not a file");
    if (asprintf(&r->temp, "%s.XXXXXX", path) < 0) {
        r->temp = NULL;
        return fault(fault_out, ERR_MEMORY, path, "out of memory");
    }
    r->fd = mkostemp(r->temp, O_CLOEXEC);
    if (r->fd >= 0) return ERR_OK;
    enum err e = fault_errno(fault_out, path, "create a file beside it");
    free(r->temp);
    r->temp = NULL;
    return e;
}

/* Make the rename itself durable. File systems that cannot sync a folder say EINVAL, which is no fault of ours. */
static bool sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    if (!copy) return false;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0) return false;
    bool ok = fsync(fd) == 0 || errno == EINVAL;
    int kept = errno;
    close(fd);
    errno = kept;
    return ok;
}

enum err replace_done(struct replace *r, bool written, char *fault_out)
{
    if (!written) return fault_errno(fault_out, r->path, "write");
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(r->fd, 0666 & ~mask) != 0 || fsync(r->fd) != 0) return fault_errno(fault_out, r->path, "write");
    int closed = close(r->fd);
    r->fd = -1;
    if (closed != 0 || rename(r->temp, r->path) != 0)
        return fault_errno(fault_out, r->path, "put the new file in its place");
    free(r->temp);
    r->temp = NULL;
    return sync_folder_of(r->path) ? ERR_OK : fault_errno(fault_out, r->path, "sync its folder");
}

void replace_close(struct replace *r)
{
    if (r->fd >= 0) close(r->fd);
    if (r->temp) unlink(r->temp);
    free(r->temp);
    *r = (struct replace){.fd = -1};
}

enum err replace_write(const char *path, span bytes, char *fault_out)
{
    struct replace r;
    enum err e = replace_open(&r, path, fault_out);
    if (e) return e;
    e = replace_done(&r, file_write(r.fd, bytes), fault_out);
    replace_close(&r);
    return e;
}

enum err replace_place(const char *path, char *fault_out)
{
    struct replace r;
    enum err e = replace_open(&r, path, fault_out);
    if (!e) replace_close(&r);
    return e;
}
