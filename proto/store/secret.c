/* SPDX-License-Identifier: Apache-2.0 */
/* secret: the file, and the keyed hash; see secret.h. */
#include "proto/store/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

enum { NAME_BYTES = 1024, WHAT_BYTES = 16, PATH_BYTES = 4096 };

static_assert(SECRET_BYTES == crypto_shorthash_siphashx24_KEYBYTES, "SipHash's key");
static_assert(SECRET_BYTES == crypto_shorthash_siphashx24_BYTES, "SipHash's output");

static_assert(sizeof(crypto_generichash_state) <= sizeof(struct secret_seal), "BLAKE2b's state");
static_assert(SECRET_BYTES >= crypto_generichash_KEYBYTES_MIN, "BLAKE2b's key");

static void put_hex(const uint8_t *bytes, size_t n, uint8_t *out)
{
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = (uint8_t)HEX[bytes[i] >> 4];
        out[2 * i + 1] = (uint8_t)HEX[bytes[i] & 15];
    }
}

/* A whole file under another name, then linked to its own: nobody ever reads half a secret. */
static enum err make_file(const char *path)
{
    char scratch[PATH_BYTES];
    uint8_t key[SECRET_BYTES], line[SECRET_HEX + 1];
    if ((size_t)snprintf(scratch, sizeof scratch, "%s.%ld", path, (long)getpid()) >= sizeof scratch) return ERR_IO;
    randombytes_buf(key, sizeof key);
    put_hex(key, SECRET_BYTES, line);
    line[SECRET_HEX] = '\n';
    int fd = open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return ERR_IO;
    bool whole = write(fd, line, sizeof line) == sizeof line && fsync(fd) == 0;
    whole = close(fd) == 0 && whole;
    whole = whole && (link(scratch, path) == 0 || errno == EEXIST);
    unlink(scratch);
    return whole ? ERR_OK : ERR_IO;
}

enum err secret_load(const char *path, bool make, struct secret *out)
{
    uint8_t text[SECRET_HEX + 2];
    if (sodium_init() < 0) return ERR_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make) {
        enum err e = make_file(path);
        return e == ERR_OK ? secret_load(path, false, out) : e;
    }
    if (fd < 0) return ERR_IO;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    if (n < SECRET_HEX || n > SECRET_HEX + 1 || (n == SECRET_HEX + 1 && text[SECRET_HEX] != '\n')) return ERR_SYNTAX;
    for (size_t i = 0; i < SECRET_BYTES; i++) {
        int high = ascii_hex(text[2 * i]), low = ascii_hex(text[2 * i + 1]);
        if (high < 0 || low < 0) return ERR_SYNTAX;
        out->key[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}

static void hash_name(const struct secret *s, span what, span name, uint8_t out[SECRET_BYTES])
{
    uint8_t in[WHAT_BYTES + 1 + NAME_BYTES];
    size_t n = 0;
    what = span_head(what, WHAT_BYTES);
    name = span_head(name, NAME_BYTES);
    for (size_t i = 0; i < what.n; i++) in[n++] = what.p[i];
    in[n++] = 0;
    for (size_t i = 0; i < name.n; i++) in[n++] = ascii_lower(name.p[i]);
    crypto_shorthash_siphashx24(out, in, n, s->key);
}

void secret_hash(const struct secret *s, span what, span name, uint8_t out[SECRET_HEX])
{
    uint8_t hash[SECRET_BYTES];
    hash_name(s, what, name, hash);
    put_hex(hash, SECRET_BYTES, out);
}

uint64_t secret_number(const struct secret *s, span what, span name)
{
    uint8_t hash[SECRET_BYTES];
    uint64_t x = 0;
    hash_name(s, what, name, hash);
    for (int i = 0; i < 8; i++) x = x << 8 | hash[i];
    return x;
}

void secret_seal_init(struct secret_seal *m, const struct secret *s, span what)
{
    uint8_t head[WHAT_BYTES + 1] = {0};
    what = span_head(what, WHAT_BYTES);
    if (what.n) memcpy(head, what.p, what.n);
    crypto_generichash_init((crypto_generichash_state *)(void *)m->state, s->key, sizeof s->key, SECRET_SEAL_BYTES);
    crypto_generichash_update((crypto_generichash_state *)(void *)m->state, head, sizeof head);
}

void secret_seal_add(struct secret_seal *m, span piece)
{
    if (piece.n) crypto_generichash_update((crypto_generichash_state *)(void *)m->state, piece.p, piece.n);
}

void secret_seal_end(struct secret_seal *m, char out[SECRET_SEAL_HEX + 1])
{
    uint8_t seal[SECRET_SEAL_BYTES];
    crypto_generichash_final((crypto_generichash_state *)(void *)m->state, seal, sizeof seal);
    put_hex(seal, sizeof seal, (uint8_t *)out);
    out[SECRET_SEAL_HEX] = 0;
}
