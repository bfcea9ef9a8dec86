/* SPDX-License-Identifier: Apache-2.0 */
/* trust: whose Authentication-Results a verb believes: what [mail] says to the service, as options of train, eval,
 * show.
 *
 * The same settings give the same features, so a mail scores the same offline and in the service. */
#ifndef FURUI_CORPUS_TRUST_H
#define FURUI_CORPUS_TRUST_H

#include "proto/config.h"
#include "worker/mime/mail.h"

/* The two options and what --help says about them; their ids are free for a verb's own to begin above. */
enum { TRUST_OPT_HOST = 1024, TRUST_OPT_OWN };
#define TRUST_OPTIONS                                          \
    {"trust", required_argument, NULL, TRUST_OPT_HOST},        \
    {                                                          \
        "own-received", required_argument, NULL, TRUST_OPT_OWN \
    }
#define TRUST_HELP                                                                                                    \
    "      --trust HOST      believe Authentication-Results of this authserv-id (may be repeated, or a comma list)\n" \
    "      --own-received N  Received fields that our own hosts put above them (default 0); both as [mail] has them\n"

struct trust {
    span host[CONFIG_HOSTS_MAX]; /* lent by the command line */
    size_t hosts;
    unsigned own_received;
};

/* Take one of the two options. False after a complaint. */
bool trust_option(struct trust *t, const char *verb, int option, const char *text);

/* What mail_read is to know. Lent by `t`. */
struct mail_context trust_context(const struct trust *t);

#endif
