/* SPDX-License-Identifier: Apache-2.0 */
/* memory: see memory.h. */
#include "worker/rep/memory.h"

#include <stdio.h>

void memory_init(struct memory *m, struct store *s, const char *prefix, uint64_t tag)
{
    m->store = s;
    m->prefix = prefix;
    m->tag = tag;
    m->used = m->key_bytes = 0;
}

void memory_send(struct memory *m)
{
    char ttl[16];
    if (m->used == 0) return;
    snprintf(ttl, sizeof ttl, "%d", m->ttl_s);
    span key = span_of(m->key, m->key_bytes);
    span push[] = {SPAN("RPUSH"), key, span_of(m->bytes, m->used)}, expire[] = {SPAN("EXPIRE"), key, span_cstr(ttl)};
    if (store_put(m->store, key, push, 3, m->tag)) store_put(m->store, key, expire, 3, m->tag);
    m->used = 0;
}

void memory_add(struct memory *m, span ticket, span record, int ttl_s)
{
    uint8_t key[TICKET_KEY_BYTES], name[TICKET_NAME_BYTES];
    size_t key_bytes, bytes = TICKET_HEAD_BYTES + record.n;
    if (bytes > MEMORY_BYTES || !ticket_place(m->prefix, ticket, key, &key_bytes, name)) return;
    bool same = span_eq(span_of(key, key_bytes), span_of(m->key, m->key_bytes));
    if (!same || m->used + bytes > MEMORY_BYTES) memory_send(m);
    memcpy(m->key, key, key_bytes);
    m->key_bytes = key_bytes;
    m->ttl_s = ttl_s;
    ticket_put(m->bytes + m->used, name, record);
    m->used += bytes;
}
