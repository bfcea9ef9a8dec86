/* SPDX-License-Identifier: Apache-2.0 */
/* load_options: see load_options.h. */
#include "bench/load_options.h"

#include "proto/cli/cli.h"

enum { RATE_MAX = 10000000, PID_MAX = 1 << 22 };

bool load_option(struct load_options *o, int c)
{
    switch (c) {
    case 'E': o->endpoint = optarg; return true;
    case 'I': o->index = optarg; return true;
    case 'B': o->bundle = optarg; return true;
    case 'P': o->poisson = true; return true;
    case 'X': o->explain = true; return true;
    case 'J': o->json = true; return true;
    case 'R': return cli_number(o->verb, "--rate", optarg, 1, RATE_MAX, &o->rate);
    case 'C': return cli_number(o->verb, "--clients", optarg, 1, GEN_CLIENTS_MAX, &o->clients);
    case 'N': return cli_number(o->verb, "--batch", optarg, 1, WIRE_BATCH_MAX, &o->batch);
    case 'H': return cli_number(o->verb, "--senders", optarg, 0, GEN_SENDERS_MAX, &o->senders);
    case 'S': return cli_number(o->verb, "--service-pid", optarg, 1, PID_MAX, &o->pid);
    case 'W': return cli_number(o->verb, "--workers", optarg, 0, CONFIG_WORKERS_MAX, &o->workers);
    }
    return false;
}

const char *load_options_wrong(const struct load_options *o, bool mails)
{
    if (!o->index == !mails) return "wants either --index or mails";
    if (o->endpoint && (o->workers || o->bundle)) return "--workers and --bundle are of its own service";
    if (o->pid && !o->endpoint) return "--service-pid goes with --endpoint";
    return NULL;
}

int load_options_mails(const struct load_options *o, char **paths, struct mails *out)
{
    if (!(o->index ? mails_from_index(out, o->index) : mails_from_paths(out, paths))) return CLI_NO_INPUT;
    return out->n ? CLI_OK : cli_fail(CLI_NO_INPUT, o->verb, "no mail to send");
}

struct gen_options load_options_gen(const struct load_options *o, const struct target *t)
{
    return (struct gen_options){.endpoint = t->endpoint,
                                .clients = (int)o->clients,
                                .batch = (size_t)o->batch,
                                .explain = o->explain,
                                .senders = (size_t)o->senders,
                                .stop = &target_stopped};
}

struct target_options load_options_target(const struct load_options *o)
{
    return (struct target_options){
        .verb = o->verb, .endpoint = o->endpoint, .pid = o->pid, .workers = (int)o->workers, .bundle = o->bundle};
}
