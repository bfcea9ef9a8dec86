/* SPDX-License-Identifier: Apache-2.0 */
/* The test vectors of docs/protocol.md are what we write, and what we read: the page and the code say the same. */
#define _GNU_SOURCE
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char page[1 << 16];

static const span RCPT[] = {{(const uint8_t *)"a@example.org", 13}, {(const uint8_t *)"b@example.org", 13}};
static const struct wire_reason REASONS[] = {{{(const uint8_t *)"subject: hi", 11}, 1.5},
                                             {{(const uint8_t *)"no Date", 7}, 0.5}};
static const span ODDITIES[] = {{(const uint8_t *)"no-from", 7}, {(const uint8_t *)"no-date", 7}};
static const span DEGRADED[] = {{(const uint8_t *)"reputation", 10}};

/* What the page calls by this name, written. */
static void write_vector(struct wire_buf *b, const char *name)
{
    if (strcmp(name, "ping") == 0) {
        wire_put_request(b, &(struct wire_request){.kind = WIRE_PING, .id = 7});
    } else if (strcmp(name, "classify") == 0) {
        wire_put_request(b, &(struct wire_request){.kind = WIRE_CLASSIFY, .id = 1});
    } else if (strcmp(name, "classify-full") == 0) {
        wire_put_request(b, &(struct wire_request){
                                .kind = WIRE_CLASSIFY,
                                .id = UINT64_MAX,
                                .tenant = SPAN("example"),
                                .outbound = true,
                                .client_ip = SPAN("2001:db8::1"),
                                .helo = SPAN("\x80\x81"),
                                .mail_from = SPAN("\xe7\xaf\xa9@example.org"),
                                .rcpt_to = RCPT,
                                .rcpt_count = 2,
                                .auth_user = SPAN("u"),
                                .auth = {SPAN("pass"), SPAN("fail"), SPAN("none"), SPAN("pass"), SPAN("example.net")},
                                .deadline_ms = 5000,
                                .explain = true,
                                .dry_run = true,
                            });
    } else if (strcmp(name, "verdict") == 0) {
        wire_put_verdict(b, &(struct wire_verdict){
                                .id = 1,
                                .klass = WIRE_SPAM,
                                .p = 0.96875,
                                .score = 3.5,
                                .action = SPAN("junk"),
                                .bayes = 2,
                                .linear = 4.25,
                                .net = 3.5,
                                .reputation = -0.25,
                                .reasons = REASONS,
                                .reason_count = 2,
                                .oddities = ODDITIES,
                                .oddity_count = 2,
                                .model = SPAN("0123456789abcdef"),
                                .time_us = 312,
                                .ticket = SPAN("t-1"),
                            });
    } else if (strcmp(name, "verdict-degraded") == 0) {
        wire_put_verdict(b, &(struct wire_verdict){
                                .id = 2,
                                .klass = WIRE_HAM,
                                .score = -7,
                                .action = SPAN("accept"),
                                .bayes = -3,
                                .linear = -9,
                                .net = -7,
                                .degraded = DEGRADED,
                                .degraded_count = 1,
                                .model = SPAN("0123456789abcdef"),
                                .time_us = 95,
                                .ticket = SPAN("t-2"),
                            });
    } else if (strcmp(name, "verdict-live") == 0) {
        wire_put_verdict(b, &(struct wire_verdict){
                                .id = 9,
                                .klass = WIRE_SPAM,
                                .p = 0.9375,
                                .score = -1.5,
                                .action = SPAN("junk"),
                                .bayes = -1,
                                .linear = -2,
                                .net = -1.5,
                                .reputation = 0.5,
                                .live = 3.75,
                                .model = SPAN("0123456789abcdef"),
                                .time_us = 120,
                                .ticket = SPAN("t-9"),
                            });
    } else if (strcmp(name, "report") == 0) {
        wire_put_request(b, &(struct wire_request){.kind = WIRE_REPORT,
                                                   .id = 4,
                                                   .says = WIRE_SAY_SPAM,
                                                   .tenant = SPAN("example"),
                                                   .reporter = SPAN("hana@example.org")});
    } else if (strcmp(name, "report-undo") == 0) {
        wire_put_request(b, &(struct wire_request){.kind = WIRE_REPORT,
                                                   .id = 5,
                                                   .says = WIRE_SAY_UNDO,
                                                   .reporter = SPAN("hana@example.org"),
                                                   .ticket = SPAN("t-1")});
    } else if (strcmp(name, "reported") == 0) {
        wire_put_reported(b, &(struct wire_reported){4, WIRE_KEPT_STREAM, true, SPAN("t-1")});
    } else if (strcmp(name, "refusal") == 0) {
        wire_put_refusal(b, &(struct wire_refused){3, WIRE_BUSY, SPAN("4096 mails wait already")});
    } else if (strcmp(name, "refusal-bad-request") == 0) {
        wire_put_refusal(b, &(struct wire_refused){0, WIRE_BAD_REQUEST, SPAN("key 'id': missing")});
    } else if (strcmp(name, "pong") == 0) {
        wire_put_pong(b, 7);
    } else if (strcmp(name, "stat") == 0) {
        wire_put_stat(b, 8, SPAN("{\"workers\":[]}"));
    } else {
        fail_msg("docs/protocol.md has a vector '%s' that this test does not know", name);
    }
}

