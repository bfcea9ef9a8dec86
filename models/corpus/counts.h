/* SPDX-License-Identifier: Apache-2.0 */
/* counts: a file of all that training needs of labelled mails, to do it again, with more of them, or without some.
 *
 * The linear models learn in order, so weights of parts do not add up to those of the whole; what was counted of each
 * mail does. A counts file is a row of records, one a mail; files are merged by putting rows one behind the other, and
 * a mail is unlearnt by leaving its record out: what is trained then is what one run over those mails trains, to the
 * bit. Little endian, only ever appended to, read in place from a mapping:
 *
 *     head      struct counts_head; then its text: lines "source NAME", "trust HOST", "own-received N"; zeros to 64
 *     records   struct counts_mail, features, path as the index has it; zeros to the next multiple of 64
 *     end       struct counts_end: a file without one is not whole (its furui train goes on where it stopped)
 *
 * About 20 KB a mail. Records hold hashes of words, not words; a path may tell what its owner put there. */
#ifndef FURUI_CORPUS_COUNTS_H
#define FURUI_CORPUS_COUNTS_H

#include "models/corpus/trust.h"
#include "proto/base/err.h"
#include "worker/token/feature.h"

enum {
    COUNTS_VERSION = 1,
    COUNTS_ALIGN = 64,
    COUNTS_SOURCES_MAX = 4096,
    COUNTS_NAME_MAX = 255,  /* bytes of a source's name */
    COUNTS_PATH_MAX = 4095, /* bytes of a mail's path */
    COUNTS_LIST_MAX = 1 << 20,
    COUNTS_FAULT_BYTES = 512,
};
#define COUNTS_MAGIC   "\211FCOUNT\n"
#define COUNTS_NO_DATE INT64_MIN

struct counts_head {
    uint8_t magic[8];
    uint32_t version, feature_version;
    uint64_t job;   /* hash of what the file is made from: says whether a file that is not whole may be gone on with */
    uint64_t check; /* XXH3-64 of head (this field zero) and text */
    uint32_t text_bytes, sources;
    uint8_t zero[24];
};

struct counts_mail {
    uint64_t check; /* XXH3-64 of the rest of the record */
    uint32_t bytes; /* of the record; a multiple of 64 */
    uint32_t source;
    uint64_t digest[2]; /* XXH3-128 of the mail's bytes: the same mail has the same */
    uint64_t body;      /* hash of the visible text: mails of one hash are duplicates and stay together in splits */
    int64_t date;       /* seconds since 1970, or COUNTS_NO_DATE */
    uint32_t line;      /* in its index, or number in its mbox */
    uint16_t path_bytes;
    uint8_t spam, zero;
    uint32_t n[VIEW_COUNT];
    float number[NUMBER_COUNT];
    uint32_t hash[]; /* views one behind the other; then the path */
};

struct counts_end {
    uint64_t check;
    uint32_t bytes, mark; /* 64, COUNTS_END */
    uint64_t mails, chain;
    uint8_t zero[32];
};
#define COUNTS_END UINT32_MAX

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct counts {
    const uint8_t *map;
    size_t bytes;
    const struct counts_head *head;
    span text;
    size_t first; /* offset of the first record */
    size_t mails;
    uint64_t chain; /* hash over all records: the same files have the same */
    bool mapped;    /* owned */
};

/* Map a whole counts file and verify all of it, features of this version.
 *
 *   fault_out  on error: path, what is wrong and where, in one line; COUNTS_FAULT_BYTES
 *
 * ERR_IO, ERR_MODEL (damaged, not whole, or nothing of ours), ERR_VERSION, ERR_MEMORY. One pass over the file. */
enum err counts_open(const char *path, struct counts *c_out, char *fault_out);

/* The same for an open file (which may be closed then), and for bytes in memory, 64-byte aligned, lent. */
enum err counts_open_fd(int fd, const char *name, struct counts *c_out, char *fault_out);
enum err counts_parse(span bytes, const char *name, struct counts *c_out, char *fault_out);
void counts_close(struct counts *c);

/* Is this the beginning of a counts file? */
bool counts_magic(span head);

/* The next record; *at begins at 0. NULL behind the last. Lent. */
const struct counts_mail *counts_next(const struct counts *c, size_t *at);

/* The name of source i, or empty for one that was given none; lent. */
span counts_source(const struct counts *c, size_t i);

/* The settings with which the mails were read; lent. */
void counts_trust(const struct counts *c, struct trust *out);

/* The features of a record; lists are lent, names NULL. */
void counts_features(const struct counts_mail *m, struct features *out);
span counts_path(const struct counts_mail *m);

/* --- writing ------------------------------------------------------------------------------------------------------ */

struct counts_plan {
    const span *source; /* [sources]: names, or empty */
    size_t sources;
    const struct trust *trust;
    uint64_t job;
};

struct counts_writer {
    int fd;
    char *path, *part; /* owned; NULL: a file without a name */
    uint8_t *buf;
    size_t n, cap;
    size_t mails; /* records so far, found or added */
    uint64_t chain;
    uint64_t bytes; /* of the file */
    bool failed;    /* to write */
};

/* Begin a file, or go on with one.
 *
 *   path    where it goes when it is whole; until then it is PATH.part, and if that holds records of the same plan
 *           they stay: w->mails says how many. NULL: a file without a name in TMPDIR, or in `folder` (NULL: /tmp)
 *
 * ERR_IO, ERR_MEMORY, ERR_TOO_BIG (names and hosts). */
enum err counts_create(const char *path, const char *folder, const struct counts_plan *plan, struct counts_writer *w,
                       char *fault_out);

/* What is known of a mail beside its features. `bytes`, `check` and the numbers of features are filled in. */
enum err counts_add(struct counts_writer *w, const struct counts_mail *facts, const struct features *f, span path,
                    char *fault_out);

/* A record of another file, under another source. */
enum err counts_copy(struct counts_writer *w, const struct counts_mail *m, uint32_t source, char *fault_out);

/* Write what is buffered, so that a killed process loses nothing of it. */
enum err counts_flush(struct counts_writer *w, char *fault_out);

/* End the file, sync it, put it in its place, and open it. ERR_IO, ERR_MEMORY. */
enum err counts_finish(struct counts_writer *w, struct counts *c_out, char *fault_out);
void counts_writer_close(struct counts_writer *w);

#endif
