/* SPDX-License-Identifier: Apache-2.0 */
/* yardstick: words hashed and looked up, and `furui bench yardstick`; see yardstick.h. */
#include "bench/yardstick.h"

#include "bench/commands.h"
#include "bench/cpu_time.h"

#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>

enum { BYTES = 1 << 18, TABLE_BITS = 20, PASSES = 100 };

static uint8_t text[BYTES], letter[256];
static uint32_t table[1 << TABLE_BITS];
static volatile uint32_t sink;

static void prepare(void)
{
    uint32_t state = 1;
    for (int c = 0; c < 256; c++) letter[c] = (uint8_t)(c >= 'a' && c <= 'z' ? c : c >= 'A' && c <= 'Z' ? c + 32 : 0);
    for (size_t i = 0; i < BYTES; i++) {
        state = state * 1664525 + 1013904223;
        text[i] = state >> 24 < 40 ? ' ' : (uint8_t)((state >> 24 < 50 ? 'A' : 'a') + (state >> 16 & 0xFF) % 26);
    }
    for (uint32_t i = 0; i < 1u << TABLE_BITS; i++) table[i] = i * 2654435761u;
}

static uint32_t pass(void)
{
    uint32_t sum = 0, hash = 0;
    for (size_t i = 0; i < BYTES; i++) {
        uint8_t c = letter[text[i]];
        if (c) {
            hash = (hash ^ c) * 0x9E3779B1u;
        } else if (hash) {
            sum += table[hash >> (32 - TABLE_BITS)];
            hash = 0;
        }
    }
    return sum;
}

double yardstick_ns(void)
{
    double best_s = 1e9;
    prepare();
    for (int i = 0; i < PASSES; i++) {
        double begun_s = cpu_thread_s();
        sink = pass();
        double s = cpu_thread_s() - begun_s;
        if (s < best_s) best_s = s;
    }
    return best_s * 1e9 / BYTES;
}

static int yardstick_run(int argc, char **argv);

const struct verb verb_bench_yardstick = {
    .name = "yardstick",
    .summary = "a fixed piece of work, by which figures of two days are compared",
    .help =
        "usage: furui bench yardstick [--json]\n"
        "\n"
        "Nanoseconds of CPU time a byte that a fixed piece of work costs at this moment: words hashed and looked up\n"
        "in 4 MB. It never changes, so other figures by it can be compared between days and machines; the csv files\n"
        "of bench/results have it as yardstick_ns.\n"
        "\n"
        "exit status: 0; 64 wrong usage\n",
    .run = yardstick_run,
};

static int yardstick_run(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool in_json = false;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (c == '?') return cli_usage("bench yardstick");
        in_json = true;
    }
    if (argv[optind]) return cli_usage("bench yardstick");
    printf(in_json ? "{\"ns_per_byte\":%.4f}\n" : "%.4f ns a byte\n", yardstick_ns());
    return CLI_OK;
}
