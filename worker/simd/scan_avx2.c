/* SPDX-License-Identifier: Apache-2.0 */
/* scan_avx2: the kernels over block_avx2.h; see scan_block.h. */
#include "worker/simd/block_avx2.h"
#include "worker/simd/scan_block.h"

const struct scan_ops scan_avx2 = SCAN_BLOCK_OPS;
