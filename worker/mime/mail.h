/* SPDX-License-Identifier: Apache-2.0 */
/* mail: a message as its reader would see it, taken apart into spans.
 *
 * Bad mail is not an error. mail_read always succeeds; what was odd stands in `odd`, what did not fit a limit was left
 * out and its bit is set. Sources: RFC 5322, 2045-2049, 2047, 2231, 6532; where mail clients and the letter of an RFC
 * part ways, what clients show wins. */
#ifndef FURUI_MIME_MAIL_H
#define FURUI_MIME_MAIL_H

#include "proto/base/arena.h"
#include "proto/base/span.h"
#include "worker/attach/attach.h"
#include "worker/text/html.h"
#include "worker/text/normal.h"
#include "worker/text/odd.h"
#include "worker/text/url.h"

/* Every limit that a hostile mail can hit; each has a test that hits it. */
enum {
    MAIL_DEPTH_MAX = 32,     /* nested multiparts and messages */
    MAIL_PARTS_MAX = 512,    /* parts in all */
    MAIL_PARTS_LAST = 64,    /* of these, the last of a mail that has more; a power of two */
    MAIL_HEADERS_MAX = 1000, /* header fields of the message and its parts together */
    MAIL_HEADERS_SPARE =
        2560, /* ... and beyond: first Subject, From and Content-* fields of an entity, of each part all */
    MAIL_HEADER_BYTES_SPARE = 1 << 12,  /* bytes of these that are read in one header block over its limits */
    MAIL_HEADER_BYTES_MAX = 1 << 18,    /* bytes of one header block that are read */
    MAIL_HEADER_TOTAL_MAX = 1 << 20,    /* bytes of all header blocks that are read */
    MAIL_FIELD_BYTES_MAX = 1 << 16,     /* bytes of one field that are decoded */
    MAIL_TEXT_MAX = 1 << 18,            /* bytes of visible text kept (UTF-8) */
    MAIL_HIDDEN_MAX = 1 << 15,          /* bytes of hidden text kept */
    MAIL_OTHER_MAX = 1 << 15,           /* bytes kept of text that is not seen at once */
    MAIL_DECODE_MAX = 1 << 20,          /* bytes of one text part that are decoded at once; a longer one: in pieces */
    MAIL_DECODE_TOTAL_MAX = 1 << 22,    /* ... of all text parts and encoded messages */
    MAIL_DECODE_MESSAGES_MAX = 1 << 21, /* ... of which so many of encoded messages, each at most MAIL_DECODE_MAX */
    MAIL_URLS_MAX = 256,                /* links of the parts */
    MAIL_URLS_SEEN = 96,                /* of these, only for links that a reader sees */
    MAIL_URLS_HEADER = 16,              /* and so many more of the header */
    MAIL_NAME_MAX = 256,                /* bytes of a file name that are kept */
    /* Arena for one mail, its features and their explanation, the same wherever scores must be. Measured over 40,891
     * mails: 0.2 MB is usual, 2.6 MB the most. */
    MAIL_ARENA_BYTES = 8 << 20,
    MAIL_ARENA_SPARE = 2 << 20, /* of it that texts leave to files, features and explanations */
    MAIL_LONG_BYTES = 1 << 18,  /* a longer mail has room for texts in pieces */
    MAIL_META_BYTES = 1024,     /* of an HTML part without a charset in which its <meta charset> is looked for */
    MAIL_LINE_MAX = 998,        /* bytes of a line that nobody finds long (RFC 5322 2.1.1) */
    MAIL_STRAY_LINES = 4,       /* lines in a row within a header that are no fields, with a known field behind them */
    MAIL_SNIFF_LINES = 8,       /* of a body in which a boundary that nobody named, or a late header, is looked for */
    MAIL_LIE_BYTES = 1 << 12,   /* of a message's header in which a wrong '=' tells that it is not quoted-printable */
    MAIL_AHEAD_BYTES = 1 << 18, /* of bodies, in all, in which the right one of several boundaries is looked for */
    MAIL_FEW_TEXT = 48,         /* ODD(ONLY_IMAGE): pictures beside at most so many bytes of text of their own */
    /* ODD(ALTERNATIVES): shape.common below so many hundredths, though the text that is not shown is half as long as
     * the other or longer: a short one is the usual "your reader cannot show this". Of mail with two sides it fires on
     * 2 of 66 ham and 9 of 167 spam of 2001-02, 21 of 625 (one newsletter) and 197 of 7,865 of 2007, 8 of 609 spam of
     * 2022. */
    MAIL_COMMON_MIN = 20,
};

