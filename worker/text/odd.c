/* SPDX-License-Identifier: Apache-2.0 */
/* odd: the words that verdicts name the bits by; see odd.h. */
#include "worker/text/odd.h"

const char *odd_word(enum odd_bit bit)
{
    static const char *const WORDS[] = {
#define X(name, word) word,
        ODD_LIST(X)
#undef X
    };
    return bit < ODD_COUNT ? WORDS[bit] : "?";
}
