/* SPDX-License-Identifier: Apache-2.0 */
/* file: the parts of a mail that are files, handed to worker/attach. */
#ifndef FURUI_MIME_FILE_H
#define FURUI_MIME_FILE_H

#include "worker/mime/mail.h"

/* Is part `p` a calendar or a card? Its text is read, its links are those of its file. */
bool file_is_card(const struct mail_part *p);

/* Is part `p` RTF, which is opened and not shown? What says so and is not, clients show as text. */
bool file_is_rtf(const struct mail_part *p);

/* Look at the file that part `p` of m is: fills p->file and p->decoded, adds to m->odd and to `urls`.
 *
 *   shown   its text was read: then only a calendar or a card is a file too
 *   room    begins as all zero and is taken by a mail's first file; a mail without one costs nothing
 *
 * A text that is no attachment and not shown is no file either. Of uuencode and yEnc the first ATTACH_WINDOW_MAX bytes
 * are all that counts. O(p->body.n). */
void file_read(struct mail *m, struct mail_part *p, bool shown, struct attach_room *room, struct url_list *urls,
               struct arena *a);

/* Does the mail speak of a password beside an encrypted file? Then ODD(PASSWORD). Asks m->folded. */
void file_password(struct mail *m);

#endif
