/* SPDX-License-Identifier: Apache-2.0 */
/* admit: takes a pushed bundle in; see admit.h. */
#define _GNU_SOURCE
#include "worker/admit.h"

#include "proto/backend.h"
#include "proto/base/file.h"
#include "proto/pairs.h"
#include "worker/score/bundle.h"
#include "worker/score/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, MANIFEST_MAX = 1000 };

/* What is wrong, in `why`; "" when nothing is. */
static void copy(uint64_t *size_out, char why[MODEL_FAULT_MAX])
{
    struct stat st;
    why[0] = 0;
    if (fstat(BACKEND_ADMIT_FROM_FD, &st) != 0 || !S_ISREG(st.st_mode)) {
        snprintf(why, MODEL_FAULT_MAX, "not a plain file");
        return;
    }
    if (st.st_size > BACKEND_ADMIT_MAX) {
        snprintf(why, MODEL_FAULT_MAX, "%lld bytes; a pushed bundle may have %d", (long long)st.st_size,
                 BACKEND_ADMIT_MAX);
        return;
    }
    uint8_t *block = malloc(BLOCK);
    off_t at = 0;
    bool good = block != NULL;
    while (good && at < st.st_size) {
        size_t want = st.st_size - at < BLOCK ? (size_t)(st.st_size - at) : BLOCK;
        ssize_t n = pread(BACKEND_ADMIT_FROM_FD, block, want, at);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) break; /* cut meanwhile: what there is will not verify */
        good = n > 0 && file_write(BACKEND_ADMIT_TO_FD, span_of(block, (size_t)n));
        at += n > 0 ? n : 0;
    }
    good = good && fsync(BACKEND_ADMIT_TO_FD) == 0;
    if (!good) snprintf(why, MODEL_FAULT_MAX, "cannot be copied: %s", strerror(errno));
    *size_out = (uint64_t)at;
    free(block);
}

/* The lines of the manifest that fit, whole. */
static void put_manifest(struct pairs *f, const struct bundle *b)
{
    char text[MANIFEST_MAX] = "";
    size_t n = 0;
    span key, value;
    for (size_t at = 0; bundle_manifest_next(b, &at, &key, &value);) {
        if (n + key.n + value.n + 3 > sizeof text) break;
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s=%.*s\n", SPAN_ARG(key), SPAN_ARG(value));
    }
    pairs_put(f, "manifest", text);
}

/* As model_open says it, without the name that only this process knows the file by. */
static const char *plain(const char *why, const char *path)
{
    size_t n = strlen(path);
    return strncmp(why, path, n) == 0 && strncmp(why + n, ": ", 2) == 0 ? why + n + 2 : why;
}

int admit(void)
{
    char path[32], why[MODEL_FAULT_MAX];
    struct pairs f = {0};
    struct model *m = NULL;
    struct bundle b;
    uint64_t size = 0;
    snprintf(path, sizeof path, "/dev/fd/%d", BACKEND_ADMIT_TO_FD);
    copy(&size, why);
    if (!why[0] && model_open(path, &m, why) == ERR_OK) {
        pairs_put(&f, "id", model_id(m));
        pairs_put_number(&f, "size", size);
        model_close(m);
        if (bundle_open(path, BUNDLE_ANY_FEATURES, &b, why) == ERR_OK) {
            put_manifest(&f, &b);
            bundle_close(&b);
        }
    }
    if (why[0]) pairs_put(&f, "fault", plain(why, path));
    bool told = file_write(STDOUT_FILENO, span_of(f.p, f.n));
    pairs_close(&f);
    return told && !why[0] ? 0 : 1;
}
