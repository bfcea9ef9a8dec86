/* SPDX-License-Identifier: Apache-2.0 */
/* note: what stands in Redis beside a snapshot that hosts share: whose it is, how far it goes, how long, its seal.
 *
 * A key of pairs (proto/pairs.h) that names the snapshot's chunks. Who reads it trusts nothing in it; the seal, under
 * the installation's secret, is over the note's own numbers and all chunks, so only a host that has the secret makes
 * one. docs/feedback.md, "A new host". */
#ifndef FURUI_RESUME_NOTE_H
#define FURUI_RESUME_NOTE_H

#include "models/live/stream/follow.h"
#include "proto/pairs.h"
#include "proto/store/name.h"
#include "proto/store/secret.h"

enum {
    NOTE_VERSION = 1,
    NOTE_CHUNK = 256 << 10, /* bytes of a chunk; the last one may be shorter */
    NOTE_BYTES_MAX = 1 << 30,
    NOTE_FAULT_MAX = 80,
    NOTE_KEY_BYTES = NAME_PREFIX_BYTES + 96,
};

struct note {
    uint64_t host, made_ms; /* name the chunks, together */
    struct follow_place at; /* where in the stream the snapshot ends */
    bool whole;             /* its host missed nothing of the stream */
    uint64_t bytes;
    char seal[SECRET_SEAL_HEX + 1];
};

void note_write(const struct note *n, struct pairs *out);

/* fault_out: what is wrong with it; NOTE_FAULT_MAX bytes. ERR_SYNTAX, ERR_VERSION. Safe on any bytes. */
enum err note_read(span text, struct note *out, char *fault_out);

size_t note_chunks(const struct note *n);

/* Keys: of the note itself (host 0), of its chunks without their number, of chunk i. */
span note_key(const char *prefix, char out[NOTE_KEY_BYTES]);
span note_chunks_key(const char *prefix, const struct note *n, char out[NOTE_KEY_BYTES]);
span note_chunk_key(const char *prefix, const struct note *n, size_t i, char out[NOTE_KEY_BYTES]);

/* Begin a seal of this note; then add the chunks. */
void note_seal(const struct note *n, const struct secret *s, struct secret_seal *out);

#endif
