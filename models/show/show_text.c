/* SPDX-License-Identifier: Apache-2.0 */
/* show_text: the verdict first, then why, then what the mail is made of; 100 columns, nothing but text.
 *
 * Every byte that came with the mail passes through wrap.h. */
#include "models/show/show.h"

#include "proto/base/utf8.h"
#include "proto/cli/cli.h"
#include "proto/cli/wrap.h"
#include "worker/mime/auth.h"

#include <inttypes.h>
#include <stdarg.h>

enum { LABEL = 12, INDENT = 2 };

static void section(FILE *to, const char *title)
{
    fprintf(to, "\n%s\n", title);
}

/* "  label       " and a line to go on with; further lines stand below its beginning. */
static struct wrap row(FILE *to, unsigned width, const char *label)
{
    struct wrap w;
    int n = fprintf(to, "%*s%-*s  ", INDENT, "", (int)width, label);
    wrap_begin(&w, to, (unsigned)n, INDENT + width + 2);
    return w;
}

static void __attribute__((format(printf, 2, 3))) say(struct wrap *w, const char *format, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    wrap_say(w, text);
}

/* At most `most` bytes, whole characters, unless all is wanted. */
static void put_cut(struct wrap *w, const struct show *s, span text, size_t most)
{
    span shown = !s->all && text.n > most + SHOW_TAIL_BYTES ? utf8_cut(text, most) : text;
    wrap_put(w, shown);
    if (shown.n < text.n) say(w, " [%zu more bytes]", text.n - shown.n);
}

static void more(FILE *to, size_t n, const char *what)
{
    if (n) fprintf(to, "%*s%zu more %s; --all shows them\n", INDENT, "", n, what);
}

static size_t at_most(const struct show *s, size_t n, size_t most)
{
    return s->all || n < most ? n : most;
}

/* --- verdict and reasons ------------------------------------------------------------------------------------------ */

static void put_verdict(FILE *to, const struct show *s)
{
    struct wrap w;
    wrap_begin(&w, to, 0, 0);
    wrap_say(&w, s->path);
    if (s->number) say(&w, ":%zu", s->number);
    say(&w, ", %zu bytes", s->m->raw.n);
    wrap_end(&w);

    w = row(to, LABEL, "verdict");
    say(&w, "%s, with a spam probability of %.4f (unsure from %g, spam from %g)", wire_class_name(s->klass),
        s->scores->p, s->unsure_at, s->spam_at);
    wrap_end(&w);
    w = row(to, LABEL, "log-odds");
    say(&w, "%+.3f, from bayes %+.2f, linear %+.2f, net %+.2f", s->scores->score, s->scores->bayes, s->scores->linear,
        s->scores->net);
    wrap_end(&w);
    w = row(to, LABEL, "model");
    say(&w, "%s, ", s->model_id);
    wrap_say(&w, s->bundle);
    wrap_end(&w);
    w = row(to, LABEL, "");
    wrap_say(&w, "This is the content's verdict; the service adds reputation (furui scan --explain).");
    wrap_end(&w);
}

static void put_share(FILE *to, double share, const char *what)
{
    fprintf(to, "%*s%+8.3f  %s\n", INDENT, "", share, what);
}

/* What each view says, and how much of it speaks for either side. */
static void put_views(FILE *to, const struct weighing *g)
{
    double side[VIEW_COUNT][2] = {0};
    for (size_t i = 0; i < g->n; i++) side[g->v[i].view][g->v[i].weight > 0] += g->v[i].weight;
    fprintf(to, "\n%*s%8s  %-9s  %8s  %8s  %8s  %s\n", INDENT, "", "share", "view", "for spam", "for ham", "features",
            "known to the model");
    for (int v = 0; v < VIEW_COUNT; v++)
        fprintf(to, "%*s%+8.3f  %-9s  %+8.3f  %+8.3f  %8zu  %8zu\n", INDENT, "", g->view[v].sum,
                view_word((enum feature_view)v), side[v][1], side[v][0], g->view[v].features, g->view[v].known);
}

