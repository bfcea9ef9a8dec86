/* SPDX-License-Identifier: Apache-2.0 */
/* scores_file: an index whose lines have one word more; see scores_file.h. */
#include "models/eval/scores_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Cut the score off the end of "PATH SCORE"; false when there is none. */
static bool cut_score(char *line, double *out)
{
    char *end, *space = strrchr(line, ' ');
    if (!space || space == line) return false;
    *out = strtod(space + 1, &end);
    if (end == space + 1 || *end || !isfinite(*out)) return false;
    *space = 0;
    return true;
}

enum err scores_file_open(const char *path, const char *exclude, struct scores_file *s, char *fault_out)
{
    *s = (struct scores_file){.name = path};
    enum err e = index_open(path, &s->lines, fault_out);
    if (!e && exclude) e = index_exclude(&s->lines, exclude, fault_out);
    if (e) return e;
    s->judged = (struct judged){.v = calloc(s->lines.n, sizeof *s->judged.v), .source = &s->name, .sources = 1};
    if (!s->judged.v) {
        snprintf(fault_out, INDEX_FAULT_BYTES, "%.300s: %s", path, err_str(ERR_MEMORY));
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < s->lines.n; i++) {
        const struct index_entry *line = &s->lines.entry[i];
        struct judged_mail *v = &s->judged.v[i];
        /* The paths are strings in the index's own text, which is ours. */
        if (!cut_score((char *)line->path, &v->score)) {
            snprintf(fault_out, INDEX_FAULT_BYTES, "%.300s:%u: not a line of label, path and score", path, line->line);
            return ERR_SYNTAX;
        }
        v->path = line->path;
        v->line = line->line;
        v->spam = line->spam;
        v->excluded = line->excluded;
        v->language = JUDGED_OTHER;
        v->kind = JUDGED_PLAIN;
    }
    s->judged.n = s->lines.n;
    return ERR_OK;
}

void scores_file_close(struct scores_file *s)
{
    judged_close(&s->judged);
    index_close(&s->lines);
}
