/* SPDX-License-Identifier: Apache-2.0 */
/* compare_json: the whole comparison with every flip; see compare_show.h. */
#include "models/report/compare_show.h"

#include "models/report/report_page.h"
#include "proto/base/fixmath.h"
#include "proto/base/json.h"

static const char *const BETTER[] = {"neither", "A", "B", "mixed"};
static const char *const FINDING[FINDINGS] = {"roca", "missed_at_0.1_pct", "ham_called_spam", "spam_called_spam"};
static const char *const MISSED[METRICS_POINTS] = {"missed_at_0.1_pct", "missed_at_0.05_pct", "missed_at_0.01_pct"};

static void put_figure(struct json *j, const char *key, const struct compare_figure *f, double scale)
{
    json_open_object(j, key);
    json_num(j, "a", scale * f->a, 6);
    json_num(j, "b", scale * f->b, 6);
    json_num(j, "difference", scale * f->diff, 6);
    json_num(j, "low", scale * f->within.low, 6);
    json_num(j, "high", scale * f->within.high, 6);
    json_num(j, "p", f->p, 6);
    json_close_object(j);
}

static void put_tests(struct json *j, const char *key, const struct mcnemar t[COMPARE_MAILS])
{
    static const char *const MAILS[COMPARE_MAILS] = {"ham", "spam", "both"};
    json_open_object(j, key);
    for (int k = 0; k < COMPARE_MAILS; k++) {
        json_open_object(j, MAILS[k]);
        json_uint(j, "only_a_right", t[k].only_a);
        json_uint(j, "only_b_right", t[k].only_b);
        json_num(j, "p", t[k].p, 9);
        json_num(j, "chi2", t[k].chi2, 4);
        json_num(j, "chi2_p", t[k].chi2_p, 9);
        json_close_object(j);
    }
    json_close_object(j);
}

static void put_judge(struct json *j, const struct compare *c, int k, span name)
{
    const struct figures *f = &c->figures[k];
    json_open_object(j, k ? "b" : "a");
    json_str(j, "name", name);
    const char *id = k ? c->b->model : c->a->model;
    if (id[0]) json_str(j, "model", span_cstr(id));
    for (int label = 0; label < 2; label++)
        for (int call = 0; call < CALLS; call++) {
            char key[40];
            snprintf(key, sizeof key, "%s_called_%s", label ? "spam" : "ham",
                     report_call_name((enum figures_call)call));
            json_uint(j, key, f->called[label][call]);
        }
    json_num(j, "calibration_error", f->m.ece, 6);
    json_num(j, "log_loss", f->m.log_loss, 6);
    json_close_object(j);
}

static void put_call(struct json *j, const struct compare *c, const char *key, double score)
{
    json_open_object(j, key);
    json_str(j, "called", span_cstr(report_call_name(figures_call_of(score, c->spam_at, c->unsure_at))));
    json_num(j, "p", fix_sigmoid(score), 6);
    json_num(j, "score", score, 6);
    json_close_object(j);
}

static void put_flip(struct json *j, const struct compare *c, const struct compare_about *about, size_t i)
{
    const struct judged_mail *v = &c->a->v[i];
    json_open_object(j, NULL);
    json_str(j, "path", span_cstr(v->path));
    json_str(j, "source", span_cstr(c->a->source[v->source]));
    json_uint(j, "line", v->line);
    json_str(j, "label", span_cstr(v->spam ? "spam" : "ham"));
    if (about->described) {
        json_str(j, "language", span_cstr(judged_language_name((enum judged_language)v->language)));
        json_str(j, "kind", span_cstr(judged_kind_name((enum judged_kind)v->kind)));
    }
    put_call(j, c, "a", v->score);
    put_call(j, c, "b", c->b->v[i].score);
    json_bool(j, "worse", compare_worse(c, i));
    json_close_object(j);
}

void compare_json(FILE *to, const struct compare *c, const struct compare_about *about)
{
    char sentence[COMPARE_SENTENCE];
    struct json j;
    compare_sentence(c, sentence);
    json_init(&j);
    json_open_object(&j, NULL);
    json_uint(&j, "mails", c->figures[0].m.ham + c->figures[0].m.spam);
    json_uint(&j, "ham", c->figures[0].m.ham);
    json_uint(&j, "spam", c->figures[0].m.spam);
    json_num(&j, "spam_at", c->spam_at, 6);
    json_num(&j, "unsure_at", c->unsure_at, 6);
    json_str(&j, "better", span_cstr(BETTER[c->better]));
    json_str(&j, "sentence", span_cstr(sentence));
    for (int k = 0; k < 2; k++) put_judge(&j, c, k, about->name[k]);
    put_figure(&j, "roca_pct", &c->roca, 1);
    for (int k = 0; k < METRICS_POINTS; k++) put_figure(&j, MISSED[k], &c->missed[k], 100);
    put_tests(&j, "mcnemar_spam", c->at_spam);
    put_tests(&j, "mcnemar_unsure", c->at_unsure);
    json_open_array(&j, "findings");
    for (int k = 0; k < FINDINGS; k++) {
        json_open_object(&j, NULL);
        json_str(&j, "of", span_cstr(FINDING[k]));
        json_num(&j, "p", c->finding[k].p, 9);
        json_num(&j, "corrected_p", c->finding[k].holm, 9);
        json_str(&j, "better", span_cstr(BETTER[c->finding[k].better]));
        json_close_object(&j);
    }
    json_close_array(&j);
    json_open_array(&j, "flips");
    for (size_t k = 0; k < c->flips; k++) put_flip(&j, c, about, c->flip[k]);
    json_close_array(&j);
    json_close_object(&j);
    fwrite(j.buf, 1, j.n, to);
    fputc('\n', to);
    json_close(&j);
}
