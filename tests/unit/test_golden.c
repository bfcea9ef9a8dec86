/* SPDX-License-Identifier: Apache-2.0 */
/* test_golden: each tests/mail/NAME.eml is read as tests/mail/NAME.want says.
 *
 * `make golden` runs this with --write, which rewrites the .want files: `git diff` then shows what changed, and a
 * person decides. `test_golden FILE...` prints how any mail is read. All mail here is of our own writing. */
#include <assert.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "worker/mime/mail.h"
#include "worker/text/domain.h"

#define FOLDER "tests/mail"

static void put_escaped(FILE *out, span s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '\n')
            fputs("\\n", out);
        else if (c < ' ' || c == 127)
            fprintf(out, "\\x%02X", c);
        else
            fputc(c, out);
    }
}

static void put_line(FILE *out, const char *key, span s)
{
    if (s.n == 0) return;
    fprintf(out, "%s: ", key);
    put_escaped(out, s);
    fputc('\n', out);
}

static void put_text(FILE *out, const char *key, span s)
{
    while (s.n) {
        size_t n = span_find(s, '\n');
        put_line(out, key, span_head(s, n));
        s = span_from(s, n + 1);
    }
}

static void dump_file(FILE *out, const struct attachment *f)
{
    fprintf(out, "  is %s", attach_kind_word(f->kind));
    if (f->files) fprintf(out, " of %u files", f->files);
    if (f->partial) fputs(" seen in part", out);
    if (f->links) fprintf(out, " with %u links", f->links);
    for (enum odd_bit b = 0; b < ODD_COUNT; b++)
        if (f->odd >> b & 1) fprintf(out, " %s", odd_word(b));
    if (f->inner.n) fprintf(out, " inner %.*s", SPAN_ARG(f->inner));
    fprintf(out, " digest %016llx%016llx\n", (unsigned long long)f->digest[1], (unsigned long long)f->digest[0]);
}

/* A link; below it the host where that is not what is written, and what is odd about it. */
static void put_url(FILE *out, const struct url *u)
{
    static const char *const KEYS[URL_PLACE_COUNT] = {[URL_IN_HEADER] = "header url", [URL_IN_LIST] = "list url"};
    put_line(out, KEYS[u->place] ? KEYS[u->place] : "url", u->whole);
    if (!span_eq(u->shown, u->host)) fprintf(out, "  %.*s shown as %.*s\n", SPAN_ARG(u->host), SPAN_ARG(u->shown));
    if (u->odd & ODD(URL_OBSCURED)) fprintf(out, "  host %.*s\n", SPAN_ARG(u->host));
    for (enum odd_bit b = 0; b < ODD_COUNT; b++)
        if (u->odd >> b & 1) fprintf(out, "  %s\n", odd_word(b));
}

static void dump(FILE *out, const struct mail *m)
{
    static const char *const FIELDS[FIELD_COUNT] = {[FIELD_SUBJECT] = "subject", [FIELD_FROM] = "from"};
    static const char *const ENCODINGS[] = {"7bit", "qp", "base64", "uuencode", "yenc", "unknown"};
    fputs("odd:", out);
    for (enum odd_bit b = 0; b < ODD_COUNT; b++)
        if (m->odd >> b & 1) fprintf(out, " %s", odd_word(b));
    fputc('\n', out);
    put_line(out, "from address", m->from_addr);
    put_line(out, "from name", m->from_name);
    put_line(out, "from domain", m->from_domain);
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *h = &m->headers[i];
        fprintf(out, "%s ", FIELDS[h->id] ? FIELDS[h->id] : h->id == FIELD_IGNORED ? "ignored" : "field");
        put_escaped(out, h->name);
        fputs(": ", out);
        put_escaped(out, h->value);
        if (h->charset.n) fprintf(out, " (%.*s)", SPAN_ARG(h->charset));
        fputc('\n', out);
    }
    for (size_t i = 0; i < m->part_count; i++) {
        const struct mail_part *p = &m->parts[i];
        fprintf(out, "part %zu in %d depth %u: %.*s/%.*s %s", i, p->parent, p->depth, SPAN_ARG(p->type),
                SPAN_ARG(p->subtype), ENCODINGS[p->encoding]);
        if (p->charset.n) fprintf(out, " charset %.*s", SPAN_ARG(p->charset));
        fprintf(out, " %zu to %zu bytes%s%s", p->body.n, p->decoded, p->block ? " block" : "",
                p->attachment ? " attachment" : "");
        if (p->name.n) fprintf(out, " name %.*s", SPAN_ARG(p->name));
        fputc('\n', out);
        if (p->file.kind) dump_file(out, &p->file);
    }
    for (size_t i = 0; i < m->url_count + m->list_url_count; i++) put_url(out, &m->urls[i]);
    put_text(out, "text", m->text);
    put_text(out, "hidden", m->hidden);
    put_text(out, "other", m->other);
}

/* A whole file, owned; empty when it cannot be read. */
static char *slurp(const char *path, size_t *n_out)
{
    *n_out = 0;
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    char *p = malloc((size_t)size + 1);
    *n_out = p ? fread(p, 1, (size_t)size, f) : 0;
    fclose(f);
    return p;
}

/* How a mail is read, as text, owned. */
static char *read_and_dump(const char *path, size_t *n_out)
{
    size_t n;
    char *raw = slurp(path, &n), *text = NULL;
    if (!raw) return NULL;
    struct arena a;
    if (arena_open(&a, 32u << 20) != ERR_OK) abort();
    struct mail m;
    mail_read(&m, span_of(raw, n), NULL, &a);
    FILE *out = open_memstream(&text, n_out);
    dump(out, &m);
    fclose(out);
    arena_close(&a);
    free(raw);
    return text;
}

static bool is_mail(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && strcmp(d->d_name + n - 4, ".eml") == 0;
}

static int filter(const struct dirent *d)
{
    return is_mail(d);
}

static void want_path(char *out, size_t cap, const char *name)
{
    snprintf(out, cap, FOLDER "/%.*s.want", (int)strlen(name) - 4, name);
}

/* Calls `each` with every mail's name, how it is read, and the path of its .want. Returns how many. */
static int each_mail(void (*each)(const char *name, const char *text, size_t n, const char *want))
{
    struct dirent **names;
    int n = scandir(FOLDER, &names, filter, alphasort);
    for (int i = 0; i < n; i++) {
        char path[512], want[512];
        snprintf(path, sizeof path, FOLDER "/%s", names[i]->d_name);
        want_path(want, sizeof want, names[i]->d_name);
        size_t bytes;
        char *text = read_and_dump(path, &bytes);
        each(names[i]->d_name, text, bytes, want);
        free(text);
        free(names[i]);
    }
    if (n >= 0) free(names);
    return n;
}

static int failed;

static void compare(const char *name, const char *text, size_t n, const char *want)
{
    size_t want_n;
    char *wanted = slurp(want, &want_n);
    if (!wanted || want_n != n || memcmp(text, wanted, n) != 0) {
        print_error("%s: is read otherwise than %s says:\n%s\n", name, want, text);
        failed++;
    }
    free(wanted);
}

static void write_want(const char *name, const char *text, size_t n, const char *want)
{
    (void)name;
    FILE *f = fopen(want, "wb");
    if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0) abort();
}

static void test_golden(void **state)
{
    (void)state;
    assert_true(each_mail(compare) > 0);
    assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
    domain_init();
    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        printf("%d mails\n", each_mail(write_want));
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        size_t n;
        char *text = read_and_dump(argv[i], &n);
        printf("%s", text ? text : "cannot be read\n");
        free(text);
    }
    if (argc > 1) return 0;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
