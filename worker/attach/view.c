/* SPDX-License-Identifier: Apache-2.0 */
/* view: words in bytes.
 *
 * libc's memmem skips ahead and stays linear on what is made to slow it down. */
#define _GNU_SOURCE /* memmem */
#include "worker/attach/view.h"

size_t span_search(span s, span word)
{
    const uint8_t *hit = s.n ? memmem(s.p, s.n, word.p, word.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}
