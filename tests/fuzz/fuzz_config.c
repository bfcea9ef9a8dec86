/* SPDX-License-Identifier: Apache-2.0 */
/* Config files: no bytes crash the loader, and whatever it accepts it can write and read back the same. */
#define _GNU_SOURCE
#include "proto/config.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *written(const struct config *c, size_t *n_out)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, n_out);
    config_write(c, f);
    fclose(f);
    return text;
}

static enum err read_bytes(struct config *c, const void *data, size_t size, char *fault)
{
    FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");
    config_init(c);
    enum err e = config_read(c, f, "fuzz", fault);
    fclose(f);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config c, again;
    char fault[CONFIG_FAULT_MAX];
    enum err e = read_bytes(&c, data, size, fault);
    assert((e == ERR_OK) == (fault[0] == 0));
    if (e == ERR_OK) {
        size_t n, n_again;
        char *text = written(&c, &n);
        e = read_bytes(&again, text, n, fault);
        assert(e == ERR_OK);
        char *text_again = written(&again, &n_again);
        assert(span_eq(span_of(text, n), span_of(text_again, n_again)));
        config_close(&again);
        free(text);
        free(text_again);
    }
    config_close(&c);
    return 0;
}
