/* SPDX-License-Identifier: Apache-2.0 */
/* target: see target.h. A running service says its process id and workers in its counters. */
#include "bench/target.h"

#include "proto/cli/cli.h"
#include "proto/cli/jsontree.h"
#include "proto/cli/service.h"

#include <stdlib.h>
#include <unistd.h>

volatile sig_atomic_t target_stopped;

static void on_signal(int signal)
{
    (void)signal;
    target_stopped = 1;
}

static const struct jsontree *child(const struct jsontree *of, const char *key)
{
    for (const struct jsontree *t = of->child; t; t = t->next)
        if (span_eq(t->key, span_cstr(key))) return t;
    return NULL;
}

/* A number out of the text of one; 0 when it is none. */
static long number(const struct jsontree *t)
{
    char text[24] = "";
    if (!t || t->kind != JSONTREE_NUMBER || t->text.n >= sizeof text) return 0;
    memcpy(text, t->text.p, t->text.n);
    return strtol(text, NULL, 10);
}

static void read_stat(struct target *t, span json)
{
    enum { ARENA = 32 << 20 };
    struct arena a;
    struct jsontree *root;
    size_t at;
    if (arena_open(&a, ARENA) != ERR_OK) return;
    if (jsontree_parse(json, &a, &root, &at) == ERR_OK) {
        t->pid = (pid_t)number(child(root, "pid"));
        const struct jsontree *workers = child(root, "workers");
        for (const struct jsontree *w = workers ? workers->child : NULL; w; w = w->next) t->workers++;
    }
    arena_close(&a);
}

static bool on_this_machine(const char *endpoint)
{
    static const char *const HERE[] = {"ipc://", "tcp://127.", "tcp://[::1]", "tcp://localhost:"};
    for (size_t i = 0; i < sizeof HERE / sizeof *HERE; i++)
        if (strncmp(endpoint, HERE[i], strlen(HERE[i])) == 0) return true;
    return false;
}

static int open_running(struct target *t, const struct target_options *o)
{
    struct furui_options options = {0};
    struct furui_answer a;
    struct service s;
    int status = service_open(&s, o->verb, o->endpoint, &options);
    if (status != CLI_OK) return status;
    if (furui_client_stat(s.client, SERVICE_PING_MS, NULL, NULL) == FURUI_OK &&
        furui_client_poll(s.client, -1, &a) == 1 && a.type == FURUI_STAT)
        read_stat(t, span_cstr(a.stat_json));
    memcpy(t->endpoint, s.endpoint, sizeof t->endpoint);
    if (!on_this_machine(t->endpoint)) t->pid = 0;
    if (o->pid) t->pid = (pid_t)o->pid;
    service_close(&s);
    return CLI_OK;
}

int target_open(struct target *t, const struct target_options *o)
{
    char fault[OWN_SERVICE_FAULT_MAX];
    *t = (struct target){.null = o->null};
    struct sigaction act = {.sa_handler = on_signal};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    if (o->endpoint) return open_running(t, o);
    struct own_service_options own = {.workers = o->workers, .bundle = o->bundle, .null_workers = o->null};
    if (own_service_start(&t->own, &own, fault) != ERR_OK)
        return target_stopped ? 130 : cli_fail(CLI_UNAVAILABLE, o->verb, "%s", fault);
    memcpy(t->endpoint, t->own.endpoint, strlen(t->own.endpoint) + 1);
    t->pid = t->own.pid;
    t->workers = o->workers ? o->workers : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return CLI_OK;
}

void target_close(struct target *t)
{
    own_service_stop(&t->own);
}
