/* SPDX-License-Identifier: Apache-2.0 */
/* header: what a line of a header is: a field's name, and which of those that something asks for by name. */
#ifndef FURUI_MIME_HEADER_H
#define FURUI_MIME_HEADER_H

#include "worker/mime/mail.h"

/* Bytes of the field name that a line begins with, or 0 when it is no field. White space before the colon is obsolete
 * and read (RFC 5322 4.5). *colon is where the colon stands. */
size_t header_name(span line, size_t *colon);

/* A field's id by its name, in any case; FIELD_IGNORED where foreign.h says so. */
enum mail_field header_id(span name);

#endif
