/* SPDX-License-Identifier: Apache-2.0 */
/* furui-worker: one process that judges mail; furuid starts as many as there are CPUs (proto/backend.h).
 *
 * Everything that may fail or open a file happens before READY; then it gives up powers and only reads memory, its two
 * sockets, and writes the log. Exit status: 0 done, 1 cannot start (one line says why), 64 wrong usage. */
#define _GNU_SOURCE
#include "proto/backend.h"
#include "proto/base/cpus.h"
#include "proto/config.h"
#include "proto/link.h"
#include "proto/store/settings.h"
#include "worker/admit.h"
#include "worker/fault.h"
#include "worker/loop.h"
#include "worker/mime/mail.h"
#include "worker/rep/rep.h"
#include "worker/score/model.h"
#include "worker/simd/scan.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EXIT_CANNOT_START = 1,
    EXIT_USAGE = 64,
    WARM_MS = 300,        /* for Redis, before the first mail */
    DESCRIPTORS_MAX = 32, /* after start: two sockets, with room to connect again */
    READ_AHEAD = 1 << 20, /* of mail: more than the engine gives at once, as a rule */
};

static const char HELP[] =
    "Usage: furui-worker --config FILE --index N [--live]\n"
    "       furui-worker --config FILE --check\n"
    "       furui-worker --admit\n"
    "\n"
    "Judges mail for furuid, which starts it with a socket as descriptor 5; nobody else needs to.\n"
    "\n"
    "  --config FILE       settings, as furuid --show-config writes them\n"
    "  --index N           which worker this is\n"
    "  --candidate FILE    a second model, scored beside the first and not believed\n"
    "  --share-ppm N       mails of a million that it is shown\n"
    "  --live              descriptor 7 is the live model's table\n"
    "  --check             only see whether the settings and the model bundle are good\n"
    "  --admit             copy a bundle from descriptor 3 to 4 and say what it is\n"
    "  --help, --version\n"
    "\n"
    "FURUI_SIMD=scalar|avx2|avx512|neon in the environment forces an instruction set.\n"
    "Exit status: 0 done; 1 cannot start, and one line on standard error says why; 64 wrong usage.\n";

struct options {
    const char *config, *candidate;
    int index;
    uint32_t share_ppm;
    bool check, admit, live;
};

struct parts {
    struct config config;
    struct link engine;
    struct model *model, *candidate;
    struct livesum live;
    struct rep *rep;
    struct secret secret;
    struct worker *worker;
};

static volatile sig_atomic_t stop;

static void on_term(int signal)
{
    (void)signal;
    stop = 1;
}

