/* SPDX-License-Identifier: Apache-2.0 */
/* index: reads a TREC index and the mails that it names.
 *
 * The file is read once and cut into strings in place; an entry is a pointer into it. Nothing is read from a mail until
 * it is asked for, so an index of millions costs only itself. */
#define _GNU_SOURCE
#include "models/corpus/index.h"

#include "proto/cli/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t INDEX_BYTES_MAX = (size_t)1 << 30;

/* One line, without what could break it or move a terminal; returns `e`. */
static enum err fault(char *out, enum err e, const char *format, ...) __attribute__((format(printf, 3, 4)));
static enum err fault(char *out, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(out, INDEX_FAULT_BYTES, format, args);
    va_end(args);
    for (char *c = out; *c; c++)
        if ((uint8_t)*c < ' ' || *c == 0x7F) *c = '?';
    return e;
}

void mail_buf_close(struct mail_buf *b)
{
    free(b->p);
    *b = (struct mail_buf){0};
}

/* Room for `n` bytes and one more. */
static bool mail_buf_fit(struct mail_buf *b, size_t n)
{
    if (n < b->cap) return true;
    size_t cap = n + n / 2 + 4096;
    uint8_t *p = realloc(b->p, cap);
    if (!p) return false;
    b->p = p;
    b->cap = cap;
    return true;
}

/* Bytes [at, at + n) of an mbox that is open. */
static enum err read_range(int fd, const char *path, const struct index_entry *x, struct mail_buf *b, size_t limit,
                           span *mail_out, char *fault_out)
{
    if (x->bytes > limit)
        return fault(fault_out, ERR_TOO_BIG, "%.300s: mail %u: larger than %zu bytes", path, x->line, limit);
    size_t n = 0, want = (size_t)x->bytes;
    if (!mail_buf_fit(b, want)) return fault(fault_out, ERR_MEMORY, "%.300s: out of memory", path);
    while (n < want) {
        ssize_t got = pread(fd, b->p + n, want - n, (off_t)(x->at + n));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fault(fault_out, ERR_IO, "%.300s: cannot read: %s", path, strerror(errno));
        if (got == 0) return fault(fault_out, ERR_IO, "%.300s: mail %u: the file was cut short", path, x->line);
        n += (size_t)got;
    }
    *mail_out = span_of(b->p, mailbox_plain(b->p, n));
    return ERR_OK;
}

/* A whole file, as index_read, or a mail of an mbox. */
static enum err read_path(const char *path, const struct index_entry *x, struct mail_buf *b, size_t limit,
                          span *mail_out, char *fault_out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return fault(fault_out, ERR_IO, "%.300s: cannot open: %s", path, strerror(errno));
    enum err e = ERR_OK;
    struct stat st;
    size_t n = 0;
    if (x && x->bytes) {
        e = read_range(fd, path, x, b, limit, mail_out, fault_out);
        close(fd);
        return e;
    }
    if (fstat(fd, &st) != 0)
        e = fault(fault_out, ERR_IO, "%.300s: cannot stat: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        e = fault(fault_out, ERR_IO, "%.300s: %s", path,
                  S_ISDIR(st.st_mode) ? "is a directory" : "is not a regular file");
    size_t want = e || st.st_size < 0 ? 0 : (size_t)st.st_size;
    /* The file may grow meanwhile: read until its end, and never more than the limit and one byte. */
    while (!e) {
        if (n > limit || want > limit)
            e = fault(fault_out, ERR_TOO_BIG, "%.300s: larger than %zu bytes", path, limit);
        else if (!mail_buf_fit(b, n > want ? n : want))
            e = fault(fault_out, ERR_MEMORY, "%.300s: out of memory", path);
        if (e) break;
        ssize_t got = read(fd, b->p + n, b->cap - n);
        if (got == 0) break;
        if (got > 0) n += (size_t)got;
        if (got < 0 && errno != EINTR) e = fault(fault_out, ERR_IO, "%.300s: cannot read: %s", path, strerror(errno));
    }
    close(fd);
    if (!e) *mail_out = span_of(b->p, n);
    return e;
}

enum { ENTRY_PATH = INDEX_PATH_MAX * 2 };

