/* SPDX-License-Identifier: Apache-2.0 */
/* commands: what `furui bench WHAT` runs, a file each. */
#ifndef FURUI_BENCH_COMMANDS_H
#define FURUI_BENCH_COMMANDS_H

/* `furui bench hostile`: argv[0] is "hostile"; returns the exit status. */
int bench_hostile(int argc, char **argv);

/* `furui bench inproc`, the same way. */
int bench_inproc(int argc, char **argv);

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

#endif
