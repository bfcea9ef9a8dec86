/* SPDX-License-Identifier: Apache-2.0 */
/* judged: the words for languages and kinds of mail; see judged.h. */
#include "models/figures/judged.h"

#include <stdlib.h>

const char *judged_language_name(enum judged_language l)
{
    static const char *const NAME[JUDGED_LANGUAGES] = {
        [JUDGED_NO_TEXT] = "no text",   [JUDGED_ENGLISH] = "English", [JUDGED_LATIN] = "other Latin",
        [JUDGED_JAPANESE] = "Japanese", [JUDGED_CHINESE] = "Chinese", [JUDGED_KOREAN] = "Korean",
        [JUDGED_CYRILLIC] = "Cyrillic", [JUDGED_ARABIC] = "Arabic",   [JUDGED_HEBREW] = "Hebrew",
        [JUDGED_THAI] = "Thai",         [JUDGED_OTHER] = "other",
    };
    return NAME[l];
}

const char *judged_kind_name(enum judged_kind k)
{
    static const char *const NAME[JUDGED_KINDS] = {
        [JUDGED_BOUNCE] = "bounce",     [JUDGED_INVITATION] = "invitation", [JUDGED_LIST] = "list",
        [JUDGED_ATTACHED] = "attached", [JUDGED_PICTURES] = "pictures",     [JUDGED_SHORT] = "short",
        [JUDGED_HTML] = "html",         [JUDGED_PLAIN] = "plain",
    };
    return NAME[k];
}

void judged_close(struct judged *j)
{
    free(j->v);
    *j = (struct judged){0};
}
