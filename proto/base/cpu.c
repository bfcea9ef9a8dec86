/* SPDX-License-Identifier: Apache-2.0 */
/* cpu: what the compiler finds the CPU to have; see cpu.h. */
#include "proto/base/cpu.h"

#include <string.h>

static const char *const NAMES[CPU_LEVELS] = {"scalar", "avx2", "avx512", "neon"};

bool cpu_has(enum cpu_level level)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    if (level == CPU_AVX2) return avx2;
    if (level == CPU_AVX512)
        return avx2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
               __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    if (level == CPU_NEON) return true;
#endif
    return level == CPU_SCALAR;
}

const char *cpu_level_name(enum cpu_level level)
{
    return NAMES[level];
}

bool cpu_level_by_name(const char *name, enum cpu_level *out)
{
    for (int i = 0; i < CPU_LEVELS; i++) {
        if (strcmp(name, NAMES[i]) != 0) continue;
        *out = (enum cpu_level)i;
        return true;
    }
    return false;
}
