/* SPDX-License-Identifier: Apache-2.0 */
/* config_ask: what settings that were read mean: lists taken apart, a tenant's policy, a probability's class. */
#include "proto/config.h"

size_t config_hosts(const char *list, span out[CONFIG_HOSTS_MAX])
{
    size_t n = 0;
    for (span rest = span_cstr(list); rest.n && n < CONFIG_HOSTS_MAX;) {
        span one = span_head(rest, span_find(rest, ','));
        rest = span_from(rest, one.n + 1);
        out[n++] = span_trim(one);
    }
    return n;
}

void config_secret_file(const struct config *c, char out[CONFIG_TEXT_MAX + 16])
{
    if (*c->redis_secret)
        snprintf(out, CONFIG_TEXT_MAX + 16, "%s", c->redis_secret);
    else
        snprintf(out, CONFIG_TEXT_MAX + 16, "%s/secret", c->state_dir);
}

const struct config_policy *config_policy_for(const struct config *c, span tenant)
{
    size_t low = 1, high = c->policy_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        span name = span_cstr(c->policies[mid].tenant);
        int order = memcmp(name.p, tenant.p ? tenant.p : name.p, name.n < tenant.n ? name.n : tenant.n);
        if (order == 0) order = name.n < tenant.n ? -1 : name.n > tenant.n;
        if (order == 0) return &c->policies[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return &c->policies[0];
}

enum wire_class config_class(const struct config_policy *p, double probability)
{
    return probability >= p->spam_at ? WIRE_SPAM : probability >= p->unsure_at ? WIRE_UNSURE : WIRE_HAM;
}
