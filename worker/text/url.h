/* SPDX-License-Identifier: Apache-2.0 */
/* url: links, found and taken apart (RFC 3986; public suffix list by domain.h).
 *
 * Spam hides where a link goes: percent escapes, user@ before the host, addresses in odd bases, letters of other
 * scripts, a redirector in front. What a browser would open is what counts. */
#ifndef FURUI_TEXT_URL_H
#define FURUI_TEXT_URL_H

#include "proto/base/arena.h"
#include "proto/base/span.h"
#include "worker/text/idn.h"

enum {
    URL_BYTES_MAX = 2048, /* bytes of a link that are kept */
    URL_HOST_MAX = IDN_HOST_MAX,
    URL_INNER_MAX = 3,   /* links within one link that are followed */
    URL_BARE_MAX = 4096, /* words of one text that are tried as a domain without a scheme */
    URL_IDN_MAX = 32,    /* hosts of one message, beside plain ASCII ones, that are converted */
};

enum url_place {
    URL_IN_TEXT,
    URL_IN_HREF,
    URL_IN_SRC,
    URL_IN_FORM,
    URL_IN_HEADER, /* Subject, names of senders */
    URL_IN_LIST,   /* List-*: for programs: not among what a reader sees */
    URL_IN_FILE,   /* an attached document, page, calendar */
    URL_PLACE_COUNT
};

struct url {
    span whole; /* as found, entities decoded, white space removed */
    /* As it is looked up: lower case, percent-decoded, A-labels (as written where there can be none, or past
     * URL_IDN_MAX); an IPv4 address in dotted form whatever its base. */
    span host;
    span shown;   /* the host as its reader sees it, U-labels; `host` itself when that is plain ASCII */
    span domain;  /* registrable domain, or the host when it has none; a tail of host */
    span path;    /* after the host and port: path, query, fragment */
    uint64_t odd; /* ODD bits of this link alone */
    enum url_place place;
    uint16_t port; /* as given, or 0 */
    bool seen;     /* of URL_IN_HREF: it shows a word or a picture to be followed by */
};

/* Links of one message, each once. All of its memory is taken from the arena at the start but the links' own bytes and
 * `names`. */
struct url_list {
    struct url *v;
    size_t n, cap;
    size_t whole;       /* as url_list_init took it: cap may be lowered for a while */
    size_t keep_header; /* of these places, the last so many are for links of the header, */
    size_t keep_seen;   /* ... and so many before them for links that a reader sees; 0 unless somebody sets them */
    struct arena *a;
    span from;       /* registrable domain of the mail's From, or empty: set by whoever knows it; lent */
    uint64_t odd;    /* ODD(URL_...) of the links met, kept or not */
    uint32_t *slots; /* open hashing by host and path: index + 1 into v, or 0 */
    size_t slot_count;
    bool cleared;           /* are slots and hosts? They are not before the first link */
    uint32_t *hosts;        /* the same by host alone: the newest link of that host, or another of the same slot */
    struct url_name *names; /* hosts that were converted (url.c) */
    size_t name_count;
};

/* Where url_split writes what it cannot lend. */
struct url_room {
    uint8_t whole[URL_BYTES_MAX];
    uint8_t host[URL_HOST_MAX + 1];
};

/* Room for `cap` links, or fewer when the arena has less. */
void url_list_init(struct url_list *l, struct arena *a, size_t cap);

/* Can a reader see it: is it written out, or does it show something? */
static inline bool url_seen(const struct url *u)
{
    return u->seen || (u->place != URL_IN_SRC && u->place != URL_IN_HREF);
}

/* Take one link apart as a browser would (URL standard, "basic URL parser", of special schemes).
 *
 *   l      converts hosts that are not plain ASCII, at most URL_IDN_MAX; nothing is kept in it
 *   link   entities decoded; lent. http, https and ftp; "//host/"; and without a scheme "www.example.org" and
 *          "example.org/", where the last label is a known top-level domain
 *   room   out's spans point into it or into l's arena; `domain` stays empty (domain_registrable costs more than all
 *          else); out->odd is set: URL_IP, URL_USERINFO, URL_OBSCURED, URL_MIXED
 *
 * False, and nothing written to out, when it is no web link (mailto:, cid:, data:, relative, a host that no
 * browser accepts). O(link.n). */
bool url_split(struct url_list *l, span link, struct url_room *room, struct url *out);

/* Keep a link that url_split took apart, with its `place`, `seen` and `odd`. As url_add. */
struct url *url_keep(struct url_list *l, const struct url *u);

/* url_split a link and keep it; a link with the host and path of one that is kept is that one. Links inside a kept
 * link (a redirector's targets, see url_inner.h) are added as well, and ODD(URL_REDIRECT) is set when one is of another
 * domain. Returns its entry; NULL when it is no web link, or when list or arena are full (ODD(URL_LIMIT)). */
struct url *url_add(struct url_list *l, span link, enum url_place place);

/* Find links in plain text (UTF-8) and add them:
 *
 *  - http://, https://, ftp://, hosts in any script. Such a link ends at white space, quotes, brackets that were not
 *    opened in it, <>{}|^` and any non-ASCII character behind the host (Japanese text follows links without a space);
 *    closing punctuation at its end is not part of it. Between < and > it may be broken over lines;
 *  - www.example.org, example.org/path and example.org, as mail clients do. Of the last kind `whole` is "example.org/";
 *  - what is spelt for people, as it is meant and with ODD(URL_OBSCURED): see url_spelt.h.
 *
 * Mail addresses are no links, and mailto: is none either: its domain is a mailbox provider's more often than not.
 * O(text.n): 0.14 ns a byte of prose, 9 of the worst. */
void url_find(struct url_list *l, span text, enum url_place place);

#endif
