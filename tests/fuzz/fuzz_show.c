/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_show: any bytes as a mail that is laid open for a person at a terminal.
 *
 * Beside what sanitisers find: what is printed is UTF-8, has no control character but line ends, no direction mark and
 * no line over the width; the JSON has no control character. (No weights: they need a model; test_weigh has them.) */
#include <assert.h>
#include <stdlib.h>

#include "models/show/show.h"
#include "proto/base/utf8.h"
#include "proto/cli/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_text(span text)
{
    size_t column = 0;
    for (size_t i = 0, step; i < text.n; i += step) {
        uint32_t c;
        step = utf8_len(span_from(text, i));
        assert(step > 0);
        utf8_get(span_from(text, i), &c);
        column = c == '\n' ? 0 : column + 1;
        assert(c == '\n' || (c >= ' ' && !(c >= 0x7F && c < 0xA0)));
        assert(!(c >= 0x200B && c <= 0x200F) && !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2060 && c <= 0x206F));
        assert(column <= WRAP_WIDTH * (1 + WRAP_MARKS_MAX));
    }
}

static void check_json(span text)
{
    for (size_t i = 0; i < text.n; i++) assert(text.p[i] >= ' ' || (text.p[i] == '\n' && i + 1 == text.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct arena a;
    if (!a.base && arena_open(&a, MAIL_ARENA_BYTES) != ERR_OK) abort();
    if (n == 0) return 0;
    arena_reset(&a);
    uint8_t *copy = malloc(n); /* so that reading past the end is seen */
    memcpy(copy, data + 1, n - 1);
    struct mail m;
    span host = SPAN("mx.example.net");
    struct mail_context c = {.trusted = &host, .trusted_count = 1, .own_received = data[0] >> 1 & 3};
    mail_read(&m, span_of(copy, n - 1), &c, &a);
    static const struct scores SCORES;
    static const struct weighing WEIGHING;
    struct show s = {.path = "mail\033",
                     .bundle = "bundle",
                     .model_id = "id",
                     .m = &m,
                     .context = &c,
                     .scores = &SCORES,
                     .w = &WEIGHING,
                     .odd = m.odd,
                     .all = data[0] & 1,
                     .a = &a};

    char *text;
    size_t bytes;
    FILE *to = open_memstream(&text, &bytes);
    if (!to) abort();
    show_text(to, &s);
    fclose(to);
    check_text(span_of(text, bytes));
    free(text);
    to = open_memstream(&text, &bytes);
    if (!to) abort();
    s.path = "mail";
    show_json(to, &s);
    fclose(to);
    check_json(span_of(text, bytes));
    free(text);
    free(copy);
    return 0;
}
