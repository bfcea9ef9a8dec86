/* SPDX-License-Identifier: Apache-2.0 */
/* service: finds the furuid that a person means, and makes sure that somebody is there before work begins.
 *
 * The endpoint is, first found first taken: --endpoint; FURUI_ENDPOINT in the environment; the Unix socket in the
 * default state directory, if a service listens on it; tcp://127.0.0.1:7711 (both are furuid's own defaults). */
#ifndef FURUI_CLI_SERVICE_H
#define FURUI_CLI_SERVICE_H

#include "proto/config.h"
#include "proto/furui.h"

enum { SERVICE_PING_MS = 2000 };

struct service {
    struct furui_client *client; /* owned */
    char endpoint[CONFIG_TEXT_MAX];
};

/* Connect, and ask whether anyone is there.
 *
 *   verb      for the complaint
 *   endpoint  as given on the command line, or NULL
 *   o         options of the client; endpoints are filled in here
 *
 * CLI_OK; CLI_UNAVAILABLE when nobody answers, CLI_USAGE when it is no endpoint, CLI_IO: after one line that says so.
 */
int service_open(struct service *s, const char *verb, const char *endpoint, struct furui_options *o);
void service_close(struct service *s);

#endif