/* Header fields that something asks for by name; all others are FIELD_OTHER and keep their name as a span. */
enum mail_field {
    FIELD_OTHER,
    FIELD_SUBJECT,
    FIELD_FROM,
    FIELD_SENDER,
    FIELD_REPLY_TO,
    FIELD_RETURN_PATH,
    FIELD_TO,
    FIELD_CC,
    FIELD_DATE,
    FIELD_MESSAGE_ID,
    FIELD_IN_REPLY_TO,
    FIELD_REFERENCES,
    FIELD_RECEIVED,
    FIELD_MIME_VERSION,
    FIELD_CONTENT_TYPE,
    FIELD_CONTENT_ENCODING,
    FIELD_CONTENT_DISPOSITION,
    FIELD_CONTENT_ID,
    FIELD_X_MAILER,
    FIELD_USER_AGENT,
    FIELD_LIST,    /* any List-* */
    FIELD_IGNORED, /* another filter's verdict or a site's own mark (foreign.c): no feature may look at it */
    FIELD_COUNT
};

struct mail_header {
    enum mail_field id;
    bool folded;      /* over more than one line */
    uint32_t letters; /* of FIELD_CONTENT_TYPE and FIELD_CONTENT_DISPOSITION: param_letters */
    span name;        /* as written, without the colon */
    span raw;         /* as written after the colon, folds and all, without the last line end */
    span value;       /* unfolded, RFC 2047 and charset decoded to UTF-8, trimmed; empty for FIELD_IGNORED and parts */
    span charset;     /* of its first encoded word, or empty */
};

enum mail_encoding { MAIL_7BIT, MAIL_QP, MAIL_BASE64, MAIL_UUENCODE, MAIL_YENC, MAIL_ENCODING_UNKNOWN };

struct mail_part {
    int16_t parent; /* index of the part around it; -1 for the message itself */
    uint16_t depth;
    span type, subtype; /* lower case; "text" "plain" when nothing is declared */
    span charset;       /* as declared, lower case, or empty */
    span name;          /* file name (RFC 2231, 2047 decoded), or empty */
    bool attachment;    /* Content-Disposition: attachment, or a name on something that is not text */
    enum mail_encoding encoding;
    bool shares_boundary;                /* with a multipart around it: whose are its parts? */
    bool block;                          /* no MIME part: a uuencode or yEnc block found in its parent's text */
    span body;                           /* undecoded; within the raw mail, or in the arena below an encoded message */
    uint32_t first_header, header_count; /* its own fields: m->headers[first_header .. + header_count) */
    size_t decoded;         /* bytes after decoding: exact for what was read, else judged by the body's length */
    struct attachment file; /* what its content is; all zero for text that was read and for containers */
};

/* SPF, DKIM, DMARC and ARC as somebody found whom we trust: the gateway's request, or Authentication-Results (RFC 8601)
 * of a host that the configuration names. ABSENT: nobody trusted said anything. */
enum auth_method { AUTH_SPF, AUTH_DKIM, AUTH_DMARC, AUTH_ARC, AUTH_METHOD_COUNT };
enum auth_result {
    AUTH_ABSENT,
    AUTH_NONE,
    AUTH_PASS,
    AUTH_FAIL,
    AUTH_SOFTFAIL,
    AUTH_NEUTRAL,
    AUTH_POLICY,
    AUTH_TEMPERROR,
    AUTH_PERMERROR,
    AUTH_RESULT_COUNT
};

