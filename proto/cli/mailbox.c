/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: reads ahead in one buffer, finds where the mail in front ends, hands out a copy without its quoting. */
#define _GNU_SOURCE /* memmem */
#include "proto/cli/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_AHEAD = 1 << 16 };

void mailbox_open(struct mailbox *b, const struct listing *files)
{
    *b = (struct mailbox){.files = files, .fd = -1};
}

static void leave_file(struct mailbox *b)
{
    if (b->fd > STDIN_FILENO) close(b->fd);
    b->fd = -1;
}

void mailbox_close(struct mailbox *b)
{
    leave_file(b);
    free(b->buf);
    *b = (struct mailbox){.fd = -1};
}

/* Append what the file gives next; errno on failure, 0 otherwise. Sets `eof`. */
static int fill(struct mailbox *b)
{
    if (b->at) {
        memmove(b->buf, b->buf + b->at, b->n - b->at);
        b->n -= b->at;
        b->at = 0;
    }
    if (b->cap - b->n < READ_AHEAD) {
        b->cap = b->cap * 2 + READ_AHEAD;
        b->buf = realloc(b->buf, b->cap);
        assert(b->buf && "out of memory");
    }
    ssize_t got;
    do {
        got = read(b->fd, b->buf + b->n, READ_AHEAD);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return errno;
    b->n += (size_t)got;
    b->bytes_read += (uint64_t)got;
    b->eof = got == 0;
    return 0;
}

/* Is this line, which begins with "From ", the envelope line of an mbox? It holds a time and a year, as
 * "From user@example.org Sat Jan  3 01:05:34 1996" does and "From now on" does not. */
static bool is_from_line(span line)
{
    bool time = false, year = false;
    for (size_t i = 5; i < line.n; i++) {
        const uint8_t *p = line.p + i;
        size_t left = line.n - i;
        if (left >= 4 && ascii_digit(p[0]) && p[1] == ':' && ascii_digit(p[2]) && ascii_digit(p[3])) time = true;
        if (left >= 4 && ascii_digit(p[0]) && ascii_digit(p[1]) && ascii_digit(p[2]) && ascii_digit(p[3]) &&
            !ascii_digit(p[-1]))
            year = true;
    }
    return time && year;
}

/* `s` begins where a line begins. */
static bool follows_empty_line(span s, size_t at)
{
    if (at < 1 || s.p[at - 1] != '\n') return false;
    size_t end = at >= 2 && s.p[at - 2] == '\r' ? at - 2 : at - 1;
    return end == 0 || s.p[end - 1] == '\n';
}

/* Where the next envelope line begins in `s`, searching from `from`; s.n when there is none yet. A line that is not
 * all there counts only at the end of the file; `resume_out` says where to search again when more was read. */
static size_t find_from_line(span s, size_t from, bool eof, size_t *resume_out)
{
    static const char mark[] = "\nFrom ";
    const size_t mark_n = sizeof mark - 1;
    for (;;) {
        const uint8_t *hit = from < s.n ? memmem(s.p + from, s.n - from, mark, mark_n) : NULL;
        if (!hit) {
            *resume_out = s.n > mark_n && s.n - mark_n > from ? s.n - mark_n : from;
            return s.n;
        }
        size_t at = (size_t)(hit - s.p) + 1;
        span line = span_head(span_from(s, at), MAILBOX_FROM_MAX);
        size_t end = span_find(line, '\n');
        if (end == line.n && line.n < MAILBOX_FROM_MAX && !eof) {
            *resume_out = at - 1;
            return s.n;
        }
        if (follows_empty_line(s, at) && is_from_line(span_head(line, end))) return at;
        from = at;
    }
}

/* Take one '>' from every line that begins with '>'s and "From ", in place. */
static size_t unquote(uint8_t *p, size_t n)
{
    size_t to = 0, from = 0;
    for (;;) {
        const uint8_t *hit = memmem(p + from, n - from, ">From ", 6);
        if (!hit) break;
        size_t last = (size_t)(hit - p), first = last; /* the run of '>' that ends here */
        while (first > from && p[first - 1] == '>') first--;
        bool quoted = first == 0 || p[first - 1] == '\n';
        memmove(p + to, p + from, last - from);
        to += last - from;
        from = last;
        if (quoted)
            from++;
        else
            p[to++] = p[from++];
    }
    memmove(p + to, p + from, n - from);
    return to + (n - from);
}

static size_t without_last_empty_line(span s)
{
    if (s.n >= 2 && s.p[s.n - 1] == '\n' && s.p[s.n - 2] == '\n') return s.n - 1;
    if (s.n >= 3 && s.p[s.n - 1] == '\n' && s.p[s.n - 2] == '\r' && s.p[s.n - 3] == '\n') return s.n - 2;
    return s.n;
}

size_t mailbox_plain(uint8_t *p, size_t n)
{
    return unquote(p, without_last_empty_line(span_of(p, n)));
}

static enum mailbox_got fault(struct mailbox_mail *out, const char *why)
{
    out->fault = why;
    return MAILBOX_FAULT;
}

/* Hand out `n` bytes from the front. */
static enum mailbox_got hand_out(struct mailbox *b, size_t n, struct mailbox_mail *out)
{
    out->at = b->bytes_read - b->bytes_before - (b->n - b->at);
    out->raw_bytes = n;
    if (!b->skim) {
        out->bytes = malloc(n + 1);
        assert(out->bytes && "out of memory");
        if (n) memcpy(out->bytes, b->buf + b->at, n);
        out->n = b->mbox ? mailbox_plain(out->bytes, n) : n;
    }
    b->at += n;
    return MAILBOX_MAIL;
}

/* Skip the envelope line in front; it may be longer than what was read so far. */
static int skip_line(struct mailbox *b)
{
    for (;;) {
        span s = span_of(b->buf + b->at, b->n - b->at);
        size_t end = span_find(s, '\n');
        if (end < s.n || b->eof) {
            b->at += end < s.n ? end + 1 : end;
            return 0;
        }
        b->at = b->n;
        int error = fill(b);
        if (error) return error;
    }
}

/* The mail in front of an open file. */
static enum mailbox_got next_in_file(struct mailbox *b, struct mailbox_mail *out)
{
    int error = 0;
    bool too_big = false;
    if (b->mbox) {
        out->number = ++b->number;
        error = skip_line(b);
    }
    size_t resume = 0;
    while (!error) {
        span s = span_of(b->buf + b->at, b->n - b->at);
        size_t end = b->mbox ? find_from_line(s, resume, b->eof, &resume) : s.n;
        if (end < s.n || b->eof) {
            too_big |= end > MAILBOX_MAIL_MAX;
            if (b->eof && end == s.n) leave_file(b);
            if (!too_big) return hand_out(b, end, out);
            b->at += end;
            return fault(out, "larger than 256 MB");
        }
        if (s.n > MAILBOX_MAIL_MAX) { /* read on to its end, but keep only what the search looks back at */
            size_t drop = !b->mbox ? s.n : resume > 3 ? resume - 3 : 0;
            b->at += drop;
            resume -= b->mbox ? drop : 0;
            too_big = true;
        }
        error = fill(b);
    }
    leave_file(b);
    b->at = b->n;
    return fault(out, strerror(error));
}

/* Open the next file and see what it is. */
static int enter_file(struct mailbox *b, const struct listing_file *f)
{
    b->at = b->n = b->number = 0;
    b->bytes_before = b->bytes_read;
    b->eof = false;
    b->fd = strcmp(f->path, "-") == 0 ? STDIN_FILENO : open(f->path, O_RDONLY | O_CLOEXEC);
    if (b->fd < 0) return errno;
    while (b->n < 5 && !b->eof) {
        int error = fill(b);
        if (error) return error;
    }
    b->mbox = b->n >= 5 && memcmp(b->buf, "From ", 5) == 0;
    return 0;
}

enum mailbox_got mailbox_next(struct mailbox *b, struct mailbox_mail *out)
{
    *out = (struct mailbox_mail){0};
    if (b->fd >= 0) {
        out->path = b->files->v[b->file - 1].path;
        return next_in_file(b, out);
    }
    if (b->file == b->files->n) return MAILBOX_END;
    const struct listing_file *f = &b->files->v[b->file++];
    out->path = f->path;
    int error = f->error ? f->error : enter_file(b, f);
    if (error) {
        leave_file(b);
        return fault(out, strerror(error));
    }
    return next_in_file(b, out);
}
