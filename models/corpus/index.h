/* SPDX-License-Identifier: Apache-2.0 */
/* index: labelled mails, in their order: a TREC index, lines of `spam PATH` or `ham PATH` in order of arrival, or two
 * places, each a file, an mbox, a directory or a Maildir, the one with ham and the other with spam.
 *
 * Paths are relative to the folder of the index file. Line ends may be CRLF; blank lines and lines that begin with #
 * are skipped but counted, so that line numbers are an editor's. Anything else is a fault, named with file and line:
 * a model trained on half a corpus is worse than none. */
#ifndef FURUI_CORPUS_INDEX_H
#define FURUI_CORPUS_INDEX_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    INDEX_FAULT_BYTES = 512,
    INDEX_PATH_MAX = 4096, /* bytes of a path, NUL included */
};

struct index_entry {
    const char *path;   /* as the index has it; lent, from the index's own text */
    uint64_t at, bytes; /* where in an mbox; bytes 0: the file is the mail */
    uint32_t line;      /* in the index file, counted from 1; or number in an mbox */
    bool spam;
    bool excluded; /* left out of figures, not out of learning */
};

struct mail_index {
    struct index_entry *entry; /* owned */
    size_t n, spam, excluded;
    char *text;   /* the file's bytes, cut into strings; owned */
    char *folder; /* of the index file, with its slash at the end, or ""; owned */
    char *file;   /* the index file, for messages; NULL when there is none; owned */
    bool as_is;   /* foreign verdicts (worker/mime/foreign.h) are read as any other field; for comparisons only */
};

/* Read an index.
 *
 *   fault_out  on error: FILE:LINE: what is wrong; INDEX_FAULT_BYTES
 *
 * ERR_IO, ERR_SYNTAX, ERR_MEMORY, ERR_TOO_BIG. An index without any entry is a fault. */
enum err index_open(const char *path, struct mail_index *x_out, char *fault_out);
void index_close(struct mail_index *x);

/* List the mails of two places (proto/cli/mailbox.h says what a place may be); `spam` or `ham` may be NULL. An mbox is
 * read once for where its mails are. The first file that cannot be read is a fault. Errors as index_open. */
enum err index_open_places(const char *ham, const char *spam, struct mail_index *x_out, char *fault_out);

/* Can the files be opened that an index names, from entry `first` on? It is better told before hours of reading than
 * after. Two places are what a folder holds, and always fine. ERR_IO, with the first in fault_out and the number of
 * others. */
enum err index_check(const struct mail_index *x, size_t first, char *fault_out);

/* Mark the mails that `list` names: the first word of each line is a line number in the index; a second word, if it is
 * `spam` or `ham`, must agree with the index (a list of another corpus is told this way); the rest is for people.
 * Errors as index_open; x is as before on error. */
enum err index_exclude(struct mail_index *x, const char *list, char *fault_out);

/* A buffer that mails are read into, one after the other. Zeroed at start. */
struct mail_buf {
    uint8_t *p; /* owned */
    size_t cap;
};
void mail_buf_close(struct mail_buf *b);

/* Read the mail of an entry whole.
 *
 *   mail_out   lent until the next read into `b`
 *   fault_out  on error: INDEX:LINE: path: what is wrong, or from path on where there is no index; INDEX_FAULT_BYTES
 *
 * ERR_IO (missing, unreadable, not a regular file), ERR_TOO_BIG (more than `limit` bytes), ERR_MEMORY. */
enum err index_read(const struct mail_index *x, const struct index_entry *e, struct mail_buf *b, size_t limit,
                    span *mail_out, char *fault_out);

#endif
