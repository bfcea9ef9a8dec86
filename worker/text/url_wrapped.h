/* SPDX-License-Identifier: Apache-2.0 */
/* url_wrapped: links that are none of the web and lead there all the same.
 *
 * "ms-word:ofe|u|https://...", "intent://...", "file://...": a program is started that goes where the rest says; and
 * "data:text/html,...": the link is the page. */
#ifndef FURUI_TEXT_URL_WRAPPED_H
#define FURUI_TEXT_URL_WRAPPED_H

#include "proto/base/span.h"

enum { URL_WRAPPED_MAX = 1 << 14 }; /* bytes of such a link that are read */

enum url_wrap {
    URL_WRAP_NONE, /* a mailbox, a picture, a program of which nobody knows where it goes */
    URL_WRAP_LINK, /* around one link */
    URL_WRAP_ODD,  /* ... as nobody writes it who sends mail to people */
    URL_WRAP_TEXT, /* a script or a page: links may stand in it */
};

/* What stands inside of a link that url_split refused, or of a folder's in a network ("\\host\share").
 *
 *   inner_out   within link or buf
 *
 * O(link.n), of which at most URL_WRAPPED_MAX bytes are read. */
enum url_wrap url_wrapped(span link, uint8_t buf[URL_WRAPPED_MAX], span *inner_out);

#endif
