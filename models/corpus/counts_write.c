/* SPDX-License-Identifier: Apache-2.0 */
/* counts_write: appends records; a named file is PATH.part until it is whole, and goes on where it stopped; see
 * counts.h. */
#define _GNU_SOURCE
#include "models/corpus/counts.h"

#include "models/corpus/counts_resume.h"
#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/base/replace.h"
#include "proto/base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_BYTES = 1 << 20, TEXT_MAX = 1 << 20 };

static enum err fault_errno(struct counts_writer *w, char *out, const char *doing)
{
    int error = errno;
    w->failed = true;
    const char *where = w->part ? w->part : "the temporary counts file";
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        snprintf(out, COUNTS_FAULT_BYTES, "%.300s: no room for more than %.1f MB (%s); a mail takes about 20 KB: %s",
                 where, (double)w->bytes / 1e6, strerror(error),
                 w->part ? "make room, and the same command goes on from here"
                         : "TMPDIR=DIR, or --counts FILE on a larger disk, puts it elsewhere");
    else
        snprintf(out, COUNTS_FAULT_BYTES, "%.300s: cannot %s: %s", where, doing, strerror(error));
    return ERR_IO;
}

static enum err out_of_memory(char *out)
{
    snprintf(out, COUNTS_FAULT_BYTES, "%s", err_str(ERR_MEMORY));
    return ERR_MEMORY;
}

/* `n` bytes more in the buffer, zeroed; NULL when out of memory. */
static uint8_t *room(struct counts_writer *w, size_t n)
{
    if (w->cap - w->n < n) {
        size_t cap = w->cap + n + FLUSH_BYTES;
        uint8_t *grown = realloc(w->buf, cap);
        if (!grown) return NULL;
        w->buf = grown;
        w->cap = cap;
    }
    memset(w->buf + w->n, 0, n);
    w->n += n;
    return w->buf + w->n - n;
}

static size_t aligned(size_t n)
{
    return (n + COUNTS_ALIGN - 1) / COUNTS_ALIGN * COUNTS_ALIGN;
}

/* Head and text into the empty buffer. */
static enum err put_head(struct counts_writer *w, const struct counts_plan *plan, char *fault_out)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (!f) return out_of_memory(fault_out);
    for (size_t i = 0; i < plan->sources; i++) fprintf(f, "source %.*s\n", SPAN_ARG(plan->source[i]));
    for (size_t i = 0; i < plan->trust->hosts; i++) fprintf(f, "trust %.*s\n", SPAN_ARG(plan->trust->host[i]));
    if (plan->trust->own_received) fprintf(f, "own-received %u\n", plan->trust->own_received);
    bool written = fclose(f) == 0;
    uint8_t *p = written && n < TEXT_MAX ? room(w, sizeof(struct counts_head) + aligned(n)) : NULL;
    if (p) {
        struct counts_head h = {.version = COUNTS_VERSION,
                                .feature_version = FEATURE_VERSION,
                                .job = plan->job,
                                .text_bytes = (uint32_t)aligned(n),
                                .sources = (uint32_t)plan->sources};
        memcpy(h.magic, COUNTS_MAGIC, sizeof h.magic);
        memcpy(p + sizeof h, text, n);
        h.check = hash64(span_of(p + sizeof h, h.text_bytes), hash64(span_of(&h, sizeof h), 0));
        memcpy(p, &h, sizeof h);
    }
    free(text);
    return p ? ERR_OK : out_of_memory(fault_out);
}

/* Is what we have locked still what bears the name? Who had the lock before may have put it in its place. */
static bool is_there(const struct counts_writer *w)
{
    struct stat named, ours;
    return lstat(w->part, &named) == 0 && fstat(w->fd, &ours) == 0 && named.st_dev == ours.st_dev &&
           named.st_ino == ours.st_ino;
}

/* May the file be gone on with, or written anew: is it empty, or does it begin as counts do? */
static bool is_ours(int fd)
{
    uint8_t head[sizeof COUNTS_MAGIC - 1];
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    ssize_t n = pread(fd, head, sizeof head, 0);
    return n >= 0 && memcmp(head, COUNTS_MAGIC, (size_t)n) == 0;
}

