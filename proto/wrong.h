/* SPDX-License-Identifier: Apache-2.0 */
/* wrong: is a setting's text what it should be? NULL when it is, else what is expected instead, in words (static). */
#ifndef FURUI_WRONG_H
#define FURUI_WRONG_H

const char *wrong_redis(const char *value);    /* where Redis is (where.h), "private" or "off" */
const char *wrong_word(const char *value);     /* letters, digits and _-.: */
const char *wrong_user(const char *value);     /* a name, or nothing */
const char *wrong_cpus(const char *value);     /* 0-3,8 (base/cpus.h) */
const char *wrong_hosts(const char *value);    /* host names, separated by commas; none is fine */
const char *wrong_people(const char *value);   /* any names, separated by commas; none is fine */
const char *wrong_path(const char *value);     /* a path that --show-config can write and read back */
const char *wrong_folder(const char *value);   /* the same, or nothing */
const char *wrong_endpoint(const char *value); /* ipc://PATH or tcp://ADDRESS:PORT */

#endif
