/* SPDX-License-Identifier: Apache-2.0 */
/* scan: which variant runs, decided once at start.
 *
 * VARIANTS lists what this build holds, best first. A forced level that is not there is an error, never a fallback. */
#include "worker/simd/scan.h"

#include <stdlib.h>

static const struct scan_ops *const VARIANTS[] = {
#if defined(__x86_64__)
    &scan_avx512, &scan_avx2,
#elif defined(__aarch64__)
    &scan_neon,
#endif
    &scan_scalar};

const struct scan_ops *scan = &scan_scalar;

const struct scan_ops *scan_variant(size_t i)
{
    return i < sizeof VARIANTS / sizeof *VARIANTS ? VARIANTS[i] : NULL;
}

const char *scan_init(void)
{
    const char *forced = getenv("FURUI_SIMD");
    enum cpu_level want = CPU_SCALAR;
    if (forced && !*forced) forced = NULL;
    if (forced && !cpu_level_by_name(forced, &want))
        return "FURUI_SIMD names no known level (scalar, avx2, avx512, neon)";
    for (size_t i = 0; i < sizeof VARIANTS / sizeof *VARIANTS; i++) {
        if (forced && VARIANTS[i]->level != want) continue;
        if (cpu_has(VARIANTS[i]->level)) {
            scan = VARIANTS[i];
            return NULL;
        }
        if (forced) return "FURUI_SIMD names a level that this CPU does not have";
    }
    return "FURUI_SIMD names a level that this build does not have";
}
