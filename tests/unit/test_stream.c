/* SPDX-License-Identifier: Apache-2.0 */
/* test_stream: in pieces a part decodes to what it decodes to at once, however damaged it is.
 *
 * Inputs are made from a seed: clean lines of many lengths, then with foreign bytes, padding and line ends strewn
 * in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "worker/mime/codec.h"
#include "worker/mime/stream.h"

static struct arena arena;
static uint64_t seed = 1;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void compare(enum mail_encoding e, span in, size_t cap, const char *what)
{
    arena_reset(&arena);
    uint64_t odd = 0;
    span whole = codec_decode(e, in, in.n + 16, &arena, &odd);
    uint8_t *out = arena_alloc(&arena, in.n + cap + 16);
    struct stream s;
    stream_init(&s, e, in);
    size_t n = 0;
    for (size_t got; (got = stream_next(&s, out + n, cap)); n += got) {
        assert_true(got <= cap);
        assert_true(n + got <= in.n + cap);
    }
    if (n != whole.n || (n && memcmp(out, whole.p, n) != 0))
        fail_msg("%s, %zu bytes in pieces of %zu: %zu instead of %zu", what, in.n, cap, n, whole.n);
    assert_int_equal(stream_next(&s, out, cap), 0);
}

static const size_t CAPS[] = {STREAM_ROOM_MIN, 257, 300, 1000, 4096, 65536};

static void decodes_base64(void **state)
{
    (void)state;
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const size_t LINES[] = {76, 64, 75, 1, 100000};
    static const char STREWN[] = "=\n\r -.=*\0\xE3";
    static char in[20000];
    for (int round = 0; round < 400; round++) {
        size_t line = LINES[draw(5)], bytes = draw(sizeof in),
               damage = round % 4 ? draw(1 + bytes / (1 + draw(500))) : 0;
        for (size_t i = 0; i < bytes; i++) in[i] = (i + 1) % (line + 1) ? DIGITS[draw(64)] : '\n';
        for (size_t k = 0; k < damage; k++) in[draw((uint32_t)bytes)] = STREWN[draw(sizeof STREWN - 1)];
        if (bytes > 8 && draw(2)) memcpy(in + bytes - 4, draw(2) ? "QQ==" : "==\n\n", 4);
        for (size_t k = 0; k < sizeof CAPS / sizeof *CAPS; k++)
            compare(MAIL_BASE64, span_of(in, bytes), CAPS[k], damage ? "damaged base64" : "base64");
    }
}

static void decodes_quoted_printable(void **state)
{
    (void)state;
    static const char BYTES[] = "abc=== \n\r3DE9\t";
    static char in[20000];
    for (int round = 0; round < 400; round++) {
        size_t bytes = draw(sizeof in);
        for (size_t i = 0; i < bytes; i++) in[i] = BYTES[draw(round % 2 ? sizeof BYTES - 1 : 7)];
        for (size_t k = 0; k < sizeof CAPS / sizeof *CAPS; k++)
            compare(MAIL_QP, span_of(in, bytes), CAPS[k], "quoted-printable");
    }
}

/* Nothing but what is passed over, and groups left open at the end. */
static void ends(void **state)
{
    (void)state;
    static char in[5000];
    memset(in, '\n', sizeof in);
    compare(MAIL_BASE64, span_of(in, sizeof in), 256, "line ends");
    memset(in, '-', sizeof in);
    compare(MAIL_BASE64, span_of(in, sizeof in), 256, "foreign bytes");
    memset(in, '=', sizeof in);
    compare(MAIL_BASE64, span_of(in, sizeof in), 256, "padding");
    compare(MAIL_QP, span_of(in, sizeof in), 256, "equals signs");
    memset(in, 'A', sizeof in);
    for (size_t cut = 0; cut < 8; cut++) compare(MAIL_BASE64, span_of(in, sizeof in - cut), 256, "open group");
    for (size_t at = 0; at < 8; at++) {
        memset(in, 'A', sizeof in);
        in[1000 + at] = '-';
        for (size_t cut = 0; cut < 4; cut++)
            compare(MAIL_BASE64, span_of(in, sizeof in - cut), 256, "one foreign byte");
    }
    compare(MAIL_BASE64, SPAN_NONE, 256, "nothing");
    assert_true(stream_can(MAIL_BASE64) && stream_can(MAIL_QP));
    assert_false(stream_can(MAIL_7BIT) || stream_can(MAIL_UUENCODE) || stream_can(MAIL_YENC));
}

static int open_arena(void **state)
{
    (void)state;
    return arena_open(&arena, 1u << 20);
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_base64),
        cmocka_unit_test(decodes_quoted_printable),
        cmocka_unit_test(ends),
    };
    return cmocka_run_group_tests_name("stream", tests, open_arena, close_arena);
}
