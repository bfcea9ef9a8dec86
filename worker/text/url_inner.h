/* SPDX-License-Identifier: Apache-2.0 */
/* url_inner: links within links: where a redirector, a scanner's wrapper or a cache sends its reader. */
#ifndef FURUI_TEXT_URL_INNER_H
#define FURUI_TEXT_URL_INNER_H

#include "worker/text/url.h"

/* The next link within a link, decoded.
 *
 *   at    0 at first; where to go on
 *   buf   what is returned lies here
 *
 * Empty when there is no more. What is returned need not be a link: url_split knows. O(outer->path.n) for all calls
 * together, but for copying what is found. */
span url_inner(const struct url *outer, size_t *at, uint8_t buf[URL_BYTES_MAX]);

#endif
