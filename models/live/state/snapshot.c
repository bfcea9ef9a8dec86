/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: see snapshot.h. A head (word, number of blocks, size of each), then pages of 4096 bytes that are not all zero:
 * block u32, page u32, a bit for each of its words of 8 bytes, and those that are not zero; at the end a page of block ~0
 * and XXH3-128 of all before it. Little-endian, as everything that we write runs. */
#define _GNU_SOURCE
#include "models/live/state/snapshot.h"

#include "proto/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8, PATH_BYTES = 4096 };
static const char WORD[8] = "furuilv2";

/* A page without its words of zeros. */
struct packed {
    uint64_t bits[WORDS / 64], word[WORDS];
};

struct file {
    FILE *f;
    struct hash_stream hash;
    const char *path;
    char *fault_out;
};

static enum err __attribute__((format(printf, 3, 4))) wrong(struct file *f, enum err e, const char *format, ...)
{
    int n = snprintf(f->fault_out, SNAPSHOT_FAULT_MAX, "%s: ", f->path);
    if (n < 0 || n >= SNAPSHOT_FAULT_MAX) return e;
    va_list args;
    va_start(args, format);
    vsnprintf(f->fault_out + n, SNAPSHOT_FAULT_MAX - (size_t)n, format, args);
    va_end(args);
    return e;
}

static bool put(struct file *f, const void *p, size_t n)
{
    hash_stream_add(&f->hash, span_of(p, n));
    return fwrite(p, 1, n, f->f) == n;
}

static bool get(struct file *f, void *p, size_t n)
{
    if (fread(p, 1, n, f->f) != n) return false;
    hash_stream_add(&f->hash, span_of(p, n));
    return true;
}

/* How many words it has; n bytes, the last word of which may be part of one. */
static size_t pack(const uint8_t *page, size_t n, struct packed *out)
{
    size_t count = 0;
    memset(out->bits, 0, sizeof out->bits);
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        memcpy(&word, page + i, n - i < 8 ? n - i : 8);
        out->word[count] = word;
        count += word != 0;
        out->bits[i / 512] |= (uint64_t)(word != 0) << (i / 8 % 64);
    }
    return count;
}

static size_t count_bits(const struct packed *p)
{
    size_t n = 0;
    for (size_t i = 0; i < WORDS / 64; i++) n += (size_t)__builtin_popcountll(p->bits[i]);
    return n;
}

/* Back into n bytes, which are zero. False when it has something behind them. */
static bool unpack(const struct packed *p, uint8_t *page, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < WORDS; i++) {
        if (!(p->bits[i / 64] >> (i % 64) & 1)) continue;
        if (8 * i >= n) return false;
        memcpy(page + 8 * i, &p->word[at++], n - 8 * i < 8 ? n - 8 * i : 8);
    }
    return true;
}

static size_t page_bytes(const struct snapshot_block *b, size_t page)
{
    size_t left = b->n - page * PAGE;
    return left < PAGE ? left : PAGE;
}

static bool put_all(struct file *f, const struct snapshot_block *b, size_t count)
{
    uint64_t n = count, sum[2];
    uint32_t last[2] = {UINT32_MAX, UINT32_MAX};
    bool ok = put(f, WORD, sizeof WORD) && put(f, &n, sizeof n);
    for (size_t i = 0; i < count && ok; i++) {
        n = b[i].n;
        ok = put(f, &n, sizeof n);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t page = 0; page * PAGE < b[i].n && ok; page++) {
            const uint8_t *p = (const uint8_t *)b[i].p + page * PAGE;
            uint32_t head[2] = {(uint32_t)i, (uint32_t)page};
            struct packed packed;
            size_t words = pack(p, page_bytes(&b[i], page), &packed);
            if (words == 0) continue;
            ok = put(f, head, sizeof head) && put(f, packed.bits, sizeof packed.bits) &&
                 put(f, packed.word, words * sizeof *packed.word);
        }
    ok = ok && put(f, last, sizeof last);
    hash_stream_end(&f->hash, sum);
    return ok && fwrite(sum, 1, sizeof sum, f->f) == sizeof sum;
}