static void entry_path(const struct mail_index *x, const struct index_entry *e, char out[ENTRY_PATH])
{
    snprintf(out, ENTRY_PATH, "%s%s", e->path[0] == '/' ? "" : x->folder, e->path);
}

enum err index_read(const struct mail_index *x, const struct index_entry *e, struct mail_buf *b, size_t limit,
                    span *mail_out, char *fault_out)
{
    char path[ENTRY_PATH], why[INDEX_FAULT_BYTES];
    entry_path(x, e, path);
    if (!x->file) return read_path(path, e, b, limit, mail_out, fault_out);
    enum err err = read_path(path, e, b, limit, mail_out, why);
    return err ? fault(fault_out, err, "%.120s:%u: %.370s", x->file, e->line, why) : ERR_OK;
}

enum err index_check(const struct mail_index *x, size_t first, char *fault_out)
{
    char path[ENTRY_PATH];
    const struct index_entry *worst = NULL;
    size_t more = 0;
    int why = 0;
    for (size_t i = first; x->file && i < x->n; i++) {
        entry_path(x, &x->entry[i], path);
        if (access(path, R_OK) == 0) continue;
        more += worst != NULL;
        if (worst) continue;
        why = errno;
        worst = &x->entry[i];
    }
    if (!worst) return ERR_OK;
    entry_path(x, worst, path);
    char others[40] = "";
    if (more) snprintf(others, sizeof others, " (and %zu more)", more);
    return fault(fault_out, ERR_IO, "%.120s:%u: %.260s: cannot open: %s%s", x->file, worst->line, path, strerror(why),
                 others);
}

/* The next line of text[n] from *at, without its end, as a string cut in place; NULL after the last. */
static char *next_line(char *text, size_t n, size_t *at)
{
    if (*at >= n) return NULL;
    char *line = text + *at, *end = memchr(line, '\n', n - *at);
    size_t len = end ? (size_t)(end - line) : n - *at;
    *at += len + 1;
    while (len && ascii_space((uint8_t)line[len - 1])) len--;
    line[len] = 0; /* the text has a byte to spare at its end */
    return line;
}

static char *skip_space(char *s)
{
    while (*s && ascii_space((uint8_t)*s)) s++;
    return s;
}

/* Cut the first word off a line; *rest is what follows. */
static char *word(char *line, char **rest)
{
    char *start = skip_space(line), *end = start;
    while (*end && !ascii_space((uint8_t)*end)) end++;
    *rest = *end ? skip_space(end + 1) : end;
    *end = 0;
    return start;
}

static bool label(const char *w, bool *spam_out)
{
    *spam_out = span_ieq(span_cstr(w), SPAN("spam"));
    return *spam_out || span_ieq(span_cstr(w), SPAN("ham"));
}

/* A whole text file, owned by the caller, with a byte to spare; a NUL in it would hide the rest of a line. */
static enum err read_text(const char *path, char **text_out, size_t *n_out, char *fault_out)
{
    struct mail_buf b = {0};
    span s = SPAN_NONE;
    enum err e = read_path(path, NULL, &b, INDEX_BYTES_MAX, &s, fault_out);
    if (!e && s.n && memchr(s.p, 0, s.n)) {
        size_t line = 1, end = span_find(s, 0);
        for (size_t i = 0; i < end; i++) line += s.p[i] == '\n';
        e = fault(fault_out, ERR_SYNTAX, "%.300s:%zu: holds a NUL byte; not a text file", path, line);
    }
    if (e) {
        mail_buf_close(&b);
        return e;
    }
    *text_out = (char *)b.p;
    *n_out = s.n;
    return ERR_OK;
}

