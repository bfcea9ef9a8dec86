/* SPDX-License-Identifier: Apache-2.0 */
/* furui: how our own reader reads mail, for compare.py.
 *
 * By mail_read and mail_part_text, the way that every verdict goes; fields that Furui itself ignores are decoded here,
 * so that the decoder is compared on them too. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/base/arena.h"
#include "tests/oracle/dump.h"
#include "worker/mime/codec.h"
#include "worker/mime/mail.h"
#include "worker/mime/word.h"

enum {
    SCRATCH_BYTES = 256 << 20, /* for whole parts, that a verdict reads the first MAIL_DECODE_MAX bytes of */
    NS_PER_BYTE = 20,          /* the time bound: 20 ms a megabyte ... */
    NS_FLOOR = 2000000,        /* ... and 2 ms for a short mail */
    TRIES = 3,                 /* a busy machine can cost anything once */
};

static struct arena arena, scratch;

void reader_open(void)
{
    mail_init();
    if (arena_open(&arena, MAIL_ARENA_BYTES) != ERR_OK || arena_open(&scratch, SCRATCH_BYTES) != ERR_OK) abort();
}

void reader_close(void)
{
    arena_close(&arena);
    arena_close(&scratch);
    mail_close();
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static bool holds_parts(const struct mail *m, size_t i)
{
    if (span_eq(m->parts[i].type, SPAN("multipart"))) return true;
    return i + 1 < m->part_count && m->parts[i + 1].parent == (int)i && !m->parts[i + 1].block;
}

static void dump_leaf_of(const struct mail *m, size_t i, int number)
{
    static const char *const ENCODINGS[] = {"7bit", "qp", "base64", "uuencode", "yenc", "unknown"};
    const struct mail_part *p = &m->parts[i];
    struct dump_leaf leaf = {.number = number, .encoding = ENCODINGS[p->encoding]};
    uint64_t odd = 0;
    arena_reset(&scratch);
    leaf.is_text = span_eq(p->type, SPAN("text"));
    if (leaf.is_text)
        leaf.text = mail_part_text(p, SIZE_MAX, &scratch, &leaf.bytes, &odd);
    else
        leaf.bytes = codec_decode(p->encoding, p->body, SIZE_MAX, &scratch, &odd);
    leaf.label = odd & ODD(BAD_CHARSET)     ? LABEL_UNKNOWN
                 : odd & ODD(WRONG_CHARSET) ? LABEL_INVALID
                 : p->charset.n             ? LABEL_FINE
                                            : LABEL_NONE;
    dump_leaf(&leaf);
}

static void dump_mail(const struct mail *m)
{
    span hint = SPAN_NONE;
    for (size_t i = 0; i < m->part_count && hint.n == 0; i++) hint = m->parts[i].charset;
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *h = &m->headers[i];
        uint64_t odd = 0;
        arena_reset(&scratch);
        dump_header(h->name, h->id == FIELD_IGNORED ? word_decode(h->raw, hint, &scratch, &odd, NULL) : h->value,
                    h->raw);
    }
    dump_from(m->from_addr, m->from_name);
    dump_visible(m->text);
    int numbers[MAIL_PARTS_MAX], n = 0; /* blocks in texts are no parts to others */
    for (size_t i = 0; i < m->part_count; i++) {
        const struct mail_part *p = &m->parts[i];
        numbers[i] = n;
        if (p->attachment) dump_attachment(p->block ? -1 : n, p->name);
        if (p->block) continue;
        dump_part(&(struct dump_part){
            .number = n,
            .parent = p->parent < 0 ? -1 : numbers[p->parent],
            .type = p->type,
            .subtype = p->subtype,
            .charset = p->charset,
            .name = p->name,
        });
        if (!holds_parts(m, i)) dump_leaf_of(m, i, n);
        n++;
    }
}

void reader_dump(span raw)
{
    struct mail m;
    bool slow = true;
    for (int try = 0; slow && try < TRIES; try++) {
        arena_reset(&arena);
        int64_t begun = cpu_ns();
        mail_read(&m, raw, NULL, &arena);
        int64_t took = cpu_ns() - begun;
        slow = took > NS_FLOOR && took > (int64_t)raw.n * NS_PER_BYTE;
    }
    if (slow) dump_note("slow");
    if (arena.full) dump_note("arena-full");
    dump_mail(&m);
}
