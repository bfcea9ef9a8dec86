/* SPDX-License-Identifier: Apache-2.0 */
/* furuid: the service's main program: options in, engine.c does the rest.
 *
 * Exit status: 0 after a clean stop, 1 when it could not start (one line on standard error says why), 64 for a wrong
 * command line (sysexits.h). */
#include "engine/engine.h"

#include <getopt.h>
#include <stdlib.h>

/* jemalloc reads this: what a burst of answers took goes back to the system even when the thread that had it sleeps.
 * (Without: 1.7 GB stayed after 30 clients that never read had gone; with: 15 MB.) */
extern const char *malloc_conf;
__attribute__((visibility("default"))) const char *malloc_conf = "background_thread:true";

static const char HELP[] =
    "usage: furuid [options]\n"
    "The Furui spam classification service. Serves in the foreground until SIGTERM or Ctrl-C.\n"
    "\n"
    "  --config FILE       settings (docs/configuration.md); without it the defaults hold\n"
    "  --state-dir DIR     its own directory: lock, sockets, Redis's files, poison box\n"
    "  --listen ENDPOINT   tcp://HOST:PORT or ipc:///PATH; may be given several times\n"
    "  --bundle FILE       the model, until one is pushed (furui model push)\n"
    "  --workers N         worker processes; 0: one a CPU\n"
    "                      These four win over the file.\n"
    "  --check             look at config, bundle and endpoints, say what is wrong, and end\n"
    "  --show-config       print the effective settings as a config file, and end\n"
    "  --help, --version\n"
    "\n"
    "signals: TERM, INT  finish what is in hand, end every child, exit 0; a second one hurries\n"
    "         HUP        read the config and the model again; workers are replaced without a pause\n"
    "exit status: 0 stopped; 1 could not start, one line says why; 64 wrong command line\n"
    "\n"
    "example: furuid --state-dir /var/lib/furui --listen tcp://127.0.0.1:7711\n";

static int usage(const char *what)
{
    fprintf(stderr, "furuid: %s; see furuid --help\n", what);
    return 64;
}

int main(int argc, char **argv)
{
    enum { CONFIG = 256, STATE_DIR, LISTEN, BUNDLE, WORKERS, CHECK, SHOW, HELP_, VERSION };
    static const struct option LONG[] = {
        {"config", required_argument, NULL, CONFIG},   {"state-dir", required_argument, NULL, STATE_DIR},
        {"listen", required_argument, NULL, LISTEN},   {"bundle", required_argument, NULL, BUNDLE},
        {"workers", required_argument, NULL, WORKERS}, {"check", no_argument, NULL, CHECK},
        {"show-config", no_argument, NULL, SHOW},      {"help", no_argument, NULL, HELP_},
        {"version", no_argument, NULL, VERSION},       {0},
    };
    struct engine_options o = {.workers = -1};
    bool check = false, show = false;
    log_setup("furuid", false, false, LEVEL_NOTE);
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        char *rest;
        long workers;
        switch (c) {
        case CONFIG: o.config_path = optarg; break;
        case STATE_DIR: o.state_dir = optarg; break;
        case BUNDLE: o.bundle = optarg; break;
        case LISTEN:
            if (o.listen_count == CONFIG_LISTEN_MAX) return usage("--listen: too many endpoints");
            o.listen[o.listen_count++] = optarg;
            break;
        case WORKERS:
            workers = strtol(optarg, &rest, 10);
            if (!*optarg || *rest || workers < 0 || workers > CONFIG_WORKERS_MAX)
                return usage("--workers: a number from 0 to 128");
            o.workers = (int)workers;
            break;
        case CHECK: check = true; break;
        case SHOW: show = true; break;
        case HELP_: fputs(HELP, stdout); return 0;
        case VERSION: puts("furuid " FURUI_VERSION); return 0;
        default: return 64; /* getopt said why */
        }
    }
    if (optind < argc) return usage("takes no arguments but options");
    if (show) {
        struct config config;
        char fault[CONFIG_FAULT_MAX] = "";
        if (engine_config(&o, &config, fault) != ERR_OK) {
            fprintf(stderr, "furuid: %s\n", fault);
            return 1;
        }
        config_write(&config, stdout);
        config_close(&config);
        return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
    }
    return check ? engine_check(&o) : engine_run(&o);
}
