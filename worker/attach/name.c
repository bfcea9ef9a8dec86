/* SPDX-License-Identifier: Apache-2.0 */
/* name: what an attachment says it is, by its name, and what its first bytes say.
 *
 * The lists follow what Outlook and Gmail refuse to deliver, and what malware runs of the last years were named. */
#include "worker/attach/name.h"

#include "worker/text/odd.h"

enum { EXTENSION_MAX = 8 };

static bool in_list(span word, const char *list)
{
    if (word.n == 0 || word.n > EXTENSION_MAX) return false;
    char key[EXTENSION_MAX + 3] = " ";
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] <= ' ') return false;
        key[1 + i] = (char)ascii_lower(word.p[i]);
    }
    key[1 + word.n] = ' ';
    return strstr(list, key);
}

static bool runs(span extension)
{
    return in_list(extension,
                   " exe scr pif com bat cmd cpl msi msp mst vb vbe vbs js jse ws wsf wsh wsc hta jar lnk "
                   "reg ps1 psm1 gadget application appref-ms ade adp chm dll ins isp msc scf sct url iso img "
                   "vhd xll ");
}

static bool opens(span extension)
{
    return in_list(extension, " htm html shtml xhtml mht svg zip rar 7z ace arj cab gz z r00 ");
}

static bool document(span extension)
{
    return in_list(extension,
                   " pdf doc docx docm xls xlsx xlsm ppt pptx rtf txt csv odt ods jpg jpeg jpe gif png bmp tif "
                   "tiff mp3 mp4 wav avi mpg mpeg wmv htm html eml wps pps ");
}

/* Cut the last extension off `name`; empty when there is none. Spaces around the dot hide nothing. */
static span cut_extension(span *name)
{
    size_t dot = name->n;
    while (dot && name->p[dot - 1] != '.') dot--;
    if (dot == 0) return SPAN_NONE;
    span extension = span_trim(span_from(*name, dot));
    *name = span_trim(span_head(*name, dot - 1));
    return extension;
}

uint64_t attach_name_odd(span name)
{
    name = span_trim(name);
    while (name.n && (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' ')) name.n--; /* Windows drops them */
    span last = cut_extension(&name), before = cut_extension(&name);
    uint64_t odd = runs(last) ? ODD(EXECUTABLE) : 0;
    /* "x.html.zip" and "x.tar.gz" are how honest people name things; "x.pdf.html" is not. */
    bool hides = runs(last) || (opens(last) && in_list(last, " htm html shtml xhtml mht svg "));
    if (hides && document(before) && !span_ieq(last, before)) odd |= ODD(DOUBLE_EXTENSION);
    return odd;
}

bool attach_magic(span head)
{
    return (head.n >= 2 && head.p[0] == 'M' && head.p[1] == 'Z') || (head.n >= 4 && memcmp(head.p,
                                                                                           "\x7F"
                                                                                           "ELF",
                                                                                           4) == 0);
}
