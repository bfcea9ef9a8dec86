/* SPDX-License-Identifier: Apache-2.0 */
/* listing: which files a person meant: a file is itself, a directory is all below it, in byte order of names.
 *
 * A directory with cur/ and new/ is a Maildir (cr.yp.to/proto/maildir.html): its messages are the files of those two,
 * never of tmp/, and Maildirs below it count, dotted ones too (Maildir++). Elsewhere names that begin with a dot are
 * left out, and so are sockets, pipes and devices. Symbolic links to directories are followed only when named. */
#ifndef FURUI_CLI_LISTING_H
#define FURUI_CLI_LISTING_H

#include "proto/base/span.h"

enum { LISTING_DEPTH_MAX = 64 }; /* directories within directories */

struct listing_file {
    char *path;
    uint64_t bytes; /* its size when it was listed; 0 for what has none (a pipe) */
    int error;      /* errno when it could not be looked at; 0: fine */
};

struct listing {
    struct listing_file *v; /* in the order in which they are to be read */
    size_t n, cap;
};

/* List what `path` stands for. Never fails: what cannot be looked at is listed with its errno. A file named here may
 * be of any kind (a pipe of a shell's <(…) too), and "-" is standard input. */
void listing_add(struct listing *l, const char *path);
void listing_close(struct listing *l);

#endif
