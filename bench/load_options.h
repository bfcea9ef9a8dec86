/* SPDX-License-Identifier: Apache-2.0 */
/* load_options: what `furui bench load` and `soak` are told alike: which service, which mails, how they are sent. */
#ifndef FURUI_BENCH_LOAD_OPTIONS_H
#define FURUI_BENCH_LOAD_OPTIONS_H

#include "bench/gen.h"
#include "bench/target.h"

#include <getopt.h>

struct load_options {
    const char *verb; /* for complaints */
    const char *endpoint, *index, *bundle;
    long rate, clients, batch, senders, pid, workers;
    bool poisson, explain, json;
};

#define LOAD_OPTIONS_INIT        \
    {                            \
        .clients = 8, .batch = 1 \
    }

/* Their letters are capitals; a command's own are small. */
#define LOAD_OPTIONS_LONG                                                                         \
    {"endpoint", required_argument, NULL, 'E'}, {"index", required_argument, NULL, 'I'},          \
        {"bundle", required_argument, NULL, 'B'}, {"rate", required_argument, NULL, 'R'},         \
        {"clients", required_argument, NULL, 'C'}, {"batch", required_argument, NULL, 'N'},       \
        {"senders", required_argument, NULL, 'H'}, {"service-pid", required_argument, NULL, 'S'}, \
        {"workers", required_argument, NULL, 'W'}, {"poisson", no_argument, NULL, 'P'},           \
        {"explain", no_argument, NULL, 'X'},                                                      \
    {                                                                                             \
        "json", no_argument, NULL, 'J'                                                            \
    }

#define LOAD_OPTIONS_HELP                                                                                         \
    "  --clients N       connections, 1 to 1000 (8)\n"                                                            \
    "  --batch N         mails behind one header, 1 to 64 (1)\n"                                                  \
    "  --senders N       requests name N client addresses, each with an envelope sender; 0: they name none (0)\n" \
    "  --poisson         with a rate: at random times, as strangers send; else evenly\n"                          \
    "  --explain         ask for reasons\n"                                                                       \
    "  --json            one JSON object, on the last line\n"                                                     \
    "  --workers N       of its own service; 0: one a CPU (0)\n"                                                  \
    "  --bundle B        model of its own service (the starter bundle, as furuid's)\n"                            \
    "  --endpoint E      not its own service but this one: tcp://HOST:PORT or ipc://PATH\n"                       \
    "  --service-pid P   process id of that furuid, to count its CPU; asked of a service on this machine\n"

/* One option that getopt_long has found. False after a complaint, or when it is none of these. */
bool load_option(struct load_options *o, int c);

/* What does not go together, or NULL. `mails`: some were named. */
const char *load_options_wrong(const struct load_options *o, bool mails);

/* Read the mails; CLI_OK, or an exit status after a complaint. mails_close in any case. */
int load_options_mails(const struct load_options *o, char **paths, struct mails *out);

struct gen_options load_options_gen(const struct load_options *o, const struct target *t);
struct target_options load_options_target(const struct load_options *o);

#endif
