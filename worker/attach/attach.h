/* SPDX-License-Identifier: Apache-2.0 */
/* attach: what an attached file is, by its bytes beside what it is called.
 *
 * Nothing is inflated, run or written: magic numbers, directories and plain scans only, within windows at a file's head
 * and tail, so that a file of any size costs one pass of decoding and hashing. */
#ifndef FURUI_ATTACH_ATTACH_H
#define FURUI_ATTACH_ATTACH_H

#include "proto/base/arena.h"
#include "proto/base/span.h"
#include "worker/text/text.h"
#include "worker/text/url.h"

enum {
    /* Bytes of a file that are seen at once; of a longer one half so many at its head, a quarter or more at its end. */
    ATTACH_WINDOW_MAX = 1 << 20,
    ATTACH_PIECE_MIN = 256,        /* room that a piece of a decoded file has at least */
    ATTACH_TEXT_MAX = 1 << 14,     /* bytes of an attached page's text that are kept while it is read */
    ATTACH_CALENDAR_MAX = 1 << 17, /* bytes of a calendar or a card that are read */
    ATTACH_LINKS_MAX = 128,        /* links of a mail that its files may add */
    ATTACH_INNER_MAX = 128,        /* bytes of a name inside a file that are kept */
};

/* What a file is for, which is what a lie is about. */
enum attach_family {
    FAMILY_NONE, /* nothing is claimed or known */
    FAMILY_PROGRAM,
    FAMILY_PAGE, /* what a browser opens */
    FAMILY_ARCHIVE,
    FAMILY_DISK,
    FAMILY_OFFICE,
    FAMILY_PDF,
    FAMILY_PICTURE,
    FAMILY_SOUND, /* and films */
    FAMILY_TEXT,
    FAMILY_COUNT
};

/* What the content is: its name here, the word that people and features see, its family. Features use the word, so new
 * ones may stand anywhere. */
#define ATTACH_KIND_LIST(X)                                                          \
    X(NONE, "none", NONE)       /* nobody looked: text that is shown, a container */ \
    X(EMPTY, "empty", NONE)     /* no byte */                                        \
    X(UNKNOWN, "unknown", NONE) /* none of these */                                  \
    X(PE, "windows-program", PROGRAM)                                                \
    X(ELF, "elf-program", PROGRAM)                                                   \
    X(MACHO, "mac-program", PROGRAM)                                                 \
    X(MSI, "windows-installer", PROGRAM)                                             \
    X(SHORTCUT, "windows-shortcut", PROGRAM)                                         \
    X(JAVA, "java-program", PROGRAM) /* a jar, an apk, a class */                    \
    X(CHM, "windows-help", PROGRAM)                                                  \
    X(HTA, "html-application", PROGRAM)                                              \
    X(SCRIPT, "script", PROGRAM) /* "#!" */                                          \
    X(HTML, "html", PAGE)                                                            \
    X(SVG, "svg", PAGE)                                                              \
    X(ZIP, "zip", ARCHIVE)                                                           \
    X(RAR, "rar", ARCHIVE)                                                           \
    X(SEVENZIP, "7z", ARCHIVE)                                                       \
    X(GZIP, "gzip", ARCHIVE)                                                         \
    X(PACKED, "packed", ARCHIVE) /* one file: bzip2, xz, zstd, compress, lzip */     \
    X(TAR, "tar", ARCHIVE)                                                           \
    X(CAB, "cab", ARCHIVE)                                                           \
    X(OLD_ARCHIVE, "old-archive", ARCHIVE) /* ace, arj, lzh */                       \
    X(ISO, "iso", DISK)                                                              \
    X(DISK, "disk-image", DISK) /* VHD, VHDX, FAT */                                 \
    X(OLE, "office", OFFICE)    /* doc, xls, ppt and others in compound files */     \
    X(OOXML, "office-xml", OFFICE)                                                   \
    X(ODF, "open-document", OFFICE)                                                  \
    X(MSG, "outlook-message", OFFICE)                                                \
    X(ONENOTE, "onenote", OFFICE)                                                    \
    X(RTF, "rtf", OFFICE)                                                            \
    X(TNEF, "tnef", OFFICE) /* winmail.dat */                                        \
    X(PDF, "pdf", PDF)                                                               \
    X(POSTSCRIPT, "postscript", PDF)                                                 \
    X(JPEG, "jpeg", PICTURE)                                                         \
    X(PNG, "png", PICTURE)                                                           \
    X(GIF, "gif", PICTURE)                                                           \
    X(PICTURE, "picture", PICTURE) /* bmp, tiff, webp, heic, ico, wmf, emf, psd */   \
    X(SOUND, "sound", SOUND)                                                         \
    X(FILM, "film", SOUND)                                                           \
    X(CALENDAR, "calendar", TEXT)                                                    \
    X(CARD, "card", TEXT)                                                            \
    X(PGP, "pgp", TEXT)                                                              \
    X(CMS, "cms", NONE) /* signatures and envelopes of S/MIME */                     \
    X(XML, "xml", TEXT)                                                              \
    X(TEXT, "text", TEXT)

