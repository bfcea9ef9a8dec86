/* SPDX-License-Identifier: Apache-2.0 */
/* name: what mails are known by, and the Redis keys of these names.
 *
 * A key is PREFIX:2:{BUCKET}:TENANT:KIND:NAME. The bucket is one of 64, by a hash of what follows it: all keys of a
 * bucket are in one slot of a cluster (hash tags, redis.io "Redis cluster specification"). Names and tenants hold no
 * byte that could end their field, so nothing that a mail says forges another name's key. */
#ifndef FURUI_STORE_NAME_H
#define FURUI_STORE_NAME_H

#include "proto/base/span.h"

enum name_kind {
    NAME_IP,     /* address of the SMTP client: "192.0.2.1", "2001:db8::1" */
    NAME_NET,    /* its network: "192.0.2.0/24", "2001:db8::/64" */
    NAME_SENDER, /* registrable domain of the envelope sender */
    NAME_FROM,   /* of From */
    NAME_DKIM,   /* of a DKIM signature that passed */
    NAME_URL,    /* of a link; or its address */
    NAME_FILE,   /* digest of an attached file, hex */
    NAME_TEXT,   /* band of the text's fingerprint, hex (worker/rep/fingerprint.h) */
    NAME_USER,   /* who logged in to send it: a keyed hash, hex (secret.h) */
    NAME_RCPTS,  /* the same user: recipients that were new on their day */
    NAME_NETS,   /* the same user: networks never sent from before */
    NAME_TENANT, /* "all": a tenant as a whole, so that one which never reported costs no look-ups */
    NAME_KIND_COUNT
};

enum {
    NAME_MAX_BYTES = 253, /* a domain's longest text form (RFC 1035 2.3.4); longer ones are no name */
    NAME_TENANT_BYTES = 63,
    NAME_PREFIX_BYTES = 63,
    NAME_KEY_BYTES = NAME_PREFIX_BYTES + 8 + NAME_TENANT_BYTES + 8 + NAME_MAX_BYTES,
    NAME_BUCKETS = 64,
};

/* The word of a kind within a key: "ip", "url"…; static. */
const char *name_kind_word(enum name_kind kind);

/* The kind of a word; false when there is none. */
bool name_kind_of(span word, enum name_kind *out);

/* Put a name into the form that keys have: an address or network in canonical text (an IPv4 address in IPv6 clothes is
 * IPv4), a domain in lower case without dots at its end, hex digits in lower case. 0 when it is no such name. */
size_t name_canonical(enum name_kind kind, span name, uint8_t out[NAME_MAX_BYTES]);

/* The network that an address (in canonical form) is in: /24 of IPv4, /64 of IPv6. 0 when it is no address. */
size_t name_net(span ip, uint8_t out[NAME_MAX_BYTES]);

/* A tenant as it stands in keys: itself when it is a plain word, else '~' and a hash of it. */
size_t name_tenant(span tenant, uint8_t out[NAME_TENANT_BYTES]);

/* The word of a key's kind; empty when it is no key of ours. */
span name_key_word(span key);

/* The key of a canonical name; tenant: empty is everybody's. One that is no plain word stands as a hash of it. */
span name_key(const char *prefix, span tenant, enum name_kind kind, span name, uint8_t out[NAME_KEY_BYTES]);

#endif
