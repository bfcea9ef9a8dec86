/* SPDX-License-Identifier: Apache-2.0 */
/* headlink: links in a message's own header. */
#ifndef FURUI_MIME_HEADLINK_H
#define FURUI_MIME_HEADLINK_H

#include "worker/mime/mail.h"

/* Add the links of Subject, and of the names in From, Sender and Reply-To, as URL_IN_HEADER; then those of List-* as
 * URL_IN_LIST. Call it after all other links were added, since m->list_url_count counts from the end. Sets that and
 * m->url_count. What is odd about links of List-* is said of them alone, not of the mail. O(those fields). */
void headlink_read(struct mail *m, struct url_list *urls);

#endif
