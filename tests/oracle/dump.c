/* SPDX-License-Identifier: Apache-2.0 */
/* dump: what a reader made of a mail, as lines that two readers can be compared by.
 *
 * main() of both readers: paths come on standard input, one a line; each mail's lines begin with "M path". */
#include "tests/oracle/dump.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/hash.h"

static bool full;
static uint8_t *folded; /* grows to the longest text met */
static size_t folded_cap;

static bool space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static span fold(span s)
{
    if (folded_cap < s.n) {
        folded_cap = 2 * s.n;
        folded = realloc(folded, folded_cap);
        if (!folded) abort();
    }
    size_t o = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!space(s.p[i]))
            folded[o++] = s.p[i];
        else if (o && folded[o - 1] != ' ')
            folded[o++] = ' ';
    }
    while (o && folded[o - 1] == ' ') o--;
    return span_of(folded, o);
}

static void put_text(span s)
{
    putchar('\t');
    if (full) {
        for (size_t i = 0; i < s.n; i++) {
            putchar("0123456789abcdef"[s.p[i] >> 4]);
            putchar("0123456789abcdef"[s.p[i] & 15]);
        }
        return;
    }
    s = fold(s);
    printf("%016llx", (unsigned long long)hash64(s, 0));
}

/* A short value: what would part fields or lines is escaped. */
static void put_word(span s)
{
    putchar('\t');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] == '%' || s.p[i] == 127)
            printf("%%%02X", s.p[i]);
        else
            putchar(s.p[i]);
    }
}

void dump_header(span name, span value, span raw)
{
    putchar('H');
    put_word(name);
    put_text(value);
    if (full) put_text(raw);
    putchar('\n');
}

void dump_part(const struct dump_part *p)
{
    printf("P\t%d\t%d", p->number, p->parent);
    put_word(p->type);
    put_word(p->subtype);
    put_word(p->charset);
    put_word(p->name);
    putchar('\n');
}

void dump_leaf(const struct dump_leaf *l)
{
    static const char *const LABELS[] = {"none", "fine", "invalid", "unknown"};
    printf("T\t%d\t%s\t%s", l->number, l->encoding, l->is_text ? LABELS[l->label] : "-");
    put_text(l->bytes);
    if (l->is_text) put_text(l->text);
    if (full && l->second.n) put_text(l->second);
    putchar('\n');
}

void dump_from(span address, span name)
{
    if (!full) return;
    putchar('F');
    put_text(address);
    put_text(name);
    putchar('\n');
}

void dump_visible(span text)
{
    if (!full) return;
    putchar('V');
    put_text(text);
    putchar('\n');
}

void dump_attachment(int number, span name)
{
    if (!full) return;
    printf("A\t%d", number);
    put_word(name);
    putchar('\n');
}

void dump_note(const char *word)
{
    printf("N\t%s\n", word);
}

/* A whole file, owned. */
static uint8_t *slurp(const char *path, size_t *n_out)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    long size = ftell(f);
    rewind(f);
    uint8_t *p = malloc((size_t)size + 1);
    if (!p) abort();
    *n_out = fread(p, 1, (size_t)size, f);
    fclose(f);
    return p;
}

int main(int argc, char **argv)
{
    full = argc > 1 && strcmp(argv[1], "--full") == 0;
    reader_open();
    char *path = NULL;
    size_t cap = 0;
    for (ssize_t got; (got = getline(&path, &cap, stdin)) > 0;) {
        if (path[got - 1] == '\n') path[--got] = 0;
        if (got == 0) continue;
        size_t n;
        uint8_t *raw = slurp(path, &n);
        printf("M\t%s\n", path);
        reader_dump(span_of(raw, n));
        free(raw);
    }
    free(path);
    free(folded);
    reader_close();
    return fflush(stdout) == 0 ? 0 : 1;
}
