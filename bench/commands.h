/* SPDX-License-Identifier: Apache-2.0 */
/* commands: what `furui bench WHAT` runs, a file each. */
#ifndef FURUI_BENCH_COMMANDS_H
#define FURUI_BENCH_COMMANDS_H

/* `furui bench hostile`: argv[0] is "hostile"; returns the exit status. */
int bench_hostile(int argc, char **argv);

/* `furui bench inproc` and `furui bench kernels`, the same way. */
int bench_inproc(int argc, char **argv);
int bench_kernels(int argc, char **argv);

#define BENCH_HOSTILE_HELP                                                                                           \
    "furui bench hostile makes hostile mails (nests, storms, garbage, mutations of the mails named) and reads each " \
    "in\n"                                                                                                           \
    "this process: milliseconds of CPU per MB, best of three, and arena used. A mail under 64 KB counts as 64 KB.\n" \
    "\n"                                                                                                             \
    "options:\n"                                                                                                     \
    "  --count N         mails (10000)\n"                                                                            \
    "  --seed N          which: the same number, the same mails (1)\n"                                               \
    "  --only CLASS      of one class; its number in the table shows which mail was worst\n"                         \
    "  --number N        one mail of that class\n"                                                                   \
    "  --keep DIR        write the worst of each class to DIR\n"                                                     \
    "  --json            one JSON object\n"                                                                          \
    "\n"                                                                                                             \
    "exit status: 0 all within 20 ms per MB and the arena; 1 some not; 64 wrong usage; 66 no mail in FILE\n"

#define BENCH_INPROC_HELP                                                                                            \
    "furui bench inproc judges the mails in this process, by one thread, out of memory: CPU time a mail, mails and " \
    "MB\n"                                                                                                           \
    "a core-second, the best and the median of some rounds, and what each stage costs when it is done once more. "   \
    "The\n"                                                                                                          \
    "check is the same for builds that see the same features and give the same scores.\n"                            \
    "\n"                                                                                                             \
    "options:\n"                                                                                                     \
    "  --index INDEX     the mails that an index names\n"                                                            \
    "  --bundle B        judge by this model (default: the starter bundle, as furuid's)\n"                           \
    "  --rounds N        how often all mails are judged (5)\n"                                                       \
    "  --no-stages       leave the stages out\n"                                                                     \
    "  --json            one JSON object\n"                                                                          \
    "\n"                                                                                                             \
    "exit status: 0 done; 64 wrong usage; 65 a bad bundle; 66 no mail to judge\n"                                    \
    "\n"                                                                                                             \
    "furui bench kernels times the loops over bytes, each for every instruction set that this CPU has: ns a byte "   \
    "and\n"                                                                                                          \
    "GB a second, beside memcpy and XXH3. Its only option is --json.\n"

#endif
