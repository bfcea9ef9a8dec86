/* SPDX-License-Identifier: Apache-2.0 */
/* scan_avx512: the kernels over block_avx512.h; see scan_block.h. */
#include "worker/simd/block_avx512.h"
#include "worker/simd/scan_block.h"

const struct scan_ops scan_avx512 = SCAN_BLOCK_OPS;
