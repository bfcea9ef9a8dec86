/* SPDX-License-Identifier: Apache-2.0 */
/* replace: temp file, fsync, rename, fsync of the folder; see replace.h. */
#define _GNU_SOURCE
#include "proto/base/replace.h"

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
    if (!*path) return fault(fault_out, ERR_IO, "''", "no name of a file");
    bool there = stat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode)) return fault(fault_out, ERR_IO, path, "there is something that is not a file");
    r->target = there ? realpath(path, NULL) : strdup(path);
    if (r->target && asprintf(&r->temp, "%s.XXXXXX", r->target) < 0) r->temp = NULL;
    enum err e = r->temp ? ERR_OK : fault(fault_out, ERR_MEMORY, path, "out of memory");
    if (!e && (r->fd = mkostemp(r->temp, O_CLOEXEC)) < 0) {
        e = fault_errno(fault_out, path, "create a file beside it");
        free(r->temp);
        r->temp = NULL;
    }
    if (e) replace_close(r);
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

/* That of the file which is there: who must not read it must not read the next one. */
static mode_t mode_for(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0) return st.st_mode & 0777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

enum err replace_done(struct replace *r, bool written, char *fault_out)
{
    if (!written) return fault_errno(fault_out, r->path, "write");
    const char *target = r->target ? r->target : r->path;
    if (fchmod(r->fd, mode_for(target)) != 0 || fsync(r->fd) != 0) return fault_errno(fault_out, r->path, "write");
    int closed = close(r->fd);
    r->fd = -1;
    if (closed != 0 || rename(r->temp, target) != 0)
        return fault_errno(fault_out, r->path, "put the new file in its place");
    free(r->temp);
    r->temp = NULL;
    return sync_folder_of(target) ? ERR_OK : fault_errno(fault_out, r->path, "sync its folder");
}

void replace_close(struct replace *r)
{
    if (r->fd >= 0) close(r->fd);
    if (r->temp) unlink(r->temp);
    free(r->temp);
    free(r->target);
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

bool replace_same(const char *a, const char *b)
{
    struct stat x, y;
    return a && b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino &&
           S_ISREG(x.st_mode);
}

enum err replace_place(const char *path, char *fault_out)
{
    struct replace r;
    enum err e = replace_open(&r, path, fault_out);
    if (!e) replace_close(&r);
    return e;
}

/* A pipe, a terminal, /dev/null: nothing that is there is lost by writing to it. */
static bool flows(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode));
}

enum err replace_text_place(const char *path, char *fault_out)
{
    return flows(path) ? ERR_OK : replace_place(path, fault_out);
}

/* Closes fd; errno tells what went wrong. */
static bool print_to(int fd, replace_text_fn *print, const void *arg)
{
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f) {
        if (fd >= 0) close(fd);
        return false;
    }
    print(f, arg);
    bool good = fflush(f) == 0 && !ferror(f);
    int kept = errno;
    good = fclose(f) == 0 && good;
    if (kept) errno = kept;
    return good;
}

enum err replace_text(const char *path, replace_text_fn *print, const void *arg, char *fault_out)
{
    struct replace r;
    if (flows(path)) {
        bool good = print_to(open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), print, arg);
        return good ? ERR_OK : fault_errno(fault_out, path, "write");
    }
    enum err e = replace_open(&r, path, fault_out);
    if (e) return e;
    e = replace_done(&r, print_to(fcntl(r.fd, F_DUPFD_CLOEXEC, 0), print, arg), fault_out);
    replace_close(&r);
    return e;
}
