/* SPDX-License-Identifier: Apache-2.0 */
/* kind: what a file is by its first bytes, and whether it was called something else. */
#ifndef FURUI_ATTACH_KIND_H
#define FURUI_ATTACH_KIND_H

#include "worker/attach/attach.h"
#include "worker/attach/view.h"

enum { KIND_HEAD_MAX = 4096 }; /* bytes in which a page, a script or a text is recognised */

/* What the bytes are, as far as magic tells: archives and compound files are told apart by their directories later. */
enum attach_kind kind_of(const struct view *v);

/* The family that a declared type claims; FAMILY_NONE for application/octet-stream and what nobody lists. */
enum attach_family kind_claim(span type, span subtype);

/* Is a file of this kind a lie under a name that claims one family and a type that claims another?
 *
 * It is when a program or a page hides behind either, for others when neither fits; drift that does nobody harm (a jpeg
 * called png, a page called xls by the program that wrote it, a text called anything) is none. */
bool kind_lies(enum attach_kind kind, enum attach_family name, enum attach_family type);

#endif
