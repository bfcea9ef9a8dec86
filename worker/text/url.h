/* SPDX-License-Identifier: Apache-2.0 */
/* url: links, found and taken apart (RFC 3986; public suffix list by libpsl).
 *
 * Spam hides where a link goes: percent escapes, user@ before the host, addresses in odd bases, entities, a shown name
 * that is not the real one. What a browser would open is what counts. */
#ifndef FURUI_TEXT_URL_H
#define FURUI_TEXT_URL_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum url_place { URL_IN_TEXT, URL_IN_HREF, URL_IN_SRC, URL_IN_FORM, URL_IN_HEADER };

struct url {
    span whole; /* as found, entities decoded, white space removed */
    span host;  /* lower case, percent-decoded, punycode as written; an IPv4 address in dotted form whatever its base */
    span domain; /* registrable domain, or the host when it has none */
    span path;   /* after the host and port: path, query, fragment */
    enum url_place place;
    uint16_t port; /* as given, or 0 */
};

/* A list that grows in the arena up to a limit. */
struct url_list {
    struct url *v;
    size_t n, cap;
    struct arena *a;
    uint64_t odd; /* ODD(URL_LIMIT), ODD(URL_IP), ODD(URL_USERINFO) as they are met */
};

void url_list_init(struct url_list *l, struct arena *a, size_t cap);

/* Take one link apart and keep it, unless the list holds the same host and path already or it is no web link
 * (mailto:, cid:, data:, relative). Text without a scheme ("www.example.org/x") is a link too. Returns its entry or
 * NULL. */
struct url *url_add(struct url_list *l, span link, enum url_place place);

/* Find links in plain text (UTF-8): http://, https://, ftp://, www., and bare domains followed by '/'. A link ends at
 * white space, quotes, angle brackets and any non-ASCII character (Japanese text follows links without a space);
 * closing punctuation at its end is not part of it. O(text.n). */
void url_find(struct url_list *l, span text, enum url_place place);

/* The registrable domain of a lower-case host ("mail.example.co.jp" -> "example.co.jp"), a span within `host`; the host
 * itself when it is an address or has none. The public suffix list is loaded at domain_init, never on a mail's way. */
span domain_registrable(span host);

/* Load the public suffix list once, before threads; ERR_IO never (libpsl carries a built-in list). */
void domain_init(void);

#endif
