/* SPDX-License-Identifier: Apache-2.0 */
/* naming: what a part's file is called, by each of the fields and parameters that say so. */
#ifndef FURUI_MIME_NAMING_H
#define FURUI_MIME_NAMING_H

#include "worker/mime/mail.h"

/* The file name of part p, decoded (RFC 2231, 2047), at most MAIL_NAME_MAX bytes; empty when it has none.
 *
 * Content-Disposition's filename, else Content-Type's name; of a parameter its RFC 2231 form, else its first one. Where
 * these and the last plain form differ, mail clients do too, so the most dangerous of them counts: m->odd gets
 * DOUBLE_EXTENSION when one names a program and another does not, TYPE_MISMATCH when they claim different things.
 * O(bytes of its fields). */
span naming_part(struct mail *m, const struct mail_part *p, struct arena *a);

#endif
