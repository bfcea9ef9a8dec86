/* SPDX-License-Identifier: Apache-2.0 */
/* pdf: links and actions of a PDF, by a plain scan for names (ISO 32000-1).
 *
 * Objects in compressed streams are not seen; what spam puts into a PDF for people to click mostly is. */
#ifndef FURUI_ATTACH_PDF_H
#define FURUI_ATTACH_PDF_H

#include "worker/attach/inside.h"

enum { PDF_WASTED_MAX = 256 }; /* strings read that were no links, before no more are read */

/* Read a PDF: links of its annotations are added to `urls` as URL_IN_FILE; scripts, programs, files and encryption go
 * to in->out->odd. O(what is in sight). */
void pdf_read(struct inside *in, struct url_list *urls);

#endif
