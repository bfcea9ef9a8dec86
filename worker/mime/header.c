/* SPDX-License-Identifier: Apache-2.0 */
/* header: what a line of a header is: a field's name, and which of those that something asks for by name.
 *
 * One small table; a name is compared with those of its first letter alone. */
#include "worker/mime/header.h"

#include "worker/mime/foreign.h"

static bool name_char(uint8_t c)
{
    return c > ' ' && c < 127 && c != ':';
}

size_t header_name(span line, size_t *colon)
{
    size_t n = 0;
    while (n < line.n && name_char(line.p[n])) n++;
    *colon = n;
    while (*colon < line.n && (line.p[*colon] == ' ' || line.p[*colon] == '\t')) ++*colon;
    return *colon < line.n && line.p[*colon] == ':' ? n : 0;
}

enum mail_field header_id(span name)
{
    static const struct {
        const char *name;
        enum mail_field id;
    } NAMES[] = {
        {"subject", FIELD_SUBJECT},
        {"from", FIELD_FROM},
        {"sender", FIELD_SENDER},
        {"reply-to", FIELD_REPLY_TO},
        {"return-path", FIELD_RETURN_PATH},
        {"to", FIELD_TO},
        {"cc", FIELD_CC},
        {"date", FIELD_DATE},
        {"message-id", FIELD_MESSAGE_ID},
        {"in-reply-to", FIELD_IN_REPLY_TO},
        {"references", FIELD_REFERENCES},
        {"received", FIELD_RECEIVED},
        {"mime-version", FIELD_MIME_VERSION},
        {"content-type", FIELD_CONTENT_TYPE},
        {"content-transfer-encoding", FIELD_CONTENT_ENCODING},
        {"content-disposition", FIELD_CONTENT_DISPOSITION},
        {"content-id", FIELD_CONTENT_ID},
        {"x-mailer", FIELD_X_MAILER},
        {"user-agent", FIELD_USER_AGENT},
    };
    if (name.n == 0) return FIELD_OTHER;
    uint8_t first = ascii_lower(name.p[0]);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if ((uint8_t)NAMES[i].name[0] == first && span_ieq(name, span_cstr(NAMES[i].name))) return NAMES[i].id;
    if (span_istarts(name, SPAN("list-"))) return FIELD_LIST;
    return foreign_header(name) ? FIELD_IGNORED : FIELD_OTHER;
}
