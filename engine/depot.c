/* SPDX-License-Identifier: Apache-2.0 */
/* depot: the directory of pushed bundles and their history; see depot.h. */
#define _GNU_SOURCE
#include "engine/depot.h"

#include "engine/child.h"
#include "engine/request.h"
#include "proto/backend.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char HISTORY[] = "history", NEW[] = "history.new", OLD[] = "history.old", DAMAGED[] = "history.damaged";
static const char INCOMING[] = "incoming", LOCK[] = "lock";
enum { NAME_MAX_ = 64 };

static void name_of(uint64_t number, const char *id, char out[NAME_MAX_])
{
    snprintf(out, NAME_MAX_, "%" PRIu64 "-%s.bundle", number, id);
}

void depot_path(const struct depot *d, const struct ledger_row *r, char path_out[STATE_PATH_MAX])
{
    char name[NAME_MAX_];
    name_of(r->number, r->id, name);
    snprintf(path_out, STATE_PATH_MAX, "%.*s/%s", STATE_PATH_MAX - NAME_MAX_ - 2, d->dir, name);
}

int depot_bundle(const struct depot *d, const struct ledger_row *r)
{
    char name[NAME_MAX_];
    name_of(r->number, r->id, name);
    return openat(d->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* --- open --------------------------------------------------------------------------------------------------------- */

/* A whole file; the caller frees *out. ERR_IO with errno; ERR_TOO_BIG. */
static enum err read_file(int dir_fd, const char *name, span *out)
{
    struct stat st;
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return ERR_IO;
    enum err e = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ? ERR_IO
                 : st.st_size > LEDGER_TEXT_MAX              ? ERR_TOO_BIG
                                                             : ERR_OK;
    size_t n = 0, cap = e == ERR_OK ? (size_t)st.st_size : 0;
    uint8_t *p = must_calloc(1, cap + 1);
    for (ssize_t k = 1; n < cap && k > 0; n += (size_t)(k > 0 ? k : 0)) k = read(fd, p + n, cap - n);
    int kept = e == ERR_IO ? EINVAL : errno; /* not a plain file */
    close(fd);
    *out = span_of(p, n);
    if (e != ERR_OK) free(p);
    errno = kept;
    return e;
}

/* ERR_IO: there is none; errno says whether that is all. */
static enum err load(const struct depot *d, const char *name, struct ledger *l)
{
    span text;
    enum err e = read_file(d->fd, name, &text);
    if (e != ERR_OK) return e;
    e = ledger_read(text, l);
    free((void *)(uintptr_t)text.p);
    return e;
}

static void load_any(const struct depot *d, struct ledger *l)
{
    enum err e = load(d, HISTORY, l);
    if (e == ERR_OK || (e == ERR_IO && errno == ENOENT)) return;
    LOG(LEVEL_ERROR, "history_damaged", L_STR("dir", d->dir), L_STR("why", e == ERR_IO ? strerror(errno) : err_str(e)),
        L_STR("kept_as", DAMAGED), L_STR("now", "the one before it is read"));
    renameat(d->fd, HISTORY, d->fd, DAMAGED);
    if (load(d, OLD, l) == ERR_OK) return;
    *l = (struct ledger){0};
    LOG(LEVEL_ERROR, "history_lost", L_STR("dir", d->dir), L_STR("now", "the configured bundle serves"));
}

/* Remove files that have no row. Not when a history was damaged: it must not take the bundles with it. */
static void sweep(const struct depot *d, struct ledger *l)
{
    int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) return;
    struct stat st;
    bool lost = fstatat(d->fd, DAMAGED, &st, AT_SYMLINK_NOFOLLOW) == 0;
    for (struct dirent *e; !lost && (e = readdir(dir));) {
        size_t n = strlen(e->d_name);
        bool ours = strcmp(e->d_name, INCOMING) == 0 || strcmp(e->d_name, NEW) == 0;
        bool bundle = n > 7 && ascii_digit((uint8_t)e->d_name[0]) && strcmp(e->d_name + n - 7, ".bundle") == 0;
        for (size_t i = 0; bundle && i < l->n; i++) {
            char name[NAME_MAX_];
            name_of(l->row[i].number, l->row[i].id, name);
            if (l->row[i].kept && strcmp(e->d_name, name) == 0) bundle = false;
        }
        if (ours || bundle) unlinkat(d->fd, e->d_name, 0);
    }
    closedir(dir);
}

static enum err open_dir(struct depot *d, char *fault_out)
{
    struct stat st;
    if (mkdir(d->dir, 0700) != 0 && errno != EEXIST) goto failed;
    d->fd = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0 || fstat(d->fd, &st) != 0) goto failed;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "history of models %.300s: must be ours, and nobody else may write to it",
                 d->dir);
        return ERR_IO;
    }
    d->lock_fd = openat(d->fd, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->lock_fd < 0) goto failed;
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) == 0) return ERR_OK;
    snprintf(fault_out, CONFIG_FAULT_MAX, "history of models %.300s: in use by another furuid", d->dir);
    return ERR_BUSY;
failed:
    snprintf(fault_out, CONFIG_FAULT_MAX, "history of models %.300s: %s", d->dir, strerror(errno));
    return ERR_IO;
}

