/* SPDX-License-Identifier: Apache-2.0 */
/* cli: what the verbs of `furui` share: complaints, help, numbers, safe printing, a progress bar.
 *
 * Standard output is for results alone; everything said to the person goes to standard error. */
#include "proto/cli/cli.h"

#include "proto/base/clock.h"
#include "proto/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BAR_AFTER_US = 2000000,
    BAR_EVERY_US = 100000,
    LINE_EVERY_US = 30000000,
    BAR_CELLS = 30,
    WORD_MAX = 32, /* letters of a word that cli_nearest compares */
};

int cli_fail(int status, const char *verb, const char *format, ...)
{
    char line[2048];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    if (n < 0) n = 0;
    if ((size_t)n >= sizeof line) n = (int)sizeof line - 1;
    fflush(stdout); /* results come before the complaint when both go to one terminal */
    fprintf(stderr, "furui%s%s: ", verb ? " " : "", verb ? verb : "");
    cli_print(stderr, span_of(line, (size_t)n));
    fputc('\n', stderr);
    return status;
}

int cli_usage(const char *verb)
{
    fprintf(stderr, "see 'furui %s --help'\n", verb);
    return CLI_USAGE;
}

bool cli_help(const struct verb *v, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(v->help, stdout);
            return true;
        }
    }
    return false;
}

bool cli_number(const char *verb, const char *option, const char *text, long least, long most, long *out)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < least || value > most) {
        cli_fail(CLI_USAGE, verb, "%s: '%s' is not a whole number from %ld to %ld", option, text, least, most);
        return false;
    }
    *out = value;
    return true;
}

/* --- printing what strangers wrote -------------------------------------------------------------------------------- */

void cli_print(FILE *to, span bytes)
{
    for (size_t i = 0; i < bytes.n;) {
        span rest = span_from(bytes, i);
        size_t n = utf8_len(rest);
        uint32_t u = 0; /* what is no UTF-8 is no safer than a control */
        if (n) utf8_get(rest, &u);
        if (utf8_harmless(u)) {
            fwrite(rest.p, 1, n, to);
            i += n;
            continue;
        }
        for (size_t end = i + (n ? n : 1); i < end; i++) fprintf(to, "\\x%02x", bytes.p[i]);
    }
}

/* --- slips of the finger ------------------------------------------------------------------------------------------ */

static size_t least3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits between two words (optimal string alignment), comparing at most WORD_MAX letters. */
static size_t edits(const char *a, const char *b)
{
    size_t an = strnlen(a, WORD_MAX), bn = strnlen(b, WORD_MAX);
    size_t d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= an; i++) d[i][0] = i;
    for (size_t j = 0; j <= bn; j++) d[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        for (size_t j = 1; j <= bn; j++) {
            d[i][j] = least3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < d[i][j]) d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[an][bn];
}

const char *cli_nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    size_t best_edits = strlen(word) < 4 ? 2 : 3; /* fewer than this */
    for (size_t i = 0; i < n; i++) {
        size_t e = edits(word, candidates[i]);
        if (e < best_edits) best_edits = e, best = candidates[i];
    }
    return best;
}

/* --- progress ----------------------------------------------------------------------------------------------------- */

void progress_start(struct progress *p, const char *what, uint64_t total)
{
    int64_t now_us = clock_us();
    *p = (struct progress){
        .what = what, .total = total, .start_us = now_us, .drawn_us = now_us, .lines = !isatty(STDERR_FILENO)};
}

static void draw_bar(const char *line)
{
    struct winsize w;
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col - 1 : 79;
    fprintf(stderr, "\r%.*s\033[K", columns, line);
    fflush(stderr);
}

static void draw(struct progress *p, uint64_t done, int64_t now_us)
{
    double spent_s = (double)(now_us - p->start_us) / 1e6, rate = (double)done / spent_s;
    char line[160], bar[BAR_CELLS + 1] = "";
    if (p->total) {
        double share = done < p->total ? (double)done / (double)p->total : 1.0;
        int full = (int)(share * BAR_CELLS);
        long left_s = rate > 0 && done < p->total ? (long)((double)(p->total - done) / rate + 0.5) : 0;
        for (int i = 0; !p->lines && i < BAR_CELLS; i++) bar[i] = i < full ? '#' : ' ';
        snprintf(line, sizeof line,
                 p->lines ? "%s%s %3.0f%%  %.0f/s  %ld:%02ld left" : "%s [%s] %3.0f%%  %.0f/s  %ld:%02ld left", p->what,
                 bar, share * 100, rate, left_s / 60, left_s % 60);
    } else {
        snprintf(line, sizeof line, "%s %llu  %.0f/s", p->what, (unsigned long long)done, rate);
    }
    if (p->lines)
        fprintf(stderr, "%s\n", line);
    else
        draw_bar(line);
    p->shown = !p->lines;
    p->drawn_us = now_us;
}

void progress_at(struct progress *p, uint64_t done)
{
    int64_t now_us = clock_us();
    if (now_us - p->drawn_us < (p->lines ? LINE_EVERY_US : BAR_EVERY_US) || now_us - p->start_us < BAR_AFTER_US) return;
    draw(p, done, now_us);
}

void progress_hide(struct progress *p)
{
    if (!p->shown) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
}

void progress_end(struct progress *p)
{
    progress_hide(p);
}
