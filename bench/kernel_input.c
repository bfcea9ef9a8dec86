/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_input: pieces of text repeated, or mails read and taken apart; see kernel_input.h. */
#include "bench/kernel_input.h"

#include "worker/mime/mail.h"

#include <assert.h>
#include <stdlib.h>

const char *const KERNEL_INPUT_NAME[KERNEL_INPUT_COUNT] = {
    [KERNEL_MAIL] = "mail", [KERNEL_HEADER] = "header",       [KERNEL_BASE64] = "base64",
    [KERNEL_QP] = "quoted", [KERNEL_QP_ALL] = "quoted, all",  [KERNEL_HTML] = "html",
    [KERNEL_TEXT] = "text", [KERNEL_WIDE_TEXT] = "wide text", [KERNEL_WEIGHTS] = "weights",
};

static void add(struct kernel_pieces *to, span piece)
{
    piece = span_head(piece, KERNEL_PIECE_MAX);
    if (!piece.n || to->bytes + piece.n > KERNEL_TAKEN_MAX) return;
    if ((to->n & (to->n + 1)) == 0) { /* as full as the last time made it */
        to->v = realloc(to->v, (2 * to->n + 1) * sizeof *to->v);
        assert(to->v && "out of memory");
    }
    uint8_t *copy = malloc(piece.n);
    assert(copy && "out of memory");
    memcpy(copy, piece.p, piece.n);
    to->v[to->n++] = span_of(copy, piece.n);
    to->bytes += piece.n;
}

/* --- made --------------------------------------------------------------------------------------------------------- */

static const char *const MADE[KERNEL_INPUT_COUNT] = {
    [KERNEL_MAIL] = "Lines of plain text, as most of them are in mail, end after some seventy.\r\n",
    [KERNEL_HEADER] =
        "Received: from gate.example.org (gate.example.org [192.0.2.7])\r\n\tby mx.example.net with ESMTP id "
        "4Cx1;\r\n\tSun, 22 Nov 2026 10:00:00 +0000\r\nX-Mailer: One that writes its name\r\n",
    [KERNEL_BASE64] = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n",
    [KERNEL_QP] = "Lines of text with an escape =3D in them, as HTML has, and a soft line end=\r\n",
    [KERNEL_QP_ALL] = "=E5=90=BE=E8=BC=A9=E3=81=AF=E7=8C=AB=E3=81=A7=E3=81=82=E3=82=8B=E3=80=82=\r\n",
    [KERNEL_HTML] =
        "<tr><td align=\"left\" style=\"font-size:12px\"><font face=\"Arial\">Some words of a newsletter, and "
        "<b>more</b> of them</font><br>\r\n<a href=\"http://www.example.com/a?b=1\">a link</a></td></tr>\r\n",
    [KERNEL_TEXT] = "Lines of plain text, as most of them are in mail, go on and on for some time.\n",
    [KERNEL_WIDE_TEXT] = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n",
};

/* As many as the fusion's net has: 31 inputs, 6 hidden neurons, each with a bias. */
static void add_weights(struct kernel_inputs *k)
{
    float w[6 * 32];
    for (int i = 0; i < 6 * 32; i++) w[i] = (float)(i * 7919 % 200) / 100 - 1;
    add(&k->of[KERNEL_WEIGHTS], span_of((const uint8_t *)w, sizeof w));
}

void kernel_inputs_make(struct kernel_inputs *k)
{
    static uint8_t text[KERNEL_PIECE_MAX];
    *k = (struct kernel_inputs){0};
    add_weights(k);
    for (int kind = 0; kind < KERNEL_WEIGHTS; kind++) {
        size_t n = strlen(MADE[kind]), whole = KERNEL_PIECE_MAX / n * n;
        for (size_t i = 0; i < whole; i++) text[i] = (uint8_t)MADE[kind][i % n];
        add(&k->of[kind], span_of(text, whole));
    }
}

/* --- of mails ----------------------------------------------------------------------------------------------------- */

/* A share of its bytes is that one, or over 127 (`c` is 0). */
static bool share(span s, uint8_t c, double least)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += c ? s.p[i] == c : s.p[i] > 127;
    return (double)n >= least * (double)s.n;
}

static size_t header_bytes(span raw)
{
    for (size_t i = 0; i + 1 < raw.n; i++)
        if (raw.p[i] == '\n' && (raw.p[i + 1] == '\n' || raw.p[i + 1] == '\r')) return i + 1;
    return raw.n;
}

static void add_part(struct kernel_inputs *k, const struct mail_part *p, struct arena *a)
{
    if (p->encoding == MAIL_BASE64) add(&k->of[KERNEL_BASE64], p->body);
    if (p->encoding == MAIL_QP) add(&k->of[share(p->body, '=', 0.15) ? KERNEL_QP_ALL : KERNEL_QP], p->body);
    if (p->attachment || p->block || !span_eq(p->type, SPAN("text")) || !span_eq(p->subtype, SPAN("html"))) return;
    uint64_t odd = 0;
    span bytes;
    add(&k->of[KERNEL_HTML], mail_part_text(p, MAIL_DECODE_MAX, a, &bytes, &odd));
}

bool kernel_inputs_of_mails(struct kernel_inputs *k, const struct mails *m)
{
    enum { STRIDE = 127 }; /* mails that stand together are alike */
    struct arena a;
    *k = (struct kernel_inputs){0};
    if (arena_open(&a, MAIL_ARENA_BYTES) != ERR_OK) return false;
    mail_init();
    add_weights(k);
    for (size_t first = 0; first < STRIDE; first++) {
        for (size_t i = first; i < m->n; i += STRIDE) {
            struct mail mail;
            arena_reset(&a);
            mail_read(&mail, m->v[i], NULL, &a);
            add(&k->of[KERNEL_MAIL], m->v[i]);
            add(&k->of[KERNEL_HEADER], span_head(m->v[i], header_bytes(m->v[i])));
            add(&k->of[share(mail.text, 0, 0.3) ? KERNEL_WIDE_TEXT : KERNEL_TEXT], mail.text);
            for (size_t p = 0; p < mail.part_count; p++) add_part(k, &mail.parts[p], &a);
        }
        if (k->of[KERNEL_BASE64].bytes > KERNEL_TAKEN_MAX / 2 && k->of[KERNEL_HTML].bytes > KERNEL_TAKEN_MAX / 2 &&
            k->of[KERNEL_QP].bytes > KERNEL_TAKEN_MAX / 2)
            break;
    }
    mail_close();
    arena_close(&a);
    return true;
}

void kernel_inputs_close(struct kernel_inputs *k)
{
    for (int kind = 0; kind < KERNEL_INPUT_COUNT; kind++) {
        for (size_t i = 0; i < k->of[kind].n; i++) free((void *)k->of[kind].v[i].p);
        free(k->of[kind].v);
    }
}
