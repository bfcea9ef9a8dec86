/* SPDX-License-Identifier: Apache-2.0 */
/* picture: geometry of bars and lines; see picture.h. */
#include "bench/picture.h"

#include "models/report/plot.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

enum { WIDTH = 820, LEFT = 250, RIGHT = 70, LINES_LEFT = 80, LINES_RIGHT = 24, TICKS = 40 };
enum { BAR = 15, THIN = 9, GAP = 9, TOP = 8, FOOT = 46, LINES_HEIGHT = 300 };

static bool drawn(const struct picture *p, double v)
{
    return isfinite(v) && (!p->log || v > 0);
}

static void open_figure(struct markup *m, const struct picture *p)
{
    markup_format(m, "<figure><h3>%s</h3>\n", p->title);
}

static void close_figure(struct markup *m, const struct picture *p)
{
    if (p->how) markup_format(m, "<figcaption>%s</figcaption>", p->how);
    markup_put(m, "</figure>\n");
}

static void short_number(char out[24], double v)
{
    if (fabs(v) >= 100)
        snprintf(out, 24, "%.0f", v);
    else
        snprintf(out, 24, "%.3g", v);
}

/* Scale and ends for values from low to high; a linear one begins at 0. */
static void set_axis(struct plot_axis *a, bool log, double low, double high)
{
    a->scale = log ? PLOT_LOG : PLOT_LINEAR;
    a->low = log ? pow(10, floor(log10(low))) : 0;
    a->high = log ? high * 1.25 : high * 1.05;
    if (!(a->high > a->low)) a->high = a->low + 1;
}

static void key(struct markup *m, bool bars, size_t colour, const char *words)
{
    if (bars)
        markup_format(m,
                      "<li><svg viewBox=\"0 0 14 14\" class=\"key dot\" aria-hidden=\"true\"><rect width=\"14\" "
                      "height=\"14\" class=\"b%zu\"/></svg><bdi>",
                      colour);
    else
        markup_format(m,
                      "<li><svg viewBox=\"0 0 26 10\" class=\"key\" aria-hidden=\"true\"><line x1=\"0\" y1=\"5\" "
                      "x2=\"26\" y2=\"5\" class=\"curve c%zu\"/></svg><bdi>",
                      colour);
    markup_text_tail(m, span_cstr(words), 60);
    markup_put(m, "</bdi></li>\n");
}

static void legend(struct markup *m, bool bars, const char names[][PICTURE_LABEL_MAX], size_t n)
{
    if (n < 2) return;
    markup_put(m, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < n; i++) key(m, bars, i, names[i]);
    markup_put(m, "</ul>\n");
}

static void nothing(struct markup *m, const struct picture *p)
{
    markup_put(m, "<p class=\"none\">Nothing was measured.</p>\n");
    close_figure(m, p);
}

/* --- bars --------------------------------------------------------------------------------------------------------- */

static void bar_label(const struct plot *p, double y, const char *words)
{
    markup_format(p->m, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 10, y);
    markup_text_tail(p->m, span_cstr(words), 38);
    markup_put(p->m, "</text>\n");
}

static void draw_bars(const struct plot *p, const struct picture *pic, const struct picture_bar *bar, double y,
                      size_t colours)
{
    double height = colours > 1 ? THIN : BAR, all = height * (double)colours;
    bar_label(p, y + all / 2 + 4, bar->label);
    for (size_t i = 0; i < colours; i++, y += height) {
        char klass[8], words[24];
        if (!drawn(pic, bar->value[i])) continue;
        double x = plot_at(&p->x, bar->value[i]);
        snprintf(klass, sizeof klass, "b%zu", i);
        plot_rect(p, LEFT, y, fmax(x - LEFT, 1), height - 1, klass);
        short_number(words, bar->value[i]);
        plot_label(p, fmax(x, LEFT + 1) + 5, y + height - (colours > 1 ? 1.5 : 3.5), "start",
                   colours > 1 ? "small faint" : "tick", words);
    }
}

