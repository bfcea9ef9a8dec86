/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_model: `furui model info|verify`: what a bundle is, where it came from, and whether it is whole.
 *
 * Here are also the names of the others: merge (cmd_merge.c), push, rollback and history (cmd_rollout.c).
 * info reads bundles of any feature version, since the old one is the one that people ask about; verify is as strict as
 * a worker: container, checksums, feature version, and the shapes of what is inside. */
#include "models/commands.h"
#include "models/train_run.h"
#include "proto/base/json.h"
#include "worker/score/bundle.h"
#include "worker/score/model.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One status for a bundle that is no good, another for one that cannot be read. */
static int fail(enum err e, const char *fault)
{
    return cli_fail(e == ERR_IO ? CLI_NO_INPUT : COMMANDS_BAD_DATA, "model", "%s", fault);
}

static void info_text(const struct bundle *b, const char *path)
{
    fputs("bundle   ", stdout);
    cli_print(stdout, span_cstr(path));
    printf("\nid       %s\nfeatures %" PRIu32 "\nbytes    %zu\n\nmanifest\n", b->id, b->feature_version, b->bytes);
    span key, value;
    for (size_t at = 0; bundle_manifest_next(b, &at, &key, &value);)
        printf("  %-20.*s %.*s\n", SPAN_ARG(key), SPAN_ARG(value));
    printf("\nsections\n");
    for (uint32_t i = 0; i < b->section_count; i++) {
        struct bundle_entry e = bundle_at(b, i);
        printf("  %-15s %10zu bytes at %-10" PRIu64 " xxh3 %016" PRIx64 "\n", e.name, e.bytes.n, e.offset, e.hash);
    }
}

static void info_json(const struct bundle *b, const char *path)
{
    struct json j;
    char hash[17];
    json_init(&j);
    json_open_object(&j, NULL);
    json_str(&j, "path", span_cstr(path));
    json_str(&j, "id", span_cstr(b->id));
    json_uint(&j, "feature_version", b->feature_version);
    json_uint(&j, "bytes", b->bytes);
    json_open_object(&j, "manifest");
    span key, value;
    for (size_t at = 0; bundle_manifest_next(b, &at, &key, &value);) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", SPAN_ARG(span_head(key, sizeof name - 1)));
        json_str(&j, name, value);
    }
    json_close_object(&j);
    json_open_array(&j, "sections");
    for (uint32_t i = 0; i < b->section_count; i++) {
        struct bundle_entry e = bundle_at(b, i);
        snprintf(hash, sizeof hash, "%016" PRIx64, e.hash);
        json_open_object(&j, NULL);
        json_str(&j, "name", span_cstr(e.name));
        json_uint(&j, "offset", e.offset);
        json_uint(&j, "bytes", e.bytes.n);
        json_str(&j, "xxh3", span_cstr(hash));
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int info(const char *path, bool json)
{
    if (train_begins(path, COUNTS_MAGIC)) return counts_info(path, json);
    struct bundle b;
    char fault[BUNDLE_FAULT_BYTES];
    enum err e = bundle_open(path, BUNDLE_ANY_FEATURES, &b, fault);
    if (e) return fail(e, fault);
    if (json)
        info_json(&b, path);
    else
        info_text(&b, path);
    bundle_close(&b);
    return CLI_OK;
}

static int verify(const char *path, bool json)
{
    struct model *m;
    char fault[MODEL_FAULT_MAX];
    enum err e = model_open(path, &m, fault);
    if (e) return fail(e, fault);
    if (json)
        printf("{\"ok\":true,\"id\":\"%s\"}\n", model_id(m));
    else
        printf("fine: %s\n", model_id(m));
    model_close(m);
    return CLI_OK;
}

/* The options of both, and their one bundle. */
static int begin(int argc, char **argv, const char *verb, bool *json_out)
{
    static const struct option OPTIONS[] = {{"json", no_argument, NULL, 'j'}, {0}};
    *json_out = false;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (c != 'j') return cli_usage(verb);
        *json_out = true;
    }
    if (argc - optind == 1) return CLI_OK;
    cli_fail(CLI_USAGE, verb, "wants one bundle");
    return cli_usage(verb);
}

static int run_info(int argc, char **argv)
{
    bool json;
    int status = begin(argc, argv, "model info", &json);
    return status ? status : info(argv[optind], json);
}

static int run_verify(int argc, char **argv)
{
    bool json;
    int status = begin(argc, argv, "model verify", &json);
    return status ? status : verify(argv[optind], json);
}

static const struct verb verb_info = {
    .name = "info",
    .summary = "what a bundle was made from, and how",
    .help = "usage: furui model info [--json] BUNDLE|COUNTS\n"
            "\n"
            "The manifest (what it was made from, and how), sections, sizes, id; of any feature version. Of counts:\n"
            "mails, sources, and whether they are whole.\n"
            "  --json    one JSON object instead of text\n"
            "\n"
            "Exit status: 0 shown, 64 wrong usage, 65 it is damaged, 66 it cannot be read.\n"
            "\n"
            "example: furui model info my.bundle\n",
    .run = run_info,
};

static const struct verb verb_verify = {
    .name = "verify",
    .summary = "all that a worker checks before it uses a bundle",
    .help = "usage: furui model verify [--json] BUNDLE\n"
            "\n"
            "All that a worker checks before it uses a bundle: layout, checksums, feature version, shapes; prints one\n"
            "line.\n"
            "  --json    one JSON object instead of text\n"
            "\n"
            "Exit status: 0 the bundle is whole, 64 wrong usage, 65 it is damaged or of another version, 66 it cannot\n"
            "be read. Faults are named in one line on standard error.\n"
            "\n"
            "example: furui model verify my.bundle\n",
    .run = run_verify,
};

static const struct verb *const SUBS[] = {
    &verb_info, &verb_verify, &verb_model_merge, &verb_model_push, &verb_model_rollback, &verb_model_history, NULL};

static int model_run(int argc, char **argv)
{
    if (argc > 1)
        cli_fail(CLI_USAGE, "model", "'%s' is none of info, verify, merge, push, rollback, history", argv[1]);
    else
        cli_fail(CLI_USAGE, "model", "what is to be done?");
    return cli_usage("model");
}

const struct verb verb_model = {
    .name = "model",
    .summary = "show, check and merge model bundles; roll them out and back",
    .help = "usage: furui model WHAT …\n"
            "\n"
            "  info      what a bundle (or a counts file) was made from, and how\n"
            "  verify    all that a worker checks before it uses a bundle\n"
            "  merge     train on what 'furui train --counts' counted before\n"
            "  push      have the running service use a bundle\n"
            "  rollback  back to the bundle that served before\n"
            "  history   the bundles that were pushed\n"
            "\n"
            "'furui model WHAT --help' explains each.\n",
    .run = model_run,
    .subs = SUBS,
};