enum err depot_open(struct depot *d, const char *dir, const struct state *s, struct ledger *l, char *fault_out)
{
    *d = (struct depot){.fd = -1, .lock_fd = -1};
    *l = (struct ledger){0};
    if (dir[0])
        snprintf(d->dir, sizeof d->dir, "%s", dir);
    else
        state_path(s, "models", d->dir);
    enum err e = open_dir(d, fault_out);
    if (e != ERR_OK) {
        depot_close(d);
        return e;
    }
    load_any(d, l);
    uint64_t now_s = (uint64_t)(clock_wall_us() / 1000000);
    for (struct ledger_row *r; (r = ledger_newest(l, LEDGER_SHADOW));) {
        ledger_set(r, LEDGER_REFUSED, now_s, "furuid ended while it was in shadow; push it again");
        r->kept = false;
    }
    sweep(d, l);
    return ERR_OK;
}

void depot_close(struct depot *d)
{
    if (d->lock_fd >= 0) close(d->lock_fd);
    if (d->fd >= 0) close(d->fd);
    d->fd = d->lock_fd = -1;
}

/* --- a bundle comes in -------------------------------------------------------------------------------------------- */

pid_t depot_copy(const struct depot *d, const char *worker_program, int source_fd, int *said_fd_out)
{
    pid_t pid = -1;
    int said[2] = {-1, -1};
    depot_discard(d);
    int to = openat(d->fd, INCOMING, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to >= 0 && pipe2(said, O_CLOEXEC | O_NONBLOCK) == 0) {
        char *argv[] = {"furui-worker", "--admit", NULL};
        struct child_spec spec = {.path = worker_program,
                                  .argv = argv,
                                  .death_signal = SIGKILL,
                                  .fd = {source_fd, to},
                                  .fds = 2,
                                  .errors = said[1]};
        pid = child_start(&spec);
    }
    int kept = errno;
    if (to >= 0) close(to);
    if (said[1] >= 0) close(said[1]);
    if (pid < 0) {
        if (said[0] >= 0) close(said[0]);
        depot_discard(d);
    }
    errno = kept;
    *said_fd_out = pid < 0 ? -1 : said[0];
    return pid;
}

void depot_copied(int said_fd, int wait_status, struct depot_copy *out)
{
    char text[DEPOT_SAID_MAX];
    ssize_t n = read(said_fd, text, sizeof text);
    close(said_fd);
    *out = (struct depot_copy){0};
    span rest = span_of(text, n > 0 ? (size_t)n : 0), key, value;
    bool good = true;
    while (good && pairs_next(&rest, &key, &value)) {
        if (span_eq(key, SPAN("id"))) good = pairs_text(value, out->id, sizeof out->id);
        if (span_eq(key, SPAN("size"))) good = pairs_number(value, &out->size);
        if (span_eq(key, SPAN("manifest"))) good = pairs_text(value, out->manifest, sizeof out->manifest);
        if (span_eq(key, SPAN("fault"))) good = pairs_text(value, out->why, sizeof out->why);
    }
    bool clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    bool id = strlen(out->id) == 16 && strspn(out->id, "0123456789abcdef") == 16; /* it becomes a file's name */
    if (!id) out->id[0] = 0;
    if (out->why[0] || (clean && good && id)) return;
    char why[CHILD_WHY_MAX];
    child_why(wait_status, why);
    snprintf(out->why, sizeof out->why, "furui-worker --admit ended before it had verified it: %s", why);
}

bool depot_adopt(const struct depot *d, const struct ledger_row *r)
{
    char name[NAME_MAX_];
    name_of(r->number, r->id, name);
    return renameat(d->fd, INCOMING, d->fd, name) == 0;
}

void depot_discard(const struct depot *d)
{
    unlinkat(d->fd, INCOMING, 0);
}

void depot_remove(const struct depot *d, const struct ledger_row *r)
{
    char name[NAME_MAX_];
    name_of(r->number, r->id, name);
    unlinkat(d->fd, name, 0);
}

/* --- the history goes out ----------------------------------------------------------------------------------------- */

/* In the child: only calls that are safe after a fork (signal-safety(7)). Returns 0 or an errno. */
static int write_history(int dir_fd, span text)
{
    int fd = openat(dir_fd, NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return errno;
    if (!file_write(fd, text) || fsync(fd) != 0 || close(fd) != 0) return errno;
    unlinkat(dir_fd, OLD, 0);
    (void)!linkat(dir_fd, HISTORY, dir_fd, OLD, 0); /* there may be none, and it is only for a bad day */
    if (renameat(dir_fd, NEW, dir_fd, HISTORY) != 0) return errno;
    return fsync(dir_fd) == 0 || errno == EINVAL ? 0 : errno;
}

pid_t depot_save(const struct depot *d, const struct ledger *l)
{
    char name[LEDGER_ROWS_MAX][NAME_MAX_];
    struct pairs text = {0};
    size_t n = 0;
    ledger_write(l, &text);
    for (size_t i = 0; i < l->n; i++)
        if (!l->row[i].kept) name_of(l->row[i].number, l->row[i].id, name[n++]);
    pid_t pid = child_fork(d->fd);
    if (pid == 0) {
        int why = write_history(d->fd, span_of(text.p, text.n));
        for (size_t i = 0; why == 0 && i < n; i++) unlinkat(d->fd, name[i], 0);
        _exit(why);
    }
    pairs_close(&text);
    return pid;
}

int depot_saved(int wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : EINTR;
}
