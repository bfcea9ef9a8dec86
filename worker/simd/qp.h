/* SPDX-License-Identifier: Apache-2.0 */
/* qp: what decoding quoted-printable means (RFC 2045 6.7, and what is met in mail), a byte at a time.
 *
 * Faster ways decode what is ordinary and leave the rest to this one, so that all agree to the bit. */
#ifndef FURUI_SIMD_QP_H
#define FURUI_SIMD_QP_H

#include "worker/simd/scan.h"

struct qp_at {
    size_t in, out;
};

/* Decode what begins in p[0, most) of the text p[0, n), most <= n, until `cap` bytes are written; returns how far it came in both
 * (in may pass `most`). *bad as in scan.h's `qp`. */
struct qp_at qp_run(const uint8_t *p, size_t n, size_t most, uint8_t *out, size_t cap, bool *bad);

#endif
