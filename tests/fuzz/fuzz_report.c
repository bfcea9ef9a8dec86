/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_report: whatever paths and scores there are, a page holds only our own elements, closed as they were opened, and
 * no control byte; the input is a file of scores, compared with itself upside down. */
#define _GNU_SOURCE
#include "models/eval/scores_file.h"
#include "models/report/compare_show.h"
#include "models/report/report_html.h"
#include "proto/base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MAILS = 40, DEPTH = 40, NAME = 16 };

static bool ours(const char *name)
{
    static const char *const LIST[] = {"html",   "head", "meta",    "title", "style",  "body",       "main",    "h1",
                                       "h2",     "h3",   "p",       "b",     "bdi",    "div",        "span",    "dl",
                                       "dt",     "dd",   "ul",      "li",    "figure", "figcaption", "table",   "tr",
                                       "th",     "td",   "caption", "thead", "svg",    "g",          "line",    "rect",
                                       "circle", "text", "path",    "desc",  "tbody",  "footer",     "clipPath"};
    for (size_t i = 0; i < sizeof LIST / sizeof *LIST; i++)
        if (strcmp(name, LIST[i]) == 0) return true;
    return false;
}

/* From behind a '<' to behind its '>'. */
static size_t tag(span s, size_t at, char stack[DEPTH][NAME], size_t *depth)
{
    bool end = s.p[at] == '/', quoted = false;
    size_t n = 0;
    char name[NAME];
    if (end) at++;
    for (; at < s.n && ascii_alnum(s.p[at]) && n + 1 < NAME; at++) name[n++] = (char)s.p[at];
    name[n] = 0;
    assert(ours(name));
    for (; at < s.n && (quoted || s.p[at] != '>'); at++) {
        assert(s.p[at] != '<');
        if (s.p[at] == '"') quoted = !quoted;
    }
    assert(at < s.n);
    if (end) {
        assert(*depth && strcmp(stack[*depth - 1], name) == 0);
        --*depth;
    } else if (s.p[at - 1] != '/') {
        assert(*depth < DEPTH);
        strcpy(stack[(*depth)++], name);
    }
    return at + 1;
}

static void check(const struct markup *m)
{
    char stack[DEPTH][NAME];
    size_t depth = 0;
    span s = span_of(m->buf, m->n), head = SPAN("<!DOCTYPE html>\n");
    assert(span_starts(s, head));
    for (size_t at = head.n; at < s.n;) {
        size_t len = utf8_len(span_from(s, at));
        assert(len && (s.p[at] >= ' ' || s.p[at] == '\n') && s.p[at] != 0x7F);
        at = s.p[at] == '<' ? tag(s, at + 1, stack, &depth) : at + len;
    }
    assert(depth == 0);
}

static void pages(struct judged *a)
{
    struct markup m = {0};
    struct report_about about = {.model = span_cstr(a->v[0].path), .spam_at = 0.9, .unsure_at = 0.5};
    assert(report_html(&m, a, &about) == ERR_OK);
    check(&m);
    markup_close(&m);
    struct judged b = *a;
    struct judged_mail upside[MAILS];
    b.v = upside;
    for (size_t i = 0; i < a->n; i++) {
        upside[i] = a->v[i];
        upside[i].score = -upside[i].score;
    }
    struct compare c;
    struct compare_about both = {{about.model, span_cstr(a->v[a->n - 1].path)}, a->n % 2};
    assert(compare_open(&c, a, &b, 0.9, 0.5) == ERR_OK);
    assert(compare_html(&m, &c, &both) == ERR_OK);
    check(&m);
    markup_close(&m);
    compare_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[64], fault[INDEX_FAULT_BYTES] = "";
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || (n && write(fd, data, n) != (ssize_t)n)) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct scores_file s;
    if (scores_file_open(path, NULL, &s, fault) == ERR_OK) {
        if (s.judged.n <= MAILS) pages(&s.judged);
    } else {
        assert(fault[0] && !strchr(fault, '\n'));
    }
    scores_file_close(&s);
    close(fd);
    return 0;
}
