/* SPDX-License-Identifier: Apache-2.0 */
/* label: what people call charsets, and which charset is meant.
 *
 * Meant is what mail clients show: iso-8859-1 is read as windows-1252, gb2312 as GB18030, ks_c_5601-1987 as CP949,
 * Shift_JIS with Microsoft's additions, after the WHATWG Encoding standard's list of labels. */
#ifndef FURUI_TEXT_LABEL_H
#define FURUI_TEXT_LABEL_H

#include "proto/base/span.h"

/* How bytes of a charset are read. */
enum charset_kind {
    CODED_PLAIN,   /* ASCII */
    CODED_UTF8,    /* as it is */
    CODED_SINGLE,  /* one byte a character: by table */
    CODED_PAIRS,   /* one or two bytes a character, a few more: by table; ASCII bytes are ASCII, but for trail bytes */
    CODED_MULTI,   /* the same, by iconv */
    CODED_ISO2022, /* 7 bits, by escape sequences */
    CODED_HZ,      /* 7 bits, ~{ and ~} (RFC 1843) */
    CODED_UTF7,    /* 7 bits, '+' (RFC 2152) */
    CODED_WIDE,    /* two or four bytes a character */
};

/* id, iconv's name, kind. The single-byte ones come first, those in pairs stand together. */
#define CHARSET_LIST(X)                     \
    X(WINDOWS_1252, "CP1252", SINGLE)       \
    X(WINDOWS_1250, "CP1250", SINGLE)       \
    X(WINDOWS_1251, "CP1251", SINGLE)       \
    X(WINDOWS_1253, "CP1253", SINGLE)       \
    X(WINDOWS_1254, "CP1254", SINGLE)       \
    X(WINDOWS_1255, "CP1255", SINGLE)       \
    X(WINDOWS_1256, "CP1256", SINGLE)       \
    X(WINDOWS_1257, "CP1257", SINGLE)       \
    X(WINDOWS_1258, "CP1258", SINGLE)       \
    X(WINDOWS_874, "CP874", SINGLE)         \
    X(ISO_8859_2, "ISO-8859-2", SINGLE)     \
    X(ISO_8859_3, "ISO-8859-3", SINGLE)     \
    X(ISO_8859_4, "ISO-8859-4", SINGLE)     \
    X(ISO_8859_5, "ISO-8859-5", SINGLE)     \
    X(ISO_8859_6, "ISO-8859-6", SINGLE)     \
    X(ISO_8859_7, "ISO-8859-7", SINGLE)     \
    X(ISO_8859_8, "ISO-8859-8", SINGLE)     \
    X(ISO_8859_10, "ISO-8859-10", SINGLE)   \
    X(ISO_8859_13, "ISO-8859-13", SINGLE)   \
    X(ISO_8859_14, "ISO-8859-14", SINGLE)   \
    X(ISO_8859_15, "ISO-8859-15", SINGLE)   \
    X(ISO_8859_16, "ISO-8859-16", SINGLE)   \
    X(KOI8_R, "KOI8-R", SINGLE)             \
    X(KOI8_U, "KOI8-U", SINGLE)             \
    X(CP437, "CP437", SINGLE)               \
    X(CP850, "CP850", SINGLE)               \
    X(CP852, "CP852", SINGLE)               \
    X(CP866, "CP866", SINGLE)               \
    X(MACINTOSH, "MACINTOSH", SINGLE)       \
    X(MAC_CYRILLIC, "MAC-CYRILLIC", SINGLE) \
    X(ASCII, "", PLAIN)                     \
    X(UTF_8, "", UTF8)                      \
    X(SHIFT_JIS, "CP932", PAIRS)            \
    X(EUC_JP, "EUC-JP-MS", PAIRS)           \
    X(GB18030, "GB18030", PAIRS)            \
    X(BIG5, "BIG5-HKSCS", PAIRS)            \
    X(EUC_KR, "CP949", PAIRS)               \
    X(EUC_TW, "EUC-TW", MULTI)              \
    X(JOHAB, "JOHAB", MULTI)                \
    X(ISO_2022_JP, "", ISO2022)             \
    X(ISO_2022_KR, "", ISO2022)             \
    X(ISO_2022_CN, "ISO-2022-CN", ISO2022)  \
    X(HZ, "", HZ)                           \
    X(UTF_7, "UTF-7", UTF7)                 \
    X(UTF_16, "UTF-16", WIDE)               \
    X(UTF_16LE, "UTF-16LE", WIDE)           \
    X(UTF_16BE, "UTF-16BE", WIDE)           \
    X(UTF_32, "UTF-32", WIDE)

enum charset {
#define X(id, iconv, kind) CHARSET_##id,
    CHARSET_LIST(X)
#undef X
        CHARSET_COUNT,
    CHARSET_NONE,    /* no label */
    CHARSET_UNKNOWN, /* a label that nobody knows */
    CHARSET_SINGLES = CHARSET_ASCII,
    CHARSET_PAIRS = CHARSET_SHIFT_JIS,
    CHARSET_PAIRS_END = CHARSET_EUC_KR + 1,
};

/* The charset that a label names, in any case, with '_' for '-', "x-" before it or quotes around it. */
enum charset charset_by_label(span label);

#endif
