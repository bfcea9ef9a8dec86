/* SPDX-License-Identifier: Apache-2.0 */
/* counts: verifies a counts file and walks its records; see counts.h. counts_write.c makes them. */
#define _GNU_SOURCE
#include "models/corpus/counts.h"

#include "models/corpus/counts_resume.h"
#include "proto/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(struct counts_head) == COUNTS_ALIGN && sizeof(struct counts_end) == COUNTS_ALIGN,
               "one line each");
_Static_assert(offsetof(struct counts_mail, hash) == 56 + 4 * (VIEW_COUNT + NUMBER_COUNT), "no gaps");

static enum err fault(char *out, enum err e, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static enum err fault(char *out, enum err e, const char *name, const char *format, ...)
{
    int n = snprintf(out, COUNTS_FAULT_BYTES, "%.300s: ", name);
    va_list args;
    va_start(args, format);
    vsnprintf(out + n, COUNTS_FAULT_BYTES - (size_t)n, format, args);
    va_end(args);
    return e;
}

bool counts_magic(span head)
{
    return head.n >= 8 && memcmp(head.p, COUNTS_MAGIC, 8) == 0;
}

static uint64_t head_check(const struct counts_head *h, span text)
{
    struct counts_head zeroed = *h;
    zeroed.check = 0;
    return hash64(text, hash64(span_of(&zeroed, sizeof zeroed), 0));
}

/* The next line "KEY value" of the text; false at its end. */
static bool next_line(span text, size_t *at, span *key, span *value)
{
    if (*at >= text.n || text.p[*at] == 0) return false;
    span line = span_from(text, *at);
    line = span_head(line, span_find(line, '\n'));
    *at += line.n + 1;
    size_t blank = span_find(line, ' ');
    *key = span_head(line, blank);
    *value = blank < line.n ? span_from(line, blank + 1) : SPAN_NONE;
    return true;
}

/* Does the text name as many sources as the head says, and no more hosts than we can keep? */
static bool text_fits(const struct counts_head *h, span text)
{
    size_t sources = 0, hosts = 0;
    span key, value;
    for (size_t at = 0; next_line(text, &at, &key, &value);) {
        sources += span_eq(key, SPAN("source"));
        hosts += span_eq(key, SPAN("trust"));
        if (value.n > COUNTS_NAME_MAX) return false;
    }
    return sources == h->sources && hosts <= CONFIG_HOSTS_MAX;
}

static enum err parse_head(span bytes, const char *name, struct counts *c, char *out)
{
    if (!counts_magic(bytes)) return fault(out, ERR_MODEL, name, "is no counts file");
    const struct counts_head *h = (const void *)bytes.p;
    if (bytes.n < sizeof *h) return fault(out, ERR_MODEL, name, "ends within its head");
    if (h->version != COUNTS_VERSION)
        return fault(out, ERR_VERSION, name, "is a counts file of version %" PRIu32 "; this furui reads version %d",
                     h->version, COUNTS_VERSION);
    if (h->feature_version != FEATURE_VERSION)
        return fault(out, ERR_VERSION, name,
                     "holds features of version %" PRIu32 "; this furui has version %d: count the mails again",
                     h->feature_version, FEATURE_VERSION);
    if (h->text_bytes % COUNTS_ALIGN || h->text_bytes > bytes.n - sizeof *h)
        return fault(out, ERR_MODEL, name, "ends within its head");
    c->head = h;
    c->text = span_of(bytes.p + sizeof *h, h->text_bytes);
    if (h->check != head_check(h, c->text) || h->sources > COUNTS_SOURCES_MAX || !text_fits(h, c->text))
        return fault(out, ERR_MODEL, name, "its head is damaged");
    c->first = sizeof *h + h->text_bytes;
    return ERR_OK;
}

/* What is wrong with the record at the front of `rest`, or NULL. */
static const char *record_fault(const struct counts *c, span rest)
{
    const struct counts_mail *m = (const void *)rest.p;
    if (rest.n < COUNTS_ALIGN) return "ends within a mail";
    if (m->bytes < COUNTS_ALIGN || m->bytes % COUNTS_ALIGN) return "is damaged";
    if (m->bytes > rest.n) return "ends within a mail";
    if (m->check != hash64(span_of(rest.p + 8, m->bytes - 8), 0)) return "is damaged";
    if (m->source == COUNTS_END) return NULL;
    size_t lists = 0;
    if (m->bytes < offsetof(struct counts_mail, hash)) return "is damaged";
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (m->n[v] > COUNTS_LIST_MAX) return "is damaged";
        lists += m->n[v];
    }
    if (m->bytes < offsetof(struct counts_mail, hash) + 4 * lists + m->path_bytes) return "is damaged";
    if (m->source >= c->head->sources || m->spam > 1) return "is damaged";
    for (unsigned i = 0; i < NUMBER_COUNT; i++)
        if (!(m->number[i] >= 0 && m->number[i] <= 1)) return "is damaged";
    return NULL;
}

