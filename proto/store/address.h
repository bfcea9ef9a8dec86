/* SPDX-License-Identifier: Apache-2.0 */
/* address: where one server listens. */
#ifndef FURUI_STORE_ADDRESS_H
#define FURUI_STORE_ADDRESS_H

#include "proto/base/err.h"
#include "proto/base/span.h"

#include <sys/socket.h>

enum { ADDRESS_NAME_MAX = 256, ADDRESS_TEXT_MAX = 64 };

struct address {
    struct sockaddr_storage at;
    socklen_t bytes;
    char name[ADDRESS_NAME_MAX]; /* the host, as it was given: what a certificate must be for */
};

/* A Unix socket. ERR_SYNTAX: no path, or one that no socket can have. */
enum err address_unix(span path, struct address *out);

/* A host's first address; asks the resolver, and waits for it. ERR_SYNTAX, ERR_IO: no such host. */
enum err address_resolve(span host, uint16_t port, struct address *out);

/* An address in digits, without asking anybody. False when it is none. */
bool address_digits(span ip, uint16_t port, struct address *out);

/* The same host with another port. */
void address_set_port(struct address *a, uint16_t port);

bool address_same(const struct address *a, const struct address *b);

/* "192.0.2.1:6379", "[2001:db8::1]:6379", "unix", for people. */
void address_text(const struct address *a, char out[ADDRESS_TEXT_MAX]);

#endif
