/* SPDX-License-Identifier: Apache-2.0 */
/* auth: the gateway's words; see auth.h. */
#include "worker/mime/auth.h"

void auth_read(struct mail *m, const struct mail_context *c, struct arena *a)
{
    (void)a;
    static const char *const WORDS[AUTH_RESULT_COUNT] = {"",        "none",   "pass",      "fail",     "softfail",
                                                         "neutral", "policy", "temperror", "permerror"};
    for (int k = 0; k < AUTH_METHOD_COUNT; k++)
        for (int i = 1; i < AUTH_RESULT_COUNT; i++)
            if (span_ieq(c->auth[k], span_cstr(WORDS[i]))) m->auth.result[k] = (enum auth_result)i;
}
