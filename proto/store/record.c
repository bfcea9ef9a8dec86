/* SPDX-License-Identifier: Apache-2.0 */
/* record: sums that fade; see record.h. */
#include "proto/store/record.h"

#include "proto/base/fixmath.h"

#include <math.h>

enum { MINUTE_MAX = 0xFFFFFF };

static const double SUM_MAX = 1e12;

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t x)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(x >> (8 * i));
}

bool record_read(span bytes, struct record *out)
{
    *out = (struct record){0};
    if (bytes.n != RECORD_BYTES || get32(bytes.p) >> 24 != RECORD_VERSION) return false;
    struct record r = {.minute = get32(bytes.p) & MINUTE_MAX};
    const uint8_t *p = bytes.p + 4;
    for (int speed = 0; speed < RECORD_SPEEDS; speed++)
        for (int k = 0; k < SUM_COUNT; k++, p += 4) {
            uint32_t bits = get32(p);
            float x;
            memcpy(&x, &bits, sizeof x);
            if (!(x >= 0 && (double)x <= SUM_MAX)) return false;
            r.sum[speed][k] = (double)x;
        }
    *out = r;
    return true;
}

void record_write(const struct record *r, uint8_t out[RECORD_BYTES])
{
    put32(out, (uint32_t)RECORD_VERSION << 24 | (r->minute < MINUTE_MAX ? r->minute : MINUTE_MAX));
    for (int speed = 0; speed < RECORD_SPEEDS; speed++)
        for (int k = 0; k < SUM_COUNT; k++) {
            float x = (float)fmin(r->sum[speed][k], SUM_MAX);
            uint32_t bits;
            memcpy(&bits, &x, sizeof bits);
            put32(out + 4 + 4 * (speed * SUM_COUNT + k), bits);
        }
}

uint32_t record_minute(int64_t wall_us)
{
    int64_t minute = (wall_us / 1000000 - RECORD_EPOCH) / 60;
    return minute < 0 ? 0 : minute > MINUTE_MAX ? MINUTE_MAX : (uint32_t)minute;
}

void record_decay(struct record *r, uint32_t minute, const struct record_lives *lives)
{
    static const double LN2 = 0.69314718055994530942;
    if (minute <= r->minute || r->minute == 0) return; /* nothing fades of nothing */
    for (int speed = 0; speed < RECORD_SPEEDS; speed++) {
        double left = fix_exp(-LN2 * (double)(minute - r->minute) / lives->minutes[speed]);
        for (int k = 0; k < SUM_COUNT; k++) r->sum[speed][k] *= left;
    }
    r->minute = minute;
}
