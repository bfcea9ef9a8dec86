/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_rollout: the words of `furui model` that ask a running service. */
#ifndef FURUI_MODELS_CMD_ROLLOUT_H
#define FURUI_MODELS_CMD_ROLLOUT_H

#include <stdbool.h>

#define ROLLOUT_USAGE                                                                                                  \
    "       furui model push BUNDLE [--shadow SHARE [--mails N] [--max-flips P%] [--wait]] [--by WHO] [--note TEXT]\n" \
    "       furui model rollback [--by WHO] [--note TEXT]\n"                                                           \
    "       furui model history\n"
#define ROLLOUT_WORDS                                                                                              \
    "  push      have the running service use this bundle: verified, copied, loaded by one worker, then by all;\n" \
    "            no mail waits and none is lost. Returns when all workers have it\n"                               \
    "  rollback  back to the bundle that served before; while one is in shadow: take that out\n"                   \
    "  history   the bundles that were pushed: what became of each, when, by whom, from what data, and why\n"
#define ROLLOUT_OPTIONS                                                                                             \
    "of push, rollback, history (as furuid's own user, or root):\n"                                                 \
    "      --shadow SHARE    first score this share of the mails with it as well (10% or 0.1). Verdicts stay the\n" \
    "                        serving model's; flips between ham, unsure and spam are counted: 'furui stat'\n"       \
    "      --mails N         so many of them decide; what furui scan sends does not count (1000)\n"                 \
    "      --max-flips P%    at most so many may flip: then it serves, else it goes. It goes earlier when the\n"    \
    "                        share is beyond this all but surely (5%)\n"                                            \
    "      --wait            return when that is decided\n"                                                         \
    "      --by WHO          your name for the history (login name)\n"                                              \
    "      --note TEXT       why, for the history\n"                                                                \
    "      --state-dir DIR   the service's; without it the service at --endpoint is asked\n"                        \
    "      --endpoint E      as for 'furui stat'\n"

/* Is this word one of them? Then run it; argv[0] is the word. */
bool rollout_verb(const char *word);
int rollout_run(int argc, char **argv);

#endif
