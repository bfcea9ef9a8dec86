/* SPDX-License-Identifier: Apache-2.0 */
/* pose: does a link, or the sender, pose as a domain that the mail wants to be taken for? */
#ifndef FURUI_MIME_POSE_H
#define FURUI_MIME_POSE_H

#include "worker/mime/mail.h"

enum {
    POSE_HOSTS_MAX = 64, /* different hosts of one mail that are compared */
    POSE_LINKS_MIN = 3,  /* links to a domain that say the mail speaks of it */
};

/* Set ODD(URL_LOOKALIKE), of the mail and of the link in question, where
 *  - a link's host can be taken for the From domain, or for the domain that From's name names,
 *  - the From domain can be taken for that one, or for a domain that POSE_LINKS_MIN links go to.
 *
 * Pictures and other embedded things are no links here: nobody reads where they come from. O(urls). */
void pose_check(struct mail *m);

#endif
