/* SPDX-License-Identifier: Apache-2.0 */
/* stored: see stored.h. */
#include "proto/cli/stored.h"

#include "proto/base/clock.h"
#include "proto/cli/cli.h"
#include "proto/store/settings.h"

#include <poll.h>
#include <stdio.h>

enum { PATIENCE_MS = 5000, AGAIN_MS = 20, REFUSAL_BYTES = 128, EACH_MAX = 512 };

int stored_config(struct config *c, const char *verb, const char *file, const char *state_dir,
                  struct record_lives *lives_out)
{
    char fault[CONFIG_FAULT_MAX];
    if (file && config_load(c, file, fault) != ERR_OK) return cli_fail(CLI_NO_INPUT, verb, "%s", fault);
    if (state_dir && (size_t)snprintf(c->state_dir, CONFIG_TEXT_MAX, "%s", state_dir) >= CONFIG_TEXT_MAX)
        return cli_fail(CLI_USAGE, verb, "--state-dir: not a directory's name");
    if (strcmp(c->redis, "off") == 0)
        return cli_fail(CLI_UNAVAILABLE, verb, "the configuration says `server = off` in [redis]");
    lives_out->minutes[RECORD_FAST] = 60.0 * c->redis_fast_hours;
    lives_out->minutes[RECORD_SLOW] = 1440.0 * c->redis_slow_days;
    return CLI_OK;
}

int stored_open(const struct config *c, const char *verb, struct store **out)
{
    char where[CONFIG_TEXT_MAX + 32], why[STORE_WHY_MAX] = "";
    bool ours = strcmp(c->redis, "private") == 0;
    struct store_options o;
    store_settings(c, &o);
    snprintf(where, sizeof where, ours ? "unix:%s/redis.sock" : "%s", ours ? c->state_dir : c->redis);
    o.where = where;
    o.fault_out = why;
    enum err e = store_open(&o, out);
    return e == ERR_OK ? CLI_OK : cli_fail(CLI_UNAVAILABLE, verb, "%s: %s", where, *why ? why : err_str(e));
}

/* Nobody answered, or only with a refusal. */
static int give_up(struct store *s, const char *verb, const char *refusal)
{
    if (*refusal) return cli_fail(CLI_IO, verb, "Redis: %s", refusal);
    return cli_fail(CLI_UNAVAILABLE, verb, "Redis does not answer%s%s", *store_why(s) ? ": " : "", store_why(s));
}

static void keep_refusal(const struct store_reply *reply, char refusal[REFUSAL_BYTES])
{
    span why = reply->v[0].text;
    if (why.n) snprintf(refusal, REFUSAL_BYTES, "%.*s", SPAN_ARG(span_head(why, REFUSAL_BYTES - 1)));
}

int stored_command(struct store *s, const char *verb, span key, const span *words, size_t n, struct store_reply *reply)
{
    bool sent = false;
    char refusal[REFUSAL_BYTES] = "";
    int64_t until_us = clock_us() + (int64_t)PATIENCE_MS * 1000, left_us;
    while ((left_us = until_us - clock_us()) > 0) {
        store_pump(s);
        if (!sent) sent = store_put(s, key, words, n, 0);
        if (!store_next(s, reply)) {
            store_wait(s, left_us);
            continue;
        }
        if (reply->passing) { /* a master that is none any more, a slot that moves */
            sent = false;
            keep_refusal(reply, refusal);
            poll(NULL, 0, AGAIN_MS);
            continue;
        }
        if (reply->v[0].kind != STORE_ERROR) return CLI_OK;
        return cli_fail(CLI_IO, verb, "Redis: %.*s", SPAN_ARG(reply->v[0].text));
    }
    return give_up(s, verb, refusal);
}

/* Put those that are neither on their way nor answered. Returns how many went. */
static size_t put_rest(struct store *s, const char *command, const span *keys, size_t n, bool *sent)
{
    size_t put = 0;
    for (size_t i = 0; i < n; i++) {
        if (sent[i]) continue;
        sent[i] = store_put(s, keys[i], (span[]){span_cstr(command), keys[i]}, 2, i);
        if (!sent[i]) break;
        put++;
    }
    return put;
}

/* At most EACH_MAX; `first` is the number of the first among the caller's. */
static int ask_some(struct store *s, const char *verb, const char *command, const span *keys, size_t n, size_t first,
                    stored_take *take, void *to)
{
    bool sent[EACH_MAX] = {0};
    char refusal[REFUSAL_BYTES] = "";
    struct store_reply reply;
    int64_t until_us = clock_us() + (int64_t)PATIENCE_MS * 1000, left_us;
    for (size_t waiting = n, answered = 0; answered < n;) {
        if ((left_us = until_us - clock_us()) <= 0) return give_up(s, verb, refusal);
        store_pump(s);
        if (waiting) waiting -= put_rest(s, command, keys, n, sent);
        if (!store_next(s, &reply)) {
            store_wait(s, left_us);
            continue;
        }
        if (reply.passing) {
            sent[reply.tag] = false;
            waiting++;
            keep_refusal(&reply, refusal);
            poll(NULL, 0, AGAIN_MS);
            continue;
        }
        if (reply.v[0].kind == STORE_ERROR) return cli_fail(CLI_IO, verb, "Redis: %.*s", SPAN_ARG(reply.v[0].text));
        take(to, first + reply.tag, reply.v);
        answered++;
    }
    return CLI_OK;
}

int stored_each(struct store *s, const char *verb, const char *command, const span *keys, size_t n, stored_take *take,
                void *to)
{
    int status = CLI_OK;
    for (size_t first = 0; first < n && status == CLI_OK; first += EACH_MAX) {
        size_t some = n - first < EACH_MAX ? n - first : EACH_MAX;
        status = ask_some(s, verb, command, keys + first, some, first, take, to);
    }
    return status;
}
