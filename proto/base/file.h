/* SPDX-License-Identifier: Apache-2.0 */
/* file: what everybody who writes a file needs and libc does not have. */
#ifndef FURUI_BASE_FILE_H
#define FURUI_BASE_FILE_H

#include "proto/base/span.h"

/* Write all of `s`, whatever signals come; false with errno. */
bool file_write(int fd, span s);

#endif
