/* SPDX-License-Identifier: Apache-2.0 */
/* generation: what a worker is started with; see generation.h. */
#define _GNU_SOURCE
#include "engine/generation.h"

#include "engine/request.h"
#include "proto/backend.h"
#include "proto/base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned read_anew; /* how often generation_read_anew was called */

/* The settings that a worker sees: those of the engine alone are made the same for all, so that a change of them
 * starts no new workers. */
static bool freeze_text(struct generation *g, const struct config *c, const char *redis)
{
    struct config plain, seen = *c;
    char secret[CONFIG_TEXT_MAX + 16];
    config_init(&plain);
    memcpy(seen.listen, plain.listen, sizeof seen.listen);
    seen.listen_count = plain.listen_count;
    seen.workers = plain.workers;
    seen.queue_mails = plain.queue_mails;
    seen.queue_mb = plain.queue_mb;
    if (seen.queue_mb < seen.mail_mb) seen.queue_mb = seen.mail_mb;
    seen.deadline_ms = plain.deadline_ms;
    seen.deadline_max_ms = plain.deadline_max_ms;
    seen.restart_min_ms = plain.restart_min_ms;
    seen.restart_max_ms = plain.restart_max_ms;
    config_secret_file(c, secret);
    snprintf(seen.redis_secret, sizeof seen.redis_secret, "%.*s", CONFIG_TEXT_MAX - 1, secret);
    seen.redis_memory_mb = plain.redis_memory_mb;
    snprintf(seen.bundle, sizeof seen.bundle, "%s", BACKEND_BUNDLE_PATH);
    snprintf(seen.history_dir, sizeof seen.history_dir, "%s", plain.history_dir);
    seen.keep = plain.keep;
    snprintf(seen.redis, sizeof seen.redis, "%s", redis);
    config_close(&plain);
    FILE *f = open_memstream(&g->text, &g->text_bytes);
    if (!f) return false;
    config_write(&seen, f);
    bool outside = strncmp(redis, "unix:", 5) != 0 && strcmp(redis, "off") != 0;
    if (outside || *seen.redis_password)
        fprintf(f, "; hosts and files of [redis] were read anew %u times\n", read_anew);
    return fclose(f) == 0;
}

static bool write_memfd(struct generation *g)
{
    g->config_fd = memfd_create("furui-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (g->config_fd < 0) return false;
    if (!file_write(g->config_fd, span_of(g->text, g->text_bytes))) return false;
    return fcntl(g->config_fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
}

void generation_read_anew(void)
{
    read_anew++;
}

struct generation *generation_new(const struct config *c, const char *redis, const struct generation_models *m,
                                  char *fault_out)
{
    static uint64_t count;
    struct generation *g = must_calloc(1, sizeof *g);
    *g = (struct generation){.number = ++count, .config_fd = -1, .bundle_fd = -1, .candidate_fd = -1, .users = 1};
    snprintf(g->bundle, sizeof g->bundle, "%s", m->bundle ? m->bundle : c->bundle);
    g->bundle_fd =
        m->bundle ? fcntl(m->bundle_fd, F_DUPFD_CLOEXEC, 0) : open(g->bundle, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (m->candidate) {
        snprintf(g->candidate, sizeof g->candidate, "%s", m->candidate);
        g->candidate_fd = fcntl(m->candidate_fd, F_DUPFD_CLOEXEC, 0);
        g->candidate_number = m->candidate_number;
        g->share_ppm = m->share_ppm;
    }
    if (g->bundle_fd < 0 || fstat(g->bundle_fd, &g->bundle_stat) != 0 || !S_ISREG(g->bundle_stat.st_mode)) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "bundle %s: %s", g->bundle,
                 g->bundle_fd < 0 ? strerror(errno) : "not a plain file");
    } else if (m->candidate && g->candidate_fd < 0) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "bundle %s: %s", g->candidate, strerror(errno));
    } else if (!freeze_text(g, c, redis) || !write_memfd(g)) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "cannot keep the workers' config: %s", strerror(errno));
    } else {
        return g;
    }
    generation_drop(g);
    return NULL;
}

void generation_hold(struct generation *g)
{
    g->users++;
}

void generation_drop(struct generation *g)
{
    if (!g || --g->users > 0) return;
    if (g->config_fd >= 0) close(g->config_fd);
    if (g->bundle_fd >= 0) close(g->bundle_fd);
    if (g->candidate_fd >= 0) close(g->candidate_fd);
    free(g->text);
    free(g);
}

bool generation_same(const struct generation *a, const struct generation *b)
{
    const struct stat *s = &a->bundle_stat, *t = &b->bundle_stat;
    if (a->candidate_number != b->candidate_number || a->share_ppm != b->share_ppm) return false;
    return a->text_bytes == b->text_bytes && memcmp(a->text, b->text, a->text_bytes) == 0 && s->st_dev == t->st_dev &&
           s->st_ino == t->st_ino && s->st_size == t->st_size && s->st_mtim.tv_sec == t->st_mtim.tv_sec &&
           s->st_mtim.tv_nsec == t->st_mtim.tv_nsec;
}

static void put_in_place(const char *path, const char *name, char *text, size_t cap)
{
    char *at = strstr(text, name), out[2 * BACKEND_TEXT_MAX];
    if (!at) return;
    snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, path, at + strlen(name));
    snprintf(text, cap, "%s", out);
}

void generation_name_bundle(const struct generation *g, char *text, size_t cap)
{
    put_in_place(g->bundle, BACKEND_BUNDLE_PATH, text, cap);
    if (g->candidate[0]) put_in_place(g->candidate, BACKEND_CANDIDATE_PATH, text, cap);
}
