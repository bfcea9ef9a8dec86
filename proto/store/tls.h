/* SPDX-License-Identifier: Apache-2.0 */
/* tls: an encrypted connection over a socket of ours that never waits; tls.c is the only file that sees OpenSSL.
 *
 * A server must show a certificate that the CA signed for the name it is known by; before that not a byte of ours, and
 * no password, is sent. TLS 1.2 or later. Source: RFC 8446, RFC 6125 (names). */
#ifndef FURUI_STORE_TLS_H
#define FURUI_STORE_TLS_H

#include "proto/base/err.h"
#include "proto/base/span.h"

#include <sys/types.h>

enum { TLS_WHY_MAX = 128 };

struct tls_trust; /* whom we believe, and who we are */
struct tls;       /* one connection */

/* ca: file of certificates, or a folder of them as c_rehash makes it; NULL: those of the system. cert, key: our own, or
 * NULL. ERR_IO with words in why_out[TLS_WHY_MAX]: a file cannot be read or does not hold what it should; ERR_MEMORY. */
enum err tls_trust_open(const char *ca, const char *cert, const char *key, char *why_out, struct tls_trust **out);
void tls_trust_close(struct tls_trust *t);

/* Begin on a connected socket; name: host name or address that the certificate must be for. NULL: no memory. */
struct tls *tls_open(struct tls_trust *t, int fd, const char *name);
void tls_close(struct tls *t); /* the socket stays open */

/* Go on with the handshake: 1 done, 0 not yet, -1 failed (tls_why). */
int tls_shake(struct tls *t);

/* As send and recv: -1 with errno EAGAIN when it would wait, EPROTO when it failed; 0 from tls_recv at the end. */
ssize_t tls_send(struct tls *t, const void *p, size_t n);
ssize_t tls_recv(struct tls *t, void *p, size_t n);

/* Why it failed. Lent until the next call with this connection. */
const char *tls_why(const struct tls *t);

#endif
