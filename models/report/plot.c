/* SPDX-License-Identifier: Apache-2.0 */
/* plot: values to pixels, pixels to SVG; see plot.h. */
#include "models/report/plot.h"

#include "proto/base/fixmath.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

static double scaled(enum plot_scale scale, double v)
{
    switch (scale) {
    case PLOT_LOG: return fix_log(v);
    case PLOT_LOGIT: return fix_logit(v);
    case PLOT_LINEAR: break;
    }
    return v;
}

double plot_at(const struct plot_axis *a, double v)
{
    double gap = a->to > a->from ? a->gap : -a->gap;
    if (a->gap > 0 && v <= 0) return a->from;
    double low = scaled(a->scale, a->low), high = scaled(a->scale, a->high);
    return a->from + gap + (scaled(a->scale, v) - low) / (high - low) * (a->to - a->from - gap);
}

void plot_open(const struct plot *p, const char *id, const char *title, const char *description)
{
    markup_format(p->m, "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-labelledby=\"%s-t %s-d\">\n", p->width, p->height,
                  id, id);
    markup_format(p->m, "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>\n", id, title, id, description);
}

void plot_close(const struct plot *p)
{
    markup_put(p->m, "</svg>\n");
}

void plot_clip_open(const struct plot *p, const char *id)
{
    enum { EDGE = 7 }; /* half of a dot on the frame is not cut off */
    double x = fmin(p->x.from, p->x.to) - EDGE, y = fmin(p->y.from, p->y.to) - EDGE;
    markup_format(p->m, "<clipPath id=\"%s-c\">", id);
    plot_rect(p, x, y, fabs(p->x.to - p->x.from) + 2 * EDGE, fabs(p->y.to - p->y.from) + 2 * EDGE, "clip");
    markup_format(p->m, "</clipPath>\n<g clip-path=\"url(#%s-c)\">\n", id);
}

void plot_clip_close(const struct plot *p)
{
    markup_put(p->m, "</g>\n");
}

void plot_line(const struct plot *p, double x1, double y1, double x2, double y2, const char *klass)
{
    markup_format(p->m, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2,
                  klass);
}

void plot_rect(const struct plot *p, double x, double y, double width, double height, const char *klass)
{
    markup_format(p->m, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n", x, y, width,
                  height, klass);
}

void plot_dot(const struct plot *p, double x, double y, double radius, const char *klass)
{
    markup_format(p->m, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, radius, klass);
}

void plot_label(const struct plot *p, double x, double y, const char *anchor, const char *klass, const char *words)
{
    markup_format(p->m, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, klass);
    markup_text(p->m, span_cstr(words));
    markup_put(p->m, "</text>\n");
}

/* --- axes --------------------------------------------------------------------------------------------------------- */

void plot_ticks_x(const struct plot *p, const struct plot_tick *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = plot_at(&p->x, t[i].at), bottom = fmax(p->y.from, p->y.to);
        plot_line(p, x, p->y.from, x, p->y.to, t[i].label[0] ? "grid" : "grid minor");
        if (t[i].label[0]) plot_label(p, x, bottom + 18, "middle", "tick", t[i].label);
    }
}

void plot_ticks_y(const struct plot *p, const struct plot_tick *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double y = plot_at(&p->y, t[i].at);
        plot_line(p, p->x.from, y, p->x.to, y, t[i].label[0] ? "grid" : "grid minor");
        if (t[i].label[0]) plot_label(p, p->x.from - 8, y + 4, "end", "tick", t[i].label);
    }
}

static void add(struct plot_tick *out, size_t *n, size_t most, double at, const char *label)
{
    if (*n == most) return;
    out[*n].at = at;
    snprintf(out[*n].label, sizeof out->label, "%s", label);
    ++*n;
}

