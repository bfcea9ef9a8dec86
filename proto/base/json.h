/* SPDX-License-Identifier: Apache-2.0 */
/* json: writes one JSON value into a buffer that grows; never reads any (RFC 8259).
 *
 * Whatever bytes come in, valid UTF-8 JSON goes out: what is not UTF-8 becomes U+FFFD. */
#ifndef FURUI_BASE_JSON_H
#define FURUI_BASE_JSON_H

#include "proto/base/span.h"

struct json {
    char *buf; /* owned; NUL-terminated */
    size_t n, cap;
    bool comma; /* the next value needs one before it */
};

void json_init(struct json *j);
void json_close(struct json *j);

/* Objects and arrays; `key` is NULL inside arrays and at the top. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);

void json_str(struct json *j, const char *key, span value);
void json_int(struct json *j, const char *key, int64_t value);
void json_uint(struct json *j, const char *key, uint64_t value);
/* Rounded to `digits` after the point; NaN and infinities become null. */
void json_num(struct json *j, const char *key, double value, int digits);
void json_bool(struct json *j, const char *key, bool value);

#endif
