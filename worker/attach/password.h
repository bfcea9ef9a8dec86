/* SPDX-License-Identifier: Apache-2.0 */
/* password: does a mail speak of the password of what it brings? */
#ifndef FURUI_ATTACH_PASSWORD_H
#define FURUI_ATTACH_PASSWORD_H

#include "proto/base/span.h"

/* `text` as normal_text leaves it (NFKC, case folded). Only asked beside encrypted attachments, so words that mean
 * other things elsewhere may stand in the list. O(text.n) for each word. */
bool password_spoken(span text);

#endif
