/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_kernels: `furui bench kernels`: a line for each kernel and variant; see kernels.h. */
#include "bench/commands.h"
#include "bench/kernels.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"

#include <getopt.h>

static int kernels_run(int argc, char **argv);

const struct verb verb_bench_kernels = {
    .name = "kernels",
    .summary = "the loops over bytes, for each instruction set",
    .help =
        "usage: furui bench kernels [--json]\n"
        "\n"
        "furui bench kernels times the loops over bytes, each for every instruction set that this CPU has: ns a byte "
        "and\n"
        "GB a second, beside memcpy and XXH3. Its only option is --json.\n",
    .run = kernels_run,
};

static void show_line(const struct kernel_speed *s, void *to)
{
    (void)to;
    printf("%-14s %-18s %-8s %9.4f %9.2f\n", s->kernel, s->input, s->variant, s->ns_per_byte, 1 / s->ns_per_byte);
    fflush(stdout);
}

static void add_json(const struct kernel_speed *s, void *to)
{
    struct json *j = to;
    json_open_object(j, NULL);
    json_str(j, "kernel", span_cstr(s->kernel));
    json_str(j, "input", span_cstr(s->input));
    json_str(j, "variant", span_cstr(s->variant));
    json_num(j, "ns_per_byte", s->ns_per_byte, 5);
    json_num(j, "gb_per_s", 1 / s->ns_per_byte, 3);
    json_close_object(j);
}

static int kernels_run(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool in_json = false;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (c == '?') return cli_usage("bench");
        in_json = true;
    }
    if (argv[optind]) {
        cli_fail(CLI_USAGE, "bench", "kernels takes no mails");
        return cli_usage("bench");
    }
    if (!in_json) {
        printf("%-14s %-18s %-8s %9s %9s\n", "kernel", "input", "variant", "ns/byte", "GB/s");
        kernels_measure(show_line, NULL);
        return CLI_OK;
    }
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_open_array(&j, "kernels");
    kernels_measure(add_json, &j);
    json_close_array(&j);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
    return CLI_OK;
}
