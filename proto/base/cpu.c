/* SPDX-License-Identifier: Apache-2.0 */
/* cpu: what the compiler finds the CPU to have; see cpu.h. */
#include "proto/base/cpu.h"

#include <string.h>

static const char *const NAMES[] = {"scalar", "avx2", "avx512"};

enum cpu_level cpu_best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    bool avx512 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (avx2 && avx512 && __builtin_cpu_supports("avx512vbmi")) return CPU_AVX512;
    if (avx2) return CPU_AVX2;
#endif
    return CPU_SCALAR;
}

const char *cpu_level_name(enum cpu_level level)
{
    return NAMES[level];
}

bool cpu_level_by_name(const char *name, enum cpu_level *out)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, NAMES[i]) != 0) continue;
        *out = (enum cpu_level)i;
        return true;
    }
    return false;
}
