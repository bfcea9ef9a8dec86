/* SPDX-License-Identifier: Apache-2.0 */
/* goals: the list; see goals.h. Of a machine of 2 cores and real mails of trec07a. */
#include "bench/goals.h"

#include <math.h>

#define TREC                   \
    {                          \
        {"corpus", "trec07a"}, \
        {                      \
            0                  \
        }                      \
    }
#define PEER(name)             \
    {                          \
        {"corpus", "trec07a"}, \
        {                      \
            "peer", name       \
        }                      \
    }
#define LOAD(name)             \
    {                          \
        {"corpus", "trec07a"}, \
        {                      \
            "what", name       \
        }                      \
    }
#define KERNEL(k, in)   \
    {                   \
        {"kernel", k},  \
        {               \
            "input", in \
        }               \
    }

const struct goal GOALS[] = {
    {"inproc", TREC, "mails_per_core_s", .limit = 25000, .says = "In one process", .unit = "mails a core-second"},
    {"inproc", TREC, "mb_per_core_s", .limit = 190, .says = "In one process", .unit = "MB a core-second"},
    {"peers", PEER("bogofilter"), "furui_ratio", .limit = 12, .says = "In one process", .unit = "times bogofilter"},
    {"peers", PEER("rspamd-bayes"), "furui_ratio", .limit = 90, .says = "In one process",
     .unit = "times rspamd (Bayes, net, reputation)"},
    {"load", LOAD("peak"), "mails_per_core_s", .limit = 12000, .says = "Whole service", .unit = "mails a core-second"},
    {"peers", PEER("rspamd-bayes"), "furui_service_ratio", .limit = 45, .says = "Whole service",
     .unit = "times rspamd (Bayes, net, reputation)"},
    {"load", LOAD("peak"), "null_ratio", .limit = 0.5, .says = "Whole service", .unit = "of the rate of null workers"},
    {"load", LOAD("half"), "p50_us", .at_most = true, .limit = 500, .says = "At half of the highest rate: median",
     .unit = "µs"},
    {"load", LOAD("half"), "p99_us", .at_most = true, .limit = 3000, .says = "At half of the highest rate: 99%",
     .unit = "µs"},
    {"load", LOAD("half"), "p999_us", .at_most = true, .limit = 10000, .says = "At half of the highest rate: 99.9%",
     .unit = "µs"},
    {"kernels", KERNEL("base64", "base64"), "gb_per_s", .limit = 4, .says = "Base64", .unit = "GB/s"},
    {"kernels", KERNEL("base64", "base64"), "gb_per_s", .by_scalar = true, .limit = 3, .says = "Base64",
     .unit = "times scalar"},
    {"kernels", KERNEL("utf8", "wide text"), "gb_per_s", .limit = 8, .says = "UTF-8 validation", .unit = "GB/s"},
    {"kernels", KERNEL("utf8", "wide text"), "gb_per_s", .by_scalar = true, .limit = 3, .says = "UTF-8 validation",
     .unit = "times scalar"},
    {"kernels", KERNEL("html", "html"), "gb_per_s", .limit = 0.8, .says = "HTML to text", .unit = "GB/s"},
    {"kernels", KERNEL("html", "html"), "gb_per_s", .by_scalar = true, .limit = 3, .says = "HTML to text",
     .unit = "times scalar"},
    {"kernels", KERNEL("grams, weigh", "text"), "gb_per_s", .limit = 0.3, .says = "4-grams hashed and weighed",
     .unit = "GB/s"},
    {"kernels", KERNEL("grams, weigh", "text"), "gb_per_s", .by_scalar = true, .limit = 3,
     .says = "4-grams hashed and weighed", .unit = "times scalar"},
    {"soak", TREC, "private_most_mb", .at_most = true, .limit = 16, .says = "Private memory of a worker", .unit = "MB"},
    {"soak", TREC, "engine_rss_mb_growth", .at_most = true, .limit = 1, .says = "Growth of the engine's memory",
     .unit = "times what may be chance"},
    {"soak", TREC, "workers_rss_mb_growth", .at_most = true, .limit = 1, .says = "Growth of the workers' memory",
     .unit = "times what may be chance"},
};
const size_t GOAL_COUNT = sizeof GOALS / sizeof *GOALS;

static bool counts(const struct goal *g, const struct sheet *s, size_t row)
{
    for (int i = 0; i < 2; i++)
        if (g->where[i][0] && !sheet_is(s, row, g->where[i][0], g->where[i][1])) return false;
    return true;
}

double goal_measured(const struct goal *g, const struct sheet *s)
{
    size_t last = s->rows;
    double best = NAN, scalar = NAN;
    for (size_t i = s->rows; i-- > 0 && last == s->rows;)
        if (counts(g, s, i) && isfinite(sheet_number(s, i, g->figure))) last = i;
    if (last == s->rows) return NAN;
    if (!sheet_has(s, "variant")) return sheet_number(s, last, g->figure);
    for (size_t i = 0; i < s->rows; i++) {
        if (!counts(g, s, i) || !sheet_same_run(s, i, last)) continue;
        double v = sheet_number(s, i, g->figure);
        best = fmax(best, v);
        if (sheet_is(s, i, "variant", "scalar")) scalar = v;
    }
    return g->by_scalar ? best / scalar : best;
}

bool goal_met(const struct goal *g, double measured)
{
    return g->at_most ? measured <= g->limit : measured >= g->limit;
}
