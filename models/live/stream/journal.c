/* SPDX-License-Identifier: Apache-2.0 */
/* journal: see journal.h. Entries that still have to be sent are read back from the files: memory does not grow while
 * Redis is away. */
#define _GNU_SOURCE
#include "models/live/stream/journal.h"

#include "proto/base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD_BYTES = 20, FILES_MAX = 4096, NAME_MAX_BYTES = 32 };

struct log_file {
    uint64_t first; /* number of its first entry */
    size_t bytes;
};

struct journal {
    int dir_fd, lock_fd, fd; /* fd: of the newest file */
    size_t file_bytes, cap_bytes, bytes;
    uint64_t host, next, sent, sent_written, lost;
    struct log_file file[FILES_MAX];
    size_t files;
    bool broken;
    /* the place where journal_read stands */
    int read_fd;
    size_t read_file, read_at;
    uint64_t read_next; /* number of the entry there */
    uint8_t head[HEAD_BYTES];
    uint8_t entry[JOURNAL_ENTRY_MAX];
};

static void put(uint8_t *p, uint64_t x, int bytes)
{
    for (int i = 0; i < bytes; i++) p[i] = (uint8_t)(x >> 8 * i);
}

static uint64_t get(const uint8_t *p, int bytes)
{
    uint64_t x = 0;
    for (int i = 0; i < bytes; i++) x |= (uint64_t)p[i] << 8 * i;
    return x;
}

static enum err fail(char *fault_out, const char *file, const char *what)
{
    snprintf(fault_out, JOURNAL_FAULT_MAX, "journal: %s: %s", file, what);
    return ERR_IO;
}

static void name_of(uint64_t first, char out[NAME_MAX_BYTES])
{
    snprintf(out, NAME_MAX_BYTES, "%016llx.log", (unsigned long long)first);
}

/* --- small files -------------------------------------------------------------------------------------------------- */

/* A number of 16 hex digits in a file; false when there is no such file or it holds something else. */
static bool read_number(int dir_fd, const char *name, uint64_t *out)
{
    char text[17] = "", *end;
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, text, 16);
    close(fd);
    *out = strtoull(text, &end, 16);
    return n == 16 && *end == 0;
}