static size_t logit_ticks(const struct plot_axis *a, struct plot_tick *out, size_t most)
{
    static const struct {
        double at;
        const char *label;
    } list[] = {{1e-6, "0.0001%"}, {1e-5, "0.001%"}, {1e-4, "0.01%"}, {2e-4, ""}, {5e-4, ""}, {1e-3, "0.1%"},
                {2e-3, ""},        {5e-3, ""},       {1e-2, "1%"},    {0.02, ""}, {0.05, ""}, {0.1, "10%"},
                {0.2, ""},         {0.3, ""},        {0.5, "50%"},    {0.7, ""},  {0.8, ""},  {0.9, "90%"},
                {0.99, "99%"},     {0.999, "99.9%"}, {2e-5, ""},      {5e-5, ""}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i].at >= a->low && list[i].at <= a->high) add(out, &n, most, list[i].at, list[i].label);
    if (a->gap > 0) add(out, &n, most, 0, "0");
    return n;
}

static size_t log_ticks(const struct plot_axis *a, struct plot_tick *out, size_t most)
{
    size_t n = 0;
    for (double v = pow(10, fmin(0, ceil(log10(a->low) - 1e-9))); v <= a->high * 1.0001; v *= 10) {
        char label[16];
        if (v >= 1e6)
            snprintf(label, sizeof label, "%gM", v / 1e6);
        else if (v >= 1e4)
            snprintf(label, sizeof label, "%gk", v / 1e3);
        else
            snprintf(label, sizeof label, "%g", v);
        if (v >= a->low) add(out, &n, most, v, label);
    }
    return n;
}

/* Steps of 1, 2 or 5 times a power of ten: about eight. */
static size_t linear_ticks(const struct plot_axis *a, struct plot_tick *out, size_t most)
{
    size_t n = 0;
    double rough = (a->high - a->low) / 8, step = pow(10, floor(log10(rough)));
    step *= rough / step > 5 ? 10 : rough / step > 2 ? 5 : rough / step > 1 ? 2 : 1;
    for (double k = ceil(a->low / step - 1e-9); k * step <= a->high + step * 1e-9; k++) {
        char label[16];
        snprintf(label, sizeof label, "%.4g", k * step + 0.0); /* + 0.0: no -0 */
        add(out, &n, most, k * step, label);
    }
    return n;
}

size_t plot_ticks(const struct plot_axis *a, struct plot_tick *out, size_t most)
{
    switch (a->scale) {
    case PLOT_LOGIT: return logit_ticks(a, out, most);
    case PLOT_LOG: return log_ticks(a, out, most);
    case PLOT_LINEAR: break;
    }
    return linear_ticks(a, out, most);
}

void plot_title_x(const struct plot *p, double y, const char *words)
{
    plot_label(p, (p->x.from + p->x.to) / 2, y, "middle", "axis", words);
}

void plot_title_y(const struct plot *p, double x, const char *words)
{
    double y = (p->y.from + p->y.to) / 2;
    markup_format(p->m, "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\" class=\"axis\">",
                  x, y);
    markup_text(p->m, span_cstr(words));
    markup_put(p->m, "</text>\n");
}

void plot_frame(const struct plot *p)
{
    plot_rect(p, fmin(p->x.from, p->x.to), fmin(p->y.from, p->y.to), fabs(p->x.to - p->x.from),
              fabs(p->y.to - p->y.from), "frame");
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

static void path_put(struct plot_path *path, double x, double y)
{
    markup_format(path->p->m, path->begun ? "L%.1f %.1f" : "M%.1f %.1f", x, y);
    path->x = x;
    path->y = y;
    path->begun = true;
    path->waiting = false;
}

void plot_path_open(struct plot_path *path, const struct plot *p, const char *klass)
{
    *path = (struct plot_path){.p = p};
    markup_format(p->m, "<path class=\"%s\" d=\"", klass);
}

void plot_path_to(struct plot_path *path, double x, double y)
{
    /* Along one line only the end matters; a point that waits is drawn when the path turns or ends. */
    bool straight = path->waiting && ((x == path->next_x && x == path->x) || (y == path->next_y && y == path->y));
    if (path->waiting && !straight && hypot(path->next_x - path->x, path->next_y - path->y) >= 0.5)
        path_put(path, path->next_x, path->next_y);
    if (!path->begun) {
        path_put(path, x, y);
        return;
    }
    path->next_x = x;
    path->next_y = y;
    path->waiting = true;
}

void plot_path_close(struct plot_path *path)
{
    if (path->waiting) path_put(path, path->next_x, path->next_y);
    markup_put(path->p->m, "\"/>\n");
}
