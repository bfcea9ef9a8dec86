/* SPDX-License-Identifier: Apache-2.0 */
/* plot: axes and what is drawn between them, as SVG inside a page.
 *
 * A value becomes a place by its axis: linear, logarithmic, or logit (TREC's: both ends are stretched, so that 0.01%
 * and 0.1% are as far apart as 1% and 10%). Colours and widths are the page's style sheet's; see report_page.c. */
#ifndef FURUI_REPORT_PLOT_H
#define FURUI_REPORT_PLOT_H

#include "models/report/markup.h"

enum plot_scale { PLOT_LINEAR, PLOT_LOG, PLOT_LOGIT };

struct plot_axis {
    enum plot_scale scale;
    double low, high; /* values at its ends; 0 < low < high on PLOT_LOG, < 1 on PLOT_LOGIT */
    double from, to;  /* pixels of its ends; may run either way */
    double gap;       /* pixels before `low` kept for values of 0, which have no place on the other scales */
};

/* The pixel of a value; what lies outside the axis has its place outside the frame. */
double plot_at(const struct plot_axis *a, double value);

struct plot {
    struct markup *m;
    double width, height;
    struct plot_axis x, y;
};

/* <svg> with a title and a description for those who cannot see it, and its end. Ids on a page differ by `id`. */
void plot_open(const struct plot *p, const char *id, const char *title, const char *description);
void plot_close(const struct plot *p);

/* What is drawn between these two is cut off at the frame. */
void plot_clip_open(const struct plot *p, const char *id);
void plot_clip_close(const struct plot *p);

/* Lines across the plot and a label at each value. */
struct plot_tick {
    double at;
    char label[16]; /* may be empty: a line alone */
};
void plot_ticks_x(const struct plot *p, const struct plot_tick *t, size_t n);
void plot_ticks_y(const struct plot *p, const struct plot_tick *t, size_t n);
/* Ticks of an axis at round values (percent on PLOT_LOGIT, counts on PLOT_LOG), at most `most`; returns how many. */
size_t plot_ticks(const struct plot_axis *a, struct plot_tick *out, size_t most);

void plot_title_x(const struct plot *p, double y, const char *words);
void plot_title_y(const struct plot *p, double x, const char *words);
void plot_frame(const struct plot *p);

/* Pixels. `klass`: classes of the style sheet. */
void plot_line(const struct plot *p, double x1, double y1, double x2, double y2, const char *klass);
void plot_rect(const struct plot *p, double x, double y, double width, double height, const char *klass);
void plot_dot(const struct plot *p, double x, double y, double radius, const char *klass);
/* anchor: "start", "middle" or "end". */
void plot_label(const struct plot *p, double x, double y, const char *anchor, const char *klass, const char *words);

/* A line through values, in their order. Points nearer to the last one than half a pixel are left out. */
struct plot_path {
    const struct plot *p;
    double x, y; /* of the last one drawn */
    double next_x, next_y;
    bool begun, waiting;
};
void plot_path_open(struct plot_path *path, const struct plot *p, const char *klass);
void plot_path_to(struct plot_path *path, double x, double y); /* pixels */
void plot_path_close(struct plot_path *path);

#endif