/* Returns false when the command line is wrong; exits by itself after --help and --version. */
static bool options_read(int argc, char **argv, struct options *o)
{
    static const struct option LONG[] = {
        {"config", required_argument, NULL, 'c'},
        {"index", required_argument, NULL, 'i'},
        {"candidate", required_argument, NULL, 'd'},
        {"share-ppm", required_argument, NULL, 's'},
        {"live", no_argument, NULL, 'l'},
        {"check", no_argument, NULL, 'k'},
        {"admit", no_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    int c;
    char *end;
    *o = (struct options){.index = -1};
    while ((c = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        switch (c) {
        case 'c': o->config = optarg; break;
        case 'd': o->candidate = optarg; break;
        case 'k': o->check = true; break;
        case 'l': o->live = true; break;
        case 'a': o->admit = true; break;
        case 's':
            o->share_ppm = (uint32_t)strtoul(optarg, &end, 10);
            if (*end || end == optarg) return false;
            break;
        case 'i':
            o->index = (int)strtol(optarg, &end, 10);
            if (*end || end == optarg || o->index < 0) return false;
            break;
        case 'h': fputs(HELP, stdout); exit(0);
        case 'v': puts("furui-worker " FURUI_VERSION); exit(0);
        default: return false;
        }
    }
    if (optind < argc) return false;
    return o->admit || (o->config && (o->check || o->index >= 0));
}

static void catch_signals(void)
{
    struct sigaction term = {.sa_handler = on_term};
    sigaction(SIGTERM, &term, NULL);
    signal(SIGINT, SIG_IGN); /* the engine owns the terminal */
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* The last thing before the first mail: whatever a mail may do to this process, these stay gone. */
static void give_up_powers(const struct parts *p)
{
    if (strcmp(p->config.bundle, BACKEND_BUNDLE_PATH) == 0) { /* started by the engine, with its descriptors */
        close(BACKEND_CONFIG_FD);
        close(BACKEND_BUNDLE_FD);
        if (p->candidate) close(BACKEND_CANDIDATE_FD);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a core file would hold people's mail */
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){DESCRIPTORS_MAX, DESCRIPTORS_MAX});
}

/* Why it cannot start, told once: by the engine, if there is one to tell. */
static int cannot_start(struct parts *p, const char *fault)
{
    if (!p->engine.in) {
        fprintf(stderr, "furui-worker: %s\n", fault);
        return EXIT_CANNOT_START;
    }
    span why = span_head(span_cstr(fault), BACKEND_TEXT_MAX);
    if (link_put(&p->engine, (struct backend_word){.type = BACKEND_FAULT}, why, SPAN_NONE) == ERR_OK)
        link_flush(&p->engine);
    return EXIT_CANNOT_START;
}

/* Without its table, whatever is wrong with it, a worker judges as if nothing had been learnt. */
static void open_live(struct livesum *live)
{
    enum err e = livesum_open(BACKEND_LIVE_FD, live);
    if (e)
        LOG(LEVEL_ERROR, "live_refused", L_STR("why", e == ERR_IO ? strerror(errno) : "the table has a strange size"),
            L_STR("now", "verdicts have no live part"));
    close(BACKEND_LIVE_FD); /* what is mapped for reading stays so */
}

/* Everything that can fail. Returns false with the reason in `fault`. */
static bool start(const struct options *o, struct parts *p, char fault[CONFIG_FAULT_MAX])
{
    const struct config *c = &p->config;
    char model_fault[MODEL_FAULT_MAX];
    const char *simd_fault = scan_init();
    enum err e = ERR_OK;
    if (simd_fault) {
        snprintf(fault, CONFIG_FAULT_MAX, "%s", simd_fault);
        return false;
    }
    mail_init();
    if (model_open(c->bundle, &p->model, model_fault) != ERR_OK) {
        snprintf(fault, CONFIG_FAULT_MAX, "%s", model_fault);
        return false;
    }
    if (o->candidate && model_open(o->candidate, &p->candidate, model_fault) != ERR_OK) {
        snprintf(fault, CONFIG_FAULT_MAX, "%s", model_fault);
        return false;
    }
    if (o->check) return true;
    if (o->live) open_live(&p->live);
    int cpu;
    if (*c->cpus && !cpus_pin(c->cpus, o->index, &cpu)) {
        snprintf(fault, CONFIG_FAULT_MAX, "[engine] cpus = %s: may not run on CPU %d", c->cpus, cpu);
        return false;
    }
    fault_model(model_id(p->model));
    if (p->candidate) fault_model(model_id(p->candidate));
    /* "private" was turned into "unix:…" by the engine, which knows where it started the server. */
    char path[CONFIG_TEXT_MAX + 16];
    config_secret_file(c, path);
    if ((e = secret_load(path, true, &p->secret)) != ERR_OK) {
        snprintf(fault, CONFIG_FAULT_MAX, "[redis] secret_file = %.300s: %s", path, err_str(e));
        return false;
    }
    char why[STORE_WHY_MAX] = "";
    struct rep_options rep = {
        .prefix = c->redis_prefix,
        .flush_ms = c->redis_flush_ms,
        .cache_ms = c->redis_cache_ms,
        .secret = &p->secret,
        .lives = {.minutes = {[RECORD_FAST] = 60.0 * c->redis_fast_hours, [RECORD_SLOW] = 1440.0 * c->redis_slow_days}},
    };
    store_settings(c, &rep.store);
    rep.store.fault_out = why;
    if ((e = rep_open(&rep, &p->rep)) != ERR_OK) {
        snprintf(fault, CONFIG_FAULT_MAX, "[redis] server = %s: %s", c->redis, *why ? why : err_str(e));
        return false;
    }
    rep_warm(p->rep, WARM_MS);
    struct worker_models models = {p->model, {p->candidate, o->share_ppm}, &p->live};
    if ((e = worker_new(c, &models, p->rep, &p->secret, &p->engine, &p->worker)) != ERR_OK) {
        snprintf(fault, CONFIG_FAULT_MAX, "%s", err_str(e));
        return false;
    }
    return true;
}

/* The end of the pair that the engine left us. */
static bool open_link(struct parts *p)
{
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(BACKEND_LINK_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) return false;
    return link_open(&p->engine, BACKEND_LINK_FD, READ_AHEAD, BACKEND_GIVEN_MAX) == ERR_OK;
}

static void stop_all(struct parts *p)
{
    worker_free(p->worker);
    rep_close(p->rep);
    if (p->model) model_close(p->model);
    if (p->candidate) model_close(p->candidate);
    livesum_close(&p->live);
    link_close(&p->engine);
    mail_close();
    config_close(&p->config);
}

int main(int argc, char **argv)
{
    struct options o;
    struct parts p = {0};
    char fault[CONFIG_FAULT_MAX];
    int status = 0;
    if (!options_read(argc, argv, &o)) {
        fputs("furui-worker: wrong usage; see furui-worker --help\n", stderr);
        return EXIT_USAGE;
    }
    if (o.admit) return admit();
    catch_signals();
    config_init(&p.config);
    if (config_load(&p.config, o.config, fault) != ERR_OK) {
        status = cannot_start(&p, fault);
        goto done;
    }
    log_setup("furui-worker", p.config.log_syslog, p.config.log_json, p.config.log_level);
    if (!o.check && !open_link(&p)) {
        snprintf(fault, sizeof fault, "descriptor %d is no socket of furuid's, which starts workers", BACKEND_LINK_FD);
        status = cannot_start(&p, fault);
        goto done;
    }
    if (!start(&o, &p, fault)) {
        status = cannot_start(&p, fault);
        goto done;
    }
    if (o.check) goto done;
    fault_init();
    give_up_powers(&p);
    worker_serve(p.worker, cpu_level_name(scan->level), &stop);
done:
    stop_all(&p);
    return status;
}
