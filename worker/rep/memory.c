/* SPDX-License-Identifier: Apache-2.0 */
/* memory: see memory.h. */
#include "worker/rep/memory.h"

#include <stdio.h>

void memory_init(struct memory *m, struct store *s, const char *prefix, uint64_t tag)
{
    m->store = s;
    m->prefix = prefix;
    m->tag = tag;
    m->n = m->used = m->key_bytes = 0;
}

void memory_send(struct memory *m)
{
    span words[2 + 2 * MEMORY_TICKETS], key = span_of(m->key, m->key_bytes);
    char ttl[16];
    if (m->n == 0) return;
    words[0] = SPAN("HSET");
    words[1] = key;
    for (size_t i = 0; i < m->n; i++) {
        words[2 + 2 * i] = span_of(m->field[i], TICKET_FIELD_BYTES);
        words[3 + 2 * i] = m->record[i];
    }
    snprintf(ttl, sizeof ttl, "%d", m->ttl_s);
    span expire[] = {SPAN("EXPIRE"), key, span_cstr(ttl)};
    if (store_put(m->store, key, words, 2 + 2 * m->n, m->tag)) store_put(m->store, key, expire, 3, m->tag);
    m->n = m->used = 0;
}

void memory_add(struct memory *m, span ticket, span record, int ttl_s)
{
    uint8_t key[TICKET_KEY_BYTES], field[TICKET_FIELD_BYTES];
    size_t key_bytes;
    if (record.n > MEMORY_BYTES || !ticket_place(m->prefix, ticket, key, &key_bytes, field)) return;
    bool same = span_eq(span_of(key, key_bytes), span_of(m->key, m->key_bytes));
    if (m->n == MEMORY_TICKETS || m->used + record.n > MEMORY_BYTES || (m->n && !same)) memory_send(m);
    memcpy(m->key, key, key_bytes);
    m->key_bytes = key_bytes;
    m->ttl_s = ttl_s;
    memcpy(m->field[m->n], field, sizeof field);
    memcpy(m->bytes + m->used, record.p, record.n);
    m->record[m->n++] = span_of(m->bytes + m->used, record.n);
    m->used += record.n;
}
