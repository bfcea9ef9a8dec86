/* SPDX-License-Identifier: Apache-2.0 */
/* fault: the words are looked for in the raw mail, before anything else reads it. */
#define _GNU_SOURCE
#include "worker/fault.h"

#include "proto/base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static span crash_word, hang_word;

void fault_init(void)
{
    crash_word = span_cstr(getenv("FURUI_TEST_CRASH"));
    hang_word = span_cstr(getenv("FURUI_TEST_HANG"));
    if (crash_word.n || hang_word.n) LOG(LEVEL_WARN, "test_fault_armed");
}

static bool is_model(const char *variable, const char *id)
{
    const char *want = getenv(variable);
    return want && strcmp(want, id) == 0;
}

void fault_model(const char *id)
{
    if (is_model("FURUI_TEST_CRASH_MODEL", id)) abort();
    while (is_model("FURUI_TEST_HANG_MODEL", id)) pause();
}

static bool contains(span mail, span word)
{
    return word.n && mail.n >= word.n && memmem(mail.p, mail.n, word.p, word.n);
}

void fault_strike(span mail)
{
    if (contains(mail, crash_word)) abort();
    while (contains(mail, hang_word)) pause();
}
