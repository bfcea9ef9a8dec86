/* SPDX-License-Identifier: Apache-2.0 */
/* furui: ask a Furui service whether a mail is spam. Link with `pkg-config --cflags --libs furui`.
 *
 * A client has any number of requests in flight: submit some, poll for what is finished. Each submitted request comes
 * back from furui_client_poll exactly once: as a verdict, as a refusal of the service, or as FURUI_UNANSWERED.
 * Connecting, connecting again and sending again what a lost connection took along happen inside.
 *
 * A client belongs to one thread at a time. docs/protocol.md explains each field and what to do about a refusal. */
#ifndef FURUI_H
#define FURUI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FURUI_API __attribute__((visibility("default")))

enum furui_status {
    FURUI_OK = 0,
    FURUI_FULL = -1,         /* as many requests in flight as the options allow: poll first */
    FURUI_TOO_LARGE = -2,    /* the mail exceeds mail_max_bytes, or the header 256 KB */
    FURUI_BAD_ENDPOINT = -3, /* neither tcp://HOST:PORT nor ipc://PATH */
    FURUI_NO_MEMORY = -4,
    FURUI_NO_DESCRIPTOR = -5, /* errno says more */
};

/* One English sentence; static. */
FURUI_API const char *furui_strerror(enum furui_status status);

/* Zero it, then set what matters: everything may be left 0. */
struct furui_options {
    const char *const *endpoints; /* where the service is; requests go round among those that are connected */
    size_t endpoint_count;        /* 0: tcp://127.0.0.1:7711 */
    int deadline_ms;              /* of requests that name none; 0: 30000 */
    int in_flight_max;            /* 0: 1024; at most 65536 */
    size_t mail_max_bytes;        /* 0: 64 MB, as the service's own default */
    void *reserved[8];
};

struct furui_client;

/* Does not wait for a connection. On failure *client_out is NULL. */
FURUI_API enum furui_status furui_client_open(const struct furui_options *options, struct furui_client **client_out);
/* Requests in flight are forgotten. NULL is fine. */
FURUI_API void furui_client_close(struct furui_client *client);

/* What a gateway knows about a mail besides its bytes. Zero it, then set what you know; text is NUL-terminated, lent
 * until the call returns, and at most 1024 bytes each. */
struct furui_request {
    const char *tenant;    /* whose policy applies, and whose users these are */
    bool outbound;         /* from a user of ours to the world */
    const char *client_ip; /* who connected: "192.0.2.1", "2001:db8::1" */
    const char *helo;
    const char *mail_from; /* envelope sender, without < > */
    const char *const *rcpt_to;
    size_t rcpt_count;                    /* at most 1000 */
    const char *auth_user;                /* who logged in to send it */
    const char *spf, *dkim, *dmarc, *arc; /* result words of RFC 8601: "pass", "fail", "none" */
    const char *dkim_domain;              /* the domain that signed (d=) */
    int deadline_ms;                      /* 0: as in the options */
    bool explain;                         /* reasons wanted */
    bool dry_run;                         /* leave no trace in reputation */
    void *tag;                            /* yours; comes back with the answer */
    void *reserved[8];
};

/* Ask about one mail (RFC 5322 bytes, copied). `request` may be NULL; `id_out` too. */
FURUI_API enum furui_status furui_client_submit(struct furui_client *client, const void *mail, size_t mail_bytes,
                                                const struct furui_request *request, uint64_t *id_out);

enum furui_say {
    FURUI_SAY_SPAM,
    FURUI_SAY_HAM,
    FURUI_SAY_UNDO, /* what this reporter said of the mail is taken back */
    FURUI_SAY_ARF,  /* the mail is a feedback report (RFC 5965), and says it itself */
};

/* What somebody says about a mail. Zero it, then set. Text as in struct furui_request. */
struct furui_report {
    enum furui_say says;
    const char *reporter; /* who says it, always the same for the same person; empty: the gateway itself */
    const char *ticket;   /* of the verdict, when the mail is not at hand */
    void *reserved[4];
};

