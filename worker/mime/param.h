/* SPDX-License-Identifier: Apache-2.0 */
/* param: the parameters of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2231), written well or badly.
 *
 * What mail clients accept is accepted: missing quotes, spaces around '=', encoded words inside quotes, comments,
 * continuations in any order. */
#ifndef FURUI_MIME_PARAM_H
#define FURUI_MIME_PARAM_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum { PARAM_SECTIONS_MAX = 64 }; /* RFC 2231 continuations of one parameter that are read */

/* What stands before the first ';', comments and white space removed at both ends: a span within `field`. */
span param_value(span field);

/* A bit for each letter that the name of a parameter begins with (param_letter): one walk tells which of them need not
 * be asked for. O(field.n). */
uint32_t param_letters(span field);

static inline uint32_t param_letter(span key)
{
    return UINT32_C(1) << (key.p[0] & 31); /* in either case */
}

/* A parameter's value as bytes: unquoted, unfolded, continuations joined, percent escapes undone.
 *
 *   field         what stands after the header's colon
 *   key           lower case
 *   charset_out   the charset that an RFC 2231 value names, else empty
 *
 * False when there is none. RFC 2231 forms win over the plain one; of two plain ones the first does.
 * O(field.n). The result lies in the field or in the arena. */
bool param_get(span field, span key, struct arena *a, span *value_out, span *charset_out);

/* As param_get, but the plain form alone, and the last of several. */
bool param_last(span field, span key, struct arena *a, span *value_out);

#endif
