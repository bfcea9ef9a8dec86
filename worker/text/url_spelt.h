/* SPDX-License-Identifier: Apache-2.0 */
/* url_spelt: links that are written so that a person can follow them and a program cannot: "hxxp://", "example[.]com",
 * "example (dot) com", "www . example . com". For url_find.
 *
 * Each returns the end of what was read in the text, or 0 when there is no such link; *link_out is the link as it is
 * meant, in buf. `floor` is where the search may go back to; *tries counts, to URL_BARE_MAX, what looked like one. What
 * is no host under a known top-level domain is none. */
#ifndef FURUI_TEXT_URL_SPELT_H
#define FURUI_TEXT_URL_SPELT_H

#include "worker/text/url.h"

/* ':' at `colon` that no scheme and "//" are around: "hxxp://", "http : //". */
size_t url_spelt_scheme(span text, size_t floor, size_t colon, unsigned *tries, uint8_t buf[URL_BYTES_MAX],
                        span *link_out);

/* A host at `at` with "[.]", "(dot)" and the like for one of its dots at least. */
size_t url_spelt_host(span text, size_t at, unsigned *tries, uint8_t buf[URL_BYTES_MAX], span *link_out);

/* A dot at `dot` that no letters are around: "example[.]com", "www . example . com". */
size_t url_spelt_dot(span text, size_t floor, size_t dot, unsigned *tries, uint8_t buf[URL_BYTES_MAX], span *link_out);

/* A bracket that ends at `bracket`: "example[dot]com". */
size_t url_spelt_bracket(span text, size_t floor, size_t bracket, unsigned *tries, uint8_t buf[URL_BYTES_MAX],
                         span *link_out);

#endif