static void put_weights(FILE *to, const struct show *s)
{
    const struct weighing *g = s->w;
    size_t n = at_most(s, g->n, SHOW_WEIGHTS);
    double shown = 0;
    section(to, "why: each feature's share of the log-odds, + for spam, - for ham");
    for (size_t i = 0; i < n; i++) {
        const struct weighed *f = &g->v[i];
        struct wrap w;
        int used = fprintf(to, "%*s%+8.3f  %-9s  ", INDENT, "", f->weight, view_word(f->view));
        wrap_begin(&w, to, (unsigned)used, (unsigned)used);
        wrap_put(&w, weighed_text(f, s->a));
        wrap_end(&w);
        shown += f->weight;
    }
    char text[128];
    if (n < g->n) {
        snprintf(text, sizeof text, "%zu smaller shares; --all shows them", g->n - n);
        put_share(to, g->sum - shown, text);
    }
    put_share(to, g->base, "a mail of these sizes without any feature that the model knows");
    put_share(to, show_rest(s), g->cut ? "not told: there was no memory for all" : "left over by rounding");
    put_share(to, s->scores->score, "log-odds: the sum of the above");

    put_views(to, g);
}

static void put_oddities(FILE *to, const struct show *s)
{
    section(to, s->odd ? "oddities" : "oddities: none");
    for (int bit = 0; bit < ODD_COUNT; bit++) {
        if (!(s->odd >> bit & 1)) continue;
        struct wrap w = row(to, 20, odd_word((enum odd_bit)bit));
        wrap_say(&w, odd_sentence((enum odd_bit)bit));
        wrap_end(&w);
    }
}

/* --- who and what ------------------------------------------------------------------------------------------------- */

static void put_auth(FILE *to, const struct show *s)
{
    const struct mail_auth *a = &s->m->auth;
    bool any = false;
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) any |= a->result[k] != AUTH_ABSENT;
    section(to, any ? "authentication" : "authentication: nobody who is trusted said anything (--trust HOST)");
    for (int k = 0; any && k < AUTH_METHOD_COUNT; k++) {
        struct wrap w = row(to, LABEL, auth_method_word((enum auth_method)k));
        span domain = k == AUTH_SPF ? a->spf_domain : k == AUTH_DKIM ? a->dkim_domain : SPAN_NONE;
        bool aligned = k == AUTH_SPF ? a->spf_aligned : a->dkim_aligned;
        wrap_say(&w, a->result[k] ? auth_result_word(a->result[k]) : "not told");
        if (domain.n) {
            wrap_say(&w, " for ");
            wrap_put(&w, domain);
            wrap_say(&w, aligned ? ", aligned with From's domain" : ", not From's domain");
        }
        wrap_end(&w);
    }
    struct show_results r = {0};
    for (size_t n = 0; show_results(s, &r); n++) {
        if (!s->all && n == SHOW_RESULTS) {
            fprintf(to, "%*smore such fields; --all shows them\n", INDENT, "");
            break;
        }
        struct wrap w;
        wrap_begin(&w, to, 0, INDENT);
        wrap_say(&w, r.arc ? "ARC-Authentication-Results" : "Authentication-Results");
        if (r.id.n) wrap_say(&w, " of ");
        put_cut(&w, s, r.id, SHOW_VALUE_BYTES);
        say(&w, ", below %u Received field%s: %s", r.received, r.received == 1 ? "" : "s", r.standing);
        wrap_end(&w);
    }
}

