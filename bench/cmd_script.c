/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_script: `furui bench peers` and `furui bench scale`, which mostly run other programs and so are scripts of the
 * source tree, bench/peers and bench/scale: they take over this process. */
#include "bench/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

static int peers_run(int argc, char **argv);
static int scale_run(int argc, char **argv);

const struct verb verb_bench_peers = {
    .name = "peers",
    .summary = "other spam filters on the same mails",
    .help =
        "usage: furui bench peers [OPTION…] --index INDEX\n"
        "\n"
        "Furui in one process and as a service, bogofilter, rspamd and SpamAssassin: mails a second of each one's own\n"
        "CPU time, on the same mails in the same run. It is the script bench/peers of the source tree, which says\n"
        "'bench/peers --help', and adds to bench/results/peers.csv. A filter that is not installed is named and left\n"
        "out; 'make deps-peers' installs them. bench/peers.d/ has what each runs with.\n",
    .run = peers_run,
};

const struct verb verb_bench_scale = {
    .name = "scale",
    .summary = "the cost of a mail by workers, size, model, queue and reputation keys",
    .help =
        "usage: furui bench scale [OPTION…] --index INDEX\n"
        "\n"
        "What a mail costs with 1 to N workers, mails of 1 KB to 1 MB, models of 1 to 64 MB, 1 to 4,096 mails under\n"
        "way, 10,000 to 10,000,000 reputation keys. It is the script bench/scale of the source tree, which says\n"
        "'bench/scale --help', and adds to bench/results/scale.csv.\n",
    .run = scale_run,
};

/* bench/NAME of the tree that this program was built in: build/MODE/furui. It runs what lies beside this program. */
static int become(const char *name, char **argv)
{
    char self[PATH], script[PATH + 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        char *slash = strrchr(self, '/');
        if (slash) *slash = 0;
        snprintf(script, sizeof script, "%s/../../bench/%s", self, name);
        setenv("B", self, 1);
        execv(script, argv);
    }
    return cli_fail(CLI_UNAVAILABLE, "bench", "bench/%s of the source tree is not there: %s", name, strerror(errno));
}

static int peers_run(int argc, char **argv)
{
    (void)argc;
    return become("peers", argv);
}

static int scale_run(int argc, char **argv)
{
    (void)argc;
    return become("scale", argv);
}
