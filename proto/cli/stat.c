/* SPDX-License-Identifier: Apache-2.0 */
/* stat: how the service is doing, as a table for people or as the JSON that it sent.
 *
 * The table knows no key by name: scalars are lines, objects are groups, arrays of objects are tables, so what the
 * service learns to tell is shown without a change here. */
#include "proto/cli/cli.h"
#include "proto/cli/jsontree.h"
#include "proto/cli/service.h"

#include <getopt.h>

enum { STAT_ARENA_BYTES = 16 << 20, COLUMNS_MAX = 16, NAME_WIDTH = 18 };

static const char HELP[] =
    "usage: furui stat [--json] [--endpoint E]\n"
    "\n"
    "Ask a running furuid how it is doing: its workers, roll-out, queues, counters and latency.\n"
    "\n"
    "  --json        the service's own JSON object, as it came\n"
    "  --endpoint E  tcp://HOST:PORT or ipc://PATH; default: $FURUI_ENDPOINT, else the socket in the default\n"
    "                state directory, else tcp://127.0.0.1:7711\n"
    "\n"
    "exit status: 0 it answered; 64 wrong usage; 69 no service answers; 74 its answer could not be read or printed\n"
    "\n"
    "example: furui stat --json | jq .totals\n";

/* A word, and space up to the width of its column, one at least; width 0: nothing follows. */
static void print_cell(span text, size_t width)
{
    if (text.n == 0) text = SPAN("-");
    cli_print(stdout, text);
    if (width) printf("%*s", width > text.n ? (int)(width - text.n) : 1, "");
}

static bool is_scalar(const struct jsontree *v)
{
    return v->kind < JSONTREE_ARRAY;
}

/* The name of a value on the same line, or of a group below it. */
static void print_name(int indent, span name, bool group)
{
    printf("%*s", indent, "");
    print_cell(name, group ? 0 : (size_t)(indent < NAME_WIDTH ? NAME_WIDTH - indent : 1));
    if (group) putchar('\n');
}

/* An array of objects: a column for each scalar member of the first. */
static void print_rows(const struct jsontree *array)
{
    span name[COLUMNS_MAX];
    size_t width[COLUMNS_MAX], columns = 0;
    for (const struct jsontree *c = array->child->child; c && columns < COLUMNS_MAX; c = c->next) {
        if (!is_scalar(c)) continue;
        name[columns] = c->key;
        width[columns++] = c->key.n;
    }
    for (const struct jsontree *row = array->child; row; row = row->next) {
        size_t i = 0;
        for (const struct jsontree *c = row->child; c && i < columns; c = c->next)
            if (span_eq(c->key, name[i])) {
                if (c->text.n > width[i]) width[i] = c->text.n;
                i++;
            }
    }
    fputs("  ", stdout);
    for (size_t i = 0; i < columns; i++) print_cell(name[i], i + 1 < columns ? width[i] + 2 : 0);
    putchar('\n');
    for (const struct jsontree *row = array->child; row; row = row->next) {
        size_t i = 0;
        fputs("  ", stdout);
        for (const struct jsontree *c = row->child; c && i < columns; c = c->next) {
            if (!span_eq(c->key, name[i])) continue;
            print_cell(c->text, i + 1 < columns ? width[i] + 2 : 0);
            i++;
        }
        putchar('\n');
    }
}

static void print_value(int indent, const struct jsontree *v)
{
    if (is_scalar(v)) {
        print_name(indent, v->key, false);
        print_cell(v->text, 0);
        putchar('\n');
    } else if (v->kind == JSONTREE_OBJECT) {
        print_name(indent, v->key, true);
        for (const struct jsontree *c = v->child; c; c = c->next) print_value(indent + 2, c);
    } else if (v->child && v->child->kind == JSONTREE_OBJECT) {
        print_name(indent, v->key, true);
        print_rows(v);
    } else {
        print_name(indent, v->key, false);
        for (const struct jsontree *c = v->child; c; c = c->next) {
            print_cell(c->text, 0);
            putchar(c->next ? ' ' : '\n');
        }
        if (!v->child) puts("-");
    }
}

static int print_table(const char *json)
{
    struct arena a;
    if (arena_open(&a, STAT_ARENA_BYTES) != ERR_OK) return cli_fail(CLI_IO, "stat", "out of memory");
    struct jsontree *root = NULL;
    size_t at = 0;
    enum err e = jsontree_parse(span_cstr(json), &a, &root, &at);
    if (e == ERR_OK && root->kind != JSONTREE_OBJECT) e = ERR_SYNTAX;
    int status = CLI_OK;
    if (e != ERR_OK)
        status = cli_fail(CLI_IO, "stat", "the service's answer is %s at byte %zu", err_str(e), at);
    else
        for (const struct jsontree *c = root->child; c; c = c->next) print_value(0, c);
    arena_close(&a);
    return status;
}

static int stat_run(int argc, char **argv)
{
    static const struct option LONG[] = {
        {"json", no_argument, NULL, 'j'}, {"endpoint", required_argument, NULL, 'e'}, {0}};
    const char *endpoint = NULL;
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (c) {
        case 'j': json = true; break;
        case 'e': endpoint = optarg; break;
        default: return cli_usage("stat");
        }
    }
    if (optind < argc) {
        cli_fail(CLI_USAGE, "stat", "takes no argument: '%s'", argv[optind]);
        return cli_usage("stat");
    }
    struct service s;
    struct furui_options o = {.deadline_ms = SERVICE_PING_MS};
    int status = service_open(&s, "stat", endpoint, &o);
    if (status != CLI_OK) return status;
    struct furui_answer a;
    if (furui_client_stat(s.client, 0, NULL, NULL) != FURUI_OK || furui_client_poll(s.client, -1, &a) != 1)
        status = cli_fail(CLI_UNAVAILABLE, "stat", "%s: no answer", s.endpoint);
    else if (a.type != FURUI_STAT)
        status = cli_fail(CLI_UNAVAILABLE, "stat", "%s: %s %s", s.endpoint, furui_refusal_name(a.why), a.detail);
    else if (json)
        puts(a.stat_json);
    else
        status = print_table(a.stat_json);
    service_close(&s);
    if (fflush(stdout) != 0 && status == CLI_OK) status = cli_fail(CLI_IO, "stat", "cannot write the answer");
    return status;
}

const struct verb verb_stat = {
    .name = "stat", .summary = "how a running service is doing", .help = HELP, .run = stat_run};
