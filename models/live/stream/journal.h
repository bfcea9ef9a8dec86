/* SPDX-License-Identifier: Apache-2.0 */
/* journal: reports on this host's disk, before anybody is told that they are kept.
 *
 * Files of entries, each with its number, length and checksum, appended and synced (group commit: one fdatasync for all
 * that came together). An entry stays until it is known to be in the shared stream; whole files go when all of their
 * entries are. After a crash a torn tail is cut off: it was never acknowledged. Numbers go up by one and are never used
 * twice, so that a reader of the stream who meets an entry again knows it (docs/feedback.md, "Exactly once").
 *
 *   DIR/host          16 hex digits: what names this journal in the stream; made once
 *   DIR/FIRST.log     entries from number FIRST (16 hex digits) on
 *   DIR/sent          the number up to which all is in the stream; may lag behind
 *
 * Entry: length u32, XXH3-64 of number and bytes u64, number u64, bytes; little-endian. One process has it open. */
#ifndef FURUI_STREAM_JOURNAL_H
#define FURUI_STREAM_JOURNAL_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    JOURNAL_ENTRY_MAX = 128 << 10, /* bytes of one entry */
    JOURNAL_FAULT_MAX = 512,
};

struct journal;

/* Open, or make, the journal in directory `dir`, which exists.
 *
 *   file_bytes   a new file is begun beyond this
 *   cap_bytes    beyond this in all, entries are refused (ERR_TOO_BIG): Redis has been away for too long
 *   fault_out    one line on error: which file, what is wrong; JOURNAL_FAULT_MAX bytes
 *
 * ERR_IO, ERR_MEMORY; ERR_BUSY when another process has it. A damaged entry that is not the tail of the newest file is
 * skipped to the next file and counted (journal_lost): what follows is worth more than a service that does not start. */
enum err journal_open(const char *dir, size_t file_bytes, size_t cap_bytes, struct journal **out, char *fault_out);
/* Writes down what was sent. NULL is fine. */
void journal_close(struct journal *j);

uint64_t journal_host(const struct journal *j);
uint64_t journal_next(const struct journal *j); /* the number that the next entry will have; from 1 */
uint64_t journal_sent(const struct journal *j); /* all up to this one are in the stream */
uint64_t journal_lost(const struct journal *j); /* damaged entries met since it was opened, files' ends counted once */
size_t journal_bytes(const struct journal *j);  /* on disk */

/* Append; not on disk before journal_sync. ERR_TOO_BIG (the entry, or the journal is full), ERR_IO (disk full: what was
 * written of it is taken back, and the next one may fit). */
enum err journal_append(struct journal *j, span entry, uint64_t *number_out);

/* All that was appended is on disk. ERR_IO: nothing since the last sync may be acknowledged. The journal is then broken
 * until it is opened again (what the kernel says after a failed fsync cannot be believed). */
enum err journal_sync(struct journal *j);

/* Go through what is not in the stream: the entry with this number or the first after it, lent until the next call.
 * False when there is none. */
bool journal_read(struct journal *j, uint64_t from, uint64_t *number_out, span *entry_out);

/* All up to `number` are in the stream: files that hold nothing else are removed. */
void journal_mark(struct journal *j, uint64_t number);

/* They are not, behind `number`: what is still on disk of that is to be sent again. */
void journal_unmark(struct journal *j, uint64_t number);

#endif