struct mail_auth {
    enum auth_result result[AUTH_METHOD_COUNT];
    span spf_domain, dkim_domain;   /* that passed; lower case, A-labels; or empty */
    bool spf_aligned, dkim_aligned; /* passed for a domain of the same registrable domain as From's (relaxed) */
};

/* What is known of a mail beside its bytes. All empty is fine. Lent. */
struct mail_context {
    span auth[AUTH_METHOD_COUNT]; /* the gateway's own result words ("pass", "fail"...), or empty */
    span dkim_domain, mail_from;  /* d= of the signature that passed; SMTP's envelope sender */
    const span *trusted;          /* authserv-ids whose Authentication-Results are believed, in any case */
    size_t trusted_count;
    unsigned own_received; /* Received fields that our own hosts put on top; below them is a stranger's word */
};

/* A text as models read it: normal_text (NFKC, case folded, without tricks). */
struct mail_folded {
    span subject, from_name, text, other, hidden;
};

/* Counts that describe a mail's shape. */
struct mail_shape {
    struct html_shape html; /* all HTML parts together */
    uint32_t text_parts, html_parts, image_parts, attachments;
    uint32_t visible_bytes, hidden_bytes, raw_bytes;
    uint32_t received; /* Received fields */
    uint8_t common;    /* hundredths of the shorter side of multipart/alternative that the other says too (alike.h);
                        * 0 when there is no other side */
    struct normal_count repairs; /* of subject, From name and texts together */
};

struct mail {
    span raw;
    struct mail_header *headers; /* message's own header first, in order; then those of parts */
    size_t header_count;         /* of the message's own header block */
    size_t header_total;         /* with those of parts; their `value` is empty */
    struct mail_part *parts;     /* [0] is the message */
    size_t part_count;
    /* What the reader sees: each text part (of multipart/alternative the html one, when there is one, else the plain)
     * as UTF-8, white space folded to one space, paragraphs and blocks ended by '\n'. */
    span text;
    /* Text that is not seen at once, as `text`, at most MAIL_OTHER_MAX: of the sides of multipart/alternative that are
     * not shown, what style sheets or comments for Outlook add to the shown one, and behind these (`nearer` ends there)
     * of attached messages. */
    span other, nearer;
    span hidden; /* text of HTML that is not seen */
    struct mail_folded folded;
    struct url *urls;      /* those of List-* stand behind all others */
    size_t url_count;      /* without those: they tell the list and so the source of a mail, no feature may look */
    size_t list_url_count; /* of List-*: URL_IN_LIST */
    uint64_t odd;          /* ODD bits */
    struct mail_shape shape;
    span from_addr;   /* address of From, lower case: "user@example.org"; may be empty */
    span from_name;   /* display name of From, decoded */
    span from_domain; /* registrable domain of From, A-labels */
    struct mail_auth auth;
};

/* Load what mail_read needs and would load at first use (the public suffix list, charsets): by the thread that will
 * read, before it gives up the right to open files. */
void mail_init(void);

/* Let go of what this thread loaded, by mail_init or by reading. */
void mail_close(void);

/* Read a mail.
 *
 *   raw    RFC 5322 bytes, as they came; lent for as long as `m` is used
 *   c      what else is known, or NULL
 *   a      everything that m points to beside `raw`; may fill up (ODD(ARENA_FULL))
 *
 * Cannot fail. O(raw.n). After mail_init it touches no file and no lock; one call at a time a thread. */
void mail_read(struct mail *m, span raw, const struct mail_context *c, struct arena *a);

/* The text of a part as UTF-8, before HTML or line breaks are made sense of, in the way that mail_read reads it.
 *
 *   cap         decoded bytes that are read at most
 *   bytes_out   the same before its charset: the transfer encoding undone
 *   odd         ODD bits are added: those of codec_decode and charset_to_utf8
 *
 * Both point into the mail where nothing had to be undone, else into the arena. O(p->body.n). */
span mail_part_text(const struct mail_part *p, size_t cap, struct arena *a, span *bytes_out, uint64_t *odd);

/* The first field of that kind in the message's own header, or NULL. */
const struct mail_header *mail_find(const struct mail *m, enum mail_field id);

#endif
