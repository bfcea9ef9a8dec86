/* SPDX-License-Identifier: Apache-2.0 */
/* service: a Unix socket nobody listens on is told apart at once; for anything else a ping decides. */
#include "proto/cli/service.h"

#include "proto/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Does anyone listen on the socket of an ipc:// endpoint? 0, or why not (errno). What is no path of that kind, such as
 * tcp://, is left to ZeroMQ: 0. */
static int probe(const char *endpoint)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = strncmp(endpoint, "ipc://", 6) == 0 ? endpoint + 6 : NULL;
    if (!path || !*path || *path == '@' || strlen(path) >= sizeof to.sun_path) return 0;
    memcpy(to.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    int error = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
    close(fd);
    return error;
}

static int nobody(const char *verb, const char *where, const char *why)
{
    return cli_fail(CLI_UNAVAILABLE, verb,
                    "no furuid answers at %s%s%s%s; start one with 'make run', or name another with --endpoint", where,
                    why ? " (" : "", why ? why : "", why ? ")" : "");
}

/* Fill in the endpoint, or complain. */
static int choose(struct service *s, const char *verb, const char *given)
{
    if (!given) given = getenv("FURUI_ENDPOINT");
    if (given && *given) {
        if (strlen(given) >= sizeof s->endpoint)
            return cli_fail(CLI_USAGE, verb, "--endpoint: longer than an endpoint");
        memcpy(s->endpoint, given, strlen(given) + 1);
        int error = probe(s->endpoint);
        return error ? nobody(verb, s->endpoint, strerror(error)) : CLI_OK;
    }
    struct config c;
    config_init(&c);
    int error = probe(c.listen[0]);
    /* A socket that we may not open is an answer, not a reason to look elsewhere. */
    const char *chosen = error == 0 || error == EACCES ? c.listen[0] : c.listen[1];
    memcpy(s->endpoint, chosen, sizeof s->endpoint);
    config_close(&c);
    return error == EACCES ? nobody(verb, s->endpoint, strerror(error)) : CLI_OK;
}

/* Wait for the answer to a ping. */
static bool ping(struct furui_client *client)
{
    struct furui_answer a;
    return furui_client_ping(client, SERVICE_PING_MS, NULL, NULL) == FURUI_OK &&
           furui_client_poll(client, -1, &a) == 1 && a.type == FURUI_PONG;
}

int service_open(struct service *s, const char *verb, const char *endpoint, struct furui_options *o)
{
    *s = (struct service){0};
    int status = choose(s, verb, endpoint);
    if (status != CLI_OK) return status;
    const char *const endpoints[] = {s->endpoint};
    o->endpoints = endpoints;
    o->endpoint_count = 1;
    enum furui_status e = furui_client_open(o, &s->client);
    o->endpoints = NULL;
    if (e != FURUI_OK)
        return cli_fail(e == FURUI_BAD_ENDPOINT ? CLI_USAGE : CLI_IO, verb, "%s: %s", s->endpoint, furui_strerror(e));
    if (ping(s->client)) return CLI_OK;
    service_close(s);
    return nobody(verb, s->endpoint, NULL);
}

void service_close(struct service *s)
{
    furui_client_close(s->client);
    s->client = NULL;
}