/* Report a mail; what is known of it besides (`request`, may be NULL) as when its verdict was asked for. With a ticket
 * the mail may be NULL and its size 0: then names are remembered, but nothing is learnt of its text. */
FURUI_API enum furui_status furui_client_report(struct furui_client *client, const struct furui_report *report,
                                                const void *mail, size_t mail_bytes,
                                                const struct furui_request *request, uint64_t *id_out);

/* Is anyone there? And: the service's counters, as JSON. deadline_ms 0: as in the options. */
FURUI_API enum furui_status furui_client_ping(struct furui_client *client, int deadline_ms, void *tag,
                                              uint64_t *id_out);
FURUI_API enum furui_status furui_client_stat(struct furui_client *client, int deadline_ms, void *tag,
                                              uint64_t *id_out);

enum furui_class { FURUI_HAM, FURUI_UNSURE, FURUI_SPAM };

enum furui_refusal {
    FURUI_BUSY,        /* too much waits already: try again in a moment, or elsewhere */
    FURUI_LATE,        /* the deadline passed before a worker was done */
    FURUI_TOO_BIG,     /* the mail exceeds the service's limit */
    FURUI_BAD_REQUEST, /* `detail` names what is wrong with it */
    FURUI_DENIED,      /* this client may not ask that */
    FURUI_POISON,      /* two workers died of this mail; it was kept aside */
    FURUI_UNANSWERED,  /* made by this library: no answer within the deadline */
};

struct furui_reason {
    const char *what; /* a feature, in words */
    double weight;    /* its share of the score in log-odds; positive: towards spam */
};

struct furui_verdict {
    enum furui_class klass;
    double p;                              /* calibrated probability of spam */
    double score;                          /* log-odds of the content, by the bundle alone */
    const char *action;                    /* the word that the tenant's policy names for the class */
    double bayes, linear, net, reputation; /* parts, in log-odds */
    double live;                           /* … and what reports have lately taught about such content; 0: nothing */
    const struct furui_reason *reasons;
    size_t reason_count;
    const char *const *oddities; /* what is strange about the mail: "bad-base64" */
    size_t oddity_count;
    const char *const *degraded; /* evidence that was missing: "reputation" */
    size_t degraded_count;
    const char *model;  /* id of the model bundle */
    const char *ticket; /* names this mail in a later report */
    uint32_t time_us;   /* that the service spent on it */
};

struct furui_answer {
    enum { FURUI_VERDICT, FURUI_REFUSAL, FURUI_PONG, FURUI_STAT, FURUI_REPORTED } type;
    uint64_t id;
    void *tag;
    struct furui_verdict verdict; /* VERDICT; text that was not said is "" */
    enum furui_refusal why;       /* REFUSAL */
    const char *detail;           /* REFUSAL: for people; "" when there is none */
    const char *stat_json;        /* STAT: one JSON object */
    const char *ticket;           /* REPORTED: names the mail, to undo it by */
    bool again;                   /* REPORTED: the same was said before, and counts once */
    bool journal_only;            /* REPORTED: kept on that host; it goes into the shared stream later */
};

/* The words that the protocol uses; static. */
FURUI_API const char *furui_class_name(enum furui_class klass);
FURUI_API const char *furui_refusal_name(enum furui_refusal why);

/* One finished request, waiting up to timeout_ms (-1: as long as one is in flight) for it. Returns 1 with *answer_out
 * filled, its text lent until the next call on this client; 0 when none finished. */
FURUI_API int furui_client_poll(struct furui_client *client, int timeout_ms, struct furui_answer *answer_out);

/* Requests submitted and not yet given back by furui_client_poll. */
FURUI_API size_t furui_client_in_flight(const struct furui_client *client);

/* For an event loop of yours: a descriptor that is readable when furui_client_poll(client, 0, …) should be called
 * until it returns 0, deadlines included. The same each time; the client closes it. */
FURUI_API int furui_client_fd(struct furui_client *client);

#ifdef __cplusplus
}
#endif
#endif
