/* SPDX-License-Identifier: Apache-2.0 */
/* wire: the words that processes speak, as bytes and as structs. docs/protocol.md is the specification.
 *
 * Every message is a msgpack map; unknown keys are skipped, so that the format can grow; a known key of the wrong
 * type is refused by name. One table of keys a message drives the reader; msgpack-c, which wire.c alone sees, writes.
 */
#ifndef FURUI_WIRE_H
#define FURUI_WIRE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    WIRE_VERSION = 1,
    WIRE_HEADER_MAX = 256 * 1024, /* bytes of one request header */
    WIRE_BATCH_MAX = 64,          /* mails behind one header */
    WIRE_RCPT_MAX = 1000,         /* recipients in one header */
    WIRE_REASON_MAX = 32,         /* reasons in one verdict */
    WIRE_WORDS_MAX = 64,          /* oddities, or kinds of missing evidence, in one verdict */
    WIRE_TEXT_MAX = 1024,         /* bytes of any one short string (tenant, HELO, address…) */
    WIRE_STAT_MAX = 4 << 20,      /* bytes of the JSON text in one stat answer */
};

enum wire_kind { WIRE_CLASSIFY, WIRE_PING, WIRE_STAT, WIRE_REPORT };
enum wire_answer_type {
    WIRE_ANSWER_VERDICT,
    WIRE_ANSWER_REFUSAL,
    WIRE_ANSWER_PONG,
    WIRE_ANSWER_STAT,
    WIRE_ANSWER_REPORTED
};
enum wire_class { WIRE_HAM, WIRE_UNSURE, WIRE_SPAM };
enum wire_refusal { WIRE_BUSY, WIRE_LATE, WIRE_TOO_BIG, WIRE_BAD_REQUEST, WIRE_DENIED, WIRE_POISON };

/* What a report says of a mail: a word, its withdrawal, or whatever a feedback report (RFC 5965) sent as the mail says. */
enum wire_say { WIRE_SAY_SPAM, WIRE_SAY_HAM, WIRE_SAY_UNDO, WIRE_SAY_ARF };
/* Where a report is kept when it is acknowledged: in the shared stream, or only in this host's journal. */
enum wire_kept { WIRE_KEPT_STREAM, WIRE_KEPT_JOURNAL };

/* The words on the wire; "?" for what is none. */
const char *wire_kind_name(enum wire_kind k);
const char *wire_answer_name(enum wire_answer_type t);
const char *wire_class_name(enum wire_class c);
const char *wire_refusal_name(enum wire_refusal r);
const char *wire_say_name(enum wire_say s);
const char *wire_kept_name(enum wire_kept k);

/* What the gateway found out about who sent a mail; "" when it did not say. RFC 8601 result words. */
struct wire_auth {
    span spf, dkim, dmarc, arc; /* "pass", "fail", "none"… */
    span dkim_domain;           /* the domain that signed (d=) */
};

/* A request header. Spans are lent: they point into the bytes that were parsed. */
struct wire_request {
    enum wire_kind kind;
    uint64_t id; /* the client's own; comes back in the answer */
    span tenant;
    bool outbound; /* "direction": "out"; inbound otherwise */
    span client_ip, helo, mail_from, auth_user;
    const span *rcpt_to;
    size_t rcpt_count;
    struct wire_auth auth;
    uint32_t deadline_ms; /* 0: the engine's default */
    bool explain;         /* reasons wanted */
    bool dry_run;         /* leave no trace in reputation */
    /* REPORT only */
    enum wire_say says;
    span reporter; /* who says so; "": the gateway itself */
    span ticket;   /* of the verdict, when the mail itself is not sent */
};

/* Parse a request header.
 *
 *   in         the frame's bytes; lent, and request_out points into it
 *   a          arena for the recipient list
 *   fault_out  on error: what is wrong and where, in words ("key 'id': expected an unsigned integer"); at least
 *              WIRE_FAULT_MAX bytes, NUL-terminated printable ASCII. The id is still filled in when it could be
 *              read, 0 otherwise. Empty when all is well.
 *
 * ERR_SYNTAX, ERR_VERSION, ERR_TOO_BIG; ERR_MEMORY when the arena is full (16 bytes a recipient). O(in.n) whatever the nesting, no recursion. Safe on any bytes. */
enum { WIRE_FAULT_MAX = 160 };
enum err wire_parse_request(span in, struct arena *a, struct wire_request *request_out, char *fault_out);

/* One feature that weighed: `weight` is its share of the score, in natural log-odds (positive: towards spam). */
struct wire_reason {
    span what;
    double weight;
};

struct wire_verdict {
    uint64_t id;
    enum wire_class klass;
    double p;     /* calibrated probability of spam, 0 to 1 */
    double score; /* the bundle's log-odds, before reports and reputation spoke; what `furui eval --scores` prints */
    span action;  /* the word that the tenant's policy names for this class */
    double bayes, linear, net, reputation; /* parts, in log-odds */
    double live;                           /* what reports have lately taught about such content; 0: left out */
    const struct wire_reason *reasons;
    size_t reason_count;
    const span *oddities; /* words such as "bad-base64" */
    size_t oddity_count;
    const span *degraded; /* evidence that was missing, such as "reputation" */
    size_t degraded_count;
    span model;       /* id of the bundle, hex */
    uint32_t time_us; /* spent in the worker */
    span ticket;      /* names this mail in a later report */
};

struct wire_refused {
    uint64_t id;
    enum wire_refusal why;
    span detail; /* for people */
};

/* A report was taken: it survives whatever happens to this host's processes. */
struct wire_reported {
    uint64_t id;
    enum wire_kept kept;
    bool again;  /* this reporter said the same of this mail before; it counts once */
    span ticket; /* names the mail, for a later `undo` */
};

/* What a client gets back. */
struct wire_answer {
    enum wire_answer_type type;
    uint64_t id;
    struct wire_verdict verdict; /* VERDICT */
    struct wire_refused refusal; /* REFUSAL */
    span stat_json;              /* STAT: one JSON object, as text */
    struct wire_reported reported;
};

/* Bytes on their way out; owned; a buffer may be used again and again. */
struct wire_buf {
    uint8_t *p;
    size_t n, cap;
};
void wire_buf_close(struct wire_buf *b);

/* Encoders: replace the buffer's content by one encoded message. Deterministic: keys in the order of
 * docs/protocol.md, absent values left out. Text in answers is made valid UTF-8 and cut at WIRE_TEXT_MAX, lists at
 * their limits; text in requests goes out as it is (as msgpack bytes when it is not UTF-8). */
void wire_put_request(struct wire_buf *b, const struct wire_request *r);
void wire_put_verdict(struct wire_buf *b, const struct wire_verdict *v);
void wire_put_refusal(struct wire_buf *b, const struct wire_refused *r);
void wire_put_reported(struct wire_buf *b, const struct wire_reported *r);
void wire_put_pong(struct wire_buf *b, uint64_t id);
void wire_put_stat(struct wire_buf *b, uint64_t id, span json);

/* Parse one answer frame; lists go to the arena, spans point into `in`. Errors as wire_parse_request. */
enum err wire_parse_answer(span in, struct arena *a, struct wire_answer *answer_out, char *fault_out);

#endif
