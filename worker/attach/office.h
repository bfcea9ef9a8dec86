/* SPDX-License-Identifier: Apache-2.0 */
/* office: what Office files that are no ZIP archives can do: compound files (doc, xls, ppt, msg, msi), RTF, OneNote.
 *
 * Macros, encryption and embedded objects stand in names and fixed places; streams are not unpacked. */
#ifndef FURUI_ATTACH_OFFICE_H
#define FURUI_ATTACH_OFFICE_H

#include "worker/attach/inside.h"

enum {
    OLE_ENTRIES_MAX = 1 << 13, /* of a compound file's directory that are read */
    OLE_BOOK_MAX = 1 << 14,    /* bytes of a workbook in which its sheets and its password are looked for */
    ONENOTE_FILES_MAX = 64,    /* embedded files that are looked at */
};

/* Read the file that in->out->kind says it is (OLE, RTF, ONENOTE); other kinds are nothing to do. Sets kind to MSG or
 * MSI where a compound file's names say so. O(what is in sight). */
void office_read(struct inside *in);

#endif