static enum err open_part(struct counts_writer *w, const char *path, char *fault_out)
{
    struct stat st;
    if (!*path) {
        snprintf(fault_out, COUNTS_FAULT_BYTES, "'': no name of a file");
        return ERR_IO;
    }
    w->path = strdup(path);
    if (!w->path || asprintf(&w->part, "%s.part", path) < 0) {
        w->part = NULL;
        return out_of_memory(fault_out);
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        snprintf(fault_out, COUNTS_FAULT_BYTES, "%.300s: there is something that is not a file", path);
        return ERR_IO;
    }
    /* Beside a file in a folder of many people somebody may have put a link, or a pipe, of that name. */
    w->fd = open(w->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (w->fd < 0) return fault_errno(w, fault_out, "create");
    const char *wrong = flock(w->fd, LOCK_EX | LOCK_NB) != 0 ? "another furui train writes it"
                        : !is_there(w)                       ? "another furui train has just ended it"
                        : !is_ours(w->fd) ? "is there and no counts file; remove it if nobody needs it"
                                          : NULL;
    if (wrong) snprintf(fault_out, COUNTS_FAULT_BYTES, "%.300s: %s", w->part, wrong);
    return wrong ? ERR_IO : ERR_OK;
}

/* Keep the records of an earlier run of the same plan; the head is in the buffer. */
static enum err resume(struct counts_writer *w, char *fault_out)
{
    const struct counts_head *want = (const void *)w->buf;
    struct counts found;
    uint64_t end;
    if (!w->part || counts_resume(w->fd, want, span_of(w->buf + sizeof *want, want->text_bytes), &found, &end)) {
        end = 0;
    } else {
        w->mails = found.mails;
        w->chain = found.chain;
        w->n = 0;
    }
    w->bytes = end;
    if (ftruncate(w->fd, (off_t)end) != 0 || lseek(w->fd, 0, SEEK_END) < 0) return fault_errno(w, fault_out, "write");
    return ERR_OK;
}

enum err counts_create(const char *path, const char *folder, const struct counts_plan *plan, struct counts_writer *w,
                       char *fault_out)
{
    *w = (struct counts_writer){.fd = -1};
    enum err e = path ? open_part(w, path, fault_out) : ERR_OK;
    if (!e && !path && (w->fd = tempfile_open(folder)) < 0) e = fault_errno(w, fault_out, "create");
    if (!e) e = put_head(w, plan, fault_out);
    if (!e) e = resume(w, fault_out);
    if (e) counts_writer_close(w);
    return e;
}

enum err counts_flush(struct counts_writer *w, char *fault_out)
{
    if (!file_write(w->fd, span_of(w->buf, w->n))) return fault_errno(w, fault_out, "write");
    w->bytes += w->n;
    w->n = 0;
    return ERR_OK;
}

/* The record at p is filled in but for its check. */
static enum err record_done(struct counts_writer *w, uint8_t *p, size_t bytes, char *fault_out)
{
    uint64_t check = hash64(span_of(p + sizeof check, bytes - sizeof check), 0);
    memcpy(p, &check, sizeof check);
    w->chain = hash_pair(w->chain, check);
    w->mails++;
    return w->n >= FLUSH_BYTES ? counts_flush(w, fault_out) : ERR_OK;
}

enum err counts_add(struct counts_writer *w, const struct counts_mail *facts, const struct features *f, span path,
                    char *fault_out)
{
    const size_t head = offsetof(struct counts_mail, hash);
    path = span_head(path, COUNTS_PATH_MAX);
    size_t bytes = aligned(head + features_count(f) * sizeof(uint32_t) + path.n);
    uint8_t *p = room(w, bytes);
    if (!p) return out_of_memory(fault_out);
    struct counts_mail *m = (void *)p;
    memcpy(p, facts, head);
    m->bytes = (uint32_t)bytes;
    m->path_bytes = (uint16_t)path.n;
    uint32_t *to = m->hash;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        m->n[v] = (uint32_t)f->view[v].n;
        if (m->n[v]) memcpy(to, f->view[v].v, m->n[v] * sizeof *to);
        to += m->n[v];
    }
    memcpy(m->number, f->number, sizeof m->number);
    if (path.n) memcpy(to, path.p, path.n);
    return record_done(w, p, bytes, fault_out);
}

enum err counts_copy(struct counts_writer *w, const struct counts_mail *m, uint32_t source, char *fault_out)
{
    uint8_t *p = room(w, m->bytes);
    if (!p) return out_of_memory(fault_out);
    memcpy(p, m, m->bytes);
    ((struct counts_mail *)(void *)p)->source = source;
    return record_done(w, p, m->bytes, fault_out);
}

enum err counts_finish(struct counts_writer *w, struct counts *c_out, char *fault_out)
{
    struct counts_end end = {.bytes = sizeof end, .mark = COUNTS_END, .mails = w->mails, .chain = w->chain};
    end.check = hash64(span_of(&end.bytes, sizeof end - sizeof end.check), 0);
    uint8_t *p = room(w, sizeof end);
    if (!p) return out_of_memory(fault_out);
    memcpy(p, &end, sizeof end);
    enum err e = counts_flush(w, fault_out);
    if (e || !w->path) return e ? e : counts_open_fd(w->fd, "the temporary counts file", c_out, fault_out);
    struct replace r = {.fd = w->fd, .temp = w->part, .path = w->path};
    int locked = fcntl(w->fd, F_DUPFD_CLOEXEC, 0); /* until the file has its name */
    e = replace_done(&r, true, fault_out);         /* closes fd and frees the name if it has a new one */
    if (locked >= 0) close(locked);
    w->fd = r.fd;
    w->part = r.temp;
    return e ? e : counts_open(w->path, c_out, fault_out);
}

void counts_writer_close(struct counts_writer *w)
{
    if (w->fd >= 0 && w->part && w->n) file_write(w->fd, span_of(w->buf, w->n)); /* whole records, for the next run */
    if (w->fd >= 0) close(w->fd);
    free(w->path);
    free(w->part);
    free(w->buf);
    *w = (struct counts_writer){.fd = -1};
}
