/* SPDX-License-Identifier: Apache-2.0 */
/* calib: knots checked once, then a straight line between two; see calib.h. */
#include "worker/score/calib.h"

#include <math.h>

static const double CALIB_LIMIT = 1e6;

enum err calib_load(span section, struct calib *c_out, const char **why_out)
{
    uint32_t head[CALIB_HEAD_WORDS];
    *why_out = "the calibration is shorter than its header";
    if (section.n < sizeof head) return ERR_MODEL;
    memcpy(head, section.p, sizeof head);
    *why_out = "the calibration has another form";
    if (head[0] != CALIB_MAGIC || head[1] != CALIB_VERSION) return ERR_MODEL;
    *why_out = "the calibration's size is not what its header says";
    uint32_t n = head[2];
    if (n < 2 || n > CALIB_KNOTS_MAX || section.n != sizeof head + 2 * n * sizeof(double)) return ERR_MODEL;
    const double *x = (const void *)(section.p + sizeof head), *y = x + n;
    *why_out = "the calibration does not rise, or is out of range";
    for (uint32_t i = 0; i < n; i++) {
        /* So that no difference of two overflows: a hostile bundle must not make a score that is no number. */
        if (!(fabs(x[i]) <= CALIB_LIMIT) || !(fabs(y[i]) <= CALIB_LIMIT)) return ERR_MODEL;
        if (i && (x[i] <= x[i - 1] || y[i] <= y[i - 1])) return ERR_MODEL;
    }
    *c_out = (struct calib){n, x, y};
    return ERR_OK;
}

double calib_at(const struct calib *c, double x)
{
    uint32_t last = c->knots - 1;
    if (x <= c->x[0]) return c->y[0] + (x - c->x[0]);
    if (x >= c->x[last]) return c->y[last] + (x - c->x[last]);
    uint32_t i = 1;
    while (c->x[i] < x) i++;
    double share = (x - c->x[i - 1]) / (c->x[i] - c->x[i - 1]);
    return c->y[i - 1] + share * (c->y[i] - c->y[i - 1]);
}
