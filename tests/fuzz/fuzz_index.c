/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_index: no text may make the reader of an index, or of an exclude list, misread or overrun.
 *
 * Up to the first byte 0xFF the input is an index, from there an exclude list for it. */
#define _GNU_SOURCE
#include "models/corpus/index.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The path of a file in memory that holds `bytes`. */
static int file_of(span bytes, char *path, size_t cap)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || (bytes.n && write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)) abort();
    snprintf(path, cap, "/proc/self/fd/%d", fd);
    return fd;
}

static void check(const struct mail_index *x)
{
    size_t spam = 0, excluded = 0;
    uint32_t line = 0;
    for (size_t i = 0; i < x->n; i++) {
        const struct index_entry *e = &x->entry[i];
        assert(e->line > line && e->path[0] && strlen(e->path) < INDEX_PATH_MAX);
        line = e->line;
        spam += e->spam;
        excluded += e->excluded;
    }
    assert(x->n && spam == x->spam && excluded == x->excluded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    span all = span_of(data, n);
    size_t cut = span_find(all, 0xFF);
    char index[64], list[64], fault[INDEX_FAULT_BYTES] = "";
    int a = file_of(span_head(all, cut), index, sizeof index), b = file_of(span_from(all, cut + 1), list, sizeof list);
    struct mail_index x;
    if (index_open(index, &x, fault) == ERR_OK) {
        check(&x);
        size_t before = x.excluded;
        if (index_exclude(&x, list, fault) != ERR_OK) assert(x.excluded == before && fault[0]);
        check(&x);
        index_close(&x);
    } else
        assert(fault[0] && !strchr(fault, '\n'));
    close(a);
    close(b);
    return 0;
}
