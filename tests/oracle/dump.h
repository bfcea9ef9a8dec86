/* SPDX-License-Identifier: Apache-2.0 */
/* dump: what a reader made of a mail, as lines that two readers can be compared by.
 *
 * One line a fact, fields parted by tabs; compare.py reads them. A text is told by a digest after white space was
 * folded (runs of space, tab, CR, LF, VT, FF are one space, none at the ends), or whole in hex with --full. */
#ifndef FURUI_ORACLE_DUMP_H
#define FURUI_ORACLE_DUMP_H

#include "proto/base/span.h"

/* How far a reader could believe a text's charset label. */
enum label { LABEL_NONE, LABEL_FINE, LABEL_INVALID, LABEL_UNKNOWN };

/* A field of the message's own header: "H name value", and with --full what stands in the mail. */
void dump_header(span name, span value, span raw);

struct dump_part {
    int number, parent; /* parent -1: the message */
    span type, subtype, charset, name;
};

/* A part, in the order of the mail: "P number parent type subtype charset name". */
void dump_part(const struct dump_part *p);

/* The content of a leaf: "T number encoding label bytes text"; no text for what is not text/... With --full and a label
 * that cannot be believed, `second` follows. */
struct dump_leaf {
    int number;
    const char *encoding; /* 7bit, qp, base64, uuencode, unknown */
    enum label label;
    span bytes, text; /* after the transfer encoding; after the charset too */
    span second;      /* the text as a reader would have it that gives up the label, or empty */
    bool is_text;
};
void dump_leaf(const struct dump_leaf *l);

/* What only Furui says, with --full: "F address name" of From, "V text" that is shown, "A number name" for each
 * attachment (number -1 for a block in a text). */
void dump_from(span address, span name);
void dump_visible(span text);
void dump_attachment(int number, span name);

/* A word beside the facts: "N word". */
void dump_note(const char *word);

/* What each of the two readers brings: read one mail and dump it. */
void reader_open(void);
void reader_dump(span raw);
void reader_close(void);

#endif
