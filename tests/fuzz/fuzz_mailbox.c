/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mailbox: any bytes as an mbox; no byte may come out twice. */
#define _GNU_SOURCE /* memfd_create */
#include "proto/cli/mailbox.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("mbox", 0);
    assert(fd >= 0);
    assert(write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct listing l = {0};
    listing_add(&l, path);
    struct mailbox b;
    mailbox_open(&b, &l);
    struct mailbox_mail m;
    size_t mails = 0, bytes = 0;
    while (mailbox_next(&b, &m) == MAILBOX_MAIL) {
        mails++;
        bytes += m.n;
        assert(m.number == (b.mbox ? mails : 0));
        free(m.bytes);
    }
    assert(mails >= 1 && bytes <= size);
    assert(b.bytes_read == size);
    mailbox_close(&b);
    listing_close(&l);
    close(fd);
    return 0;
}