static enum err parse(struct mail_index *x, const char *path, size_t bytes, char *fault_out)
{
    size_t cap = 0, at = 0;
    uint32_t number = 0;
    for (char *line; (line = next_line(x->text, bytes, &at));) {
        number++;
        char *rest, *first = word(line, &rest);
        if (!*first || *first == '#') continue;
        struct index_entry entry = {.path = rest, .line = number};
        if (!label(first, &entry.spam))
            return fault(fault_out, ERR_SYNTAX, "%.300s:%u: the label is \"%.40s\", not spam or ham", path, number,
                         first);
        if (!*rest) return fault(fault_out, ERR_SYNTAX, "%.300s:%u: no path after the label", path, number);
        if (strlen(rest) >= INDEX_PATH_MAX)
            return fault(fault_out, ERR_SYNTAX, "%.300s:%u: path longer than %d bytes", path, number,
                         INDEX_PATH_MAX - 1);
        if (x->n == cap) {
            cap = cap * 2 + 1024;
            struct index_entry *grown = realloc(x->entry, cap * sizeof *grown);
            if (!grown) return fault(fault_out, ERR_MEMORY, "%.300s: out of memory", path);
            x->entry = grown;
        }
        x->entry[x->n++] = entry;
        x->spam += entry.spam;
    }
    if (x->n == 0) return fault(fault_out, ERR_SYNTAX, "%.300s: names no mail", path);
    return ERR_OK;
}

enum err index_open(const char *path, struct mail_index *x_out, char *fault_out)
{
    struct mail_index x = {0};
    size_t bytes = 0;
    enum err e = read_text(path, &x.text, &bytes, fault_out);
    if (e) return e;
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    x.folder = strndup(path, folder);
    x.file = strdup(path);
    if (!x.folder || !x.file)
        e = fault(fault_out, ERR_MEMORY, "%.300s: out of memory", path);
    else if (folder >= INDEX_PATH_MAX)
        e = fault(fault_out, ERR_SYNTAX, "%.300s: path too long", path);
    else
        e = parse(&x, path, bytes, fault_out);
    if (e)
        index_close(&x);
    else
        *x_out = x;
    return e;
}

void index_close(struct mail_index *x)
{
    free(x->entry);
    free(x->text);
    free(x->folder);
    free(x->file);
    *x = (struct mail_index){0};
}

/* The entry at a line of the index (entries ascend by line); NULL when there is none. */
static struct index_entry *entry_at(const struct mail_index *x, unsigned long line)
{
    size_t low = 0, high = x->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (x->entry[mid].line < line)
            low = mid + 1;
        else
            high = mid;
    }
    return low < x->n && x->entry[low].line == line ? &x->entry[low] : NULL;
}

/* What one line of an exclude list names: NULL in *out when it is blank. */
static enum err excluded_by(struct mail_index *x, const char *list, uint32_t number, char *line,
                            struct index_entry **out, char *fault_out)
{
    char *rest, *end, *first = word(line, &rest);
    *out = NULL;
    if (!*first || *first == '#') return ERR_OK;
    errno = 0;
    unsigned long at = strtoul(first, &end, 10);
    if (*end || errno || first[0] < '0' || first[0] > '9')
        return fault(fault_out, ERR_SYNTAX, "%.300s:%u: \"%.40s\" is no line number", list, number, first);
    struct index_entry *e = entry_at(x, at);
    if (!e) return fault(fault_out, ERR_SYNTAX, "%.300s:%u: the index has no mail at line %lu", list, number, at);
    bool spam;
    char *after, *second = word(rest, &after);
    if (label(second, &spam) && spam != e->spam)
        return fault(fault_out, ERR_SYNTAX, "%.300s:%u: line %lu of the index is %s, not %s; a list for another index?",
                     list, number, at, e->spam ? "spam" : "ham", second);
    *out = e;
    return ERR_OK;
}

enum err index_exclude(struct mail_index *x, const char *list, char *fault_out)
{
    char *text = NULL;
    size_t bytes = 0;
    enum err e = read_text(list, &text, &bytes, fault_out);
    if (e) return e;
    struct index_entry **hit = calloc(bytes / 2 + 1, sizeof(struct index_entry *)); /* a line has 2 bytes at least */
    if (!hit) e = fault(fault_out, ERR_MEMORY, "%.300s: out of memory", list);
    size_t at = 0, n = 0;
    uint32_t number = 0;
    for (char *line; !e && (line = next_line(text, bytes, &at));) {
        struct index_entry *entry;
        e = excluded_by(x, list, ++number, line, &entry, fault_out);
        if (!e && entry) hit[n++] = entry;
    }
    for (size_t i = 0; !e && i < n; i++) {
        x->excluded += !hit[i]->excluded;
        hit[i]->excluded = true;
    }
    free(hit);
    free(text);
    return e;
}
