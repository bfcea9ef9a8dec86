/* SPDX-License-Identifier: Apache-2.0 */
/* trust: hosts from the command line by the rules of the config file; see trust.h. */
#include "models/corpus/trust.h"

#include "proto/cli/cli.h"
#include "proto/wrong.h"

bool trust_option(struct trust *t, const char *verb, int option, const char *text)
{
    long n;
    if (option == TRUST_OPT_OWN) {
        if (!cli_number(verb, "--own-received", text, 0, 50, &n)) return false;
        t->own_received = (unsigned)n;
        return true;
    }
    const char *wrong = wrong_hosts(text);
    span host[CONFIG_HOSTS_MAX];
    size_t found = wrong ? 0 : config_hosts(text, host);
    if (t->hosts + found > CONFIG_HOSTS_MAX || found == 0) wrong = "up to 32 host names, separated by commas";
    if (wrong) {
        cli_fail(CLI_USAGE, verb, "--trust takes %s, not '%s'", wrong, text);
        return false;
    }
    memcpy(t->host + t->hosts, host, found * sizeof *host);
    t->hosts += found;
    return true;
}

struct mail_context trust_context(const struct trust *t)
{
    return (struct mail_context){.trusted = t->host, .trusted_count = t->hosts, .own_received = t->own_received};
}
