/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_kernels: `furui bench kernels`: a line for each kernel and variant; see kernels.h. */
#include "bench/commands.h"
#include "bench/kernels.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"
#include "worker/simd/scan.h"

#include <getopt.h>

static int kernels_run(int argc, char **argv);

const struct verb verb_bench_kernels = {
    .name = "kernels",
    .summary = "the loops over bytes, for each instruction set",
    .help =
        "usage: furui bench kernels [OPTION…] [--index INDEX | FILE|DIR|MBOX…]\n"
        "\n"
        "furui bench kernels times the loops over bytes, and what is built on them (fields, html, tokens), each for "
        "every\n"
        "instruction set that this CPU has: ns a byte, GB a second and how much faster than plain C, beside memcpy "
        "and\n"
        "XXH3. Without mails it takes a made text of each kind, else pieces of real ones: 16 KB of a piece and 512 KB "
        "of\n"
        "a kind at most, so that all stays in cache.\n"
        "\n"
        "options:\n"
        "  --index INDEX     the mails that an index names\n"
        "  --json            one JSON object\n"
        "\n"
        "exit status: 0 done; 64 wrong usage; 66 no mail to take apart\n",
    .run = kernels_run,
};

static void show_line(const struct kernel_speed *s, void *to)
{
    (void)to;
    printf("%-16s %-12s %-8s %9.4f %9.2f", s->kernel, s->input, s->variant, s->ns_per_byte, 1 / s->ns_per_byte);
    if (s->times_scalar > 0) printf(" %9.1f", s->times_scalar);
    puts("");
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
    json_num(j, "times_scalar", s->times_scalar, 2);
    json_close_object(j);
}

static bool show_text(const struct kernel_inputs *k)
{
    printf("%-16s %-12s %-8s %9s %9s %9s\n", "kernel", "input", "variant", "ns/byte", "GB/s", "x scalar");
    return kernels_measure(k, show_line, NULL);
}

static bool show_json(const struct kernel_inputs *k)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_open_array(&j, "kernels");
    bool ok = kernels_measure(k, add_json, &j);
    json_close_array(&j);
    json_close_object(&j);
    if (ok) puts(j.buf);
    json_close(&j);
    return ok;
}

static int run(const char *index, char **paths, bool in_json)
{
    struct kernel_inputs k;
    struct mails m = {0};
    const char *simd = scan_init();
    if (simd) return cli_fail(CLI_UNAVAILABLE, "bench", "%s", simd);
    bool ok = true;
    if (!index && !*paths) {
        kernel_inputs_make(&k);
    } else {
        ok = index ? mails_from_index(&m, index) : mails_from_paths(&m, paths);
        if (!ok || !m.n) {
            mails_close(&m);
            return ok ? cli_fail(CLI_NO_INPUT, "bench", "no mail to take apart") : CLI_NO_INPUT;
        }
        ok = kernel_inputs_of_mails(&k, &m);
    }
    if (ok) ok = (in_json ? show_json : show_text)(&k);
    kernel_inputs_close(&k);
    mails_close(&m);
    return ok ? CLI_OK : cli_fail(CLI_UNAVAILABLE, "bench", "no memory for an arena");
}

static int kernels_run(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"index", required_argument, NULL, 'i'}, {"json", no_argument, NULL, 'j'}, {0}};
    const char *index = NULL;
    bool in_json = false;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (c == '?') return cli_usage("bench");
        if (c == 'i') index = optarg;
        if (c == 'j') in_json = true;
    }
    if (index && argv[optind]) {
        cli_fail(CLI_USAGE, "bench", "wants either --index or mails");
        return cli_usage("bench");
    }
    return run(index, argv + optind, in_json);
}