static void put_header(FILE *to, const struct show *s)
{
    const struct mail *m = s->m;
    section(to, "header, decoded");
    struct wrap w;
    if (m->from_addr.n) {
        wrap_begin(&w, to, 0, INDENT);
        wrap_say(&w, "the sender's domain is ");
        wrap_put(&w, m->from_domain);
        wrap_say(&w, ", by the address ");
        put_cut(&w, s, m->from_addr, SHOW_VALUE_BYTES);
        wrap_end(&w);
    }
    size_t n = at_most(s, m->header_count, SHOW_FIELDS), ignored = 0;
    for (size_t i = 0; i < n; i++) {
        const struct mail_header *h = &m->headers[i];
        ignored += h->id == FIELD_IGNORED;
        if (h->id == FIELD_IGNORED) continue;
        wrap_begin(&w, to, 0, INDENT);
        put_cut(&w, s, h->name, SHOW_VALUE_BYTES);
        w.indent = INDENT + 4;
        wrap_say(&w, ": ");
        put_cut(&w, s, h->value, SHOW_VALUE_BYTES);
        if (h->charset.n) {
            wrap_say(&w, " [");
            put_cut(&w, s, h->charset, SHOW_VALUE_BYTES);
            wrap_say(&w, "]");
        }
        wrap_end(&w);
    }
    more(to, m->header_count - n, "fields");
    if (!ignored) return;
    wrap_begin(&w, to, 0, INDENT);
    wrap_say(&w, "Not looked at, being marks of other filters or of a site:");
    for (size_t i = 0; i < n; i++) {
        if (m->headers[i].id != FIELD_IGNORED) continue;
        wrap_say(&w, " ");
        put_cut(&w, s, m->headers[i].name, SHOW_VALUE_BYTES);
    }
    wrap_end(&w);
}

static void put_words(struct wrap *w, uint64_t odd)
{
    for (int bit = 0; bit < ODD_COUNT; bit++)
        if (odd >> bit & 1) say(w, " [%s]", odd_word((enum odd_bit)bit));
}

/* What an attached file is by its content. */
static void put_file(FILE *to, const struct show *s, const struct attachment *f, unsigned indent)
{
    struct wrap w;
    wrap_begin(&w, to, 0, indent);
    say(&w, "content: %s, %" PRIu64 " bytes", attach_kind_word(f->kind), f->bytes);
    if (f->digest[0] | f->digest[1]) say(&w, ", xxh3 %016" PRIx64 "%016" PRIx64, f->digest[0], f->digest[1]);
    if (f->files) say(&w, ", names inside: %" PRIu32, f->files);
    if (f->inner.n) {
        wrap_say(&w, ", among them \"");
        put_cut(&w, s, f->inner, SHOW_VALUE_BYTES);
        wrap_say(&w, "\"");
    }
    if (f->links) say(&w, ", links of its own: %" PRIu32, f->links);
    if (f->partial) wrap_say(&w, ", partly out of sight");
    put_words(&w, f->odd);
    wrap_end(&w);
}

static void put_parts(FILE *to, const struct show *s)
{
    const struct mail *m = s->m;
    size_t n = at_most(s, m->part_count, SHOW_PARTS);
    section(to, "parts");
    for (size_t i = 0; i < n; i++) {
        const struct mail_part *p = &m->parts[i];
        struct wrap w;
        unsigned depth = p->depth < 16 ? p->depth : 16;
        int used = fprintf(to, "%*s%3zu %*s", INDENT, "", i, (int)(2 * depth), "");
        wrap_begin(&w, to, (unsigned)used, (unsigned)used + 4);
        put_cut(&w, s, p->type, SHOW_VALUE_BYTES);
        wrap_say(&w, "/");
        put_cut(&w, s, p->subtype, SHOW_VALUE_BYTES);
        if (p->charset.n) {
            wrap_say(&w, ", charset ");
            put_cut(&w, s, p->charset, SHOW_VALUE_BYTES);
        }
        say(&w, ", %s, %zu bytes", show_encoding_word(p->encoding), p->body.n);
        if (p->encoding != MAIL_7BIT) say(&w, " (%zu decoded)", p->decoded);
        if (p->block) wrap_say(&w, ", a block within the text");
        if (p->attachment) wrap_say(&w, ", attachment");
        if (p->name.n) {
            wrap_say(&w, " named \"");
            put_cut(&w, s, p->name, SHOW_VALUE_BYTES);
            wrap_say(&w, "\"");
        }
        wrap_end(&w);
        if (p->file.kind != ATTACH_NONE) put_file(to, s, &p->file, (unsigned)used + 4);
    }
    more(to, m->part_count - n, "parts");
}

