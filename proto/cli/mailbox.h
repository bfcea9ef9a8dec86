/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: one mail after the other out of a list of files, each file a mail or an mbox.
 *
 * A file that begins with "From " is an mbox (RFC 4155): a mail ends before a line "From …" that follows an empty line
 * and holds a time and a year. Of lines ">From ", ">>From ", … one ">" is taken away (mboxrd, and mboxo but for text
 * that was quoted before it was stored). Content-Length is not believed: writers get it wrong. */
#ifndef FURUI_CLI_MAILBOX_H
#define FURUI_CLI_MAILBOX_H

#include "proto/base/span.h"
#include "proto/cli/listing.h"

enum {
    MAILBOX_MAIL_MAX = 256 << 20, /* bytes of one mail; a larger one is a fault, and the next is read */
    MAILBOX_FROM_MAX = 512,       /* bytes of a "From " line that are looked at */
};

enum mailbox_got {
    MAILBOX_END,
    MAILBOX_MAIL,
    MAILBOX_FAULT, /* this file, or this mail of it, could not be read; go on */
};

struct mailbox_mail {
    const char *path; /* lent by the listing */
    size_t number;    /* 1, 2, … within an mbox; 0: the file is one mail */
    uint8_t *bytes;   /* MAILBOX_MAIL: owned by the caller, free(); NULL when skimming */
    size_t n;
    uint64_t at, raw_bytes; /* where it lies in its file; without its "From " line, with quoting and last empty line */
    const char *fault;      /* MAILBOX_FAULT: why; static */
};

struct mailbox {
    const struct listing *files; /* lent */
    size_t file;                 /* the next of them to open */
    int fd;                      /* of the file that is being read, or -1 */
    bool mbox;
    bool skim; /* to be set after mailbox_open: where the mails are, not what they say */
    size_t number;
    uint8_t *buf; /* bytes [at, n) are read and not yet handed out */
    size_t at, n, cap;
    bool eof;              /* nothing follows buf */
    uint64_t bytes_read;   /* of all files so far */
    uint64_t bytes_before; /* of the files before the one that is being read */
};

void mailbox_open(struct mailbox *b, const struct listing *files);
void mailbox_close(struct mailbox *b);

/* The next mail. O(its bytes); holds one mail and 64 KB more, whatever the size of the mbox. */
enum mailbox_got mailbox_next(struct mailbox *b, struct mailbox_mail *out);

/* What mailbox_next hands out for the raw bytes p[n] of a mail of an mbox: changed in place, its new length
 * returned. */
size_t mailbox_plain(uint8_t *p, size_t n);

#endif
