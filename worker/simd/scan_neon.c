/* SPDX-License-Identifier: Apache-2.0 */
/* scan_neon: the kernels over block_neon.h; see scan_block.h. */
#include "worker/simd/block_neon.h"
#include "worker/simd/scan_block.h"

const struct scan_ops scan_neon = SCAN_BLOCK_OPS;
