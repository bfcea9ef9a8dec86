/* SPDX-License-Identifier: Apache-2.0 */
/* authres: the words of an Authentication-Results field, one result after the other.
 *
 * Grammar only, no trust: RFC 8601 2.2, and RFC 8617 4.1.1 for ARC's, which has an instance in front. Comments, folds
 * and quoted strings may stand wherever they may. What breaks the grammar ends the reading: behind it could stand what
 * a sender slipped in. */
#ifndef FURUI_MIME_AUTHRES_H
#define FURUI_MIME_AUTHRES_H

#include "proto/base/span.h"

struct authres {
    span rest;         /* not read yet */
    span id;           /* authserv-id, without quotes */
    unsigned instance; /* ARC: 1 to 50; else 0 */
    bool bad;          /* the grammar was broken at the front of `rest` */
};

/* One "method=result" with its properties. All spans lie within the field. */
struct authres_result {
    span method, result;
    /* Properties of interest as they stand, without quotes around the whole; the first of each; p == NULL: absent. */
    span smtp_mailfrom, smtp_helo, header_d, header_i, header_from;
};

/* Begin. False when there is no authserv-id, when the version is not 1, or (`arc`) without an instance. O(field.n). */
bool authres_open(struct authres *r, span field, bool arc);

/* The next result; false at the end, with r->bad when it is not the field's. All calls together are O(field.n). */
bool authres_next(struct authres *r, struct authres_result *out);

/* The domain of a property that is one, or an address of one; empty when it has characters that no domain has. */
span authres_domain(span property);

#endif
