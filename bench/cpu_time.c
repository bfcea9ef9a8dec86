/* SPDX-License-Identifier: Apache-2.0 */
/* cpu_time: reads all of /proc once, then keeps what descends from the root.
 *
 * A program's name may hold blanks and brackets, so a stat line is cut at its last bracket. */
#include "bench/cpu_time.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A process's line; false when it is gone. */
static bool read_proc(const char *pid, struct cpu_proc *out)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f) return false;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    char *open = strchr(line, '('), *close = strrchr(line, ')');
    if (!open || !close || close < open) return false;
    *close = 0;
    *out = (struct cpu_proc){.pid = (pid_t)strtol(pid, NULL, 10)};
    snprintf(out->name, sizeof out->name, "%.19s", open + 1);
    int parent;
    uint64_t user, kernel;
    /* state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime */
    int got =
        sscanf(close + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &parent, &user, &kernel);
    out->parent = parent;
    out->ticks = user + kernel;
    return got == 3;
}

/* Move what descends from the first `kept` processes up behind them, until there is nothing more. */
static size_t descendants(struct cpu_proc *p, size_t n, size_t kept)
{
    for (size_t at = 0; at < kept; at++)
        for (size_t i = kept; i < n; i++) {
            if (p[i].parent != p[at].pid) continue;
            struct cpu_proc child = p[i];
            p[i] = p[kept];
            p[kept++] = child;
        }
    return kept;
}

enum err cpu_snap(pid_t root, struct cpu_snap *out)
{
    DIR *d = opendir("/proc");
    if (!d) return ERR_IO;
    struct cpu_proc *all = NULL;
    size_t n = 0, cap = 0, kept = 0;
    enum err e = ERR_OK;
    for (struct dirent *entry; (entry = readdir(d));) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        if (n == cap) {
            cap = cap * 2 + 256;
            struct cpu_proc *grown = realloc(all, cap * sizeof *grown);
            if (!grown) {
                e = ERR_MEMORY;
                goto done;
            }
            all = grown;
        }
        if (!read_proc(entry->d_name, &all[n])) continue;
        if (all[n].pid == root) {
            struct cpu_proc first = all[0];
            all[0] = all[n];
            if (n) all[n] = first;
            kept = 1;
        }
        n++;
    }
    if (!kept)
        e = ERR_IO;
    else if ((kept = descendants(all, n, kept)) > CPU_TIME_PROCS)
        e = ERR_TOO_BIG;
    if (e) goto done;
    memcpy(out->proc, all, kept * sizeof *all);
    out->n = kept;
done:
    closedir(d);
    free(all);
    return e;
}

enum err cpu_reread(struct cpu_snap *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        char pid[16];
        struct cpu_proc p;
        snprintf(pid, sizeof pid, "%ld", (long)s->proc[i].pid);
        bool same = read_proc(pid, &p) && p.parent == s->proc[i].parent; /* not another by its number */
        if (same) s->proc[kept++] = p;
        if (!same && i == 0) return ERR_IO;
    }
    s->n = kept;
    return ERR_OK;
}

static uint64_t ticks_of(const struct cpu_snap *s, pid_t pid)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->proc[i].pid == pid) return s->proc[i].ticks;
    return 0;
}

size_t cpu_used(const struct cpu_snap *before, const struct cpu_snap *after, struct cpu_used *out)
{
    size_t names = 0;
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    for (size_t i = 0; i < after->n; i++) {
        const struct cpu_proc *p = &after->proc[i];
        size_t k = 0;
        while (k < names && strcmp(out[k].name, p->name) != 0) k++;
        if (k == CPU_TIME_NAMES) continue;
        if (k == names) {
            out[names] = (struct cpu_used){0};
            memcpy(out[names++].name, p->name, sizeof p->name);
        }
        out[k].procs++;
        out[k].seconds += tick_s * (double)(p->ticks - ticks_of(before, p->pid));
    }
    return names;
}

double cpu_thread_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
