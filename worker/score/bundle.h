/* SPDX-License-Identifier: Apache-2.0 */
/* bundle: the one file that a model is: named sections, checksums, and a manifest of where it came from.
 *
 * Little endian, read in place from a shared read-only mapping, and laid out in only one way, so that every byte is
 * either covered by a checksum or known to be zero; nothing is believed before all of it was verified.
 *
 *     0   8  magic: 89 "FURUI" 0D 0A (a transfer in text mode breaks it, as in PNG)
 *     8   4  container version, BUNDLE_VERSION
 *    12   4  feature version: which features the model inside was trained on
 *    16   4  number of sections, 1 to BUNDLE_SECTIONS_MAX
 *    20   4  zero
 *    24   8  bytes of the whole file
 *    32   8  id: XXH3-64 of header (with this field zero) and section table; names all of the content, since the
 *            table holds the checksum of each section and all else is zero
 *    40  24  zero
 *    64  40  for each section: name, 16 bytes padded with NULs; offset, bytes, XXH3-64 of its bytes, 8 bytes each
 *
 * Sections follow in the table's order, each at the next multiple of 64; gaps are zero; the last one ends the file.
 * One of them is "manifest": lines of key=value in printable ASCII.
 *
 * A bundle that is in use must be replaced by rename, never written in place (bundle_write.h does so): whoever cuts a
 * mapped file short kills its readers. */
#ifndef FURUI_SCORE_BUNDLE_H
#define FURUI_SCORE_BUNDLE_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    BUNDLE_VERSION = 1,
    BUNDLE_SECTIONS_MAX = 64,
    BUNDLE_NAME_MAX = 15,     /* [a-z0-9_.-], at least one */
    BUNDLE_ALIGN = 64,        /* of each section, in the file and in memory */
    BUNDLE_ANY_FEATURES = 0,  /* accept each feature version: to look at a bundle, not to score with it */
    BUNDLE_FAULT_BYTES = 256, /* room for a fault's line, NUL included; as MODEL_FAULT_MAX */
};
#define BUNDLE_MAGIC     "\211FURUI\r\n"
#define BUNDLE_BYTES_MAX ((uint64_t)1 << 32)

struct bundle {
    const uint8_t *map; /* owned when it came from bundle_open, lent when from bundle_parse */
    size_t bytes;
    uint32_t feature_version;
    uint32_t section_count;
    char id[17]; /* 16 hex digits */
    bool mapped;
};

/* Map the file at `path` and verify all of it: layout, checksums, manifest, feature version.
 *
 *   feature_version  what the caller's features are, or BUNDLE_ANY_FEATURES
 *   fault_out        on error: path, what is wrong and where, in one line; BUNDLE_FAULT_BYTES
 *
 * ERR_IO (cannot be read, or no regular file), ERR_MODEL (damaged or no bundle), ERR_VERSION, ERR_TOO_BIG, ERR_MEMORY.
 * *b_out is untouched on error. Costs one pass over the file (about 1 ms for 8 MB in the page cache). */
enum err bundle_open(const char *path, uint32_t feature_version, struct bundle *b_out, char *fault_out);

/* The same for bytes in memory (64-byte aligned; lent as long as *b_out is used); `name` stands for the path. */
enum err bundle_parse(span bytes, const char *name, uint32_t feature_version, struct bundle *b_out, char *fault_out);

void bundle_close(struct bundle *b);

/* A section's bytes, 64-byte aligned, lent while the bundle is open; SPAN_NONE when there is none of that name.
 * (A section that is there but empty has p not NULL.) */
span bundle_section(const struct bundle *b, const char *name);

struct bundle_entry {
    char name[BUNDLE_NAME_MAX + 1];
    uint64_t offset;
    uint64_t hash;
    span bytes;
};

/* Section `i` of section_count, in file order. */
struct bundle_entry bundle_at(const struct bundle *b, uint32_t i);

/* The next `key=value` line of the manifest; false at the end. *at starts at 0. */
bool bundle_manifest_next(const struct bundle *b, size_t *at, span *key_out, span *value_out);

#endif
