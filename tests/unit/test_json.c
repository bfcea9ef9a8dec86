/* SPDX-License-Identifier: Apache-2.0 */
/* Strings in JSON: whatever bytes a file name or a mail has, the text is valid, one line, and moves no terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/base/json.h"

static const struct {
    span in;
    const char *out;
} STRINGS[] = {
    {SPAN(""), "\"\""},
    {SPAN("a\"b\\c"), "\"a\\\"b\\\\c\""},
    {SPAN("\x1b[2J\n\r\t\x7f"), "\"\\u001b[2J\\u000a\\u000d\\u0009\\u007f\""},
    {SPAN("\xc2\x9b"
          "31m \xc2\x80\xc2\xa0\xc3\x9b"),
     "\"\\u009b31m \\u0080\xc2\xa0\xc3\x9b\""}, /* C1: CSI in two bytes; no-break space and U+00DB are text */
    {SPAN("\xe7\xaf\xa9\xff\xc2"), "\"\xe7\xaf\xa9\xef\xbf\xbd\xef\xbf\xbd\""},
};

static void strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof STRINGS / sizeof *STRINGS; i++) {
        struct json j;
        json_init(&j);
        json_str(&j, NULL, STRINGS[i].in);
        assert_string_equal(j.buf, STRINGS[i].out);
        json_close(&j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(strings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
