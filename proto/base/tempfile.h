/* SPDX-License-Identifier: Apache-2.0 */
/* tempfile: a file that nobody else can name: gone with the process, however it ends. */
#ifndef FURUI_BASE_TEMPFILE_H
#define FURUI_BASE_TEMPFILE_H

/* In TMPDIR, or in `folder` (NULL: /tmp), open for reading and writing; -1 with errno. */
int tempfile_open(const char *folder);

#endif
