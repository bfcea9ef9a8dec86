/* SPDX-License-Identifier: Apache-2.0 */
/* Notes beside shared snapshots, as Redis hands them over: no bytes crash the reader, and what it accepts is written to
 * what it reads as the same again. */
#include "models/live/resume/note.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct note n, again;
    char fault[NOTE_FAULT_MAX], key[NOTE_KEY_BYTES];
    enum err e = note_read(span_of(data, size), &n, fault);
    assert((e == ERR_OK) == (fault[0] == 0));
    if (e != ERR_OK) return 0;
    assert(note_chunks(&n) >= 1 && note_chunks(&n) <= NOTE_BYTES_MAX / NOTE_CHUNK);
    assert(note_chunk_key("furui", &n, note_chunks(&n) - 1, key).n > 0);
    struct pairs text = {0};
    note_write(&n, &text);
    assert(note_read(span_of(text.p, text.n), &again, fault) == ERR_OK);
    assert(again.host == n.host && again.made_ms == n.made_ms && again.bytes == n.bytes && again.whole == n.whole);
    assert(follow_place_cmp(again.at, n.at) == 0 && strcmp(again.seal, n.seal) == 0);
    pairs_close(&text);
    return 0;
}
