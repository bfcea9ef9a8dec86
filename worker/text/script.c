/* SPDX-License-Identifier: Apache-2.0 */
/* script: a bisection in the generated table; see script.h. */
#include "worker/text/script.h"

#include <stddef.h>

static const struct {
    uint32_t first;
    uint8_t script;
} RANGES[] = {
#include "worker/text/script_table.h"
};

enum script script_find(uint32_t c)
{
    size_t low = 0, high = sizeof RANGES / sizeof *RANGES;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (RANGES[mid].first <= c)
            low = mid;
        else
            high = mid;
    }
    return (enum script)RANGES[low].script;
}
