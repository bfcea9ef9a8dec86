/* SPDX-License-Identifier: Apache-2.0 */
/* report: text for people, JSON for programs; a field more in one is a field more in the other. */
#include "proto/cli/report.h"

#include "proto/base/json.h"
#include "proto/cli/cli.h"

enum { REASONS_MAX = 12 }; /* that a person is shown; JSON has all */

/* --- text --------------------------------------------------------------------------------------------------------- */

int report_name_width(struct report_name n)
{
    int width = 0;
    for (const char *p = n.path; *p; p++) width += (*p & 0xC0) != 0x80;
    if (n.number) width += snprintf(NULL, 0, ":%zu", n.number);
    return width;
}

static void print_name(FILE *to, struct report_name n)
{
    cli_print(to, span_cstr(n.path));
    if (n.number) fprintf(to, ":%zu", n.number);
}

static void end_field(FILE *to, const struct report_style *s, int used, int width)
{
    if (s->column)
        fprintf(to, "%*s", width > used ? width - used + 2 : 2, "");
    else
        fputc('\t', to);
}

static void print_words(FILE *to, const char *title, const char *const *word, size_t n)
{
    if (n == 0) return;
    fprintf(to, "    %s:", title);
    for (size_t i = 0; i < n; i++) {
        fputc(' ', to);
        cli_print(to, span_cstr(word[i]));
    }
    fputc('\n', to);
}

/* What the first `n` reasons leave of the log-odds: smaller ones, and what a mail starts with. */
static double rest_behind(const struct furui_verdict *v, size_t n)
{
    double rest = v->score + v->live + v->reputation;
    for (size_t i = 0; i < v->reason_count && i < n; i++) rest -= v->reasons[i].weight;
    return rest;
}

static void print_explanation(FILE *to, const struct furui_verdict *v)
{
    for (size_t i = 0; i < v->reason_count && i < REASONS_MAX; i++) {
        fprintf(to, "    %+6.2f  ", v->reasons[i].weight);
        cli_print(to, span_cstr(v->reasons[i].what));
        fputc('\n', to);
    }
    if (v->reason_count)
        fprintf(to, "    %+6.2f  all that weighs less, and what a mail starts with\n", rest_behind(v, REASONS_MAX));
    print_words(to, "odd", v->oddities, v->oddity_count);
    fprintf(to, "    score: %+.2f (bayes %+.2f, linear %+.2f, net %+.2f), reputation %+.2f", v->score, v->bayes,
            v->linear, v->net, v->reputation);
    if (v->live != 0) fprintf(to, ", reported lately %+.2f", v->live);
    fputc('\n', to);
    print_words(to, "missing", v->degraded, v->degraded_count);
}

static void text_verdict(FILE *to, const struct report_style *s, struct report_name n, const struct furui_verdict *v)
{
    const char *class_name = furui_class_name(v->klass);
    print_name(to, n);
    end_field(to, s, report_name_width(n), s->column);
    fputs(class_name, to);
    end_field(to, s, (int)strlen(class_name), (int)strlen("unsure"));
    fprintf(to, "%.4f", v->p);
    end_field(to, s, 6, 6);
    cli_print(to, span_cstr(v->action));
    for (size_t i = 0; i < v->degraded_count; i++) {
        end_field(to, s, 0, 0);
        fputs("degraded:", to);
        cli_print(to, span_cstr(v->degraded[i]));
    }
    fputc('\n', to);
    if (s->explain) print_explanation(to, v);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static void open_object(struct json *j, struct report_name n)
{
    json_init(j);
    json_open_object(j, NULL);
    json_str(j, "path", span_cstr(n.path));
    if (n.number) json_uint(j, "number", n.number);
}

static void close_object(struct json *j, FILE *to)
{
    json_close_object(j);
    fwrite(j->buf, 1, j->n, to);
    fputc('\n', to);
    json_close(j);
}

static void json_words(struct json *j, const char *key, const char *const *word, size_t n)
{
    json_open_array(j, key);
    for (size_t i = 0; i < n; i++) json_str(j, NULL, span_cstr(word[i]));
    json_close_array(j);
}

static void json_verdict(FILE *to, const struct report_style *s, struct report_name n, const struct furui_verdict *v)
{
    struct json j;
    open_object(&j, n);
    json_str(&j, "class", span_cstr(furui_class_name(v->klass)));
    json_num(&j, "p", v->p, 6);
    json_num(&j, "score", v->score, 6);
    json_str(&j, "action", span_cstr(v->action));
    json_num(&j, "bayes", v->bayes, 6);
    json_num(&j, "linear", v->linear, 6);
    json_num(&j, "net", v->net, 6);
    json_num(&j, "reputation", v->reputation, 6);
    json_num(&j, "live", v->live, 6);
    if (s->explain) {
        json_open_array(&j, "reasons");
        for (size_t i = 0; i < v->reason_count; i++) {
            json_open_object(&j, NULL);
            json_str(&j, "what", span_cstr(v->reasons[i].what));
            json_num(&j, "weight", v->reasons[i].weight, 4);
            json_close_object(&j);
        }
        json_close_array(&j);
        json_num(&j, "rest", rest_behind(v, v->reason_count), 4);
    }
    json_words(&j, "oddities", v->oddities, v->oddity_count);
    json_words(&j, "degraded", v->degraded, v->degraded_count);
    json_str(&j, "model", span_cstr(v->model));
    json_uint(&j, "time_us", v->time_us);
    json_str(&j, "ticket", span_cstr(v->ticket));
    close_object(&j, to);
}

/* --- both --------------------------------------------------------------------------------------------------------- */

void report_verdict(FILE *to, const struct report_style *s, struct report_name n, const struct furui_verdict *v)
{
    if (s->json)
        json_verdict(to, s, n, v);
    else
        text_verdict(to, s, n, v);
}

void report_refusal(FILE *to, const struct report_style *s, struct report_name n, const char *why, const char *detail)
{
    if (s->json) {
        struct json j;
        open_object(&j, n);
        json_str(&j, "refused", span_cstr(why));
        json_str(&j, "detail", span_cstr(detail));
        close_object(&j, to);
        return;
    }
    fputs("furui scan: ", to);
    print_name(to, n);
    fprintf(to, ": no verdict: %s", why);
    if (*detail) {
        fputs(": ", to);
        cli_print(to, span_cstr(detail));
    }
    fputc('\n', to);
}

void report_fault(FILE *to, const struct report_style *s, struct report_name n, const char *fault)
{
    if (s->json) {
        struct json j;
        open_object(&j, n);
        json_str(&j, "error", span_cstr(fault));
        close_object(&j, to);
        return;
    }
    fputs("furui scan: ", to);
    print_name(to, n);
    fprintf(to, ": %s\n", fault);
}