void picture_bars(struct markup *m, const struct picture *pic, const struct picture_bar *bar, size_t n,
                  const char names[][PICTURE_LABEL_MAX], size_t colours)
{
    assert(colours <= PICTURE_COLOURS);
    double low = INFINITY, high = pic->limit > 0 ? pic->limit : 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < colours; k++) {
            if (!drawn(pic, bar[i].value[k])) continue;
            low = fmin(low, bar[i].value[k]);
            high = fmax(high, bar[i].value[k]);
        }
    open_figure(m, pic);
    if (!isfinite(low)) {
        nothing(m, pic);
        return;
    }
    double step = (colours > 1 ? THIN * (double)colours : BAR) + GAP, bottom = TOP + step * (double)n;
    struct plot p = {.m = m, .width = WIDTH, .height = bottom + FOOT};
    struct plot_tick tick[TICKS];
    set_axis(&p.x, pic->log, low, high);
    p.x.from = LEFT;
    p.x.to = WIDTH - RIGHT;
    p.y.from = TOP;
    p.y.to = bottom;
    plot_open(&p, pic->id, pic->title, pic->unit);
    plot_ticks_x(&p, tick, plot_ticks(&p.x, tick, TICKS));
    for (size_t i = 0; i < n; i++) draw_bars(&p, pic, &bar[i], TOP + GAP / 2.0 + step * (double)i, colours);
    if (pic->limit > 0) plot_line(&p, plot_at(&p.x, pic->limit), TOP, plot_at(&p.x, pic->limit), bottom, "limit");
    plot_title_x(&p, bottom + 38, pic->unit);
    plot_close(&p);
    legend(m, true, names, colours);
    close_figure(m, pic);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static void draw_line(const struct plot *p, const struct picture *pic, const struct picture_point *v, size_t n,
                      size_t line)
{
    struct plot_path path;
    char klass[24];
    snprintf(klass, sizeof klass, "curve c%zu", line);
    plot_path_open(&path, p, klass);
    for (size_t i = 0; i < n; i++)
        if (v[i].line == line && drawn(pic, v[i].y))
            plot_path_to(&path, plot_at(&p->x, v[i].x), plot_at(&p->y, v[i].y));
    plot_path_close(&path);
    snprintf(klass, sizeof klass, "spot c%zu", line);
    for (size_t i = 0; i < n; i++)
        if (v[i].line == line && drawn(pic, v[i].y))
            plot_dot(p, plot_at(&p->x, v[i].x), plot_at(&p->y, v[i].y), 3.5, klass);
}

void picture_lines(struct markup *m, const struct picture *pic, const struct picture_point *v, size_t n,
                   const char names[][PICTURE_LABEL_MAX], size_t lines, const char (*ticks)[PICTURE_LABEL_MAX],
                   size_t n_ticks)
{
    assert(lines <= PICTURE_COLOURS);
    double low = INFINITY, high = 0, first = INFINITY, last = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!drawn(pic, v[i].y)) continue;
        low = fmin(low, v[i].y);
        high = fmax(high, v[i].y);
        first = fmin(first, v[i].x);
        last = fmax(last, v[i].x);
    }
    open_figure(m, pic);
    if (!isfinite(low)) {
        nothing(m, pic);
        return;
    }
    struct plot p = {.m = m, .width = WIDTH, .height = LINES_HEIGHT + FOOT};
    struct plot_tick tick[TICKS];
    set_axis(&p.y, pic->log, low, high);
    p.y.from = LINES_HEIGHT;
    p.y.to = TOP;
    p.x =
        (struct plot_axis){.scale = pic->x_log ? PLOT_LOG : PLOT_LINEAR, .from = LINES_LEFT, .to = WIDTH - LINES_RIGHT};
    p.x.low = pic->x_log ? first / 1.3 : first - 0.3;
    p.x.high = pic->x_log ? last * 1.3 : last + 0.3;
    plot_open(&p, pic->id, pic->title, pic->unit);
    if (ticks) {
        size_t every = n_ticks / 9 + 1, k = 0;
        for (size_t i = (n_ticks - 1) % every; i < n_ticks && k < TICKS; i += every, k++) {
            tick[k].at = (double)i;
            snprintf(tick[k].label, sizeof tick[k].label, "%.15s", ticks[i]);
        }
        plot_ticks_x(&p, tick, k);
    } else {
        plot_ticks_x(&p, tick, plot_ticks(&p.x, tick, TICKS));
    }
    plot_ticks_y(&p, tick, plot_ticks(&p.y, tick, TICKS));
    plot_frame(&p);
    for (size_t i = lines; i-- > 0;) draw_line(&p, pic, v, n, i);
    plot_title_x(&p, LINES_HEIGHT + 40, pic->x_title);
    plot_title_y(&p, 18, pic->unit);
    plot_close(&p);
    legend(m, false, names, lines);
    close_figure(m, pic);
}