/* Reading a vector and writing what was read gives the vector. */
static void read_and_write_again(span bytes, const char *name, struct wire_buf *b)
{
    char fault[WIRE_FAULT_MAX];
    struct arena a;
    assert_int_equal(arena_open(&a, 1 << 20), ERR_OK);
    bool request = strcmp(name, "ping") == 0 || strncmp(name, "classify", 8) == 0 || strcmp(name, "report") == 0 ||
                   strcmp(name, "report-undo") == 0;
    struct wire_request r;
    struct wire_answer w;
    enum err e = request ? wire_parse_request(bytes, &a, &r, fault) : wire_parse_answer(bytes, &a, &w, fault);
    if (e != ERR_OK) fail_msg("vector '%s': %s", name, fault);
    if (request)
        wire_put_request(b, &r);
    else if (w.type == WIRE_ANSWER_VERDICT)
        wire_put_verdict(b, &w.verdict);
    else if (w.type == WIRE_ANSWER_REFUSAL)
        wire_put_refusal(b, &w.refusal);
    else if (w.type == WIRE_ANSWER_REPORTED)
        wire_put_reported(b, &w.reported);
    else if (w.type == WIRE_ANSWER_PONG)
        wire_put_pong(b, w.id);
    else
        wire_put_stat(b, w.id, w.stat_json);
    arena_close(&a);
}

/* Read the hex lines (four blanks before them) that follow `at` into `out`; only the first frame. */
static size_t hex_frame(const char *at, uint8_t *out, size_t cap)
{
    size_t n = 0;
    while (strncmp(at, "    ", 4) == 0) {
        for (at += 4; *at != '\n'; at += *at == ' ') {
            if (*at == '|') return n;
            char pair[3] = {at[0], at[1], 0}, *end;
            assert_true(n < cap);
            out[n++] = (uint8_t)strtoul(pair, &end, 16);
            if (end != pair + 2) fail_msg("not hex: '%.20s'", at);
            at += 2;
        }
        at++;
    }
    return n;
}

static void vectors(void **state)
{
    (void)state;
    struct wire_buf b = {0};
    int count = 0;
    const char *at = strstr(page, "\n## Test vectors\n");
    assert_non_null(at);
    while ((at = strstr(at, "\n\n**"))) {
        char name[40] = "";
        assert_int_equal(sscanf(at, "\n\n**%39[a-z-]**", name), 1);
        at = strstr(at, "\n\n    ");
        assert_non_null(at);
        static uint8_t bytes[2048];
        size_t n = hex_frame(at + 2, bytes, sizeof bytes);
        write_vector(&b, name);
        if (!span_eq(span_of(b.p, b.n), span_of(bytes, n))) {
            printf("docs/protocol.md, vector '%s' should be\n", name);
            for (size_t i = 0; i < b.n; i++) printf("%02x%s", b.p[i], (i + 1) % 32 && i + 1 < b.n ? " " : "\n");
            fail_msg("vector '%s' is not what we write", name);
        }
        read_and_write_again(span_of(bytes, n), name, &b);
        assert_true(span_eq(span_of(b.p, b.n), span_of(bytes, n)));
        count++;
    }
    assert_int_equal(count, 13);
    wire_buf_close(&b);
}

/* Each word and limit of the code stands on the page. */
static void words_and_limits(void **state)
{
    (void)state;
    static const char *const KEYS[] = {
        "v",           "kind",    "id",     "tenant",    "direction",   "client_ip", "helo",     "mail_from", "rcpt_to",
        "explain",     "dry_run", "auth",   "auth_user", "deadline_ms", "spf",       "dkim",     "dmarc",     "arc",
        "p",           "score",   "action", "parts",     "reasons",     "oddities",  "degraded", "model",     "time_us",
        "ticket",      "bayes",   "linear", "net",       "reputation",  "class",     "why",      "detail",    "json",
        "dkim_domain", "says",    "kept",   "again",     "reporter",    "live",
    };
    char want[64];
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        snprintf(want, sizeof want, "`%s`", KEYS[i]);
        if (!strstr(page, want)) fail_msg("docs/protocol.md lacks %s", want);
    }
    for (int k = 0; k <= WIRE_REPORT; k++) {
        snprintf(want, sizeof want, "`%s`", wire_kind_name((enum wire_kind)k));
        assert_non_null(strstr(page, want));
    }
    for (int s = 0; s <= WIRE_SAY_ARF; s++) {
        snprintf(want, sizeof want, "`%s`", wire_say_name((enum wire_say)s));
        assert_non_null(strstr(page, want));
    }
    for (int w = 0; w <= WIRE_POISON; w++) {
        snprintf(want, sizeof want, "\n| `%s` | ", wire_refusal_name((enum wire_refusal)w));
        assert_non_null(strstr(page, want));
    }
    assert_non_null(strstr(page, "| header | 262,144 bytes |"));
    assert_int_equal(WIRE_HEADER_MAX, 262144);
    assert_non_null(strstr(page, "| mails behind one header | 64 |"));
    assert_int_equal(WIRE_BATCH_MAX, 64);
    assert_non_null(strstr(page, "| recipients | 1,000 |"));
    assert_int_equal(WIRE_RCPT_MAX, 1000);
    assert_non_null(strstr(page, "| any text in a header | 1,024 bytes |"));
    assert_int_equal(WIRE_TEXT_MAX, 1024);
    assert_int_equal(WIRE_REASON_MAX, 32);
    assert_int_equal(WIRE_WORDS_MAX, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors), cmocka_unit_test(words_and_limits)};
    FILE *f = fopen("docs/protocol.md", "r");
    if (!f) {
        perror("docs/protocol.md");
        return 1;
    }
    page[fread(page, 1, sizeof page - 1, f)] = 0;
    fclose(f);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
