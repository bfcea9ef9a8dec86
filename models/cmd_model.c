/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_model: `furui model info|verify`: what a bundle is, where it came from, and whether it is whole.
 *
 * Here is also the way to the other words: merge (cmd_merge.c), push, rollback and history (cmd_rollout.c).
 * info reads bundles of any feature version, since the old one is the one that people ask about; verify is as strict as
 * a worker: container, checksums, feature version, and the shapes of what is inside. */
#include "models/cmd_rollout.h"
#include "models/commands.h"
#include "models/train_run.h"
#include "proto/base/json.h"
#include "worker/score/bundle.h"
#include "worker/score/model.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int model_run(int argc, char **argv);

const struct verb verb_model = {
    .name = "model",
    .summary = "show, check and merge model bundles; roll them out and back",
    .help =
        "usage: furui model info [--json] BUNDLE|COUNTS\n"
        "       furui model verify BUNDLE\n"
        "       furui model merge COUNTS… -o BUNDLE [--counts FILE] [--without COUNTS]…\n" ROLLOUT_USAGE "\n"
        "  info      manifest (what it was made from, and how), sections, sizes, id\n"
        "  verify    all that a worker checks before it uses a bundle: layout, checksums, feature version,\n"
        "            shapes; prints one line\n"
        "  merge     train on what was counted before ('furui train --counts'): the same bundle, to the bit, as one\n"
        "            furui train over the same mails in the same order\n" ROLLOUT_WORDS "\n"
        "options:\n"
        "  --json    one JSON object instead of text\n"
        "of merge:\n"
        "  -o, --output BUNDLE   where the bundle goes; without it nothing is trained\n"
        "      --counts FILE     keep the counts of all as one file\n"
        "      --without COUNTS  unlearn: leave out the mails that this file holds, byte for byte the same, as if "
        "they\n"
        "                        had never been there (may be repeated)\n" TRAIN_HELP
        "  -q, --quiet           print nothing but errors\n" ROLLOUT_OPTIONS "\n"
        "exit status: 0 the bundle is whole, or what was asked is done; 1 the service refused it, or rolled it back;\n"
        "65 it is damaged or of another version; 64 wrong usage; 66 it cannot be read; 69 no service; 75 the service "
        "is\n"
        "busy with another roll-out. Faults are named in one line on standard error.\n"
        "\n"
        "example: furui model push new.bundle --shadow 10% --mails 5000 --max-flips 2% --note \"november\"\n",
    .run = model_run,
};

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

static int model_run(int argc, char **argv)
{
    if (argc > 1 && rollout_verb(argv[1])) return rollout_run(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "merge") == 0) return cmd_merge(argc - 1, argv + 1);
    static const struct option OPTIONS[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool json = false;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (c != 'j') return cli_usage("model");
        json = true;
    }
    if (argc - optind != 2) {
        cli_fail(CLI_USAGE, "model", "wants info or verify, and one bundle");
        return cli_usage("model");
    }
    const char *what = argv[optind], *path = argv[optind + 1];
    if (strcmp(what, "info") == 0) return info(path, json);
    if (strcmp(what, "verify") == 0) return verify(path, json);
    cli_fail(CLI_USAGE, "model", "'%s' is none of info, verify, merge, push, rollback, history", what);
    return cli_usage("model");
}
