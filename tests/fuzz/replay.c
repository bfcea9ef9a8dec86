/* SPDX-License-Identifier: Apache-2.0 */
/* replay: a main() for fuzz targets, for any compiler.
 *
 * Runs LLVMFuzzerTestOneInput over each file named, and over each file below each directory named, in the order of
 * their names; prints how many. Exit status 1 when one cannot be read or there was none: a check that ran nothing
 * has not passed. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int failed(const char *path)
{
    fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
    return -1;
}

/* Returns 1, or -1 when the file cannot be read. */
static int replay_file(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    if (!f) return failed(path);
    /* Exactly `size` bytes, so that a sanitiser sees one read past them. */
    uint8_t *data = malloc(size);
    size_t got = data || size == 0 ? fread(data, 1, size, f) : 0;
    fclose(f);
    if (got == size) LLVMFuzzerTestOneInput(data, size);
    free(data);
    return got == size ? 1 : failed(path);
}

/* Returns how many inputs ran, or -1. */
static int replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) return failed(path);
    if (!S_ISDIR(st.st_mode)) return replay_file(path, (size_t)st.st_size);

    struct dirent **names;
    int n = scandir(path, &names, NULL, alphasort);
    if (n < 0) return failed(path);
    int ran = 0;
    for (int i = 0; i < n; i++) {
        char below[4096];
        int len = snprintf(below, sizeof below, "%s/%s", path, names[i]->d_name);
        bool hidden = names[i]->d_name[0] == '.';
        free(names[i]);
        if (hidden || ran < 0) continue;
        if (len >= (int)sizeof below) {
            errno = ENAMETOOLONG;
            ran = failed(path);
            continue;
        }
        int more = replay(below);
        ran = more < 0 ? -1 : ran + more;
    }
    free(names);
    return ran;
}

int main(int argc, char **argv)
{
    if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int ran = replay(argv[i]);
        if (ran < 0) return 1;
        total += ran;
    }
    printf("%s: %d inputs\n", argc > 0 ? argv[0] : "replay", total);
    return total > 0 ? 0 : 1;
}
