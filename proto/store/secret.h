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

#endif
