/* SPDX-License-Identifier: Apache-2.0 */
/* operator: a request at the operator's door of the furuid that a person means (proto/admin.h).
 *
 * The door is a socket in the state directory of a service on this host. Which one that is, is asked at the front door
 * (proto/cli/service.h), unless --state-dir names it; that the process behind both doors is the same is then checked,
 * since an endpoint may be another host's. */
#ifndef FURUI_CLI_OPERATOR_H
#define FURUI_CLI_OPERATOR_H

#include "proto/admin.h"
#include "proto/config.h"
#include "proto/pairs.h"

enum { OPERATOR_BUSY = 75 /* sysexits.h EX_TEMPFAIL */, OPERATOR_REFUSED = 1, OPERATOR_KEPT = 3 };

struct operator_door {
    char path[CONFIG_TEXT_MAX + 32];
    long pid;          /* who must be behind it; 0: whoever is */
    const char *tells; /* the command that tells what became of a request without an answer; NULL: none is needed */
};

/* What each of these verbs understands, as given on the command line, or NULL. */
struct operator_options {
    const char *endpoint, *state_dir;
    bool json;
    const char *by, *note; /* of verbs that change something */
};

enum { OPERATOR_OPTION = 1024, OPERATOR_ENDPOINT, OPERATOR_STATE_DIR, OPERATOR_JSON, OPERATOR_BY, OPERATOR_NOTE };

/* For a list of struct option. */
#define OPERATOR_WHERE_LONG                                         \
    {"endpoint", required_argument, NULL, OPERATOR_ENDPOINT},       \
        {"state-dir", required_argument, NULL, OPERATOR_STATE_DIR}, \
    {                                                               \
        "json", no_argument, NULL, OPERATOR_JSON                    \
    }
#define OPERATOR_WHO_LONG                              \
    {"by", required_argument, NULL, OPERATOR_BY},      \
    {                                                  \
        "note", required_argument, NULL, OPERATOR_NOTE \
    }

#define OPERATOR_WHERE_HELP                                                                  \
    "      --state-dir DIR   the service's; without it the service at --endpoint is asked\n" \
    "      --endpoint E      as for 'furui stat'\n"                                          \
    "      --json            one JSON object instead of text\n"
#define OPERATOR_WHO_HELP                                                       \
    "      --by WHO          your name, for those who ask later (login name)\n" \
    "      --note TEXT       why\n"

/* Does an option's text fit into `cap` bytes? False after a complaint. */
bool operator_fits(const char *verb, const char *option, const char *text, size_t cap);

/* Take one of them (`option` as getopt_long returned it). False: it is none, or too long, which was said. */
bool operator_option(struct operator_options *o, const char *verb, int option, const char *value);

/* Find the door. CLI_OK; CLI_UNAVAILABLE, CLI_USAGE, CLI_IO after one line that says why. */
int operator_find(struct operator_door *d, const char *verb, const struct operator_options *o);

/* Into a request: who asks, and why. Without `by` the login name; behind sudo, whoever called that. */
void operator_put_who(struct pairs *request, const struct operator_options *o);

/* Ask, and wait for the whole answer, however long that takes.
 *
 *   request     after `v`, which is put here; closed
 *   fd          a bundle's, or -1
 *   answer_out  owned; close it after CLI_OK
 *
 * Returns as operator_find; OPERATOR_BUSY and OPERATOR_REFUSED after a line with the answer's reason. */
int operator_ask(const struct operator_door *d, const char *verb, struct pairs *request, int fd,
                 struct pairs *answer_out);

/* The text of a key in the first record of an answer; "" when it is not there. False when it does not fit. */
bool operator_said(const struct pairs *answer, const char *key, char *out, size_t cap);

#endif