/* Walk records until the end or until something is wrong: *at_out is where. NULL: whole. */
static const char *walk(struct counts *c, span bytes, size_t *at_out)
{
    size_t at = c->first;
    for (;;) {
        *at_out = at;
        if (at == bytes.n) return "is not whole";
        const char *why = record_fault(c, span_from(bytes, at));
        if (why) return why;
        const struct counts_mail *m = (const void *)(bytes.p + at);
        if (m->source == COUNTS_END) break;
        c->chain = hash_pair(c->chain, m->check);
        c->mails++;
        at += m->bytes;
    }
    const struct counts_end *end = (const void *)(bytes.p + at);
    if (end->bytes != sizeof *end || end->mails != c->mails || end->chain != c->chain || at + sizeof *end != bytes.n)
        return "is damaged at its end";
    return NULL;
}

enum err counts_parse(span bytes, const char *name, struct counts *c_out, char *fault_out)
{
    struct counts c = {.map = bytes.p, .bytes = bytes.n};
    enum err e = parse_head(bytes, name, &c, fault_out);
    size_t at = 0;
    const char *why = e ? NULL : walk(&c, bytes, &at);
    if (why)
        return fault(fault_out, ERR_MODEL, name,
                     "%s: %zu mails are fine, up to byte %zu; run the furui train that made it again", why, c.mails,
                     at);
    if (!e) *c_out = c;
    return e;
}

/* The file's bytes, mapped; SPAN_NONE for an empty one. */
static enum err map_fd(int fd, const char *name, span *out, char *fault_out)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return fault(fault_out, ERR_IO, name, "cannot stat: %s", strerror(errno));
    if (!S_ISREG(st.st_mode)) return fault(fault_out, ERR_IO, name, "is not a regular file");
    *out = SPAN_NONE;
    if (st.st_size == 0) return ERR_OK;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) return fault(fault_out, ERR_MEMORY, name, "cannot map: %s", strerror(errno));
    *out = span_of(p, (size_t)st.st_size);
    return ERR_OK;
}

enum err counts_open_fd(int fd, const char *name, struct counts *c_out, char *fault_out)
{
    span bytes;
    enum err e = map_fd(fd, name, &bytes, fault_out);
    if (e) return e;
    e = counts_parse(bytes, name, c_out, fault_out);
    if (e && bytes.n) munmap((void *)bytes.p, bytes.n);
    if (!e) c_out->mapped = true;
    return e;
}

enum err counts_open(const char *path, struct counts *c_out, char *fault_out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return fault(fault_out, ERR_IO, path, "cannot open: %s", strerror(errno));
    enum err e = counts_open_fd(fd, path, c_out, fault_out);
    close(fd);
    return e;
}

enum err counts_resume(int fd, const struct counts_head *want, span text, struct counts *c_out, uint64_t *end_out)
{
    char ignored[COUNTS_FAULT_BYTES];
    span bytes;
    struct counts c = {0};
    if (map_fd(fd, "", &bytes, ignored)) return ERR_IO;
    if (!bytes.n) return ERR_MODEL;
    size_t at = 0;
    c.map = bytes.p;
    enum err e = parse_head(bytes, "", &c, ignored);
    if (!e && (memcmp(c.head, want, sizeof *want) != 0 || !span_eq(c.text, text))) e = ERR_MODEL;
    if (!e) walk(&c, bytes, &at); /* up to what is not whole, or to the end that is written anew */
    munmap((void *)bytes.p, bytes.n);
    *c_out = (struct counts){.mails = c.mails, .chain = c.chain};
    *end_out = at;
    return e;
}

void counts_close(struct counts *c)
{
    if (c->mapped) munmap((void *)c->map, c->bytes);
    *c = (struct counts){0};
}

const struct counts_mail *counts_next(const struct counts *c, size_t *at)
{
    const struct counts_mail *m = (const void *)(c->map + c->first + *at);
    if (m->source == COUNTS_END) return NULL;
    *at += m->bytes;
    return m;
}

span counts_source(const struct counts *c, size_t i)
{
    span key, value;
    for (size_t at = 0; next_line(c->text, &at, &key, &value);)
        if (span_eq(key, SPAN("source")) && i-- == 0) return value;
    return SPAN_NONE;
}

void counts_trust(const struct counts *c, struct trust *out)
{
    *out = (struct trust){0};
    span key, value;
    for (size_t at = 0; next_line(c->text, &at, &key, &value);) {
        if (span_eq(key, SPAN("trust"))) out->host[out->hosts++] = value;
        if (!span_eq(key, SPAN("own-received"))) continue;
        out->own_received = 0;
        for (size_t i = 0; i < value.n && i < 3 && ascii_digit(value.p[i]); i++)
            out->own_received = out->own_received * 10 + (value.p[i] - '0');
    }
}

void counts_features(const struct counts_mail *m, struct features *out)
{
    const uint32_t *v = m->hash;
    *out = (struct features){0};
    for (unsigned i = 0; i < VIEW_COUNT; i++) {
        out->view[i] = (struct feature_list){v, m->n[i]};
        v += m->n[i];
    }
    memcpy(out->number, m->number, sizeof out->number);
}

span counts_path(const struct counts_mail *m)
{
    const uint32_t *v = m->hash;
    for (unsigned i = 0; i < VIEW_COUNT; i++) v += m->n[i];
    return span_of(v, m->path_bytes);
}
