/* SPDX-License-Identifier: Apache-2.0 */
/* cpu: which instruction set the kernels use, decided once at start.
 *
 * FURUI_SIMD=scalar|avx2|avx512|neon forces one; forcing what the CPU (or this build) lacks is refused, never
 * ignored. */
#ifndef FURUI_BASE_CPU_H
#define FURUI_BASE_CPU_H

#include <stdbool.h>

/* AVX2 with BMI2 (Haswell, 2013; Zen); AVX-512 with BW, DQ, VL, VBMI, VBMI2 and VNNI (Ice Lake, 2019; Zen 4); NEON as
 * each 64-bit Arm has it. */
enum cpu_level { CPU_SCALAR, CPU_AVX2, CPU_AVX512, CPU_NEON, CPU_LEVELS };

/* Can this CPU run code of that level? */
bool cpu_has(enum cpu_level level);

const char *cpu_level_name(enum cpu_level level);
bool cpu_level_by_name(const char *name, enum cpu_level *out);

#endif
