/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mailbox: any bytes as an mbox; no byte may come out twice, and each mail is where skimming says it is. */
#define _GNU_SOURCE /* memfd_create */
#include "proto/cli/mailbox.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The mail that skimming finds, made plain, is the mail. */
static void check_skimmed(struct mailbox *skimming, const struct mailbox_mail *want, span all)
{
    struct mailbox_mail m;
    assert(mailbox_next(skimming, &m) == MAILBOX_MAIL && !m.bytes && m.number == want->number);
    assert(m.at == want->at && m.raw_bytes == want->raw_bytes && m.at + m.raw_bytes <= all.n);
    uint8_t *p = malloc(m.raw_bytes + 1);
    assert(p);
    memcpy(p, all.p + m.at, m.raw_bytes);
    size_t n = m.number ? mailbox_plain(p, m.raw_bytes) : m.raw_bytes;
    assert(n == want->n && memcmp(p, want->bytes, n) == 0);
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("mbox", 0);
    assert(fd >= 0);
    assert(write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct listing l = {0};
    listing_add(&l, path);
    struct mailbox b, skimming;
    mailbox_open(&b, &l);
    mailbox_open(&skimming, &l);
    skimming.skim = true;
    struct mailbox_mail m;
    size_t mails = 0, bytes = 0;
    while (mailbox_next(&b, &m) == MAILBOX_MAIL) {
        mails++;
        bytes += m.n;
        assert(m.number == (b.mbox ? mails : 0));
        check_skimmed(&skimming, &m, span_of(data, size));
        free(m.bytes);
    }
    mailbox_close(&skimming);
    assert(mails >= 1 && bytes <= size);
    assert(b.bytes_read == size);
    mailbox_close(&b);
    listing_close(&l);
    close(fd);
    return 0;
}
