/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_write: lays a bundle out and swaps it into its place.
 *
 * Head and table are built in memory, sections go out as they are; replace.h puts the whole in its
 * place or leaves the old one. Layout: worker/score/bundle.h. */
#define _GNU_SOURCE
#include "models/train/bundle_write.h"

#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/base/replace.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)REPLACE_FAULT_BYTES == (int)BUNDLE_FAULT_BYTES, "one fault goes through both");

enum { HEAD_BYTES = 64, ENTRY_BYTES = 40, NAME_BYTES = 16 };

static bool key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static void manifest_add(struct manifest *m, const char *s, size_t n)
{
    if (m->n + n > m->cap) {
        m->cap = (m->n + n) * 2 + 256;
        m->text = realloc(m->text, m->cap);
        assert(m->text && "out of memory");
    }
    memcpy(m->text + m->n, s, n);
    m->n += n;
}

void manifest_put(struct manifest *m, const char *key, const char *format, ...)
{
    assert(*key);
    for (const char *k = key; *k; k++) assert(key_byte(*k));
    char *value = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&value, format, args);
    va_end(args);
    assert(n >= 0 && "out of memory");
    manifest_add(m, key, strlen(key));
    manifest_add(m, "=", 1);
    for (int i = 0; i < n; i++) {
        char esc[8];
        uint8_t c = (uint8_t)value[i];
        bool plain = c >= ' ' && c <= '~' && c != '\\';
        manifest_add(m, esc, (size_t)snprintf(esc, sizeof esc, plain ? "%c" : "\\x%02x", c));
    }
    manifest_add(m, "\n", 1);
    free(value);
}

void manifest_close(struct manifest *m)
{
    free(m->text);
    *m = (struct manifest){0};
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static void put64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t aligned(uint64_t at)
{
    return (at + BUNDLE_ALIGN - 1) & ~(uint64_t)(BUNDLE_ALIGN - 1);
}

/* Header and table for parts[n] into head[]; where each part begins into offset[]. Returns the file's size. */
static uint64_t lay_out(uint8_t *head, uint32_t feature_version, const struct bundle_part *parts, size_t n,
                        uint64_t *offset)
{
    size_t head_bytes = HEAD_BYTES + n * ENTRY_BYTES;
    memset(head, 0, head_bytes);
    memcpy(head, BUNDLE_MAGIC, 8);
    put32(head + 8, BUNDLE_VERSION);
    put32(head + 12, feature_version);
    put32(head + 16, (uint32_t)n);
    uint64_t end = head_bytes;
    for (size_t i = 0; i < n; i++) {
        uint8_t *e = head + HEAD_BYTES + i * ENTRY_BYTES;
        offset[i] = aligned(end);
        memcpy(e, parts[i].name, strlen(parts[i].name));
        put64(e + NAME_BYTES, offset[i]);
        put64(e + NAME_BYTES + 8, parts[i].bytes.n);
        put64(e + NAME_BYTES + 16, hash64(parts[i].bytes, 0));
        end = offset[i] + parts[i].bytes.n;
    }
    put64(head + 24, end);
    put64(head + 32, hash64(span_of(head, head_bytes), 0));
    return end;
}

static bool write_parts(int fd, span head, const struct bundle_part *parts, size_t n, const uint64_t *offset)
{
    static const uint8_t zeros[BUNDLE_ALIGN];
    if (!file_write(fd, head)) return false;
    uint64_t end = head.n;
    for (size_t i = 0; i < n; i++) {
        if (!file_write(fd, span_of(zeros, offset[i] - end)) || !file_write(fd, parts[i].bytes)) return false;
        end = offset[i] + parts[i].bytes.n;
    }
    return true;
}

enum err bundle_place(const char *path, char *fault_out)
{
    return replace_place(path, fault_out);
}

enum err bundle_write(const char *path, uint32_t feature_version, const struct manifest *m,
                      const struct bundle_part *parts, size_t n, char *id_out, char *fault_out)
{
    assert(n < BUNDLE_SECTIONS_MAX && feature_version != BUNDLE_ANY_FEATURES);
    struct bundle_part all[BUNDLE_SECTIONS_MAX] = {{"manifest", span_of(m->text, m->n)}};
    uint64_t offset[BUNDLE_SECTIONS_MAX];
    for (size_t i = 0; i < n; i++) {
        all[i + 1] = parts[i];
        size_t len = strlen(parts[i].name);
        assert(len > 0 && len <= BUNDLE_NAME_MAX);
        for (size_t k = 0; k < len; k++) assert(key_byte(parts[i].name[k]));
        for (size_t k = 0; k <= i; k++) assert(strcmp(all[k].name, parts[i].name) != 0);
    }
    n++;

    uint8_t head[HEAD_BYTES + BUNDLE_SECTIONS_MAX * ENTRY_BYTES];
    size_t head_bytes = HEAD_BYTES + n * ENTRY_BYTES;
    if (lay_out(head, feature_version, all, n, offset) > BUNDLE_BYTES_MAX) {
        snprintf(fault_out, BUNDLE_FAULT_BYTES, "%.150s: larger than a bundle may be", path);
        return ERR_TOO_BIG;
    }

    struct replace r;
    enum err e = replace_open(&r, path, fault_out);
    if (e) return e;
    e = replace_done(&r, write_parts(r.fd, span_of(head, head_bytes), all, n, offset), fault_out);
    if (e) goto done;
    if (id_out) {
        uint64_t id = 0;
        for (int i = 7; i >= 0; i--) id = id << 8 | head[32 + i];
        snprintf(id_out, 17, "%016" PRIx64, id);
    }
done:
    replace_close(&r);
    return e;
}
