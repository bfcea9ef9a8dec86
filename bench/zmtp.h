/* SPDX-License-Identifier: Apache-2.0 */
/* zmtp: one connection to a service as a DEALER, in the bytes of the wire (ZMTP 3.1, rfc.zeromq.org/spec/37; NULL
 * mechanism), without libzmq.
 *
 * A load generator shares its machine with what it measures. This one needs no thread beside its own, one system call
 * to send and one to receive, and mails go out from where they lie: 2.1 to 2.8 us of CPU a mail of 5.4 KB, where the
 * client library upon libzmq took 6.1 to 6.6 (null workers, one connection, 256 in flight). It also reads the protocol
 * by itself, as clients in other languages do. */
#ifndef FURUI_BENCH_ZMTP_H
#define FURUI_BENCH_ZMTP_H

#include "proto/base/err.h"
#include "proto/base/span.h"

struct zmtp {
    int fd; /* non-blocking; -1: closed */
    uint8_t *in;
    size_t in_at, in_n, in_cap; /* received and not yet looked at: in[in_at, in_n) */
};

enum { ZMTP_HEAD_MAX = 9, ZMTP_FAULT_MAX = 160 };

/* Connect and shake hands, within timeout_ms. tcp://HOST:PORT or ipc://PATH. On failure one line in
 * fault_out[ZMTP_FAULT_MAX], and nothing to close. */
enum err zmtp_open(struct zmtp *z, const char *endpoint, int timeout_ms, char *fault_out);
void zmtp_close(struct zmtp *z);

/* What stands before a frame of n bytes on the wire; returns its length. `more`: not the last of its message. */
size_t zmtp_head(uint8_t out[ZMTP_HEAD_MAX], size_t n, bool more);

/* Read what has arrived. False when the connection has ended, or speaks no ZMTP. */
bool zmtp_fill(struct zmtp *z);

/* The next whole frame that was read; lent until the next zmtp_fill. Commands are passed over: a ROUTER of ours sends
 * none that wants an answer (proto/bus.c). */
bool zmtp_next(struct zmtp *z, span *frame_out, bool *more_out);

#endif