/* The folder's entry is on disk, too. */
static bool sync_folder(const char *path)
{
    char dir[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int n = slash ? snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path) : snprintf(dir, sizeof dir, ".");
    if (n < 0 || n >= PATH_BYTES) return false;
    int fd = open(n ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

enum err snapshot_write(const char *path, const struct snapshot_block *b, size_t count, char *fault_out)
{
    char beside[PATH_BYTES];
    struct file f = {.path = path, .fault_out = fault_out};
    fault_out[0] = 0;
    if (snprintf(beside, sizeof beside, "%s.new", path) >= PATH_BYTES) return wrong(&f, ERR_IO, "a path too long");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    f.f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f.f) return wrong(&f, ERR_IO, "%s", strerror(errno));
    hash_stream_init(&f.hash);
    bool ok = put_all(&f, b, count) && fflush(f.f) == 0 && fsync(fd) == 0;
    int why = errno;
    ok = fclose(f.f) == 0 && ok;
    if (ok && (rename(beside, path) != 0 || !sync_folder(path))) ok = false, why = errno;
    if (ok) return ERR_OK;
    unlink(beside);
    return wrong(&f, ERR_IO, "%s", strerror(why));
}

static enum err get_all(struct file *f, const struct snapshot_block *b, size_t count)
{
    char word[sizeof WORD];
    uint64_t n, sum[2], want[2];
    if (!get(f, word, sizeof word) || memcmp(word, WORD, sizeof word) != 0) return wrong(f, ERR_SYNTAX, "no snapshot");
    if (!get(f, &n, sizeof n) || n != count) return wrong(f, ERR_VERSION, "made by another version");
    for (size_t i = 0; i < count; i++)
        if (!get(f, &n, sizeof n) || n != b[i].n) return wrong(f, ERR_VERSION, "made by another version");
    for (size_t i = 0; i < count; i++)
        if (b[i].p) memset(b[i].p, 0, b[i].n);
    uint8_t unwanted[PAGE];
    for (uint32_t head[2];;) {
        if (!get(f, head, sizeof head)) return wrong(f, ERR_SYNTAX, "ends too early");
        if (head[0] == UINT32_MAX && head[1] == UINT32_MAX) break;
        if (head[0] >= count || (uint64_t)head[1] * PAGE >= b[head[0]].n) return wrong(f, ERR_SYNTAX, "damaged");
        uint8_t *p = b[head[0]].p ? (uint8_t *)b[head[0]].p + (size_t)head[1] * PAGE : unwanted;
        struct packed packed;
        if (!get(f, packed.bits, sizeof packed.bits) || !get(f, packed.word, count_bits(&packed) * sizeof *packed.word))
            return wrong(f, ERR_SYNTAX, "ends too early");
        if (!unpack(&packed, p, page_bytes(&b[head[0]], head[1]))) return wrong(f, ERR_SYNTAX, "damaged");
    }
    hash_stream_end(&f->hash, sum);
    if (fread(want, 1, sizeof want, f->f) != sizeof want || memcmp(sum, want, sizeof sum) != 0)
        return wrong(f, ERR_SYNTAX, "damaged: its checksum does not match");
    if (fgetc(f->f) != EOF) return wrong(f, ERR_SYNTAX, "bytes behind its end");
    return ERR_OK;
}

enum err snapshot_read(const char *path, const struct snapshot_block *b, size_t count, char *fault_out)
{
    struct file f = {.path = path, .fault_out = fault_out};
    fault_out[0] = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    f.f = fd < 0 ? NULL : fdopen(fd, "r");
    if (!f.f) {
        int why = errno;
        wrong(&f, ERR_IO, "%s", strerror(why));
        errno = why;
        return ERR_IO;
    }
    hash_stream_init(&f.hash);
    enum err e = get_all(&f, b, count);
    fclose(f.f);
    return e;
}
