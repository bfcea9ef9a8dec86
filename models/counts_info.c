/* SPDX-License-Identifier: Apache-2.0 */
/* furui model info of a counts file: how many mails of which sources, and how they were read. */
#include "models/commands.h"
#include "models/corpus/corpus.h"
#include "proto/base/json.h"

#include <inttypes.h>
#include <stdlib.h>

/* Mails of each source, [sources][label]; the corpus's sources, of which a file without repeats has as many. */
static size_t (*count_sources(const struct corpus *c))[2]
{
    size_t(*n)[2] = calloc(c->sources + 1, sizeof *n);
    for (size_t i = 0; n && i < c->n; i++) n[c->source[i]][c->mail[i]->spam]++;
    return n;
}

static void show_text(const struct corpus *c, size_t (*n)[2], const struct trust *t, const char *path)
{
    fputs("counts   ", stdout);
    cli_print(stdout, span_cstr(path));
    printf("\ncorpus   %016" PRIx64 "\nfeatures %d\nbytes    %zu\nmails    %zu ham, %zu spam\n", c->hash,
           FEATURE_VERSION, c->file[0].bytes, c->count[0], c->count[1]);
    for (size_t i = 0; i < t->hosts; i++) {
        fputs("trusted  ", stdout);
        cli_print(stdout, t->host[i]);
        putchar('\n');
    }
    if (t->own_received) printf("own      %u Received fields\n", t->own_received);
    printf("\nsources\n");
    for (size_t i = 0; i < c->sources; i++) {
        printf("  %8zu ham %8zu spam  ", n[i][0], n[i][1]);
        cli_print(stdout, c->name[i].n ? c->name[i] : SPAN("(no name)"));
        putchar('\n');
    }
}

static void show_json(const struct corpus *c, size_t (*n)[2], const struct trust *t, const char *path)
{
    struct json j;
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64, c->hash);
    json_init(&j);
    json_open_object(&j, NULL);
    json_str(&j, "path", span_cstr(path));
    json_str(&j, "corpus", span_cstr(hash));
    json_uint(&j, "feature_version", FEATURE_VERSION);
    json_uint(&j, "bytes", c->file[0].bytes);
    json_uint(&j, "ham", c->count[0]);
    json_uint(&j, "spam", c->count[1]);
    json_open_array(&j, "trusted");
    for (size_t i = 0; i < t->hosts; i++) json_str(&j, NULL, t->host[i]);
    json_close_array(&j);
    json_uint(&j, "own_received", t->own_received);
    json_open_array(&j, "sources");
    for (size_t i = 0; i < c->sources; i++) {
        json_open_object(&j, NULL);
        json_str(&j, "name", c->name[i]);
        json_uint(&j, "ham", n[i][0]);
        json_uint(&j, "spam", n[i][1]);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

int counts_info(const char *path, bool json)
{
    struct counts file;
    struct corpus c = {0};
    struct trust trust;
    char fault[COUNTS_FAULT_BYTES];
    enum err e = counts_open(path, &file, fault);
    if (e) return cli_fail(e == ERR_IO ? CLI_NO_INPUT : COMMANDS_BAD_DATA, "model", "%s", fault);
    counts_trust(&file, &trust);
    e = corpus_add(&c, &file, NULL);
    size_t(*n)[2] = e ? NULL : count_sources(&c);
    int status = n ? CLI_OK : cli_fail(CLI_UNAVAILABLE, "model", "%s: %s", path, err_str(ERR_MEMORY));
    if (n && json)
        show_json(&c, n, &trust, path);
    else if (n)
        show_text(&c, n, &trust, path);
    free(n);
    corpus_close(&c);
    return status;
}
