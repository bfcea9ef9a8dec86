/* SPDX-License-Identifier: Apache-2.0 */
/* note: see note.h. */
#include "models/live/resume/note.h"

#include <inttypes.h>
#include <stdio.h>

void note_write(const struct note *n, struct pairs *out)
{
    char host[24];
    snprintf(host, sizeof host, "%016" PRIx64, n->host);
    pairs_put_number(out, "version", NOTE_VERSION);
    pairs_put(out, "host", host);
    pairs_put_number(out, "made_ms", n->made_ms);
    pairs_put_number(out, "ms", n->at.ms);
    pairs_put_number(out, "n", n->at.n);
    pairs_put_number(out, "whole", n->whole);
    pairs_put_number(out, "bytes", n->bytes);
    pairs_put(out, "seal", n->seal);
}

static bool read_host(span value, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < value.n; i++) {
        int digit = ascii_hex(value.p[i]);
        if (digit < 0) return false;
        *out = *out << 4 | (unsigned)digit;
    }
    return value.n == 16 && *out != 0;
}

static bool read_seal(span value, char out[SECRET_SEAL_HEX + 1])
{
    if (value.n != SECRET_SEAL_HEX) return false;
    for (size_t i = 0; i < value.n; i++)
        if (ascii_hex(value.p[i]) < 0) return false;
    memcpy(out, value.p, value.n);
    out[value.n] = 0;
    return true;
}

enum { VERSION = 1, HOST = 2, MADE = 4, MS = 8, N = 16, WHOLE = 32, BYTES = 64, SEAL = 128, ALL = 255 };

static bool read_pair(struct note *n, span key, span value, unsigned *seen, uint64_t *version)
{
    uint64_t whole = 0;
    const struct {
        const char *key;
        unsigned bit;
        uint64_t *to;
    } NUMBERS[] = {{"version", VERSION, version}, {"made_ms", MADE, &n->made_ms},
                   {"ms", MS, &n->at.ms},         {"n", N, &n->at.n},
                   {"whole", WHOLE, &whole},      {"bytes", BYTES, &n->bytes}};
    unsigned bit = 0;
    bool good = true;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        if (!span_eq(key, span_cstr(NUMBERS[i].key))) continue;
        bit = NUMBERS[i].bit;
        good = pairs_number(value, NUMBERS[i].to);
    }
    if (bit == WHOLE) good = good && whole <= 1, n->whole = whole != 0;
    if (span_eq(key, SPAN("host"))) bit = HOST, good = read_host(value, &n->host);
    if (span_eq(key, SPAN("seal"))) bit = SEAL, good = read_seal(value, n->seal);
    if (*seen & bit) return false;
    *seen |= bit;
    return good;
}

static enum err wrong(enum err e, char *fault_out, const char *what)
{
    snprintf(fault_out, NOTE_FAULT_MAX, "%s", what);
    return e;
}

enum err note_read(span text, struct note *out, char *fault_out)
{
    unsigned seen = 0;
    uint64_t version = 0;
    span key, value;
    *out = (struct note){.host = 0};
    fault_out[0] = 0;
    while (pairs_next(&text, &key, &value)) {
        if (key.n == 0 || !read_pair(out, key, value, &seen, &version))
            return wrong(ERR_SYNTAX, fault_out,
                         "a line of its note is twice there, or has a value that it cannot have");
    }
    if ((seen & VERSION) && version != NOTE_VERSION)
        return wrong(ERR_VERSION, fault_out, "its note is of another version");
    if (text.n || seen != ALL) return wrong(ERR_SYNTAX, fault_out, "its note is not complete");
    if (out->bytes == 0 || out->bytes > NOTE_BYTES_MAX || follow_place_zero(out->at))
        return wrong(ERR_SYNTAX, fault_out, "its note names a size or a place that it cannot have");
    return ERR_OK;
}

size_t note_chunks(const struct note *n)
{
    return (size_t)((n->bytes + NOTE_CHUNK - 1) / NOTE_CHUNK);
}

static span put(char out[NOTE_KEY_BYTES], int n)
{
    return span_of(out, n > 0 && n < NOTE_KEY_BYTES ? (size_t)n : 0);
}

span note_key(const char *prefix, char out[NOTE_KEY_BYTES])
{
    return put(out, snprintf(out, NOTE_KEY_BYTES, "%s:2:{reports}:snapshot", prefix));
}

span note_chunks_key(const char *prefix, const struct note *n, char out[NOTE_KEY_BYTES])
{
    return put(out, snprintf(out, NOTE_KEY_BYTES, "%s:2:{reports}:snapshot:%016" PRIx64 "-%" PRIu64 ":", prefix,
                             n->host, n->made_ms));
}

span note_chunk_key(const char *prefix, const struct note *n, size_t i, char out[NOTE_KEY_BYTES])
{
    size_t at = note_chunks_key(prefix, n, out).n;
    return span_of(out, at + (size_t)snprintf(out + at, NOTE_KEY_BYTES - at, "%zu", i));
}

void note_seal(const struct note *n, const struct secret *s, struct secret_seal *out)
{
    struct note bare = *n;
    struct pairs text = {0};
    bare.seal[0] = 0;
    note_write(&bare, &text);
    secret_seal_init(out, s, SPAN("snapshot"));
    secret_seal_add(out, span_of(text.p, text.n));
    pairs_close(&text);
}
