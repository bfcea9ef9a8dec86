/* SPDX-License-Identifier: Apache-2.0 */
/* secret: people's addresses and user names stand in Redis only as a hash under a key of this installation.
 *
 * SipHash-2-4 with 128 bits of output (Aumasson, Bernstein, INDOCRYPT 2012; libsodium, which secret.c alone sees): who
 * has the store and not the secret cannot try out addresses. Hosts that share a Redis must share the secret. */
#ifndef FURUI_STORE_SECRET_H
#define FURUI_STORE_SECRET_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum { SECRET_BYTES = 16, SECRET_HEX = 2 * SECRET_BYTES };

struct secret {
    uint8_t key[SECRET_BYTES];
};

/* Read the secret from a file of 32 hex digits; with `make` set, write a random one there (mode 0600) when there is
 * none. Of two that make it at once, both end with the same. ERR_IO, ERR_SYNTAX. */
enum err secret_load(const char *path, bool make, struct secret *out);

/* The hash of somebody's name, letters of ASCII in lower case, under a word that says what is named ("user",
 * "rcpt"), as hex. Longer names count by their first 1024 bytes. */
void secret_hash(const struct secret *s, span what, span name, uint8_t out[SECRET_HEX]);
uint64_t secret_number(const struct secret *s, span what, span name); /* 64 bits of the same */

/* A seal on bytes that come in pieces: who does not have the secret cannot make one (BLAKE2b, RFC 7693, keyed). */
enum { SECRET_SEAL_BYTES = 32, SECRET_SEAL_HEX = 2 * SECRET_SEAL_BYTES };
struct secret_seal {
    _Alignas(64) uint8_t state[384]; /* libsodium's */
};
void secret_seal_init(struct secret_seal *m, const struct secret *s, span what);
void secret_seal_add(struct secret_seal *m, span piece);
void secret_seal_end(struct secret_seal *m, char out[SECRET_SEAL_HEX + 1]); /* lower-case hex; NUL-terminated */

#endif