/* Whole or not at all: written beside, synced, renamed. */
static bool write_number(int dir_fd, const char *name, uint64_t x)
{
    char text[18], beside[NAME_MAX_BYTES];
    snprintf(beside, sizeof beside, "%s.new", name);
    snprintf(text, sizeof text, "%016llx\n", (unsigned long long)x);
    int fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    bool ok = write(fd, text, 17) == 17 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && renameat(dir_fd, beside, dir_fd, name) == 0 && fsync(dir_fd) == 0;
    if (!ok) unlinkat(dir_fd, beside, 0);
    return ok;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool read_all(int fd, void *to, size_t n, size_t at)
{
    for (size_t got = 0; got < n;) {
        ssize_t k = pread(fd, (char *)to + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        got += (size_t)k;
    }
    return true;
}

/* The entry at `at`, when it is whole and has this number; its bytes are in j->entry. Returns its length on disk, else
 * 0. */
static size_t entry_at(struct journal *j, int fd, size_t at, uint64_t number, size_t *bytes_out)
{
    uint8_t head[HEAD_BYTES];
    if (!read_all(fd, head, HEAD_BYTES, at)) return 0;
    size_t n = (size_t)get(head, 4);
    if (n > JOURNAL_ENTRY_MAX || get(head + 12, 8) != number) return 0;
    if (!read_all(fd, j->entry, n, at + HEAD_BYTES)) return 0;
    if (hash64(span_of(j->entry, n), number) != get(head + 4, 8)) return 0;
    *bytes_out = n;
    return HEAD_BYTES + n;
}

static int open_file(const struct journal *j, size_t i, int flags)
{
    char name[NAME_MAX_BYTES];
    name_of(j->file[i].first, name);
    return openat(j->dir_fd, name, flags | O_CLOEXEC, 0600);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int by_first(const void *x, const void *y)
{
    const struct log_file *a = x, *b = y;
    return (a->first > b->first) - (a->first < b->first);
}

static enum err list_files(struct journal *j, char *fault_out)
{
    int fd = openat(j->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) return fail(fault_out, ".", strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        char name[NAME_MAX_BYTES];
        struct stat s;
        uint64_t first = strtoull(e->d_name, NULL, 16);
        name_of(first, name);
        if (strcmp(name, e->d_name) != 0 || fstatat(j->dir_fd, name, &s, 0) != 0) continue;
        if (j->files == FILES_MAX) {
            closedir(d);
            return fail(fault_out, name, "too many files");
        }
        j->file[j->files++] = (struct log_file){first, (size_t)s.st_size};
        j->bytes += (size_t)s.st_size;
    }
    closedir(d);
    qsort(j->file, j->files, sizeof *j->file, by_first);
    return ERR_OK;
}

/* Begin a new file with the number that comes next. */
static enum err new_file(struct journal *j)
{
    if (j->files == FILES_MAX) return ERR_TOO_BIG;
    j->file[j->files] = (struct log_file){.first = j->next};
    int fd = open_file(j, j->files, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0 || fsync(j->dir_fd) != 0) {
        if (fd >= 0) close(fd);
        return ERR_IO;
    }
    if (j->fd >= 0) close(j->fd);
    j->fd = fd;
    j->files++;
    return ERR_OK;
}

/* Go through the newest file: cut a torn tail off, and learn which number comes next. */
static enum err mend_newest(struct journal *j, char *fault_out)
{
    struct log_file *f = &j->file[j->files - 1];
    size_t at = 0, bytes;
    j->fd = open_file(j, j->files - 1, O_RDWR);
    if (j->fd < 0) return fail(fault_out, "the newest file", strerror(errno));
    j->next = f->first;
    for (size_t step; (step = entry_at(j, j->fd, at, j->next, &bytes)) > 0; at += step) j->next++;
    if (at == f->bytes) return ERR_OK;
    j->lost++;
    j->bytes -= f->bytes - at;
    f->bytes = at;
    if (ftruncate(j->fd, (off_t)at) != 0 || fsync(j->fd) != 0)
        return fail(fault_out, "the newest file", strerror(errno));
    return ERR_OK;
}

static enum err open_host(struct journal *j, char *fault_out)
{
    if (read_number(j->dir_fd, "host", &j->host)) return ERR_OK;
    if (faccessat(j->dir_fd, "host", F_OK, 0) == 0) return fail(fault_out, "host", "holds no 16 hex digits");
    if (getrandom(&j->host, sizeof j->host, 0) != sizeof j->host || !write_number(j->dir_fd, "host", j->host))
        return fail(fault_out, "host", strerror(errno));
    return ERR_OK;
}

enum err journal_open(const char *dir, size_t file_bytes, size_t cap_bytes, struct journal **out, char *fault_out)
{
    enum err e = ERR_MEMORY;
    struct journal *j = calloc(1, sizeof *j);
    fault_out[0] = 0;
    if (!j) return ERR_MEMORY;
    j->fd = j->read_fd = j->lock_fd = -1;
    j->file_bytes = file_bytes;
    j->cap_bytes = cap_bytes;
    j->next = 1;
    j->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dir_fd < 0) {
        e = fail(fault_out, dir, strerror(errno));
        goto fail;
    }
    j->lock_fd = openat(j->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->lock_fd < 0 || flock(j->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        e = fail(fault_out, "lock", errno == EWOULDBLOCK ? "another process has it" : strerror(errno));
        if (errno == EWOULDBLOCK) e = ERR_BUSY;
        goto fail;
    }
    if ((e = open_host(j, fault_out)) != ERR_OK) goto fail;
    if ((e = list_files(j, fault_out)) != ERR_OK) goto fail;
    if (j->files && (e = mend_newest(j, fault_out)) != ERR_OK) goto fail;
    if (!read_number(j->dir_fd, "sent", &j->sent)) j->sent = j->files ? j->file[0].first - 1 : 0;
    if (j->sent >= j->next) j->next = j->sent + 1; /* no number comes twice, whatever happened to the files */
    j->sent_written = j->sent;
    bool fresh = j->files && j->file[j->files - 1].bytes == 0 && j->file[j->files - 1].first == j->next;
    if (!fresh && (e = new_file(j)) != ERR_OK) {
        fail(fault_out, "a new file", strerror(errno));
        goto fail;
    }
    journal_mark(j, j->sent);
    *out = j;
    return ERR_OK;
fail:
    journal_close(j);
    return e;
}

void journal_close(struct journal *j)
{
    if (!j) return;
    if (j->lock_fd >= 0 && j->sent > j->sent_written) write_number(j->dir_fd, "sent", j->sent);
    if (j->fd >= 0) close(j->fd);
    if (j->read_fd >= 0) close(j->read_fd);
    if (j->lock_fd >= 0) close(j->lock_fd);
    if (j->dir_fd >= 0) close(j->dir_fd);
    free(j);
}

uint64_t journal_host(const struct journal *j)
{
    return j->host;
}

uint64_t journal_next(const struct journal *j)
{
    return j->next;
}

uint64_t journal_sent(const struct journal *j)
{
    return j->sent;
}

uint64_t journal_lost(const struct journal *j)
{
    return j->lost;
}

size_t journal_bytes(const struct journal *j)
{
    return j->bytes;
}

/* --- appending ---------------------------------------------------------------------------------------------------- */

enum err journal_append(struct journal *j, span entry, uint64_t *number_out)
{
    if (j->broken) return ERR_IO;
    if (entry.n > JOURNAL_ENTRY_MAX || j->bytes + HEAD_BYTES + entry.n > j->cap_bytes) return ERR_TOO_BIG;
    if (j->file[j->files - 1].bytes >= j->file_bytes) {
        enum err e = journal_sync(j);
        if (e == ERR_OK) e = new_file(j);
        if (e != ERR_OK) return e;
    }
    struct log_file *f = &j->file[j->files - 1];
    put(j->head, entry.n, 4);
    put(j->head + 4, hash64(entry, j->next), 8);
    put(j->head + 12, j->next, 8);
    struct iovec v[] = {{j->head, HEAD_BYTES}, {(void *)(uintptr_t)entry.p, entry.n}};
    ssize_t n = pwritev(j->fd, v, 2, (off_t)f->bytes);
    if (n != (ssize_t)(HEAD_BYTES + entry.n)) {
        j->broken = ftruncate(j->fd, (off_t)f->bytes) != 0;
        return ERR_IO;
    }
    f->bytes += (size_t)n;
    j->bytes += (size_t)n;
    *number_out = j->next++;
    return ERR_OK;
}

enum err journal_sync(struct journal *j)
{
    if (!j->broken && fdatasync(j->fd) != 0) j->broken = true;
    return j->broken ? ERR_IO : ERR_OK;
}

/* --- what is still to be sent ------------------------------------------------------------------------------------- */

/* The file that holds `number`, or the first behind it. */
static size_t file_with(const struct journal *j, uint64_t number)
{
    size_t i = 0;
    while (i + 1 < j->files && j->file[i + 1].first <= number) i++;
    return i;
}

static void stop_reading(struct journal *j)
{
    if (j->read_fd >= 0) close(j->read_fd);
    j->read_fd = -1;
}

static bool start_reading(struct journal *j, size_t file)
{
    stop_reading(j);
    j->read_file = file;
    j->read_at = 0;
    j->read_next = j->file[file].first;
    j->read_fd = open_file(j, file, O_RDONLY);
    return j->read_fd >= 0;
}

bool journal_read(struct journal *j, uint64_t from, uint64_t *number_out, span *entry_out)
{
    if (from >= j->next) return false;
    bool here = j->read_fd >= 0 && j->read_file == file_with(j, from) && j->read_next <= from;
    if (!here && !start_reading(j, file_with(j, from))) return false;
    for (;;) {
        size_t bytes = 0, step = 0;
        if (j->read_at < j->file[j->read_file].bytes) step = entry_at(j, j->read_fd, j->read_at, j->read_next, &bytes);
        if (step == 0) { /* the end of this file, or damage */
            j->lost += j->read_at < j->file[j->read_file].bytes;
            if (j->read_file + 1 >= j->files || !start_reading(j, j->read_file + 1)) {
                stop_reading(j);
                return false;
            }
            continue;
        }
        uint64_t number = j->read_next++;
        j->read_at += step;
        if (number < from) continue;
        *number_out = number;
        *entry_out = span_of(j->entry, bytes);
        return true;
    }
}

void journal_unmark(struct journal *j, uint64_t number)
{
    uint64_t gone = j->files ? j->file[0].first - 1 : j->next - 1;
    if (number < gone) number = gone;
    if (number >= j->sent) return;
    j->sent = number;
    if (write_number(j->dir_fd, "sent", j->sent)) j->sent_written = j->sent;
}

void journal_mark(struct journal *j, uint64_t number)
{
    if (number >= j->next) number = j->next - 1;
    if (number > j->sent) j->sent = number;
    size_t done = 0;
    while (done + 1 < j->files && j->file[done + 1].first <= j->sent + 1) done++;
    if (done == 0) return;
    if (!write_number(j->dir_fd, "sent", j->sent)) return; /* first this: without files it is the only memory */
    j->sent_written = j->sent;
    stop_reading(j);
    for (size_t i = 0; i < done; i++) {
        char name[NAME_MAX_BYTES];
        name_of(j->file[i].first, name);
        unlinkat(j->dir_fd, name, 0);
        j->bytes -= j->file[i].bytes;
    }
    memmove(j->file, j->file + done, (j->files - done) * sizeof *j->file);
    j->files -= done;
}
