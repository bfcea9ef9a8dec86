/* SPDX-License-Identifier: Apache-2.0 */
/* memory: see memory.h. */
#include "bench/memory.h"

#include <inttypes.h>
#include <stdio.h>

enum err memory_of(pid_t pid, struct memory *out)
{
    char path[64], line[256];
    uint64_t kb;
    *out = (struct memory){0};
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)pid);
    FILE *f = fopen(path, "re");
    if (!f) return ERR_IO;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "Rss: %" SCNu64, &kb) == 1) out->rss_kb = kb;
        if (sscanf(line, "Private_Clean: %" SCNu64, &kb) == 1) out->private_kb += kb;
        if (sscanf(line, "Private_Dirty: %" SCNu64, &kb) == 1) out->private_kb += kb;
    }
    fclose(f);
    return out->rss_kb ? ERR_OK : ERR_IO;
}
