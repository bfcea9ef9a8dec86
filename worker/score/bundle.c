/* SPDX-License-Identifier: Apache-2.0 */
/* bundle: verifies a model bundle from its first byte to its last, then hands out its sections.
 *
 * The layout leaves no freedom: where a section must begin follows from what stands before it, so bounds, overlaps and
 * alignment are one comparison each. Offsets and sizes are compared by subtraction from the file's size, which cannot
 * overflow. Layout: bundle.h. */
#define _GNU_SOURCE
#include "worker/score/bundle.h"

#include "proto/base/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sections are read in place, so the host is little endian");

enum { HEAD_BYTES = 64, ENTRY_BYTES = 40, NAME_BYTES = 16, MAGIC_BYTES = 8 };
enum { AT_VERSION = 8, AT_FEATURES = 12, AT_COUNT = 16, AT_ZERO = 20, AT_SIZE = 24, AT_ID = 32, AT_TAIL = 40 };

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* Name the fault in one line; returns `e`. A path is shown without what could move a terminal or break the line. */
static enum err fault(char *out, enum err e, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static enum err fault(char *out, enum err e, const char *name, const char *format, ...)
{
    char why[128];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    int n = snprintf(out, BUNDLE_FAULT_BYTES, "%.110s%s: %s", name, strlen(name) > 110 ? "..." : "", why);
    for (int i = 0; i < n && out[i]; i++)
        if ((uint8_t)out[i] < ' ' || out[i] == 0x7F) out[i] = '?';
    return e;
}

static bool name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

/* Length of a section's name, padded with NULs to 16 bytes; 0 when it is not one. */
static size_t name_len(const uint8_t *p)
{
    size_t n = 0;
    while (n < BUNDLE_NAME_MAX && name_byte(p[n])) n++;
    for (size_t i = n; i < NAME_BYTES; i++)
        if (p[i]) return 0;
    return n;
}

/* Where the first byte that is not zero stands in [from, to), or `to`. */
static uint64_t first_set(const uint8_t *map, uint64_t from, uint64_t to)
{
    while (from < to && map[from] == 0) from++;
    return from;
}

static uint64_t aligned(uint64_t at)
{
    return (at + BUNDLE_ALIGN - 1) & ~(uint64_t)(BUNDLE_ALIGN - 1);
}

static const uint8_t *entry_at(const struct bundle *b, uint32_t i)
{
    return b->map + HEAD_BYTES + (size_t)i * ENTRY_BYTES;
}

struct bundle_entry bundle_at(const struct bundle *b, uint32_t i)
{
    assert(i < b->section_count);
    const uint8_t *e = entry_at(b, i);
    struct bundle_entry out = {.offset = get64(e + NAME_BYTES), .hash = get64(e + NAME_BYTES + 16)};
    memcpy(out.name, e, NAME_BYTES);
    out.bytes = span_of(b->map + out.offset, get64(e + NAME_BYTES + 8));
    return out;
}

/* Header: is this a bundle, of this version, and as long as it says? */
static enum err check_head(span s, const char *name, uint32_t feature_version, char *why)
{
    const uint8_t *p = s.p;
    if (s.n == 0) return fault(why, ERR_MODEL, name, "the file is empty");
    if (memcmp(p, BUNDLE_MAGIC, s.n < MAGIC_BYTES ? s.n : MAGIC_BYTES) != 0)
        return fault(why, ERR_MODEL, name, "not a model bundle (wrong magic at offset 0)");
    if (s.n < HEAD_BYTES)
        return fault(why, ERR_MODEL, name, "truncated: %zu bytes do not hold the header of %d", s.n, HEAD_BYTES);
    if (get32(p + AT_VERSION) != BUNDLE_VERSION)
        return fault(why, ERR_VERSION, name,
                     "container version %" PRIu32 " at offset %d; this program reads version %d", get32(p + AT_VERSION),
                     AT_VERSION, BUNDLE_VERSION);
    uint64_t size = get64(p + AT_SIZE);
    if (size > s.n) return fault(why, ERR_MODEL, name, "truncated: %zu of %" PRIu64 " bytes", s.n, size);
    if (size < s.n)
        return fault(why, ERR_MODEL, name, "%" PRIu64 " bytes too many after the end at offset %" PRIu64, s.n - size,
                     size);
    uint32_t count = get32(p + AT_COUNT);
    if (count == 0 || count > BUNDLE_SECTIONS_MAX)
        return fault(why, ERR_MODEL, name, "%" PRIu32 " sections at offset %d; 1 to %d are allowed", count, AT_COUNT,
                     BUNDLE_SECTIONS_MAX);
    uint64_t table_end = HEAD_BYTES + (uint64_t)count * ENTRY_BYTES;
    if (table_end > s.n) return fault(why, ERR_MODEL, name, "the section table ends past the file");
    if (get32(p + AT_ZERO) || first_set(p, AT_TAIL, HEAD_BYTES) != HEAD_BYTES)
        return fault(why, ERR_MODEL, name, "reserved bytes of the header are not zero");

    uint8_t head[HEAD_BYTES + BUNDLE_SECTIONS_MAX * ENTRY_BYTES];
    memcpy(head, p, table_end);
    memset(head + AT_ID, 0, 8);
    if (hash64(span_of(head, table_end), 0) != get64(p + AT_ID))
        return fault(why, ERR_MODEL, name,
                     "checksum of the header and section table does not match (offset 0 to %" PRIu64 ")", table_end);
    /* Only now, since a flipped bit is damage and not another version. */
    if (feature_version != BUNDLE_ANY_FEATURES && get32(p + AT_FEATURES) != feature_version)
        return fault(why, ERR_VERSION, name, "made for feature version %" PRIu32 "; this program has version %" PRIu32,
                     get32(p + AT_FEATURES), feature_version);
    return ERR_OK;
}

/* Section `i` begins where it must (`end` is where what stands before it ends), ends in the file, and is unharmed. */
static enum err check_section(const struct bundle *b, uint32_t i, const char *name, uint64_t *end, char *why)
{
    const uint8_t *e = entry_at(b, i);
    uint64_t offset = get64(e + NAME_BYTES), bytes = get64(e + NAME_BYTES + 8), want = aligned(*end);
    if (name_len(e) == 0) return fault(why, ERR_MODEL, name, "section %" PRIu32 " has no valid name", i);
    for (uint32_t k = 0; k < i; k++)
        if (memcmp(entry_at(b, k), e, NAME_BYTES) == 0)
            return fault(why, ERR_MODEL, name, "section \"%.15s\" is there twice", (const char *)e);
    if (offset != want)
        return fault(why, ERR_MODEL, name, "section \"%.15s\" is at offset %" PRIu64 ", not at %" PRIu64,
                     (const char *)e, offset, want);
    if (offset > b->bytes || bytes > b->bytes - offset)
        return fault(why, ERR_MODEL, name,
                     "section \"%.15s\" (offset %" PRIu64 ", %" PRIu64 " bytes) ends past the file", (const char *)e,
                     offset, bytes);
    uint64_t junk = first_set(b->map, *end, offset);
    if (junk != offset)
        return fault(why, ERR_MODEL, name, "the gap before section \"%.15s\" is not zero (offset %" PRIu64 ")",
                     (const char *)e, junk);
    if (hash64(span_of(b->map + offset, bytes), 0) != get64(e + NAME_BYTES + 16))
        return fault(why, ERR_MODEL, name,
                     "checksum of section \"%.15s\" does not match (offset %" PRIu64 ", %" PRIu64 " bytes)",
                     (const char *)e, offset, bytes);
    *end = offset + bytes;
    return ERR_OK;
}

/* The manifest is lines of key=value in printable ASCII, each ended: people's terminals will show it. */
static enum err check_manifest(const struct bundle *b, const char *name, char *why)
{
    span m = bundle_section(b, "manifest");
    if (!m.p) return fault(why, ERR_MODEL, name, "no section \"manifest\"");
    unsigned line = 1;
    for (size_t at = 0; at < m.n; line++) {
        size_t key = at;
        while (at < m.n && name_byte(m.p[at])) at++;
        if (at == key || at == m.n || m.p[at] != '=')
            return fault(why, ERR_MODEL, name, "manifest line %u is not key=value", line);
        while (at < m.n && m.p[at] >= ' ' && m.p[at] <= '~') at++;
        if (at == m.n || m.p[at] != '\n')
            return fault(why, ERR_MODEL, name, "manifest line %u holds a byte that is not printable ASCII", line);
        at++;
    }
    return ERR_OK;
}

enum err bundle_parse(span bytes, const char *name, uint32_t feature_version, struct bundle *b_out, char *fault_out)
{
    assert((uintptr_t)bytes.p % BUNDLE_ALIGN == 0);
    enum err e = check_head(bytes, name, feature_version, fault_out);
    if (e) return e;
    struct bundle b = {.map = bytes.p, .bytes = bytes.n};
    b.feature_version = get32(b.map + AT_FEATURES);
    b.section_count = get32(b.map + AT_COUNT);
    snprintf(b.id, sizeof b.id, "%016" PRIx64, get64(b.map + AT_ID));
    uint64_t end = HEAD_BYTES + (uint64_t)b.section_count * ENTRY_BYTES;
    for (uint32_t i = 0; i < b.section_count; i++) {
        e = check_section(&b, i, name, &end, fault_out);
        if (e) return e;
    }
    if (end != b.bytes)
        return fault(fault_out, ERR_MODEL, name, "the last section ends at offset %" PRIu64 ", the file at %zu", end,
                     b.bytes);
    e = check_manifest(&b, name, fault_out);
    if (e) return e;
    *b_out = b;
    return ERR_OK;
}

enum err bundle_open(const char *path, uint32_t feature_version, struct bundle *b_out, char *fault_out)
{
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return fault(fault_out, ERR_IO, path, "cannot open: %s", strerror(errno));
    enum err e = ERR_OK;
    void *map = MAP_FAILED;
    struct bundle b;
    struct stat st;
    if (fstat(fd, &st) != 0)
        e = fault(fault_out, ERR_IO, path, "cannot stat: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        e = fault(fault_out, ERR_IO, path, S_ISDIR(st.st_mode) ? "is a directory" : "is not a regular file");
    else if (st.st_size == 0)
        e = fault(fault_out, ERR_MODEL, path, "the file is empty");
    else if ((uint64_t)st.st_size > BUNDLE_BYTES_MAX)
        e = fault(fault_out, ERR_TOO_BIG, path, "%lld bytes; a bundle has %" PRIu64 " at most", (long long)st.st_size,
                  BUNDLE_BYTES_MAX);
    if (e) goto done;
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        e = fault(fault_out, errno == ENOMEM ? ERR_MEMORY : ERR_IO, path, "cannot map: %s", strerror(errno));
        goto done;
    }
    /* Tables are read at random. Where the file system has large pages and the file is not cached yet, it comes in them. */
    madvise(map, (size_t)st.st_size, MADV_HUGEPAGE);
    e = bundle_parse(span_of(map, (size_t)st.st_size), path, feature_version, &b, fault_out);
    if (e) goto done;
    b.mapped = true;
    *b_out = b;
done:
    if (e && map != MAP_FAILED) munmap(map, (size_t)st.st_size);
    close(fd);
    return e;
}

void bundle_close(struct bundle *b)
{
    if (b->mapped) munmap((void *)b->map, b->bytes);
    *b = (struct bundle){0};
}

span bundle_section(const struct bundle *b, const char *name)
{
    for (uint32_t i = 0; i < b->section_count; i++) {
        struct bundle_entry e = bundle_at(b, i);
        if (strcmp(e.name, name) == 0) return e.bytes;
    }
    return SPAN_NONE;
}

bool bundle_manifest_next(const struct bundle *b, size_t *at, span *key_out, span *value_out)
{
    span left = span_from(bundle_section(b, "manifest"), *at);
    if (left.n == 0) return false;
    size_t eq = span_find(left, '=');
    span value = span_from(left, eq + 1);
    size_t n = span_find(value, '\n');
    *key_out = span_head(left, eq);
    *value_out = span_head(value, n);
    *at += eq + 1 + n + 1;
    return true;
}
