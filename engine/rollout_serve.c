/* SPDX-License-Identifier: Apache-2.0 */
/* rollout_serve: which model serves, from the history on disk to what new workers are given; see rollout.h. */
#include "engine/rollout_steps.h"

#include "engine/engine.h"
#include "proto/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t rollout_now_s(void)
{
    return (uint64_t)(clock_wall_us() / 1000000);
}

void rollout_put_away(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

void rollout_serve_row(struct rollout *r, const struct ledger_row *row, int fd)
{
    char path[STATE_PATH_MAX];
    rollout_put_away(&r->serving_fd);
    r->serving_fd = fd;
    depot_path(&r->depot, row, path);
    snprintf(r->serving, sizeof r->serving, "%.*s", CONFIG_TEXT_MAX - 1, path);
}

void rollout_models(const struct engine *e, struct generation_models *out)
{
    const struct rollout *r = &e->rollout;
    *out = (struct generation_models){.bundle_fd = -1, .candidate_fd = -1};
    if (r->serving_fd >= 0) {
        out->bundle = r->serving;
        out->bundle_fd = r->serving_fd;
    }
    if (r->in_shadow) {
        out->candidate = r->candidate_path;
        out->candidate_fd = r->candidate_fd;
        out->candidate_number = r->candidate;
        out->share_ppm = r->push.share_ppm;
    }
}

bool rollout_fall_back(struct engine *e, const char *why)
{
    struct rollout *r = &e->rollout;
    struct ledger_row *row = ledger_newest(&r->ledger, LEDGER_SERVING), *next;
    char text[ADMIN_WHY_MAX];
    if (!row) return false;
    /* It keeps its file: another version of the program may be able to read it. */
    snprintf(text, sizeof text, "could not be loaded at start: %.400s", why);
    LOG(LEVEL_ERROR, "model_lost", L_INT("number", row->number), L_STR("id", row->id), L_STR("why", why));
    ledger_set(row, LEDGER_PREVIOUS, rollout_now_s(), text);
    rollout_put_away(&r->serving_fd);
    r->dirty = true;
    while ((next = ledger_back(&r->ledger, row->number))) {
        int fd = depot_bundle(&r->depot, next);
        row = next;
        if (fd < 0) continue;
        rollout_serve_row(r, row, fd);
        ledger_set(row, LEDGER_SERVING, rollout_now_s(), "what served could not be loaded at start");
        break;
    }
    LOG(LEVEL_WARN, "model_from", L_STR("bundle", r->serving_fd >= 0 ? r->serving : e->config.bundle));
    return true;
}

void rollout_init(struct rollout *r)
{
    *r = (struct rollout){.depot = {.fd = -1, .lock_fd = -1},
                          .push = {.bundle_fd = -1},
                          .candidate_fd = -1,
                          .serving_fd = -1,
                          .said_fd = -1};
}

enum err rollout_open(struct engine *e)
{
    struct rollout *r = &e->rollout;
    enum err err = depot_open(&r->depot, e->config.history_dir, &e->state, &r->ledger, e->fault);
    if (err != ERR_OK) return err;
    struct ledger_row *row = ledger_newest(&r->ledger, LEDGER_SERVING);
    int fd = row ? depot_bundle(&r->depot, row) : -1;
    if (fd >= 0) {
        rollout_serve_row(r, row, fd);
        LOG(LEVEL_NOTE, "model_from", L_STR("bundle", r->serving), L_STR("by", row->by));
    } else if (row) {
        rollout_fall_back(e, strerror(errno));
    }
    return ERR_OK;
}

void rollout_close(struct engine *e)
{
    struct rollout *r = &e->rollout;
    if (r->child && !r->child_ended) {
        if (r->step == STEP_COPY || r->step == STEP_COPY_OLD) kill(r->child, SIGKILL);
        while (waitpid(r->child, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    rollout_put_away(&r->said_fd);
    rollout_put_away(&r->push.bundle_fd);
    rollout_put_away(&r->candidate_fd);
    rollout_put_away(&r->serving_fd);
    generation_drop(r->before);
    r->before = NULL;
    depot_close(&r->depot);
}
