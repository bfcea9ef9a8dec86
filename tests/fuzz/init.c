/* SPDX-License-Identifier: Apache-2.0 */
/* init: what every fuzz target does first: the kernels that the service would choose (FURUI_SIMD forces others). */
#include <stdio.h>
#include <stdlib.h>

#include "worker/simd/scan.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *why = scan_init();
    if (why) {
        fprintf(stderr, "fuzz: %s\n", why);
        exit(1);
    }
    return 0;
}