/* --- texts and links ---------------------------------------------------------------------------------------------- */

/* The same but for ASCII case? */
static bool read_alike(span plain, span folded)
{
    return span_ieq(plain, folded);
}

/* The lines of a text that models read otherwise than people do. */
static void put_folded(FILE *to, const struct show *s, const struct show_side *side)
{
    span plain = side->plain, folded = side->folded;
    size_t budget = s->all ? SIZE_MAX : SHOW_TEXT_BYTES;
    bool any = false;
    while (folded.n && budget) {
        span a = span_head(plain, span_find(plain, '\n')), b = span_head(folded, span_find(folded, '\n'));
        plain = span_from(plain, a.n + 1);
        folded = span_from(folded, b.n + 1);
        if (read_alike(a, b)) continue;
        if (!any) fprintf(to, "\n%s, as models read it\n", side->title);
        any = true;
        struct wrap w;
        wrap_begin(&w, to, 0, INDENT);
        put_cut(&w, s, b, budget);
        wrap_end(&w);
        budget -= b.n < budget ? b.n : budget;
    }
}

static void put_texts(FILE *to, const struct show *s)
{
    struct show_side side;
    for (size_t i = 0; show_side(s->m, i, &side); i++) {
        if (side.body && side.plain.n) {
            struct wrap w;
            fprintf(to, "\n%s, %zu bytes\n", side.title, side.plain.n);
            wrap_begin(&w, to, 0, INDENT);
            put_cut(&w, s, side.plain, SHOW_TEXT_BYTES);
            wrap_end(&w);
        } else if (i == 2) {
            section(to, "visible text: none");
        }
        put_folded(to, s, &side);
    }
}

static void put_links(FILE *to, const struct show *s)
{
    const struct mail *m = s->m;
    size_t all = m->url_count + m->list_url_count, n = at_most(s, all, SHOW_LINKS);
    section(to, all ? "links" : "links: none");
    for (size_t i = 0; i < n; i++) {
        const struct url *u = &m->urls[i];
        struct wrap w = row(to, LABEL, show_place_word(u->place));
        wrap_put(&w, u->domain);
        wrap_say(&w, ": ");
        put_cut(&w, s, u->whole, SHOW_VALUE_BYTES);
        if (!span_eq(u->shown, u->host)) {
            wrap_say(&w, " (reads ");
            put_cut(&w, s, u->shown, SHOW_VALUE_BYTES);
            wrap_say(&w, ")");
        }
        put_words(&w, u->odd);
        wrap_end(&w);
    }
    more(to, all - n, "links");
}

static void put_numbers(FILE *to, const struct show *s)
{
    const char *name;
    uint64_t value;
    section(to, "shape: counts, those that are not 0");
    struct wrap w;
    wrap_begin(&w, to, 0, INDENT);
    for (size_t i = 0; show_count(s->m, i, &name, &value); i++)
        if (value) say(&w, "%s=%" PRIu64 " ", name, value);
    wrap_end(&w);
    section(to, "shape: numbers from 0 to 1 that the fusion sees, those that are not 0");
    wrap_begin(&w, to, 0, INDENT);
    for (int i = 0; i < NUMBER_COUNT; i++)
        if (s->w->number[i] != 0)
            say(&w, "%s=%.3f ", show_number_word((enum feature_number)i), (double)s->w->number[i]);
    wrap_end(&w);
}

void show_text(FILE *to, const struct show *s)
{
    put_verdict(to, s);
    put_weights(to, s);
    put_oddities(to, s);
    put_auth(to, s);
    put_header(to, s);
    put_parts(to, s);
    put_texts(to, s);
    put_links(to, s);
    put_numbers(to, s);
}
