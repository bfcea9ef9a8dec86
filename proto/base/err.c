/* SPDX-License-Identifier: Apache-2.0 */
/* err: a sentence for each; see err.h. */
#include "proto/base/err.h"

const char *err_str(enum err e)
{
    switch (e) {
#define X(name, text) \
    case ERR_##name: return text;
        ERR_LIST(X)
#undef X
    }
    return "unknown error";
}
