/* SPDX-License-Identifier: Apache-2.0 */
/* where: which Redis serves, as `server` in [redis] says it, taken apart.
 *
 * One server by its Unix socket or port; several behind Sentinel, which knows the master; or a cluster. The words are
 * checked here for whoever reads a configuration, and read here for whoever connects. docs/configuration.md */
#ifndef FURUI_WHERE_H
#define FURUI_WHERE_H

#include "proto/base/span.h"

enum { WHERE_HOSTS_MAX = 16 };

enum where_kind { WHERE_UNIX, WHERE_TCP, WHERE_SENTINEL, WHERE_CLUSTER };

struct where {
    enum where_kind kind;
    span path; /* WHERE_UNIX */
    span name; /* WHERE_SENTINEL: of the master */
    struct {
        span host; /* a name or an address, without brackets */
        uint16_t port;
    } host[WHERE_HOSTS_MAX]; /* WHERE_TCP: one */
    size_t hosts;
};

/* "unix:PATH", "tcp:HOST:PORT", "sentinel:NAME@HOST:PORT,…" or "cluster:HOST:PORT,…". Spans within `text`. False when
 * it is none of these. */
bool where_read(const char *text, struct where *out);

#endif