enum attach_kind {
#define X(name, word, family) ATTACH_##name,
    ATTACH_KIND_LIST(X)
#undef X
        ATTACH_KIND_COUNT
};

/* The word of a kind, and its family; static. */
const char *attach_kind_word(enum attach_kind kind);
enum attach_family attach_kind_family(enum attach_kind kind);

struct attachment {
    enum attach_kind kind;
    bool partial;       /* a part of it that tells something was out of sight */
    uint32_t files;     /* names in an archive's directory, folders too; streams of a compound file */
    uint32_t links;     /* links that it added to the mail's */
    uint64_t bytes;     /* decoded */
    uint64_t digest[2]; /* XXH3-128 of these bytes: the same file is the same digest wherever it is; 0 0 when empty */
    uint64_t odd;       /* ODD bits of this file alone, its name's too; the mail has them as well */
    span inner;         /* the most telling name inside (a program, macros), valid UTF-8, in the arena; or empty */
};

/* A file's bytes: all of them where they lie, or handed out in pieces. */
struct attach_bytes {
    span whole;                                           /* when next is NULL */
    size_t (*next)(void *from, uint8_t *out, size_t cap); /* at most cap (ATTACH_PIECE_MIN or more); 0: end */
    void *from;
};

/* What one mail's files are looked at in: taken from the arena once. */
struct attach_room {
    uint8_t *window; /* for files that have to be decoded */
    size_t cap;
    struct text visible, hidden; /* what an attached page shows, while it is read */
    uint32_t links;              /* that files added so far */
    bool taken;
};

/* Take room for files of which the largest that has to be decoded has at most `largest` bytes. When the arena has not
 * so much, files are seen less of. */
void attach_room_init(struct attach_room *room, struct arena *a, size_t largest);

/* What links of one file take of a mail's list. */
struct attach_links {
    size_t from, cap; /* of the list before it */
};

/* Around what adds a file's links to `urls`: they leave room for those of the mail (ATTACH_LINKS_MAX for all files of
 * `room` together) and are URL_IN_FILE, so that they are told apart. attach_links_end returns how many came. */
struct attach_links attach_links_begin(const struct attach_room *room, struct url_list *urls);
uint32_t attach_links_end(struct attach_room *room, struct url_list *urls, struct attach_links before);

/* Look at one file.
 *
 *   name   its name (UTF-8), or empty
 *   type, subtype   as declared, lower case
 *   room   of this mail
 *   urls   links found in it are added, as URL_IN_FILE
 *   a      for out->inner
 *   out    every field is set
 *
 * Cannot fail. O(bytes); under 150 KB of stack. */
void attach_look(span name, span type, span subtype, struct attach_bytes bytes, struct attach_room *room,
                 struct url_list *urls, struct arena *a, struct attachment *out);

#endif
