/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mail: the whole reader on any bytes.
 *
 * Beyond not crashing it must keep its promises: every span inside the mail or the arena, bodies inside those around
 * them, text valid UTF-8, limits held, types in lower case, parents before children, ignored fields without a value.
 * The first byte picks the arena's size, so that a full arena is met everywhere. */
#include <assert.h>

#include "worker/mime/mail.h"
#include "worker/text/charset.h"
#include "worker/text/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;
static struct mail mail;

static bool within(span s, span whole)
{
    return s.n == 0 || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n);
}

static void check(span s)
{
    assert(within(s, mail.raw) || within(s, span_of(arena.base, arena.used)));
}

/* Types may be static, so they are only read through. */
static void check_lower(span s)
{
    for (size_t i = 0; i < s.n; i++) assert(s.p[i] == ascii_lower(s.p[i]));
}

static void check_text(span s)
{
    check(s);
    assert(utf8_valid(s));
}

/* Do the parts below it lie in the arena? */
static bool decoded(const struct mail_part *p)
{
    if (span_eq(p->subtype, SPAN("pkcs7-mime")) || span_eq(p->subtype, SPAN("x-pkcs7-mime"))) return true;
    return span_eq(p->type, SPAN("message")) && p->encoding != MAIL_7BIT && p->encoding != MAIL_ENCODING_UNKNOWN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t CAPS[] = {16u << 20, 16u << 20, 16u << 20, 1u << 20, 1u << 16, 1u << 14, 4096, 256};
    if (size == 0) return 0;
    size_t cap = CAPS[data[0] & 7];
    domain_init();
    if (arena_open(&arena, cap) != ERR_OK) return 0;
    mail_read(&mail, span_of(data + 1, size - 1), NULL, &arena);

    assert(mail.header_count <= mail.header_total && mail.header_total <= MAIL_HEADERS_MAX + MAIL_HEADERS_SPARE);
    for (size_t i = 0; i < mail.header_total; i++) {
        const struct mail_header *h = &mail.headers[i];
        check(h->name);
        check(h->raw);
        assert(h->id != FIELD_IGNORED || h->value.n == 0);
        check_text(h->value);
        check(h->charset);
    }
    assert(mail.part_count <= MAIL_PARTS_MAX);
    for (size_t i = 0; i < mail.part_count; i++) {
        const struct mail_part *p = &mail.parts[i];
        assert(i == 0 ? p->parent == -1 : p->parent >= 0 && p->parent < (int)i);
        assert(p->depth <= MAIL_DEPTH_MAX + 1);
        check(p->body);
        if (i && !p->block && !decoded(&mail.parts[p->parent])) assert(within(p->body, mail.parts[p->parent].body));
        check_lower(p->type);
        check_lower(p->subtype);
        check(p->charset);
        check_text(p->name);
        assert(p->name.n <= MAIL_NAME_MAX);
        check_text(p->file.inner);
        assert((p->file.odd & ~mail.odd) == 0);
    }
    check_text(mail.text);
    check_text(mail.hidden);
    check_text(mail.other);
    check_text(mail.nearer);
    assert(mail.nearer.n <= mail.other.n);
    assert(mail.other.n <= MAIL_OTHER_MAX && mail.shape.common <= 100);
    check(mail.from_addr);
    check_text(mail.from_name);
    assert(mail.text.n <= MAIL_TEXT_MAX && mail.hidden.n <= MAIL_HIDDEN_MAX &&
           mail.url_count <= MAIL_URLS_MAX + MAIL_URLS_HEADER);
    arena_close(&arena);
    return 0;
}
